"""Drag points as plain values: pairs handle → target, and the legs of a drag that was led on. No torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadRequest

Points = NDArray[np.float64]
"""(n, 2, 2): n pairs, handle then target, each (x, y) in image pixels; pixel (column, row) spans column..column + 1."""

Spots = tuple[tuple[float, float], ...]
"""n places (x, y) in image pixels."""

MOST_PAIRS = 30
_SAME_PLACE = 0.5  # pixels: a shorter way is none


@dataclass(frozen=True)
class Leg:
    """A part of a drag that is over: the artist stopped it, or moved a target, and then led it on.

    A drag that was led on goes through its legs first, so that it can be replayed exactly.

    Attributes:
        targets: where the handles were led to.
        steps: optimisation steps that were run, at least one.
    """

    targets: Spots
    steps: int


@dataclass(frozen=True)
class Retarget:
    """Sent into a running drag: lead the handles elsewhere, from where they are now.

    Attributes:
        targets: one for each handle.
    """

    targets: Spots


def spots_of(places: Iterable[Any]) -> Spots:
    """(n, 2) places as a plain value."""
    return tuple((float(x), float(y)) for x, y in places)


def check_points(points: Any, legs: tuple[Leg, ...], size: tuple[int, int], mask: NDArray[np.uint8] | None) -> None:
    """Raise BadRequest unless the pairs can be followed.

    Args:
        size: (width, height) of the picture.
        mask: (height, width), what shall move; None = everything may.
    """
    if not isinstance(points, np.ndarray) or points.ndim != 3 or points.shape[1:] != (2, 2) or points.dtype != float:
        raise BadRequest("Drag points must be pairs of a handle and a target. Place them again.")
    if not len(points):
        raise BadRequest("There are no drag points. Press on what should move and drag it to where it should go.")
    if len(points) > MOST_PAIRS:
        raise BadRequest(f"There are {len(points)} drag points, more than the {MOST_PAIRS} that can be followed.")
    for places in (points.reshape(-1, 2), *(np.array(leg.targets, float) for leg in legs)):
        _check_inside(places, size)
    for index, (handle, target) in enumerate(points, 1):
        if np.hypot(*(target - handle)) < _SAME_PLACE:
            raise BadRequest(f"Handle and target of drag point {index} are at the same place. Move one, or delete it.")
        if mask is not None and not mask[_pixel(handle[1], size[1]), _pixel(handle[0], size[0])]:
            raise BadRequest(
                f"The handle of drag point {index} lies outside of what is selected. Move it, or select more."
            )
    if any(len(leg.targets) != len(points) or leg.steps < 1 for leg in legs):
        raise BadRequest("The earlier parts of this drag do not fit its points. Run it anew.")


def _check_inside(places: NDArray[np.float64], size: tuple[int, int]) -> None:
    inside = np.isfinite(places) & (places >= 0) & (places <= np.array(size, float))
    if not inside.all():
        x, y = places[~inside.all(axis=1)][0]
        raise BadRequest(f"A drag point lies outside of the picture, at ({x:.0f}, {y:.0f}). Move it inside.")


def _pixel(place: float, length: int) -> int:
    return min(int(place), length - 1)
