"""Requests and parameters say what is wrong before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from engine.checking import check_request
from engine.errors import BadRecipe, BadRequest
from engine.request import EditRequest, Parameters, knob


@dataclass(frozen=True)
class Knobs(Parameters):
    amount: float = knob(0.5, 0.0, 1.0, "How much.")
    count: int = knob(3, 1, 9, "How many.")
    kind: str = knob("soft", None, None, "Which.", choices=("soft", "hard"))
    name: str = knob("", None, None, "What it is called.")


def request(**changes: Any) -> EditRequest:
    return replace(EditRequest("any", np.zeros((4, 6, 3), np.uint8), Knobs()), **changes)


def test_a_good_request_passes() -> None:
    check_request(request(strokes=np.zeros((4, 6, 4), np.uint8), mask=np.ones((4, 6), np.uint8), seed=2**63 - 1))
    check_request(request(box=(-3, 2, 5, 40)))
    check_request(request(exemplar=np.broadcast_to(np.uint8(1), (4096, 4096, 4))))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"image": np.zeros((4, 6, 4), np.uint8)}, "three colour channels"),
        ({"image": np.zeros((0, 6, 3), np.uint8)}, "at least one pixel"),
        ({"image": np.full((4, 6, 3), np.nan, np.float32)}, "8 or 16 bits"),
        ({"strokes": np.zeros((4, 5, 4), np.uint8)}, "strokes do not fit the picture of 6 × 4"),
        ({"strokes": np.zeros((4, 6, 4), np.uint16)}, "strokes do not fit"),
        ({"mask": np.ones((6, 4), np.uint8)}, "mask does not fit the picture of 6 × 4"),
        ({"mask": np.ones((4, 6), bool)}, "mask does not fit"),
        ({"mask": np.zeros((4, 6), np.uint8)}, "mask is empty"),
        ({"exemplar": np.ones((4, 6, 3), np.uint8)}, "colour and alpha"),
        ({"exemplar": np.zeros((4, 6, 4), np.uint8)}, "Nothing of the example"),
        ({"exemplar": np.ones((2, 32767, 4), np.uint8)}, "example has 32767 × 2 pixels; .* Make it smaller"),
        ({"exemplar": np.broadcast_to(np.uint8(1), (4096, 4097, 4))}, "example has 4097 × 4096 pixels"),
        ({"box": (1, 1, 2.0, 2)}, "box must be four whole numbers"),
        ({"box": (6, 0, 2, 2)}, "box lies outside of the picture of 6 × 4"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**63}, "seed"),
        ({"stop_after": 0}, "at least one step"),
    ],
)
def test_what_cannot_run_is_one_sentence(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        check_request(request(**changes))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount": float("nan")}, "parameters.amount"),
        ({"amount": 1.01}, "parameters.amount"),
        ({"amount": "much"}, "parameters.amount"),
        ({"count": 2.0}, "parameters.count"),
        ({"count": True}, "parameters.count"),
        ({"kind": "firm"}, "parameters.kind"),
        ({"colour": "red"}, "parameters.colour"),
        ({"amount": 10**400}, "parameters.amount"),
        ({"name": "a\ud800"}, "parameters.name"),
    ],
)
def test_wrong_parameters_name_their_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRecipe, match=field) as caught:
        Knobs.from_json(values)
    assert caught.value.field == field


def test_whole_numbers_serve_as_fractions() -> None:
    assert Knobs.from_json({"amount": 1, "count": 2}) == Knobs(1.0, 2)


def test_equal_edits_have_equal_digests() -> None:
    first, second = request(prompt="a"), request(prompt="a")
    assert first.digest() == second.digest()
    changed = [
        request(prompt="b"),
        request(prompt="a", seed=1),
        request(prompt="a", image=np.ones((4, 6, 3), np.uint8)),
        request(prompt="a", box=(1, 2, 3, 4)),
        request(prompt="a", box=(1, 2, 3, 5)),
    ]
    assert len({first.digest(), *(other.digest() for other in changed)}) == 6
