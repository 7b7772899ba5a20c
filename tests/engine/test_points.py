"""What drag points are refused for, each in one sentence that names the pair."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import BadRequest
from engine.points import MOST_PAIRS, Leg, check_points

SIZE = (40, 30)


def pairs(*values: tuple[tuple[float, float], tuple[float, float]]) -> np.ndarray:
    return np.array(values, float).reshape(-1, 2, 2)


def test_pairs_that_can_be_followed_pass() -> None:
    mask = np.zeros((30, 40), np.uint8)
    mask[10:20, 10:20] = 255
    check_points(
        pairs(((12, 12), (30, 12)), ((19.9, 19.9), (40, 30))), (Leg(((20.0, 12.0), (21.0, 9.0)), 3),), SIZE, mask
    )
    check_points(pairs(*(((i, 1), (i, 9)) for i in range(MOST_PAIRS))), (), SIZE, None)


@pytest.mark.parametrize(
    ("points", "sentence"),
    [
        (pairs(), "no drag points"),
        (pairs(((1, 1), (1, 1.2))), "drag point 1 are at the same place"),
        (pairs(((1, 1), (9, 9)), ((41, 1), (5, 5))), r"outside of the picture, at \(41, 1\)"),
        (pairs(((1, 1), (9, -2))), r"outside of the picture, at \(9, -2\)"),
        (pairs(((1, 1), (np.nan, 3))), "outside of the picture"),
        (pairs(*(((i, 1), (i, 9)) for i in range(MOST_PAIRS + 1))), "31 drag points, more than the 30"),
        (np.zeros((3, 2)), "pairs of a handle and a target"),
    ],
)
def test_others_are_refused(points: np.ndarray, sentence: str) -> None:
    with pytest.raises(BadRequest, match=sentence):
        check_points(points, (), SIZE, None)


def test_a_handle_must_lie_on_what_moves() -> None:
    mask = np.zeros((30, 40), np.uint8)
    mask[10:20, 10:20] = 255
    with pytest.raises(BadRequest, match="handle of drag point 2 lies outside of what is selected"):
        check_points(pairs(((12, 12), (30, 12)), ((20, 12), (30, 12))), (), SIZE, mask)


@pytest.mark.parametrize("leg", [Leg(((1.0, 1.0), (2.0, 2.0)), 3), Leg(((1.0, 1.0),), 0)])
def test_legs_fit_their_points(leg: Leg) -> None:
    with pytest.raises(BadRequest, match="earlier parts"):
        check_points(pairs(((1, 1), (9, 9))), (leg,), SIZE, None)


def test_targets_of_legs_lie_inside() -> None:
    with pytest.raises(BadRequest, match="outside of the picture"):
        check_points(pairs(((1, 1), (9, 9))), (Leg(((99.0, 1.0),), 3),), SIZE, None)
