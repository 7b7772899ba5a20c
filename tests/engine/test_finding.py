"""From a map to a mask: edges, thresholds, pieces."""

from __future__ import annotations

import numpy as np
import pytest

from engine.finding import closer, evidence, found, guided, mask_at
from engine.region import Region, whole
from engine.request import Found

SIDE, FACTOR = 128, 8


def picture(low: int = 45, high: int = 83) -> np.ndarray:
    """A red square on grey, its edges not on the grid of cells."""
    image = np.full((SIDE, SIDE, 3), 0.5, np.float32)
    image[low:high, low:high] = (0.8, 0.1, 0.1)
    return image


def blob() -> np.ndarray:
    """A soft spot of 16 × 16 cells over the square."""
    rows, columns = np.mgrid[:16, :16]
    distance = np.hypot(rows - 7.5, columns - 7.5)
    spot: np.ndarray = (0.1 + np.clip(1.2 - distance / 4, 0, 1)).astype(np.float32)
    return spot


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / (first | second).sum())


def test_the_mask_ends_where_the_thing_ends() -> None:
    region, image = whole((SIDE, SIDE), SIDE, FACTOR), picture()
    truth = image[..., 0] > 0.6
    mask = found(evidence(blob(), region, image, FACTOR), region, (SIDE, SIDE), 0.5).mask > 0
    assert overlap(mask, truth) > 0.97


def test_the_guided_filter_is_that_of_the_paper() -> None:
    """One window, by hand: least squares of the values over the colours (He et al., eq. 5 and 6)."""
    random = np.random.default_rng(1)
    image = random.random((64, 64, 3), np.float32)
    values = (image @ np.float32([0.2, 0.5, -0.3]) + 0.1).astype(np.float32)
    assert np.abs(guided(values, image, 6, 1e-6) - values).max() < 1e-2
    flat = guided(random.random((64, 64), np.float32), np.full((64, 64, 3), 0.5, np.float32), 6, 1e-3)
    assert flat.std() < 0.03, "without edges it is a plain blur"


def test_a_lower_threshold_takes_in_more_and_half_is_automatic() -> None:
    region = whole((SIDE, SIDE), SIDE, FACTOR)
    first = found(evidence(blob(), region, picture(0, 0), FACTOR), region, (SIDE, SIDE), 0.5)
    areas = [int((mask_at(first, threshold).mask > 0).sum()) for threshold in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert areas == sorted(areas, reverse=True)
    assert areas[0] > areas[2] > areas[4]
    assert np.array_equal(mask_at(first, 0.5).mask, first.mask)
    assert mask_at(first, 0.3).difference is first.difference


def test_weak_pieces_and_small_holes_are_left_out() -> None:
    difference = np.zeros((200, 200), np.uint8)
    difference[20:80, 20:80], difference[120:180, 120:180] = 250, 200
    difference[150, 20:24] = 255
    difference[50, 50] = 0
    mask = mask_at(Found(np.zeros((200, 200), np.uint8), difference, (0, 0, 200, 200)), 0.5).mask
    assert mask[50, 50] == 255
    assert mask[150, 150] == 255
    assert not mask[150, :100].any()
    assert set(np.unique(mask)) == {0, 255}


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_nothing_is_found_where_nothing_differs(value: float) -> None:
    region = whole((SIDE, SIDE), SIDE, FACTOR)
    nothing = evidence(np.full((16, 16), value, np.float32), region, picture(), FACTOR)
    for threshold in (0.0, 0.5, 1.0):
        assert not found(nothing, region, (SIDE, SIDE), threshold).mask.any()


def test_two_looks_meet_at_the_same_place() -> None:
    far = Region((0, 0, 200, 100), (100, 50), (104, 56), 0.5)
    near = Region((60, 20, 50, 40), (100, 80), (104, 80), 2.0)
    coarse = np.zeros((50, 100), np.float32)
    coarse[20:25, 40:50] = 1.0  # image pixels x 80..100, y 40..50
    both = closer(coarse, far, np.ones((80, 100), np.float32), near)
    rows, columns = np.nonzero(both > 0.5)
    assert both.shape == (80, 100)
    assert (columns.min(), columns.max()) == pytest.approx((40, 79), abs=3)
    assert (rows.min(), rows.max()) == pytest.approx((40, 59), abs=3)


def test_a_map_of_a_part_fills_only_that_part() -> None:
    region = Region((30, 40, 64, 32), (128, 64), (128, 64), 2.0)
    mask = found(np.ones((64, 128), np.float32), region, (100, 120), 0.5).mask
    assert mask[40:72, 30:94].all()
    assert int((mask > 0).sum()) == 64 * 32
