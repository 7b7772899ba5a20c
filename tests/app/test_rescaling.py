"""Where a recipe's places come to lie in a picture of another size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rescaling import rescaled
from engine.place import check_box
from engine.points import Leg
from engine.request import EditRequest, Parameters, knob
from tests.images import assert_identical


@dataclass(frozen=True)
class Lengths(Parameters):
    shift_x: float = knob(30.0, -100.0, 100.0, "A way to the right.", unit="px")
    shift_y: float = knob(30.0, -100.0, 100.0, "A way down.", unit="px")
    feather: int = knob(9, 0, 20, "A length.", unit="px")
    steps: int = knob(9, 0, 20, "No length.")
    turn: float = knob(9.0, 0.0, 20.0, "No length either.", unit="°")


def picture(width: int, height: int, dtype: Any = np.uint8) -> np.ndarray[Any, Any]:
    return np.zeros((height, width, 3), dtype)


def edit(width: int = 80, height: int = 60, **changes: Any) -> EditRequest:
    return EditRequest("any", picture(width, height), changes.pop("parameters", Lengths()), "a ball", seed=7, **changes)


def block(width: int = 80, height: int = 60) -> np.ndarray[Any, Any]:
    mask = np.zeros((height, width), np.uint8)
    mask[20:40, 10:50] = 255
    return mask


def test_a_picture_of_the_same_size_changes_nothing_else() -> None:
    strokes = np.random.default_rng(1).integers(0, 256, (60, 80, 4)).astype(np.uint8)
    before = edit(mask=block(), strokes=strokes, box=(1, 2, 3, 4), points=np.ones((1, 2, 2)))
    other = np.full((60, 80, 3), 9, np.uint8)
    after = rescaled(before, other)
    assert after.image is other
    for name in ("parameters", "prompt", "seed", "strokes", "mask", "box", "points"):
        assert getattr(after, name) is getattr(before, name), name


@pytest.mark.parametrize("factor", [2, 3])
def test_the_mask_covers_the_same_part_of_a_larger_picture(factor: int) -> None:
    after = rescaled(edit(mask=block()), picture(80 * factor, 60 * factor))
    assert after.mask is not None
    assert after.mask.shape == (60 * factor, 80 * factor)
    inner = after.mask[20 * factor + factor : 40 * factor - factor, 10 * factor + factor : 50 * factor - factor]
    assert (inner == 255).all()
    assert np.mean(after.mask) == pytest.approx(np.mean(block()), rel=0.001)
    outer = after.mask.copy()
    outer[19 * factor : 41 * factor, 9 * factor : 51 * factor] = 0
    assert not outer.any()


def test_each_axis_is_scaled_by_itself() -> None:
    after = rescaled(edit(mask=block(), points=np.array([[[40.0, 30.0], [80.0, 0.0]]])), picture(40, 120))
    assert after.mask is not None
    assert after.points is not None
    assert (after.mask[42:78, 6:24] == 255).all()
    assert after.points.tolist() == [[[20.0, 60.0], [40.0, 0.0]]]


def test_transparent_paint_lends_no_colour() -> None:
    strokes = np.zeros((60, 80, 4), np.uint8)
    strokes[...] = (0, 255, 0, 0)
    strokes[20:40, 20:60] = (200, 10, 50, 255)
    for width, height in ((160, 120), (50, 37), (30, 100)):
        after = rescaled(edit(strokes=strokes), picture(width, height)).strokes
        assert after is not None
        seen = after[after[..., 3] > 8]
        assert len(seen) / (width * height) == pytest.approx(800 / 4800, rel=0.25)
        assert np.abs(seen[:, :3].astype(int) - (200, 10, 50)).max() <= 3


def test_strokes_take_the_depth_of_the_picture() -> None:
    strokes = np.full((60, 80, 4), 100, np.uint8)
    same = rescaled(edit(strokes=strokes), picture(80, 60, np.uint16)).strokes
    other = rescaled(edit(strokes=strokes), picture(40, 30, np.uint16)).strokes
    assert same is not None
    assert other is not None
    assert_identical(same, np.full((60, 80, 4), 25700, np.uint16))
    assert other.dtype == np.uint16
    assert np.abs(other.astype(int) - 25700).max() <= 1


def test_points_and_the_legs_of_their_drag() -> None:
    points = np.array([[[10.0, 6.0], [30.0, 12.0]]])
    after = rescaled(edit(points=points, legs=(Leg(((20.0, 9.0),), 5),)), picture(160, 30))
    assert after.points is not None
    assert after.points.tolist() == [[[20.0, 3.0], [60.0, 6.0]]]
    assert after.legs == (Leg(((40.0, 4.5),), 5),)


def test_lengths_follow_and_keep_their_limits() -> None:
    larger = rescaled(edit(), picture(160, 240)).parameters
    assert larger == Lengths(shift_x=60.0, shift_y=100.0, feather=20)
    smaller = rescaled(edit(), picture(20, 15)).parameters
    assert smaller == Lengths(shift_x=7.5, shift_y=7.5, feather=2)


def test_the_example_keeps_its_size_and_the_words_their_sense() -> None:
    exemplar = np.full((11, 13, 4), 200, np.uint8)
    after = rescaled(edit(exemplar=exemplar, box=(10, 12, 30, 24)), picture(40, 30))
    assert after.exemplar is exemplar
    assert after.box == (5, 6, 15, 12)
    assert (after.prompt, after.seed, after.method) == ("a ball", 7, "any")


@given(
    st.tuples(*[st.integers(1, 200)] * 2),
    st.tuples(*[st.integers(1, 200)] * 2),
    st.tuples(*[st.integers(-300, 300)] * 2, *[st.integers(1, 600)] * 2),
)
def test_a_box_that_lies_on_the_picture_still_does(
    old: tuple[int, int], new: tuple[int, int], box: tuple[int, int, int, int]
) -> None:
    x, y, across, down = box
    if x >= old[0] or y >= old[1] or x + across <= 0 or y + down <= 0:
        return
    after = rescaled(edit(*old, box=box), picture(*new)).box
    check_box(after, new)
