"""Masks as (H, W) uint8 arrays, 255 = in: combine, invert, grow, shrink, feather, fill holes; selections from shapes.

The picture's edge is no edge of a mask: shrinking and feathering leave a mask that reaches the border full there.
"""

from __future__ import annotations

from enum import Enum
from math import ceil, cos, hypot, pi, sin
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.geometry import Point, Rect
from editor.tiles import TILE, TiledImage

Mask = NDArray[np.uint8]  # (H, W), 0..255
FINE = 8  # lines across a pixel row for antialiased edges
LARGEST_KERNEL = 32  # radius in pixels; softly wider discs are reached in several rounds, some 3 % short of the area


class Combine(Enum):
    """How a new selection joins the one there is."""

    REPLACE = "replace"
    ADD = "add"
    SUBTRACT = "subtract"
    INTERSECT = "intersect"


def add(mask: Mask, other: Mask) -> Mask:
    """What lies in either."""
    return np.maximum(mask, other)


def subtract(mask: Mask, other: Mask) -> Mask:
    """What lies in the first and not in the other."""
    return np.minimum(mask, invert(other))


def intersect(mask: Mask, other: Mask) -> Mask:
    """What lies in both."""
    return np.minimum(mask, other)


def invert(mask: Mask) -> Mask:
    """What lies outside."""
    return np.subtract(np.uint8(255), mask)


def grow(mask: Mask, pixels: int) -> Mask:
    """Each pixel becomes the highest within `pixels` of it; negative shrinks."""
    if pixels < 0:
        return shrink(mask, -pixels)
    if pixels == 0 or not mask.any():
        return mask.copy()
    if _two_valued(mask):
        distance = cv2.distanceTransform(invert(mask), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return cast(Mask, (distance <= pixels + 1e-3).astype(np.uint8) * np.uint8(255))
    while pixels > 0:
        radius = min(pixels, LARGEST_KERNEL)
        mask = cast(Mask, cv2.dilate(mask, disc_kernel(radius), borderType=cv2.BORDER_REPLICATE))
        pixels -= radius
    return mask


def shrink(mask: Mask, pixels: int) -> Mask:
    """Each pixel becomes the lowest within `pixels` of it; negative grows."""
    return invert(grow(invert(mask), pixels))


def feather(mask: Mask, pixels: float) -> Mask:
    """Soften the edge: Gaussian blur with a standard deviation of half of `pixels`."""
    if pixels <= 0:
        return mask.copy()
    return cast(Mask, cv2.GaussianBlur(mask, (0, 0), pixels / 2, borderType=cv2.BORDER_REPLICATE))


def fill_holes(mask: Mask) -> Mask:
    """Fill what the mask (from one half on) encloses completely."""
    outside = np.pad((mask < 128).astype(np.uint8), 1, constant_values=1)
    cv2.floodFill(outside, None, (0, 0), 2)
    holes: Mask = (outside[1:-1, 1:-1] == 1).astype(np.uint8) * np.uint8(255)
    return np.maximum(mask, holes)


def disc_kernel(radius: int) -> Mask:
    """(2 r + 1, 2 r + 1), 1 within `radius` of the middle."""
    steps = np.arange(-radius, radius + 1)
    return (steps[:, None] ** 2 + steps[None, :] ** 2 <= radius * radius).astype(np.uint8)


def _two_valued(mask: Mask) -> bool:
    return bool(((mask == 0) | (mask == 255)).all())


# selections: one-channel uint8 pictures in canvas pixels


def rectangle(area: Rect, canvas: Rect) -> TiledImage:
    """Whole pixels, cut to the canvas."""
    return TiledImage(channels=1).fill(area.intersected(canvas), 255)


def ellipse(left: float, top: float, right: float, bottom: float, canvas: Rect) -> TiledImage:
    """The ellipse inside a box, antialiased, cut to the canvas."""
    x, y, across, down = (left + right) / 2, (top + bottom) / 2, abs(right - left) / 2, abs(bottom - top) / 2
    count = max(16, ceil(4 * hypot(across, down) ** 0.5 * pi))
    turns = [2 * pi * i / count for i in range(count)]
    return polygon([(x + across * cos(turn), y + down * sin(turn)) for turn in turns], canvas)


def polygon(points: list[Point], canvas: Rect) -> TiledImage:
    """A closed outline (even-odd where it crosses itself), antialiased, cut to the canvas.

    Each pixel row is crossed by FINE lines; along a line the covered part of every pixel is exact.
    """
    selection = TiledImage(channels=1)
    area = Rect.around(points).intersected(canvas)
    if len(points) < 3 or area.empty:
        return selection
    lines, crossings = _crossings(np.array(points, np.float64))
    for top in range(area.y, area.bottom, TILE):
        band = Rect(area.x, top, area.width, min(TILE, area.bottom - top))
        inside = (lines >= band.y * FINE) & (lines < band.bottom * FINE)
        cover = _cover(lines[inside] // FINE - band.y, crossings[inside] - band.x, band)
        selection = selection.write(band, cover[..., None])
    return selection


def _crossings(corners: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Where the outline crosses the fine lines y = (line + 1/2) / FINE: line numbers and x, by line, then x."""
    start, end = corners, np.roll(corners, -1, axis=0)
    down = start[:, 1] <= end[:, 1]
    upper, lower = np.where(down[:, None], start, end), np.where(down[:, None], end, start)
    first = np.ceil(upper[:, 1] * FINE - 0.5).astype(np.int64)
    count = np.ceil(lower[:, 1] * FINE - 0.5).astype(np.int64) - first
    edge = np.repeat(np.arange(len(corners)), count)
    lines = first[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    height = np.where(count > 0, lower[:, 1] - upper[:, 1], 1.0)
    slope = (lower[:, 0] - upper[:, 0]) / height
    x = upper[edge, 0] + slope[edge] * ((lines + 0.5) / FINE - upper[edge, 1])
    order = np.lexsort((x, lines))
    return lines[order], x[order]


def _cover(rows: NDArray[np.int64], x: NDArray[np.float64], band: Rect) -> Mask:
    """(band.height, band.width), 255 where the fine lines lie between an odd and the next even crossing.

    Every span adds what lies left of its end and takes away what lies left of its start; as steps along the row these
    are two numbers each, which summed up from left to right give the cover.
    """
    x = np.clip(x, 0, band.width)
    whole = np.floor(x).astype(np.int64)
    sign = np.where(np.arange(len(x)) % 2, 1.0, -1.0) / FINE
    width = band.width + 2
    at, part = rows * width + whole, x - whole
    size = band.height * width
    steps = np.bincount(rows * width, sign, size)
    steps -= np.bincount(at, sign * (1 - part), size)
    steps -= np.bincount(at + 1, sign * part, size)
    cover = np.cumsum(steps.reshape(band.height, width), axis=1)[:, : band.width]
    return np.rint(np.clip(cover, 0, 1) * 255).astype(np.uint8)


def combined(selection: TiledImage | None, shape: TiledImage, how: Combine) -> TiledImage | None:
    """The selection after a new shape joined it; None when nothing is left.

    Adding to no selection gives the shape; subtracting from none or crossing with none gives nothing selected.
    """
    if how is Combine.REPLACE or (selection is None and how is Combine.ADD):
        return shape if shape.tiles else None
    if selection is None:
        return None
    area = selection.bounds() if how is not Combine.ADD else selection.bounds().united(shape.bounds())
    result = selection
    for part in area.split(TILE):
        if how is Combine.INTERSECT or shape.view(part) is not None:
            before, other = cast(Mask, selection.read(part)), cast(Mask, shape.read(part))
            result = result.write(part, _OPERATIONS[how](before, other))
    return result if result.tiles else None


_OPERATIONS = {Combine.ADD: add, Combine.SUBTRACT: subtract, Combine.INTERSECT: intersect}
