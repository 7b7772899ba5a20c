"""Where a selected thing shall go: shifted, resized and turned about the middle of the box around it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from math import atan2, cos, degrees, hypot, radians, sin

import numpy as np
from numpy.typing import NDArray

from editor.geometry import Point, Rect
from editor.identity import Identity

SCALES = (0.1, 10.0)
FARTHEST = 10_000.0  # pixels of a shift, in x and in y
SNAP = 15.0  # degrees between the angles that Shift keeps to
REACH = 9.0  # screen pixels from a grip's middle within which it is taken
ARM = 26.0  # screen pixels from the box to the grip that turns it

Matrix = NDArray[np.float64]
"""(2, 3): where a place (x, y, 1) goes, (x', y'), canvas pixels."""


@dataclass(frozen=True, slots=True)
class Placement:
    """What happens to a thing: resized and turned about the middle of its box, then shifted.

    Attributes:
        shift: (x, y) in canvas pixels, to a tenth.
        scale: 1 = the same size; within `SCALES`.
        turn: degrees clockwise as it is seen, above -180 up to 180.
    """

    shift: Point = (0.0, 0.0)
    scale: float = 1.0
    turn: float = 0.0

    @property
    def rests(self) -> bool:
        """Whether the thing stays as it is."""
        return self == Placement()

    def tidy(self) -> Placement:
        """The nearest one that can be written down in round numbers and lies within the limits."""
        x, y = (min(FARTHEST, max(-FARTHEST, round(part, 1))) + 0.0 for part in self.shift)
        scale = min(SCALES[1], max(SCALES[0], round(self.scale, 3)))
        return Placement((x, y), scale, _half_turn(round(self.turn, 1)))

    def matrix(self, centre: Point) -> Matrix:
        """What takes every place of the thing to where it goes."""
        across, along = self.scale * cos(radians(self.turn)), self.scale * sin(radians(self.turn))
        x, y = centre
        left = x + self.shift[0] - across * x + along * y
        top = y + self.shift[1] - along * x - across * y
        return np.array([[across, -along, left], [along, across, top]])

    def back(self, centre: Point) -> Matrix:
        """What takes it from there to where it is."""
        there = self.matrix(centre)
        inverse = np.linalg.inv(there[:, :2])
        return np.hstack([inverse, -(inverse @ there[:, 2:])])


@dataclass(frozen=True, slots=True)
class Placed:
    """A placement and the selection that it is meant for; another selection stays where it is."""

    of: Identity
    placement: Placement


class Grip(Enum):
    """What the box around the thing can be taken by; the value of a handle is its place in the box, 0..1."""

    TOP_LEFT = (0.0, 0.0)
    TOP = (0.5, 0.0)
    TOP_RIGHT = (1.0, 0.0)
    RIGHT = (1.0, 0.5)
    BOTTOM_RIGHT = (1.0, 1.0)
    BOTTOM = (0.5, 1.0)
    BOTTOM_LEFT = (0.0, 1.0)
    LEFT = (0.0, 0.5)
    TURN = (0.5, -1.0)
    INSIDE = (0.5, 0.5)


CORNERS = (Grip.TOP_LEFT, Grip.TOP_RIGHT, Grip.BOTTOM_RIGHT, Grip.BOTTOM_LEFT)
SIDES = (Grip.TOP, Grip.RIGHT, Grip.BOTTOM, Grip.LEFT)


@dataclass(frozen=True)
class TransformBox:
    """The box around a thing, as it is placed now.

    Attributes:
        box: around the thing where it is in the picture.
        turns: whether it has a handle that turns it.
    """

    box: Rect
    placement: Placement = Placement()
    turns: bool = True

    @property
    def centre(self) -> Point:
        """The middle of the box in the picture, about which the thing is resized and turned."""
        return self.box.x + self.box.width / 2, self.box.y + self.box.height / 2

    @cached_property
    def matrix(self) -> Matrix:
        return self.placement.matrix(self.centre)

    @property
    def corners(self) -> tuple[Point, ...]:
        """The four corners where they go, clockwise from the thing's top left one."""
        return tuple(self._at(*grip.value) for grip in CORNERS)

    @property
    def middle(self) -> Point:
        """Where the middle of the box goes."""
        return self._at(0.5, 0.5)

    def grips(self, scale: float) -> dict[Grip, Point]:
        """The places of all handles, canvas pixels; a small box has none at its sides.

        Args:
            scale: screen pixels per canvas pixel.
        """
        shortest = min(self.box.width, self.box.height) * self.placement.scale * scale
        shown = (*CORNERS, *SIDES) if shortest >= 5 * REACH else CORNERS
        places = {grip: self._at(*grip.value) for grip in shown}
        if self.turns:
            x, y = self._at(*Grip.TOP.value)
            turn, arm = radians(self.placement.turn), ARM / scale
            places[Grip.TURN] = (x + arm * sin(turn), y - arm * cos(turn))
        return places

    def contains(self, point: Point) -> bool:
        """Whether a place lies in the box as it is placed."""
        matrix = self.placement.back(self.centre)
        x, y = (float(part) for part in matrix @ (*point, 1.0))
        return self.box.x <= x <= self.box.right and self.box.y <= y <= self.box.bottom

    def hit(self, point: Point, scale: float) -> Grip | None:
        """What is under the pointer; None for nothing. The inside of a tiny box counts before its handles."""
        longest = max(self.box.width, self.box.height) * self.placement.scale * scale
        inside = self.contains(point)
        if inside and longest < 3 * REACH:
            return Grip.INSIDE
        near = {grip: hypot(at[0] - point[0], at[1] - point[1]) * scale for grip, at in self.grips(scale).items()}
        nearest = min(near, key=lambda grip: near[grip])
        if near[nearest] <= REACH:
            return nearest
        return Grip.INSIDE if inside else None

    def _at(self, across: float, down: float) -> Point:
        """Where a place of the box, 0..1, goes."""
        x, y = self.matrix @ (self.box.x + across * self.box.width, self.box.y + down * self.box.height, 1.0)
        return float(x), float(y)

    # dragging

    def dragged(
        self, grip: Grip, start: Point, now: Point, *, straight: bool = False, centred: bool = False
    ) -> Placement:
        """The placement after a grip was dragged.

        Args:
            start, now: where the pointer was pressed and where it is, canvas pixels.
            straight: move along one axis, turn to multiples of `SNAP`.
            centred: resize about the middle, not about the opposite handle.
        """
        if grip is Grip.INSIDE:
            return self._moved(now[0] - start[0], now[1] - start[1], straight=straight)
        if grip is Grip.TURN:
            return self._turned(start, now, straight=straight)
        return self._resized(grip, start, now, centred=centred)

    def _moved(self, dx: float, dy: float, *, straight: bool) -> Placement:
        if straight:
            dx, dy = (dx, 0.0) if abs(dx) >= abs(dy) else (0.0, dy)
        x, y = self.placement.shift
        return replace(self.placement, shift=(x + round(dx), y + round(dy))).tidy()

    def _turned(self, start: Point, now: Point, *, straight: bool) -> Placement:
        turn = self.placement.turn + _angle(self.middle, now) - _angle(self.middle, start)
        return replace(self.placement, turn=round(turn / SNAP) * SNAP if straight else turn).tidy()

    def _resized(self, grip: Grip, start: Point, now: Point, *, centred: bool) -> Placement:
        """As large as the pointer went along the line from what stays to the handle; what stays keeps its place."""
        across, down = grip.value
        stays = self.middle if centred else self._at(1 - across, 1 - down)
        handle = self._at(across, down)
        way = handle[0] - stays[0], handle[1] - stays[1]
        went = (now[0] - start[0]) * way[0] + (now[1] - start[1]) * way[1]
        scale = self.placement.scale * (1 + went / (way[0] ** 2 + way[1] ** 2))
        resized = replace(self.placement, scale=scale).tidy()
        share = resized.scale / self.placement.scale
        x, y = self.placement.shift
        middle = self.middle
        shift = (x + (stays[0] - middle[0]) * (1 - share), y + (stays[1] - middle[1]) * (1 - share))
        return replace(resized, shift=shift).tidy()


def _angle(centre: Point, point: Point) -> float:
    """Degrees clockwise as it is seen."""
    return degrees(atan2(point[1] - centre[1], point[0] - centre[0]))


def _half_turn(turn: float) -> float:
    """The same direction, above -180 up to 180."""
    return 180.0 - (180.0 - turn) % 360.0
