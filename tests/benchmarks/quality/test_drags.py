"""Drags with a known outcome: what they ask for, and what right, wrong and missing answers to them score."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, islice
from typing import Any

import numpy as np
import pytest

from engine.masking import dilate
from engine.points import check_points
from engine.studio import world
from engine.studio.judge import load_judge
from engine.warp import warp
from tests.benchmarks import harness
from tests.benchmarks.drag_runs import Outcome
from tests.benchmarks.quality import points
from tests.benchmarks.quality.bench import COPY, ROUND_TRIP, Bench
from tests.benchmarks.quality.drags import GROWN, Drag, drags, taken
from tests.benchmarks.quality.moving import figures_of, known, scored
from tests.benchmarks.quality.readings import truthful
from tests.benchmarks.quality.scoring import iou

FIRST = world.VALIDATION_SEEDS.start + 900
ALL_KNOWN = {"shape": True, "colour": True, "material": True}


@pytest.fixture(scope="module")
def cases() -> list[Drag]:
    return list(islice(drags(world.sample_scene(seed) for seed in count(FIRST)), 6))


def scores_of(drag: Drag, which: int, reading: Any = None, **changes: Any) -> dict[str, float | None]:
    case = drag.case
    scene = (case.before, case.after)[which]
    reading = truthful(scene, case.ids[which]) if reading is None else reading
    return scored(case, case.images[which], replace(reading, **changes), ALL_KNOWN)


def test_pairs_lead_from_the_thing_to_where_the_truth_has_it(cases: list[Drag]) -> None:
    assert [len(drag.points) for drag in cases] == [1, 2, 3, 1, 2, 3]
    for drag in cases:
        before, after = drag.case.silhouettes
        check_points(drag.points, (), (256, 256), drag.mask)
        for handle, target in drag.points.astype(int):
            assert before[handle[1], handle[0]]
            assert after[target[1], target[0]]
        assert 0.1 * 256 < drag.shift < 0.45 * 256
        first = np.linalg.norm(drag.points[0, 1] - drag.points[0, 0])
        assert first == pytest.approx(drag.shift, rel=0.25)
        assert np.array_equal(drag.mask > 0, dilate(before.astype(np.uint8), GROWN) > 0)
        arrived = taken(drag.mask, drag.points) > 0
        assert arrived[after].mean() > 0.85  # what comes nearer is larger than its selection
        assert iou(arrived, after) > 0.3
        reach, way = drag.reach(8), drag.way(8)
        assert not (reach & ~way).any()
        assert way[(before | after)].mean() > 0.95


def test_the_truth_has_nothing_left_and_the_source_everything(cases: list[Drag]) -> None:
    for drag in cases:
        best = scores_of(drag, 1)
        assert best["distance_left"] == pytest.approx(0.0, abs=1e-9)
        assert (best["identity"], best["shape_and_colour"], best["overlap"]) == (1.0, 1.0, 1.0)
        assert best["hole_ground"] in (1.0, None)
        assert best["others_kept"] in (1.0, None)
        assert best["error_background"] == 0.0
        least = scores_of(drag, 0)
        assert least["distance_left"] == pytest.approx(1.0)
        assert least["identity"] == 0.0
        assert least["hole_ground"] in (0.0, None)
        assert least["others_kept"] in (1.0, None)


def test_the_judge_reads_the_truth_and_the_source_as_they_are(cases: list[Drag]) -> None:
    judge = load_judge()
    for drag in cases[:4]:
        source, truth = judge.read(drag.case.images)
        before = known(drag.case, source)
        best = scored(drag.case, drag.case.images[1], truth, before)
        assert best["distance_left"] < 0.05  # type: ignore[operator]
        assert best["identity"] in (1.0, None)
        least = scored(drag.case, drag.case.images[0], source, before)
        assert least["distance_left"] == pytest.approx(1.0, abs=0.05)


def test_what_is_not_found_went_nowhere_and_what_could_not_be_read_cannot_be_lost(cases: list[Drag]) -> None:
    drag = cases[0]
    gone = scores_of(drag, 1, objects=())
    assert (gone["distance_left"], gone["found"], gone["identity"]) == (1.0, 0.0, 0.0)
    assert known(drag.case, replace(truthful(drag.case.before, drag.case.ids[0]), objects=())) == dict.fromkeys(
        ALL_KNOWN, False
    )
    unread = scored(
        drag.case,
        drag.case.images[1],
        truthful(drag.case.after, drag.case.ids[1]),
        ALL_KNOWN | {"material": False},
    )
    assert (unread["identity"], unread["shape_and_colour"]) == (None, 1.0)


def test_another_colour_is_another_thing_in_the_same_place(cases: list[Drag]) -> None:
    drag = cases[0]
    reading = truthful(drag.case.after, drag.case.ids[1])
    objects = list(reading.objects)
    index = drag.case.index or 0
    objects[index] = replace(objects[index], colour="none")
    other = scores_of(drag, 1, reading, objects=tuple(objects))
    assert other["distance_left"] == pytest.approx(0.0, abs=1e-9)
    assert (other["identity"], other["shape_and_colour"]) == (0.0, 0.0)


def test_a_thing_in_both_places_has_arrived_but_left_no_ground_behind(cases: list[Drag]) -> None:
    drag = next(drag for drag in cases if not drag.case.silhouettes.all(0).any())
    before, after = (truthful(s, i) for s, i in zip((drag.case.before, drag.case.after), drag.case.ids, strict=True))
    index = drag.case.index or 0
    ids = after.ids.copy()
    ids[drag.case.silhouettes[0]] = 200
    twice = scores_of(drag, 1, after, objects=(before.objects[index], *after.objects), ids=ids)
    assert twice["distance_left"] == pytest.approx(0.0, abs=1e-9)
    assert twice["hole_ground"] == 0.0


def test_means_leave_out_what_cannot_be_said() -> None:
    rows = [
        {"identity": 1.0, "hole_ground": None, "error_background": 100.0},
        {"identity": None, "hole_ground": None, "error_background": 300.0},
    ]
    figures = figures_of(rows)
    assert (figures["pictures"], figures["identity"], figures["identity_of"]) == (2, 1.0, 1)
    assert figures["hole_ground"] is None
    assert figures["psnr_background_db"] == pytest.approx(25.12, abs=0.01)


def test_one_changed_pixel_beyond_the_reach_is_seen(cases: list[Drag]) -> None:
    drag = cases[0]
    picture = drag.case.images[0].copy()
    picture[drag.reach(16)] ^= 255
    assert points.is_untouched(drag, Outcome(picture, 1.0, 1.0, 1, 16.0))
    row, column = np.argwhere(~drag.reach(16))[0]
    picture[row, column, 2] ^= 1
    assert not points.is_untouched(drag, Outcome(picture, 1.0, 1.0, 1, 16.0))


def test_the_row_stands_between_doing_nothing_and_the_truth(cases: list[Drag]) -> None:
    bench = Bench(harness.Options(count=2))
    few = cases[:2]
    entries = points.standing(bench, few)
    scores = points.judged(bench, few, entries)
    figures = {name: figures_of(each) for name, each in scores.items()}
    assert figures[COPY]["distance_left"] == pytest.approx(1.0, abs=0.05)
    assert figures[ROUND_TRIP]["distance_left"] == pytest.approx(1.0, abs=0.1)
    assert figures[points.TRUTH]["distance_left"] < 0.05  # type: ignore[operator]
    assert figures[points.BARE]["distance_left"] < 0.3  # type: ignore[operator]
    for drag, score in zip(few, scores[points.BARE], strict=True):
        vacated = drag.case.silhouettes[0] & ~drag.case.silhouettes[1]
        holes = warp(drag.points, drag.mask, (256, 256)).holes
        if score["hole_ground"] is not None:
            assert score["hole_ground"] <= 1 - holes[vacated].mean() + 1e-6
    lines = points.lines_of(few, entries, scores)
    assert [list(line.pictures) for line in lines] == [["source", points.BARE, points.TRUTH]] * 2


def test_another_thing_that_lost_a_part_was_not_kept(cases: list[Drag]) -> None:
    drag = next(drag for drag in cases if scores_of(drag, 1)["others_kept"] is not None)
    reading = truthful(drag.case.after, drag.case.ids[1])
    objects = list(reading.objects)
    other = next(i for i in range(len(objects)) if i != drag.case.index)
    mask = objects[other].mask.copy()
    rows = np.flatnonzero(mask.any(axis=1))
    mask[rows[len(rows) // 2] :] = False
    objects[other] = replace(objects[other], mask=mask)
    assert scores_of(drag, 1, reading, objects=tuple(objects))["others_kept"] == 0.0
