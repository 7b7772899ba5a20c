"""FastDrag's warp: the cells of a latent carried along by drag points at once, and the holes they leave filled.

From Zhao et al., NeurIPS 2024, arXiv 2405.15769: the map of a stretched material, and the filling of holes from the
nearest cells (BNNI). Cells are squares of side 1: cell (row, column) spans column..column + 1, and its place is its
middle. No torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.points import Points

Cells = NDArray[np.bool_]  # (h, w)
Vectors = NDArray[np.float64]  # (n, 2), (x, y) in cells

MAPS = ("whole", "stretch")
"""The thing taken along as it is, or the paper's map (see `shifts`)."""

_AT_ONCE = 1 << 16  # places whose ways are found together, for memory
_SAME = 1e-9  # cells: a place this close to a handle is the handle


class Circle(NamedTuple):
    """(x, y) of the middle and the radius, in cells."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True, eq=False)
class LatentWarp:
    """Which cell's content stands where after the warp.

    Attributes:
        source: (h, w) int64, index (row · w + column) of the cell that came here; its own where none came.
        landed: (h, w), a cell came here.
        vacated: (h, w), the cell went elsewhere and none came instead.
    """

    source: NDArray[np.int64]
    landed: Cells
    vacated: Cells


@dataclass(frozen=True, eq=False)
class Fill:
    """What the holes are made of: for each its nearest known cells to the left, right, top and bottom.

    Attributes:
        index: (4, h, w) int64, row · w + column.
        weight: (4, h, w) float32, sums to 1; 0 where there is none in that direction.
        filled: (h, w), holes that have at least one such cell; elsewhere a cell is its own fill.
    """

    index: NDArray[np.int64]
    weight: NDArray[np.float32]
    filled: Cells


def circle_around(cells: Cells) -> Circle:
    """The smallest circle around the whole squares of the cells that are True (at least one)."""
    rows, columns = np.nonzero(cells)
    corners = [np.stack([columns + x, rows + y], axis=1) for x in (0, 1) for y in (0, 1)]
    (x, y), radius = cv2.minEnclosingCircle(np.concatenate(corners).astype(np.float32))
    return Circle(float(x), float(y), float(radius))


def shifts(places: Vectors, points: Points, circle: Circle | None) -> Vectors:
    """How far each place is carried: the pairs' shifts, averaged by 1 / distance to the handle.

    Args:
        places: (n, 2), (x, y).
        points: (k, 2, 2) handle and target, in cells.
        circle: "stretch", the paper's map: a shift fades from the handle, where it is whole, to the circle, where it
            is none: |PC| / |AP| of it at C, P being where the ray from the handle A through C leaves the circle.
            None = "whole": no shift fades, one pair carries everything as far as its handle.

    Returns:
        (n, 2), (x, y) in cells.
    """
    handles, ways = points[:, 0], points[:, 1] - points[:, 0]
    from_handle = places[:, None] - handles[None]  # (n, k, 2)
    distance = np.linalg.norm(from_handle, axis=2)
    part = np.ones_like(distance) if circle is None else _fading(from_handle, distance, handles, circle)
    weight = 1.0 / np.maximum(distance, _SAME)
    weight /= weight.sum(axis=1, keepdims=True)
    carried: Vectors = ((weight * part)[..., None] * ways[None]).sum(axis=1)
    return carried


def _fading(
    from_handle: NDArray[np.float64], distance: NDArray[np.float64], handles: Vectors, circle: Circle
) -> NDArray[np.float64]:
    """|PC| / |AP|, (n, k): 1 at the handle, 0 at the circle and beyond it."""
    direction = from_handle / np.maximum(distance, _SAME)[..., None]
    inwards = np.array([circle.x, circle.y]) - handles  # (k, 2), from A to O
    along = (direction * inwards[None]).sum(axis=2)
    # |A + s·direction − O| = R has one solution s ≥ 0 while A lies inside.
    whole = along + np.sqrt(np.maximum(along**2 + circle.radius**2 - (inwards**2).sum(axis=1)[None], 0.0))
    faded: NDArray[np.float64] = np.clip(1.0 - distance / np.maximum(whole, _SAME), 0.0, 1.0)
    return np.where(distance <= _SAME, 1.0, faded)


def carried(moving: Cells, points: Points, kind: str) -> LatentWarp:
    """The cells in `moving` carried along by the points.

    Where several cells land on one, the one that was nearest to a handle stays, of equally near ones the first in
    reading order; what lands outside of the latent is gone.

    Args:
        moving: what moves, (h, w).
        points: (k, 2, 2), in cells.
        kind: one of MAPS.
    """
    height, width = moving.shape
    source = np.arange(height * width, dtype=np.int64).reshape(height, width)
    landed = np.zeros_like(moving)
    if not moving.any():
        return LatentWarp(source, landed, landed.copy())
    rows, columns = np.nonzero(moving)
    places: Vectors = np.stack([columns, rows], axis=1).astype(np.float64) + 0.5
    circle = circle_around(moving) if kind == "stretch" else None
    parts = [places[first : first + _AT_ONCE] for first in range(0, len(places), _AT_ONCE)]
    there = np.concatenate([np.floor(part + shifts(part, points, circle)) for part in parts])
    inside: Cells = np.all((there >= 0) & (there < (width, height)), axis=1)
    near = np.concatenate([np.linalg.norm(part[:, None] - points[None, :, 0], axis=2).min(axis=1) for part in parts])
    order = np.lexsort((-np.arange(len(near)), -near))  # what is written last stays
    order = order[inside[order]]
    x, y = there[order].astype(np.int64).T
    source[y, x] = (rows * width + columns)[order]
    landed[y, x] = True
    return LatentWarp(source, landed, moving & ~landed)


def gaps_of(warp: LatentWarp) -> Cells:
    """(h, w), cells where several pairs have drawn the carried thing apart: between two that were neighbours."""
    width = warp.source.shape[1]
    return _parted(warp.landed, warp.source % width) | _parted(warp.landed.T, (warp.source // width).T).T


def _parted(landed: Cells, place: NDArray[np.int64]) -> Cells:
    """Along each row, what nothing came to while its neighbours came from places that are at most one apart."""
    gaps = np.zeros_like(landed)
    near = np.abs(place[:, 2:] - place[:, :-2]) <= 1
    gaps[:, 1:-1] = ~landed[:, 1:-1] & landed[:, 2:] & landed[:, :-2] & near
    return gaps


def fill_of(holes: Cells, known: Cells) -> Fill:
    """Each hole from the nearest known cell in four directions, weighted by 1 / distance (the paper's BNNI)."""
    height, width = holes.shape
    own = np.arange(height * width, dtype=np.int64).reshape(height, width)
    rows, columns = own // width, own % width
    left = _last_known(known, columns)
    right = width - 1 - _last_known(known[:, ::-1], columns)[:, ::-1]
    top = _last_known(known.T, rows.T).T
    bottom = height - 1 - _last_known(known[::-1].T, rows.T).T[::-1]
    index = np.stack([rows * width + left, rows * width + right, top * width + columns, bottom * width + columns])
    distance = np.stack([columns - left, right - columns, rows - top, bottom - rows]).astype(np.float64)
    there = np.stack([left >= 0, right < width, top >= 0, bottom < height]) & holes
    weight = np.where(there, 1.0 / np.maximum(distance, 1.0), 0.0)
    total = weight.sum(axis=0)
    filled = total > 0
    weight = np.where(filled, weight / np.where(filled, total, 1.0), 0.25).astype(np.float32)
    return Fill(np.where(there, index, own), weight, filled)


def _last_known(known: Cells, position: NDArray[np.int64]) -> NDArray[np.int64]:
    """Along each row, the position of the last known cell up to and with each cell; −1 = none so far."""
    return np.maximum.accumulate(np.where(known, position, -1), axis=1).astype(np.int64)
