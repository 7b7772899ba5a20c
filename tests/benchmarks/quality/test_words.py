"""The row of words: what right, wrong and missing answers score, and the whole row on a model that knows nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.models.loader import load
from engine.studio import world
from tests.benchmarks import harness
from tests.benchmarks.cases import Case, edited
from tests.benchmarks.quality import words
from tests.benchmarks.quality.bench import Bench
from tests.benchmarks.quality.readings import truthful
from tests.benchmarks.quality.words import Answer, figures_of, scored, untouched
from tests.engine.tiny_models import write_sd15


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    scenes = (world.sample_scene(seed) for seed in count(world.VALIDATION_SEEDS.start + 500))
    return list(islice(edited(scenes, words.KINDS), len(words.KINDS)))


def test_the_truth_scores_all_there_is_and_the_source_nothing(cases: list[Case]) -> None:
    for case in cases:
        best = scored(case, Answer(case.place, case.images[1]), truthful(case.after, case.ids[1]))
        assert (best["mask_iou"], best["nothing_found"]) == (1.0, 0.0)
        assert (best["changed"], best["rest_kept"]) == (1.0, 1.0)
        nothing = Answer(np.zeros_like(case.place), case.images[0])
        least = scored(case, nothing, truthful(case.before, case.ids[0]))
        assert (least["mask_iou"], least["nothing_found"]) == (0.0, 1.0)
        assert (least["changed"], least["rest_kept"], least["error_outside"]) == (0.0, 1.0, 0.0)
    sky = next(case for case in cases if case.kind == "sky")
    marked = scored(sky, Answer(sky.place, sky.images[1]), truthful(sky.after, sky.ids[1]))
    assert marked["mask_iou_changed"] < 0.6 < marked["mask_iou"]


def test_a_pixel_far_from_the_mask_must_be_the_sources_own(cases: list[Case]) -> None:
    case = cases[0]
    picture = case.images[0].copy()
    row, column = np.argwhere(case.place)[0]
    picture[case.place] = 0
    answer = Answer(case.place, picture)
    assert untouched(case, answer)
    mask = np.zeros_like(case.place)
    mask[0, 0] = True
    far = case.images[0].copy()
    far[0, words.REACH] ^= 1
    assert untouched(case, Answer(mask, far))
    far[0, words.REACH + 1] ^= 1
    assert not untouched(case, Answer(mask, far))
    assert picture[row, column].tolist() == [0, 0, 0]


def test_the_error_outside_is_one_psnr_over_all_pictures(cases: list[Case]) -> None:
    case = cases[0]
    spoilt = case.images[0].astype(int)
    spoilt += np.where(spoilt < 128, 10, -10)
    one = scored(case, Answer(case.place, spoilt.astype(np.uint8)), truthful(case.before, case.ids[0]))
    assert one["error_outside"] == pytest.approx(100.0)
    assert figures_of([one])["psnr_outside_db"] == pytest.approx(28.13, abs=0.01)
    assert figures_of([one, {**one, "error_outside": 0.0}])["psnr_outside_db"] == pytest.approx(31.14, abs=0.01)
    assert figures_of([{**one, "error_outside": 0.0}])["psnr_outside_db"] > 80


@pytest.mark.filterwarnings("ignore")  # the peer says at length that it is deprecated
def test_the_row_runs_both_and_tells_the_kinds_apart(tmp_path: Path) -> None:
    bench = Bench(harness.Options(count=4))
    bench.folder = write_sd15(tmp_path / "tiny")
    bench.backbone = load(str(bench.folder), "cpu", torch.float32)
    found = words.words(bench)
    everything = found.figures["all"]
    assert {"ours", "peer", "ours on the peer's scenes", "copy the source", "VAE round trip", "truth"} == set(
        everything
    )
    assert (everything["ours"]["pictures"], everything["peer"]["pictures"]) == (4, 2)
    assert [found.figures[kind]["ours"]["pictures"] for kind in words.KINDS] == [1, 1, 1, 1]
    assert "peer" not in found.figures["sky"]
    assert everything["ours"]["mask_iou"] == pytest.approx(
        np.mean([found.figures[kind]["ours"]["mask_iou"] for kind in words.KINDS]), abs=1e-3
    )
    assert set(found.goals) == {"diffedit_mask_iou", "diffedit_changed", "diffedit_outside_identical"}
    assert found.goals["diffedit_outside_identical"].holds
    assert [list(line.pictures) for line in found.lines] == [["source", "mask", "ours", "truth", "peer"]] * 4
    assert [line.pictures["peer"] is None for line in found.lines] == [False, False, True, True]


def test_a_place_that_is_not_found_keeps_the_source(cases: list[Case], tmp_path: Path) -> None:
    bench = Bench(harness.Options(count=4))
    bench.backbone = load(str(write_sd15(tmp_path / "tiny")), "cpu", torch.float32)
    alike = replace(cases[0], after=cases[0].before)  # both texts are the same: there is nothing to find
    answer = words._by_us(bench, alike)
    assert not answer.mask.any()
    assert np.array_equal(answer.picture, cases[0].images[0])
