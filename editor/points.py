"""Drag points: what is at a handle shall come to lie at its target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from math import inf

import numpy as np
from numpy.typing import NDArray

from editor.geometry import Point, Rect


class End(Enum):
    """Which of the two points of a pair."""

    HANDLE = auto()
    TARGET = auto()


@dataclass(frozen=True, slots=True)
class PointPair:
    """Where to take hold and where to drag it, each (x, y) in canvas pixels; (0, 0) is the canvas' outer corner."""

    handle: Point
    target: Point

    def at(self, end: End) -> Point:
        return self.handle if end is End.HANDLE else self.target

    def with_end(self, end: End, at: Point) -> PointPair:
        return PointPair(at, self.target) if end is End.HANDLE else PointPair(self.handle, at)

    def translated(self, dx: float, dy: float) -> PointPair:
        (x, y), (u, v) = self.handle, self.target
        return PointPair((x + dx, y + dy), (u + dx, v + dy))


def as_array(points: Iterable[PointPair]) -> NDArray[np.float64]:
    """(n, 2, 2): `[:, 0]` handles, `[:, 1]` targets, each (x, y) in canvas pixels."""
    return np.array([(pair.handle, pair.target) for pair in points], np.float64).reshape(-1, 2, 2)


def clamped(point: Point, canvas: Rect) -> Point:
    """The nearest place on the canvas; at its edge the middle of the outermost pixel, so that it is on a pixel."""
    x = min(max(point[0], canvas.x + 0.5), canvas.right - 0.5)
    y = min(max(point[1], canvas.y + 0.5), canvas.bottom - 0.5)
    return (x, y)


def cut_to(points: Iterable[PointPair], canvas: Rect) -> tuple[PointPair, ...]:
    """What is left of the pairs on a canvas: a handle outside has nothing to hold, a target outside is drawn in.

    The target stays on its arrow, so that what is dragged goes the way it was told to.
    """
    return tuple(
        pair if canvas.contains(*pair.target) else PointPair(pair.handle, drawn_in(pair, canvas))
        for pair in points
        if canvas.contains(*pair.handle)
    )


def drawn_in(pair: PointPair, canvas: Rect) -> Point:
    """The end of the arrow of a handle on the canvas, or where it comes to the middle of the outermost pixel before."""
    (x, y), (u, v) = pair.handle, pair.target
    part = min(
        1.0,
        _part_before(x, u, canvas.x + 0.5, canvas.right - 0.5),
        _part_before(y, v, canvas.y + 0.5, canvas.bottom - 0.5),
    )
    return (x + part * (u - x), y + part * (v - y))


def _part_before(start: float, end: float, low: float, high: float) -> float:
    """How much of the way from `start` to `end` lies before the border it runs towards, 0 or more."""
    border = high if end > start else low
    return inf if end == start else max(0.0, (border - start) / (end - start))
