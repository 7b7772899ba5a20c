"""Whole-pixel rectangles and points; x to the right, y down, the canvas' top left pixel is (0, 0)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import ceil, floor

Point = tuple[float, float]  # (x, y) in canvas pixels


@dataclass(frozen=True, slots=True)
class Rect:
    """Half-open rectangle of whole pixels: x <= column < x + width, y <= row < y + height."""

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def around(cls, points: Iterable[Point], margin: float = 0.0) -> Rect:
        """The smallest rectangle that covers every point with `margin` pixels to spare; empty for no points."""
        xs, ys = zip(*points, strict=True) if (points := list(points)) else ((), ())
        if not xs:
            return EMPTY
        left, top = floor(min(xs) - margin), floor(min(ys) - margin)
        return cls(left, top, ceil(max(xs) + margin) + 1 - left, ceil(max(ys) + margin) + 1 - top)

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def empty(self) -> bool:
        return self.width <= 0 or self.height <= 0

    @property
    def area(self) -> int:
        return 0 if self.empty else self.width * self.height

    def __bool__(self) -> bool:
        return not self.empty

    def intersected(self, other: Rect) -> Rect:
        """The part that both cover; EMPTY where they do not meet."""
        x, y = max(self.x, other.x), max(self.y, other.y)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Rect(x, y, right - x, bottom - y) if right > x and bottom > y else EMPTY

    def united(self, other: Rect) -> Rect:
        """The smallest rectangle that covers both; an empty one adds nothing."""
        if self.empty or other.empty:
            return self if other.empty else other
        x, y = min(self.x, other.x), min(self.y, other.y)
        return Rect(x, y, max(self.right, other.right) - x, max(self.bottom, other.bottom) - y)

    def translated(self, dx: int, dy: int) -> Rect:
        return Rect(self.x + dx, self.y + dy, self.width, self.height)

    def grown(self, pixels: int) -> Rect:
        """Wider by `pixels` on every side (negative shrinks)."""
        return Rect(self.x - pixels, self.y - pixels, self.width + 2 * pixels, self.height + 2 * pixels)

    def contains(self, x: float, y: float) -> bool:
        return self.x <= x < self.right and self.y <= y < self.bottom

    def slices(self, origin: tuple[int, int] = (0, 0)) -> tuple[slice, slice]:
        """(rows, columns) of this rectangle in an array whose first pixel lies at `origin` (x, y)."""
        x, y = self.x - origin[0], self.y - origin[1]
        return slice(y, y + self.height), slice(x, x + self.width)

    def split(self, size: int) -> Iterator[Rect]:
        """Parts of at most size x size pixels, aligned to multiples of `size`, row by row."""
        for y in range(self.y // size * size, self.bottom, size):
            for x in range(self.x // size * size, self.right, size):
                yield self.intersected(Rect(x, y, size, size))


EMPTY = Rect(0, 0, 0, 0)


def whole(low: float, high: float) -> tuple[int, int]:
    """First whole pixel of a side from `low` to `high`, and how many, at least one."""
    first, end = round(low), round(high)
    return (first, end - first) if end > first else (floor((low + high) / 2), 1)
