"""Pixels carried along by drag points, at once: the picture of a drag before any network has run. No torch.

With a mask, the thing under it is warped both ways (Inpaint4Drag, Lu and Han, ICCV 2025): forwards, to know where it
comes to lie, then backwards, so that each pixel there has one source and no pinholes are left. Without a mask the
picture is elastic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.displacement import added, displacement, weights
from engine.elastic import elastic
from engine.grids import Grid, centres, resting, slices_of
from engine.interpolation import interpolated
from engine.points import Points
from engine.region import Box, bounds
from engine.resampling import resampled

Flags = NDArray[np.bool_]
P = TypeVar("P", bound=NDArray[np.generic])

SKETCHED = 4  # px: step of a warp that follows the pen
_KEPT = 1 << 23  # weights that a Warper keeps, 32 MB
_WIDEST = 33  # px: stretched farther apart, the pixels of a thing no longer belong together
_HALF = 2e-3  # px: half-way between two pixels, forwards goes up and backwards comes down
_RESTS = 0.05  # px: what moves less has not moved


@dataclass(frozen=True, eq=False)
class Warp:
    """From where each pixel comes, kept for the part of a picture in which anything differs.

    Attributes:
        size: (width, height) of the picture.
        box: the part, (x, y, width, height); outside of it everything rests.
        part_map: (h, w, 2) of the box, in the picture's coordinates; see `map`.
        part_moved, part_holes: (h, w) of the box; see `moved` and `holes`.
    """

    size: tuple[int, int]
    box: Box
    part_map: Grid
    part_moved: Flags
    part_holes: Flags

    @cached_property
    def map(self) -> Grid:
        """(H, W, 2) float32, (x, y) from where each pixel comes (cv2.remap: whole numbers are pixel centres)."""
        full = resting((0, 0, *self.size))
        full[self.slices] = self.part_map
        return full

    @cached_property
    def moved(self) -> Flags:
        """(H, W), where the thing is now."""
        return self._whole(self.part_moved)

    @cached_property
    def holes(self) -> Flags:
        """(H, W), where nothing is known: the thing has left it, or is spread over it but comes from nowhere."""
        return self._whole(self.part_holes)

    @property
    def slices(self) -> tuple[slice, slice]:
        """(rows, columns) of the box in the picture."""
        return slices_of(self.box)

    def _whole(self, part: Flags) -> Flags:
        full = np.zeros(self.size[::-1], bool)
        full[self.slices] = part
        return full


def warp(points: Points, mask: NDArray[np.uint8] | None, size: tuple[int, int]) -> Warp:
    """Where the pixels of a dragged picture come from.

    Args:
        points: (n, 2, 2) pairs handle → target, (x, y) in image pixels.
        mask: (H, W), what shall move: what is at least half as strong as its strongest; None = everything may.
        size: (width, height) of the picture.
    """
    return Warper(points[:, 0], mask, size).to(points[:, 1])


class Warper:
    """Warps of the same handles to ever new targets: what does not depend on the targets is found once."""

    def __init__(
        self, handles: NDArray[np.float64], mask: NDArray[np.uint8] | None, size: tuple[int, int], step: int = 1
    ) -> None:
        """Args as for `warp`.

        Args:
            handles: (n, 2).
            step: px between places whose ways are worked out, those of other pixels are interpolated; 1 = exact.
        """
        self._handles, self._size, self._step = np.asarray(handles, np.float32), size, step
        self._thing = None if mask is None else _Thing(self._handles, mask, step)

    def to(self, targets: NDArray[np.float64]) -> Warp:
        """The handles led to targets (n, 2), (x, y) in image pixels."""
        spots = np.asarray(targets, np.float32)
        ways = spots - self._handles
        if self._thing is None:
            return _stretched(spots, ways, self._size, self._step)
        return self._thing.warped(spots, ways)


class _Thing:
    """What is under the mask, and which handle carries which part of it."""

    def __init__(self, handles: NDArray[np.float32], mask: NDArray[np.uint8], step: int) -> None:
        self._size = mask.shape[1], mask.shape[0]
        self._is_thing = belongs(mask)
        self._box = bounds(self._is_thing) or (0, 0, 1, 1)
        here = self._is_thing[slices_of(self._box)]
        self._handles, self._step = handles, step
        columns, rows = centres(self._box)
        self._here, self._columns, self._rows = here[::step, ::step], columns[::step], rows[::step]
        self._edge = None if step == 1 else _edge(here) + np.array(self._box[:2], np.float32)
        self._edge_weights = None if self._edge is None else weights(handles, *self._edge.T[:, None])
        small = len(handles) * self._here.size <= _KEPT
        self._weights = weights(handles, self._columns, self._rows) if small else None

    def warped(self, targets: NDArray[np.float32], ways: NDArray[np.float32]) -> Warp:
        """The thing carried to where the handles' targets are."""
        box, reached = self._reached(ways)
        carried = interpolated(partial(displacement, targets, ways), box, targets, self._step)
        back = resting(box) - carried
        return _settled(self._is_thing, self._box, box, reached, back)

    def _reached(self, ways: NDArray[np.float32]) -> tuple[Box, Flags]:
        """The part of the picture that holds the forward image of the thing, and that image in it, closed."""
        if self._weights is None:
            carried = displacement(self._handles, ways, self._columns, self._rows)
        else:
            carried = added(self._weights, ways)
        x, y = self._columns + carried[..., 0], self._rows + carried[..., 1]
        gap = min(max(_gap(x, self._here), _gap(y, self._here)), _WIDEST)
        places = np.stack([x[self._here], y[self._here]])
        if self._edge is not None and self._edge_weights is not None:
            places = np.concatenate([places, (self._edge + added(self._edge_weights, ways)[0]).T], axis=1)
        columns, rows = np.floor(places).astype(np.intp)
        width, height = self._size
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        columns, rows = columns[inside], rows[inside]
        if not len(columns):
            return (0, 0, 1, 1), np.zeros((1, 1), bool)
        left, top = int(columns.min()), int(rows.min())
        box = left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top
        reached = np.zeros((box[3], box[2]), np.uint8)
        reached[rows - top, columns - left] = 1
        if gap > 1 + _HALF:
            side = 2 * int(np.ceil(gap / 2)) + 1
            reached = cv2.morphologyEx(reached, cv2.MORPH_CLOSE, np.ones((side, side), np.uint8)).astype(np.uint8)
        return box, reached > 0


def sources(points: Points, box: Box) -> Grid:
    """From where the pixels of a box come if everything moves as the points (n, 2, 2) say: (h, w, 2), as in `Warp`."""
    spots = points[:, 1].astype(np.float32)
    return resting(box) - displacement(spots, spots - points[:, 0].astype(np.float32), *centres(box))


def warped(picture: P, warp: Warp) -> P:
    """The picture with the thing carried along; in holes and wherever nothing moved the old pixels stay, untouched.

    Args:
        picture: (H, W) or (H, W, C), C up to 4, of uint8, uint16 or float32.
    """
    result = picture.copy()
    box = bounds(warp.part_moved)
    if box is None:
        return result
    changed = slices_of(box)
    moved = warp.part_moved[changed]
    carried = resampled(picture, warp.part_map[changed], moved, cv2.INTER_CUBIC, cv2.BORDER_REPLICATE)
    cv2.copyTo(carried, moved.view(np.uint8), result[warp.slices][changed])  # type: ignore[arg-type]
    return result


def belongs(mask: NDArray[np.uint8]) -> Flags:
    """What of a soft mask is the thing: all that is at least half as strong as its strongest part."""
    return mask >= max((int(mask.max()) + 1) // 2, 1)


def _stretched(targets: NDArray[np.float32], ways: NDArray[np.float32], size: tuple[int, int], step: int) -> Warp:
    """The warp of a picture in which everything may move."""
    box, carried = elastic(targets, ways, size, step)
    moved: Flags = cv2.inRange(carried, (-_RESTS, -_RESTS), (_RESTS, _RESTS)) == 0
    source = resting(box)
    cv2.subtract(source, carried, dst=source, mask=moved.view(np.uint8))
    for axis, length in enumerate(size):
        np.clip(source[..., axis], 0, np.float32(length - 1), out=source[..., axis])
    return Warp(size, box, source, moved, np.zeros_like(moved))


def _settled(is_thing: Flags, old: Box, new: Box, reached: Flags, sources: Grid) -> Warp:
    """The warp of a thing that lay in the box `old` and comes to lie in `new`.

    Args:
        is_thing: (H, W).
        reached: where in `new` it comes to lie.
        sources: from where the pixels of `new` would come; those that come from beside the thing are holes.
    """
    near = sources - np.float32(_HALF)
    nearest = resampled(is_thing.view(np.uint8), near, reached, cv2.INTER_NEAREST, cv2.BORDER_CONSTANT)
    here: Flags = (nearest > 0) & reached
    box = _united(old, new)
    part = slices_of((new[0] - box[0], new[1] - box[1], *new[2:]))
    holes = is_thing[slices_of(box)].copy()
    holes[part] |= reached
    holes[part] &= ~here
    moved = np.zeros_like(holes)
    moved[part] = here
    source = resting(box)
    np.copyto(source[part], sources, where=here[..., None])
    return Warp((is_thing.shape[1], is_thing.shape[0]), box, source, moved, holes)


def _edge(here: Flags) -> NDArray[np.float32]:
    """(n, 2), the centres of the pixels along the border of what is set."""
    inner = cv2.erode(
        here.view(np.uint8).copy(), np.ones((3, 3), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0
    )
    return np.argwhere(here & (inner == 0))[:, ::-1].astype(np.float32) + np.float32(0.5)


def _gap(places: NDArray[np.float32], here: Flags) -> float:
    """How far neighbours of the thing come to lie apart, along one axis, px."""
    apart = [
        np.abs(places[one] - places[other])[here[one] & here[other]].max(initial=0.0)
        for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1]))
    ]
    return float(max(apart))


def _united(one: Box, other: Box) -> Box:
    x, y = min(one[0], other[0]), min(one[1], other[1])
    right, bottom = max(one[0] + one[2], other[0] + other[2]), max(one[1] + one[3], other[1] + other[3])
    return x, y, right - x, bottom - y
