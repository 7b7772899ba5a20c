"""Dragging a crop rectangle by its corners, its edges or its middle. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

from editor.geometry import Point, Rect


@dataclass(frozen=True)
class Grip:
    """What of a rectangle is held.

    Attributes:
        across, down: -1 = its left or upper edge, 1 = its right or lower one, 0 = neither.
        fresh: nothing of it: a new one is drawn.
    """

    across: int = 0
    down: int = 0
    fresh: bool = False


NEW = Grip(fresh=True)
MIDDLE = Grip()


def grip_at(crop: Rect, canvas: Rect, at: Point, reach: float) -> Grip:
    """What is held at a place.

    Args:
        reach: how far beside an edge it may be held, picture pixels.
    """
    x, y = at
    within = crop.x - reach <= x <= crop.right + reach and crop.y - reach <= y <= crop.bottom + reach
    across = _nearer(x, crop.x, crop.right, reach) if within else 0
    down = _nearer(y, crop.y, crop.bottom, reach) if within else 0
    if across or down:
        return Grip(across, down)
    return MIDDLE if crop.contains(x, y) and crop != canvas else NEW


def _nearer(value: float, low: float, high: float, reach: float) -> int:
    to_low, to_high = abs(value - low), abs(value - high)
    if min(to_low, to_high) > reach:
        return 0
    return -1 if to_low <= to_high else 1


def pulled(crop: Rect, canvas: Rect, grip: Grip, start: Point, now: Point) -> Rect:
    """The rectangle after what is held was pulled from `start` to `now`; it stays inside, and at least a pixel.

    Args:
        crop: as it was when it was gripped.
    """
    if grip.fresh:
        return _between(start, now, canvas)
    across, down = round(now[0] - start[0]), round(now[1] - start[1])
    if grip == MIDDLE:
        return moved(crop, canvas, across, down)
    left, right = _edges(crop.x, crop.right, grip.across, across, canvas.width)
    top, bottom = _edges(crop.y, crop.bottom, grip.down, down, canvas.height)
    return Rect(left, top, right - left, bottom - top)


def moved(crop: Rect, canvas: Rect, across: int, down: int) -> Rect:
    """The rectangle elsewhere, as far as the picture reaches."""
    x = min(max(crop.x + across, 0), canvas.width - crop.width)
    y = min(max(crop.y + down, 0), canvas.height - crop.height)
    return Rect(x, y, crop.width, crop.height)


def _edges(low: int, high: int, which: int, by: int, most: int) -> tuple[int, int]:
    """The two edges of one axis after one of them was pulled; past the other one it stops a pixel before."""
    if which < 0:
        return min(max(low + by, 0), high - 1), high
    if which > 0:
        return low, max(min(high + by, most), low + 1)
    return low, high


def _between(start: Point, end: Point, canvas: Rect) -> Rect:
    left, right = _span(start[0], end[0], canvas.width)
    top, bottom = _span(start[1], end[1], canvas.height)
    return Rect(left, top, right - left, bottom - top)


def _span(start: float, end: float, most: int) -> tuple[int, int]:
    """All pixels of an axis that lie between two places, at least one."""
    low = min(max(floor(min(start, end)), 0), most - 1)
    return low, max(min(ceil(max(start, end)), most), low + 1)
