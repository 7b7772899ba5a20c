"""Simulated clicks and boxes lie where they must."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.studio import prompts


def ids() -> NDArray[np.uint8]:
    """Sky over ground, two objects, one of them too small to be asked for, and a tree."""
    result = np.ones((64, 64), np.uint8)
    result[:20] = 0
    result[30:40, 10:30] = 2
    result[50:55, 50:55] = 3
    result[5:30, 40:50] = 255
    return result


def test_things_are_what_is_large_enough() -> None:
    found = prompts.things(ids())
    assert [(np.count_nonzero(thing.mask), thing.is_object) for thing in found] == [
        (20 * 64 - 150, False),
        (44 * 64 - 200 - 25 - 100, False),
        (200, True),
        (250, False),
    ]
    assert sum(thing.is_object for thing in prompts.things(ids(), smallest=20)) == 2


def test_targets_are_objects_more_often_than_the_rest() -> None:
    random = np.random.default_rng(0)
    of = prompts.things(ids())
    drawn = prompts.draw_targets(of, 400, random)
    objects = sum(mask[35, 20] for mask in drawn)
    assert 0.4 < objects / 400 < 0.58  # 1 / (1 + 3 · 0.35) = 0.49
    assert all(mask[35, 20] for mask in prompts.draw_targets(of, 10, random, objects_only=True))


def test_clicks_are_inside_and_corrections_on_wrong_pixels() -> None:
    random, truth = np.random.default_rng(0), ids() == 2
    drawn = np.roll(truth, 6, axis=1)
    belonging = []
    for _ in range(50):
        x, y = prompts.click_in(truth, random)
        assert truth[y, x]
        (x, y), belongs = prompts.correcting_click(drawn, truth, random)
        assert drawn[y, x] != truth[y, x] == belongs
        belonging.append(belongs)
    assert 10 < sum(belonging) < 40
    (x, y), belongs = prompts.correcting_click(truth, truth, random)
    assert truth[y, x]
    assert belongs


def test_boxes_are_tight_or_nearly_so() -> None:
    random, truth = np.random.default_rng(0), ids() == 2
    assert prompts.box_of(truth) == (10, 30, 29, 39)
    boxes = np.array([prompts.drawn_box(truth, random) for _ in range(300)])
    off = boxes - (10, 30, 29, 39)
    assert np.abs(off.mean(axis=0)).max() < 0.3
    assert 0.5 < off[:, 0].std() < 2.0  # up to a tenth of 20 pixels
    assert (boxes[:, :2] <= boxes[:, 2:]).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_strip_is_in_the_corner_with_nothing_beyond(seed: int) -> None:
    random = np.random.default_rng(seed)
    picture = np.random.default_rng(9).integers(1, 255, (64, 64, 3), dtype=np.uint8)
    cut, cut_ids = prompts.strip(picture, ids(), random, np.zeros(3, np.uint8))
    beyond = cut_ids == prompts.NOTHING
    np.testing.assert_array_equal(beyond, (cut == 0).all(axis=2))
    height, width = np.count_nonzero(~beyond[:, 0]), np.count_nonzero(~beyond[0])
    assert max(height, width) == 64
    assert 32 <= min(height, width) < 64
    assert (~beyond[:height, :width]).all()
    places = [
        (y, x)
        for y in range(65 - height)
        for x in range(65 - width)
        if np.array_equal(picture[y : y + height, x : x + width], cut[:height, :width])
    ]
    assert len(places) == 1
    y, x = places[0]
    np.testing.assert_array_equal(cut_ids[:height, :width], ids()[y : y + height, x : x + width])
    assert prompts.NOTHING not in {int(cut_ids[thing.mask][0]) for thing in prompts.things(cut_ids)}


def test_overlap_is_intersection_over_union() -> None:
    first, second = np.zeros((4, 4), bool), np.zeros((4, 4), bool)
    assert prompts.overlap(first, second) == 1.0
    first[:2], second[1:3] = True, True
    assert prompts.overlap(first, second) == pytest.approx(1 / 3)
