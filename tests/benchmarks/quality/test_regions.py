"""Rearrangements with a known outcome: what they ask for takes the thing where the truth has it."""

from __future__ import annotations

from itertools import count, islice

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.methods import discover
from engine.studio import world
from engine.warp import warp
from tests.benchmarks import harness, region
from tests.benchmarks.drag_runs import Outcome
from tests.benchmarks.quality.bench import COPY, ROUND_TRIP, Bench
from tests.benchmarks.quality.moving import figures_of
from tests.benchmarks.quality.regions import KINDS, Rearrangement, carried, rearrangements, transformed
from tests.benchmarks.quality.scoring import centre_of, iou

FIRST = world.VALIDATION_SEEDS.start + 950


@pytest.fixture(scope="module")
def cases() -> list[Rearrangement]:
    return list(islice(rearrangements(world.sample_scene(seed) for seed in count(FIRST)), 6))


def test_the_kinds_take_turns_and_each_goes_where_the_truth_has_it(cases: list[Rearrangement]) -> None:
    assert [case.case.kind for case in cases] == [*KINDS, *KINDS]
    for each in cases:
        before, after = each.case.silhouettes
        if each.exemplar is not None:
            assert not before.any()
            rows, columns = np.nonzero(after)
            assert each.mask[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].min() == 255
            assert np.count_nonzero(each.mask) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
            assert 0.05 < (each.exemplar[..., 3] > 0).mean() < 0.6
            continue
        assert iou(carried(each.mask, each.matrix) > 0, after) > 0.6
        goal = each.matrix @ (*centre_of(before), 1)
        assert np.linalg.norm(goal - centre_of(after)) < 0.1 * each.unit
        grows = np.count_nonzero(after) > np.count_nonzero(before)
        assert (each.scale > 1) == grows


def test_figures_stand_between_the_source_and_the_truth(cases: list[Rearrangement]) -> None:
    bench = Bench(harness.Options(count=2))
    few = cases[:3]
    scores = region._judged(bench, few, region._standing(bench, few))
    figures = {name: figures_of(each) for name, each in scores.items()}
    assert figures[region.TRUTH]["centre_error"] < 0.05  # type: ignore[operator]
    assert figures[region.TRUTH]["identity"] in (1.0, None)
    assert figures[region.TRUTH]["hole_ground"] > 0.9  # type: ignore[operator]
    assert figures[f"{region.TRUTH}, {ROUND_TRIP}"]["centre_error"] < 0.1  # type: ignore[operator]
    moved, _, pasted = scores[COPY]
    assert moved["centre_error"] == pytest.approx(1.0, abs=0.05)
    assert moved["identity"] in (0.0, None)
    assert (pasted["found"], pasted["centre_error"]) == (0.0, 1.0)
    assert pasted["hole_ground"] is None


def test_one_changed_pixel_beyond_both_places_is_seen(cases: list[Rearrangement]) -> None:
    case = cases[0]
    picture = case.case.images[0].copy()
    assert region.is_untouched(case, Outcome(picture, 1.0, 1.0, 1, 16.0))
    far = np.argwhere(~(case.case.place | (case.mask > 0)))
    row, column = max(far, key=lambda spot: float(np.abs(spot[::-1] - centre_of(case.case.place)).max()))
    picture[row, column, 0] ^= 1
    assert not region.is_untouched(case, Outcome(picture, 1.0, 1.0, 1, 16.0))


@pytest.mark.skipif(region.METHOD not in discover(), reason="the region tools are not built yet")
def test_the_region_tools_are_asked_for_what_the_truth_shows(cases: list[Rearrangement]) -> None:
    from engine.checking import check_request

    for case in cases:
        request = region.request_of(discover()[region.METHOD], case)
        check_request(request)
        assert (request.exemplar is None) == (case.case.kind != "paste")


def disc(radius: float) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[:64, :96] + 0.5
    return np.where(np.hypot(columns - 40, rows - 30) <= radius, np.uint8(255), np.uint8(0))


@pytest.mark.parametrize("way", [(17, -6), (8.25, 0.5)])
def test_a_bare_warp_that_moves_is_a_drag(way: tuple[float, float]) -> None:
    mask = disc(14)
    one = transformed(mask, np.array([[1, 0, way[0]], [0, 1, way[1]]], float))
    other = warp(np.array([[(40, 30), (40 + way[0], 30 + way[1])]], float), mask, (96, 64))
    assert np.array_equal(one.moved, other.moved)
    assert np.array_equal(one.holes, other.holes)
    assert np.abs(one.map - other.map).max() < 1e-3


def test_a_bare_warp_scales_and_turns() -> None:
    mask, centre = disc(10), np.array([40.0, 30.0])
    cosine, sine = 1.5 * np.cos(0.5), 1.5 * np.sin(0.5)
    turn = np.array([[cosine, -sine], [sine, cosine]])
    found = transformed(mask, np.concatenate([turn, (centre - turn @ centre)[:, None]], 1))
    assert found.moved.sum() == pytest.approx(1.5**2 * (mask > 0).sum(), rel=0.02)
    assert not found.holes.any()
    arm = np.array([5.0, -3.0])
    spot = centre + turn @ arm
    column, row = spot.astype(int)
    assert np.abs(found.map[row, column] + 0.5 - (centre + arm)).max() < 0.8
