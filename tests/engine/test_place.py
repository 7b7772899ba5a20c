"""Where a thing shall stand: a box, what is selected, or what both cover."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from engine.errors import BadRequest
from engine.place import FARTHEST, check_box, hole_of

SIZE = (60, 40)  # (width, height)
SHAPE = (40, 60, 3)


def test_a_box_is_its_pixels() -> None:
    hole = hole_of(SHAPE, (10, 5, 20, 12), None)
    assert hole.shape == (40, 60)
    assert hole.dtype == np.uint8
    assert (hole[5:17, 10:30] == 255).all()
    assert np.count_nonzero(hole) == 20 * 12
    assert np.count_nonzero(hole_of(SHAPE, (59, 39, 1, 1), None)) == 1
    assert hole_of(SHAPE, (0, 0, *SIZE), None).min() == 255, "all of the picture"


@pytest.mark.parametrize(
    ("box", "pixels"),
    [
        ((-10, -5, 20, 12), 10 * 7),
        ((50, 35, 20, 12), 10 * 5),
        ((-10, 5, 200, 12), 60 * 12),
        ((1 - FARTHEST, 2 - FARTHEST, FARTHEST, FARTHEST), 1 * 2),
        ((-5, -5, FARTHEST, FARTHEST), 60 * 40),
    ],
)
def test_what_reaches_over_the_edge_is_cut_off(box: Any, pixels: int) -> None:
    assert np.count_nonzero(hole_of(SHAPE, box, None)) == pixels


def test_a_selection_limits_a_box_and_stays_soft() -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[10:30, 20:40] = np.arange(20, dtype=np.uint8) * 10 + 1
    hole = hole_of(SHAPE, (30, -4, 100, 20), mask)
    assert np.array_equal(hole[10:16, 30:40], mask[10:16, 30:40])
    assert np.count_nonzero(hole) == 6 * 10
    assert hole_of(SHAPE, None, mask) is mask
    assert mask[29, 20] == 1, "the selection itself is left as it was"


def test_no_place_is_one_sentence() -> None:
    mask = np.zeros((40, 60), np.uint8)
    for nothing in (None, mask):
        with pytest.raises(BadRequest, match=r"no place to fill\. Draw a box"):
            hole_of(SHAPE, None, nothing)
    mask[:5] = 255
    with pytest.raises(BadRequest, match="box and the selection do not meet"):
        hole_of(SHAPE, (10, 5, 20, 12), mask)


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ((1, 2, 3), "four whole numbers"),
        ([1, 2, 3, 4], "four whole numbers"),
        ((1, 2, 3.0, 4), "four whole numbers"),
        ((1, 2, True, 4), "four whole numbers"),
        ((1, 2, np.int64(3), 4), "four whole numbers"),
        ((1, 2, 0, 4), "box is empty"),
        ((1, 2, 3, -4), "box is empty"),
        ((60, 0, 5, 5), "outside of the picture of 60 × 40"),
        ((0, 40, 5, 5), "outside of the picture"),
        ((-5, 0, 5, 5), "outside of the picture"),
        ((0, -5, 5, 5), "outside of the picture"),
        ((0, 0, FARTHEST + 1, 5), "too far"),
        ((-(10**400), 0, 10**401, 5), "too far"),
    ],
)
def test_a_box_that_is_none_is_one_sentence(box: Any, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        check_box(box, SIZE)


def test_it_needs_no_torch() -> None:
    code = "import sys, engine.place; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
