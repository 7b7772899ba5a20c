"""What a tool wants drawn over the picture, as plain data in canvas pixels; app/canvas/overlays.py paints it."""

from __future__ import annotations

from dataclasses import dataclass

from editor.geometry import Point, Rect
from editor.lifting import Lifted
from editor.placement import Grip, TransformBox
from editor.pointing import Pointing, Sketch
from editor.points import End, PointPair


@dataclass(frozen=True)
class OutlineOverlay:
    """A line through points, e.g. the edge of a selection being drawn.

    Attributes:
        closed: back to the first point.
        corners: points to mark, e.g. those that were clicked.
    """

    points: tuple[Point, ...]
    closed: bool = True
    corners: tuple[Point, ...] = ()


@dataclass(frozen=True)
class CircleOverlay:
    """A circle, e.g. the brush around the pointer."""

    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class PointingOverlay:
    """What was pointed at, and what a click would find.

    Attributes:
        offered: the object under the pointer.
    """

    pointing: Pointing
    offered: Sketch | None = None


@dataclass(frozen=True, eq=False)
class PlacementOverlay:
    """The box around a thing that is placed elsewhere.

    Attributes:
        canvas: what of the thing lies outside will not be seen.
        lifted: the thing as it is seen; None where only its box is to be drawn.
        held: what of the box the pointer is at.
    """

    frame: TransformBox
    canvas: Rect
    lifted: Lifted | None = None
    held: Grip | None = None


@dataclass(frozen=True)
class BoxOverlay:
    """The box in which a thing shall stand.

    Attributes:
        held: what of the box the pointer is at.
        grips: its handles are seen, because it can be taken by them now.
    """

    frame: TransformBox
    held: Grip | None = None
    grips: bool = True


@dataclass(frozen=True)
class PointsOverlay:
    """Drag points, numbered in their order from 1.

    Attributes:
        chosen: index of the pair that Delete takes away.
        held: index of the pair under the pointer, and which end of it.
        waiting: a handle whose target is still to be placed; it has the next number.
        aim: where that target would be placed now.
        trails: where each handle has come along while an edit runs, from its start to where it is now.
    """

    pairs: tuple[PointPair, ...]
    chosen: int | None = None
    held: tuple[int, End] | None = None
    waiting: Point | None = None
    aim: Point | None = None
    trails: tuple[tuple[Point, ...], ...] = ()


Overlay = OutlineOverlay | CircleOverlay | PointingOverlay | PlacementOverlay | BoxOverlay | PointsOverlay
