"""The comparisons that other tests stand on."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.images import assert_identical, mean_change, psnr

GREY = np.full((4, 6, 3), 100, np.uint8)


def test_equal_pictures_pass() -> None:
    assert_identical(GREY, GREY.copy())
    assert psnr(GREY, GREY) == float("inf")
    assert mean_change(GREY, GREY) == 0


def test_a_difference_is_named_and_shown() -> None:
    other = GREY.copy()
    other[2, 3, 1] = 130
    with pytest.raises(
        AssertionError, match=r"1 of 72 values differ, first at \(2, 3, 1\): 130, expected 100"
    ) as caught:
        assert_identical(other, GREY, picture=True)
    place = Path(re.search(r"See (\S+\.png)\.", str(caught.value))[1])  # type: ignore[index]
    assert Image.open(place).size == (18, 4)
    place.unlink()


def test_depth_and_shape_count() -> None:
    with pytest.raises(AssertionError, match="uint16, expected uint8"):
        assert_identical(GREY.astype(np.uint16), GREY)
    with pytest.raises(AssertionError, match="shape"):
        assert_identical(GREY[:3], GREY)


def test_only_the_inside_counts() -> None:
    other, inside = GREY.copy(), np.ones((4, 6), bool)
    other[0, 0] = 0
    inside[0, 0] = False
    assert_identical(other, GREY, inside)
    assert mean_change(other, GREY, inside) == 0
    assert mean_change(other, GREY) == pytest.approx(100 / 255 / 24)


def test_psnr_is_the_same_at_both_depths() -> None:
    other = GREY + np.uint8(10)
    assert psnr(other, GREY) == pytest.approx(28.13, abs=0.01)
    assert psnr(other.astype(np.uint16) * 257, GREY) == pytest.approx(28.13, abs=0.01)
