"""Points and boxes in a recipe: numbers from a stranger become places, or a refusal that names the field. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import BadRecipe
from engine.place import FARTHEST
from engine.points import MOST_PAIRS, Leg, Points, spots_of

_MOST_LEGS = 1000
_MOST_STEPS = 100_000


def points_of(plain: Mapping[str, Any]) -> Points | None:
    """(n, 2, 2) pairs handle → target of the values of a recipe.json; None where it has none.

    Raises:
        BadRecipe: they are no pairs of numbers, or too many.
    """
    if "points" not in plain:
        return None
    pairs = plain["points"]
    if len(pairs) > MOST_PAIRS:
        raise BadRecipe("points", f"has {len(pairs)} pairs, more than {MOST_PAIRS}")
    for index, pair in enumerate(pairs):
        if not isinstance(pair, list) or len(pair) != 2 or not all(_is_spot(spot) for spot in pair):
            raise BadRecipe(f"points.{index}", "must be two places [x, y], handle and target")
    return np.array(pairs, np.float64).reshape(-1, 2, 2)


def legs_of(plain: Mapping[str, Any]) -> tuple[Leg, ...]:
    """The earlier parts of a drag. Raises BadRecipe where they are not what this program writes, or of none."""
    legs = plain.get("legs", [])
    if legs and "points" not in plain:
        raise BadRecipe("legs", "are parts of a drag, but there are no points to drag")
    if len(legs) > _MOST_LEGS:
        raise BadRecipe("legs", f"has {len(legs)} parts, more than {_MOST_LEGS}")
    return tuple(_leg(f"legs.{index}", leg) for index, leg in enumerate(legs))


def box_of(plain: Mapping[str, Any]) -> tuple[int, int, int, int] | None:
    """(x, y, width, height) of the values of a recipe.json; None where it has none.

    Raises:
        BadRecipe: it is no box of whole pixels.
    """
    if "box" not in plain:
        return None
    box = plain["box"]
    if len(box) != 4 or any(type(number) is not int for number in box):
        raise BadRecipe("box", "must be four whole numbers, x, y, width and height")
    if min(box[2:]) < 1:
        raise BadRecipe("box", "must be at least one pixel wide and high")
    if max(map(abs, box)) > FARTHEST:
        raise BadRecipe("box", "is too large, or too far from the picture")
    return box[0], box[1], box[2], box[3]


def _leg(where: str, value: Any) -> Leg:
    if not isinstance(value, dict) or set(value) != {"targets", "steps"}:
        raise BadRecipe(where, "must hold targets and steps, nothing else")
    targets, steps = value["targets"], value["steps"]
    if not isinstance(targets, list) or not 0 < len(targets) <= MOST_PAIRS or not all(map(_is_spot, targets)):
        raise BadRecipe(f"{where}.targets", "must be places [x, y]")
    if type(steps) is not int or not 1 <= steps <= _MOST_STEPS:
        raise BadRecipe(f"{where}.steps", f"must lie between 1 and {_MOST_STEPS}")
    return Leg(spots_of(targets), steps)


def _is_spot(value: Any) -> bool:
    """[x, y] of two finite numbers (JSON's reader lets NaN, Infinity and endless integers through)."""
    return isinstance(value, list) and len(value) == 2 and all(map(_is_coordinate, value))


def _is_coordinate(number: Any) -> bool:
    return type(number) in (int, float) and bool(abs(number) < 1e9)
