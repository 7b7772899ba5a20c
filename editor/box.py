"""The box in which a thing shall stand: a rectangle of whole pixels that is drawn, moved and resized."""

from __future__ import annotations

from dataclasses import dataclass

from editor.geometry import Point, Rect, whole
from editor.placement import CORNERS, Grip


@dataclass(frozen=True)
class Way:
    """How a box is drawn or resized.

    Attributes:
        proportion: width / height that it keeps; None lets both change.
        centred: about its middle, not from the corner or side that lies opposite.
    """

    proportion: float | None = None
    centred: bool = False


@dataclass(frozen=True)
class _Span:
    """One side of a box while it changes.

    Attributes:
        anchor: what stays, canvas pixels.
        reach: where it goes from there: 1 on, -1 back, 0 to both sides.
        length: pixels; below 0 it was pulled over to the other side of the anchor.
    """

    anchor: float
    reach: int
    length: float

    def resized(self, length: float) -> _Span:
        """Of another length on the same side of the anchor."""
        return _Span(self.anchor, self.reach, -length if self.length < 0 else length)

    @property
    def pixels(self) -> tuple[int, int]:
        """First whole pixel and how many, at least one."""
        ends = (self.anchor - self.length / 2, self.anchor + self.length / 2)
        if self.reach:
            ends = (self.anchor, self.anchor + self.reach * self.length)
        return whole(min(ends), max(ends))


def drawn(start: Point, now: Point, way: Way) -> Rect:
    """The box from a corner (or its middle) to where the pointer is."""
    shift = now[0] - start[0], now[1] - start[1]
    across, down = (_span(at, 0.0, 1.0, along, way) for at, along in zip(start, shift, strict=True))
    return _rect(across, down, Grip.BOTTOM_RIGHT, way)


def resized(box: Rect, grip: Grip, shift: Point, way: Way) -> Rect:
    """The box after one of its handles was dragged by `shift` pixels; over the other side it turns over."""
    across = _span(box.x, box.width, grip.value[0], shift[0], way)
    down = _span(box.y, box.height, grip.value[1], shift[1], way)
    return _rect(across, down, grip, way)


def moved(box: Rect, shift: Point, canvas: Rect, *, straight: bool = False) -> Rect:
    """The box moved by whole pixels, as far as some of it stays on the canvas.

    Args:
        straight: along one axis.
    """
    dx, dy = round(shift[0]), round(shift[1])
    if straight:
        dx, dy = (dx, 0) if abs(dx) >= abs(dy) else (0, dy)
    x = min(max(box.x + dx, canvas.x + 1 - box.width), canvas.right - 1)
    y = min(max(box.y + dy, canvas.y + 1 - box.height), canvas.bottom - 1)
    return Rect(x, y, box.width, box.height)


def _span(start: float, length: float, place: float, shift: float, way: Way) -> _Span:
    """One side of a box whose handle at `place`, 0..1 along it, was dragged by `shift` pixels."""
    if place not in (0.0, 1.0):  # the handle belongs to the other side
        return _Span(start + length / 2, 0, length)
    reach = 1 if place else -1
    if way.centred:
        return _Span(start + length / 2, 0, length + 2 * reach * shift)
    return _Span(start + length * (1 - place), reach, length + reach * shift)


def _rect(across: _Span, down: _Span, grip: Grip, way: Way) -> Rect:
    """Both sides together, in the proportion that is kept: as large as the pointer went in either direction."""
    if way.proportion is not None:
        width, height = abs(across.length), abs(down.length)
        if grip in CORNERS:
            height = max(height, width / way.proportion)
        elif grip in (Grip.LEFT, Grip.RIGHT):
            height = width / way.proportion
        across, down = across.resized(height * way.proportion), down.resized(height)
    (left, wide), (top, high) = across.pixels, down.pixels
    return Rect(left, top, wide, high)
