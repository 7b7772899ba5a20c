"""The drag points of a document as those of an edit, and back; and what leading a drag on asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from app.jobs.method_info import PULLS
from editor import limits
from editor.geometry import Rect
from editor.points import PointPair, as_array, cut_to
from engine.points import Leg, Points, Spots, spots_of
from engine.request import EditRequest, EditResult

_ARRIVED = 6.0  # working pixels: a handle that is so close to its target is there


def points_of(pairs: Iterable[PointPair]) -> Points | None:
    """The pairs as an edit takes them; None where there are none."""
    points = as_array(pairs)
    return points if len(points) else None


def pairs_of(points: Points | None, canvas: Rect) -> tuple[PointPair, ...]:
    """An edit's points as a document of this canvas can have them."""
    if points is None:
        return ()
    pairs = [PointPair((float(x), float(y)), (float(u), float(v))) for (x, y), (u, v) in points]
    return cut_to(pairs, canvas)[: limits.POINTS]


def targets_of(pairs: Iterable[PointPair]) -> Spots:
    """Where the handles are to be led, in the order of the pairs."""
    return tuple((float(x), float(y)) for x, y in (pair.target for pair in pairs))


def same_handles(points: Points | None, others: Points | None) -> bool:
    """Whether two drags take hold at the same places, so that one can be led on as the other."""
    return points is not None and others is not None and np.array_equal(points[:, 0], others[:, 0])


def came_short(result: EditResult) -> bool:
    """Whether a drag ended before its handles had come to their targets."""
    points, marks = result.recipe.points, result.marks
    if result.recipe.stop_after is not None or points is None or marks is None:
        return result.recipe.stop_after is not None
    return bool(np.hypot(*(points[:, 1] - marks).T).max() * result.scale > _ARRIVED)


def with_points(request: EditRequest, points: Points | None, *, lead_on: bool) -> EditRequest:
    """The same drag with points as they are now.

    Args:
        lead_on: to other targets, go on from where the request's own drag came to, if the handles are still the
            same; else start from the picture.
    """
    if _same(points, request.points):
        done = lead_on or (not request.legs and request.stop_after is None)
        return request if done else replace(request, legs=())
    if lead_on and hasattr(request.parameters, PULLS) and same_handles(points, request.points):
        return goes_on(request, points)
    return replace(request, points=points, legs=())


def goes_on(request: EditRequest, points: Points | None) -> EditRequest:
    """The drag going on from where it came to, on its way to the targets of `points`, which has the same handles.

    A drag that was stopped has closed its last part itself. One that came to its end has not; its last part ran until
    the handles had arrived, or for as many steps as its parameters allow.
    """
    stopped = request.stop_after is not None
    if stopped and _same(points, request.points):
        return replace(request, stop_after=None)
    targets = spots_of(request.points[:, 1]) if request.points is not None else ()
    legs = request.legs
    if not (stopped and legs and legs[-1].targets == targets):
        legs = (*legs, Leg(targets, int(getattr(request.parameters, PULLS))))
    return replace(request, points=points, legs=legs, stop_after=None)


def _same(points: Points | None, others: Points | None) -> bool:
    return points is not None and others is not None and np.array_equal(points, others)
