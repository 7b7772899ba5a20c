"""Masks: what they are, and how they are combined, inverted, grown, shrunk, softened, mended and drawn.

**What a mask is.** It says how much of each pixel counts, from 0 (not at all) to the full value (wholly). It belongs to
one of two owners, and there is no third kind:

* the **selection** belongs to the document (`Document.selection`): one, in canvas pixels, 8 bits. It limits painting
  and edits; None = nothing is selected, which limits nothing. It stays where it is when layers move and when another
  layer becomes active, until it is changed or let go of; a run uses the one there is when it starts, and the window
  says so.
* a **layer mask** belongs to its layer (`Layer.mask`), in the layer's own coordinates: 0 = hidden, full = shown. It is
  moved, copied and deleted with the layer; None = all shown.

One of them is **in hand** (`Document.mask_in_hand`): that of the active layer while painting goes to its mask, else the
selection. The mask brush, import, export and whatever reshapes a mask work on the one in hand and on no other. Another
layer becoming active, or the mask being deleted, puts the selection in hand again. Selecting tools always select. No
tool, panel or job keeps a mask of its own for later.

Here masks are (H, W) arrays of 8 or 16 bits, full value = in. The picture's edge is no edge of a mask: shrinking and
feathering leave a mask that reaches the border full there.
"""

from __future__ import annotations

from enum import StrEnum
from math import ceil, cos, hypot, pi, sin
from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.geometry import Point, Rect
from editor.tiles import TILE, UINT8, TiledImage, converted, full_value

Mask = NDArray[np.uint8]  # (H, W), 0..255
AnyMask = TypeVar("AnyMask", NDArray[np.uint8], NDArray[np.uint16])
FINE = 8  # lines across a pixel row for antialiased edges
LARGEST_KERNEL = 32  # radius in pixels; softly wider discs are reached in several rounds, some 3 % short of the area
EXACT_BLUR = 8.0  # standard deviation in pixels from which a blur is worked out on a smaller picture
LARGEST_SMOOTHING = 127  # pixels, the widest window of OpenCV's median


class Combine(StrEnum):
    """How a new selection joins the one there is."""

    REPLACE = "replace"
    ADD = "add"
    SUBTRACT = "subtract"
    INTERSECT = "intersect"


def add(mask: AnyMask, other: AnyMask) -> AnyMask:
    """What lies in either."""
    return np.maximum(mask, other)


def subtract(mask: AnyMask, other: AnyMask) -> AnyMask:
    """What lies in the first and not in the other."""
    return np.minimum(mask, invert(other))


def intersect(mask: AnyMask, other: AnyMask) -> AnyMask:
    """What lies in both."""
    return np.minimum(mask, other)


def invert(mask: AnyMask) -> AnyMask:
    """What lies outside."""
    return np.bitwise_not(mask)


def grow(mask: AnyMask, pixels: int) -> AnyMask:
    """Each pixel becomes the highest within `pixels` of it; negative shrinks."""
    if pixels < 0:
        return shrink(mask, -pixels)
    if pixels == 0 or not mask.any():
        return mask.copy()
    if _two_valued(mask):
        distance = cv2.distanceTransform((mask == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return _full_where(distance <= pixels + 1e-3, mask)
    while pixels > 0:
        radius = min(pixels, LARGEST_KERNEL)
        mask = cast(AnyMask, cv2.dilate(mask, disc_kernel(radius), borderType=cv2.BORDER_REPLICATE))
        pixels -= radius
    return mask


def shrink(mask: AnyMask, pixels: int) -> AnyMask:
    """Each pixel becomes the lowest within `pixels` of it; negative grows."""
    return invert(grow(invert(mask), pixels))


def feather(mask: AnyMask, pixels: float) -> AnyMask:
    """Soften the edge: Gaussian blur with a standard deviation of half of `pixels`.

    A wide one is worked out on a smaller picture: at most 1 % of the full value from the exact one, many times quicker.
    """
    if pixels <= 0:
        return mask.copy()
    if pixels / 2 < EXACT_BLUR:
        return cast(AnyMask, cv2.GaussianBlur(mask, (0, 0), pixels / 2, borderType=cv2.BORDER_REPLICATE))
    return _blurred_small(mask, pixels / 2)


def _blurred_small(mask: AnyMask, deviation: float) -> AnyMask:
    """Averaged over squares, blurred, and enlarged again; what both ways blur by themselves is taken off the blur."""
    side = 2
    while deviation / (2 * side) >= EXACT_BLUR / 2:
        side *= 2
    height, width = mask.shape
    margin = ceil(3 * deviation / side) * side
    below, right = margin + -height % side, margin + -width % side
    padded = cv2.copyMakeBorder(mask, margin, below, margin, right, cv2.BORDER_REPLICATE)
    size = (padded.shape[1] // side, padded.shape[0] // side)
    averages = cv2.resize(padded, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    own = (side * side - 1) / 12 + side * side / 6  # variances of the square's average and of linear enlarging
    soft = cv2.GaussianBlur(averages, (0, 0), (deviation * deviation - own) ** 0.5 / side)
    large = cv2.resize(soft, (padded.shape[1], padded.shape[0]), interpolation=cv2.INTER_LINEAR)
    return cast(AnyMask, np.rint(large[margin : margin + height, margin : margin + width]).astype(mask.dtype))


def fill_holes(mask: AnyMask) -> AnyMask:
    """Fill what the mask (from one half on) encloses completely."""
    outside = np.pad((mask < _half(mask)).astype(np.uint8), 1, constant_values=1)
    cv2.floodFill(outside, None, (0, 0), 2)
    return np.maximum(mask, _full_where(outside[1:-1, 1:-1] == 1, mask))


def remove_specks(mask: AnyMask, pixels: float) -> AnyMask:
    """Empty every part that covers less than `pixels` in area; a half covered pixel counts half.

    A part is what hangs together over sides and corners, its soft edge included.
    """
    _, parts = cv2.connectedComponents((mask > 0).astype(np.uint8), connectivity=8)
    areas = np.bincount(parts.ravel(), mask.ravel()) / full_value(mask.dtype)
    kept = areas >= pixels
    kept[0] = False
    return cast(AnyMask, np.where(kept[parts], mask, mask.dtype.type(0)))


def smooth(mask: AnyMask, pixels: int) -> AnyMask:
    """Round the border off: the median of the square that reaches `pixels` to each side, then a touch of blur.

    Teeth and notches narrower than `pixels` go, straight edges and soft ramps stay where they are. The median is that
    of the mask in 8 bits.

    Raises:
        ValueError: more than LARGEST_SMOOTHING pixels.
    """
    if pixels <= 0:
        return mask.copy()
    if pixels > LARGEST_SMOOTHING:
        raise ValueError(f"the border can be smoothed over up to {LARGEST_SMOOTHING} pixels, not {pixels}")
    even = cast(Mask, cv2.medianBlur(converted(mask, UINT8), 2 * pixels + 1))
    return feather(cast(AnyMask, converted(even, mask.dtype)), 1.4)


def disc_kernel(radius: int) -> Mask:
    """(2 r + 1, 2 r + 1), 1 within `radius` of the middle."""
    steps = np.arange(-radius, radius + 1)
    return (steps[:, None] ** 2 + steps[None, :] ** 2 <= radius * radius).astype(np.uint8)


def _two_valued(mask: AnyMask) -> bool:
    return bool(((mask == 0) | (mask == full_value(mask.dtype))).all())


def _half(mask: AnyMask) -> int:
    return full_value(mask.dtype) // 2 + 1


def _full_where(inside: NDArray[np.bool_], like: AnyMask) -> AnyMask:
    return cast(AnyMask, inside.astype(like.dtype) * like.dtype.type(full_value(like.dtype)))


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


def softened(shape: TiledImage, pixels: float, canvas: Rect) -> TiledImage:
    """A selection with its edge feathered, cut to the canvas; itself for 0 pixels."""
    if pixels <= 0 or not shape.tiles:
        return shape
    area = shape.bounds().grown(round(pixels * 2)).intersected(canvas)
    return TiledImage.from_array(feather(cast(Mask, shape.read(area)[..., 0]), pixels), (area.x, area.y))


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
