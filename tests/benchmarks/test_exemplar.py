"""The benchmark of examples: its cases, what it calls found, and a peer of tiny random weights."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import typer
from safetensors.torch import load_file

from engine.checking import check_request
from engine.methods import discover
from engine.models.loader import load
from engine.region import bounds
from engine.studio import world
from engine.studio.exemplars import pictures_without
from tests.benchmarks import exemplar, exemplar_runs, harness
from tests.benchmarks.drag_runs import Outcome
from tests.benchmarks.exemplar_runs import METHOD, PEER, SAME, Gesture
from tests.benchmarks.quality.bench import COPY, ROUND_TRIP, Bench
from tests.benchmarks.quality.boxes import (
    KINDS,
    BoxedExample,
    box_iou,
    boxed_examples,
    found_in,
    pasted_in,
    scored,
)
from tests.benchmarks.quality.edits import untouched
from tests.benchmarks.quality.moving import figures_of
from tests.benchmarks.quality.points import TRUTH
from tests.benchmarks.quality.readings import truthful
from tests.engine.conftest import one_thread
from tests.engine.tiny_models import write_paint_by_example

__all__ = ["one_thread"]

FIRST = world.VALIDATION_SEEDS.start + 970


def some(number: int) -> list[BoxedExample]:
    return list(islice(boxed_examples(world.sample_scene(seed) for seed in count(FIRST)), number))


@pytest.fixture(scope="module")
def cases() -> list[BoxedExample]:
    return some(9)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Paint by Example model for 64² pictures, with weights that nobody trained."""
    return write_paint_by_example(tmp_path_factory.mktemp("models") / "example", old_names=False)


@pytest.fixture
def gesture() -> Gesture:
    rng = np.random.default_rng(0)
    picture, example = (rng.integers(0, 256, (side, side, depth), np.uint8) for side, depth in ((64, 3), (40, 4)))
    return Gesture(picture, (10, 20, 30, 24), example, 5)


def test_the_same_seeds_give_the_same_cases(cases: list[BoxedExample]) -> None:
    for one, other in zip(cases[:3], some(3), strict=True):
        assert (one.case.after, one.box) == (other.case.after, other.box)
        assert np.array_equal(one.exemplar, other.exemplar)


def test_a_case_asks_for_a_thing_of_the_scene_where_it_truly_is(cases: list[BoxedExample]) -> None:
    assert [case.case.kind for case in cases] == [*KINDS] * 3
    for each in cases:
        scene, item = world.sample_scene(each.case.before.seed), each.case.after.objects[-1]
        bare = pictures_without([(scene.seed, scene.objects.index(item))], 256)[0]
        assert np.array_equal(each.case.images[0], bare)
        assert np.array_equal(each.case.images[1], world.render([scene], 256).images[0])
        nothing, silhouette = each.case.silhouettes
        assert not nothing.any()
        assert each.hole[silhouette].all()
        true = bounds(silhouette)
        assert true is not None
        for extent, drawn in zip(true[2:], each.box[2:], strict=True):
            assert extent <= drawn <= 1.1 * extent + 1


def test_an_example_has_its_background_or_not_by_its_kind(cases: list[BoxedExample]) -> None:
    for each in cases:
        alpha = each.exemplar[..., 3]
        assert set(np.unique(alpha)) == ({0, 255} if each.case.kind == "removed" else {255})
        assert each.exemplar.shape[0] == each.exemplar.shape[1]
        if each.case.kind == "removed":
            assert 0.05 < (alpha > 0).mean() < 0.6
        colour = world.COLOURS[each.case.after.objects[-1].colour]
        away = np.abs(each.exemplar[..., :3].astype(int) - colour).max(2)
        assert away.min() < 110  # something of the example has about the thing's colour, in whatever light


def test_figures_stand_between_doing_nothing_and_the_truth(cases: list[BoxedExample]) -> None:
    bench = Bench(harness.Options(count=2))
    scores = {
        name: [scored(*row) for row in zip(cases, entry.pictures, bench.readings(entry.pictures), strict=True)]
        for name, entry in exemplar._standing(bench, cases).items()
    }
    figures: dict[str, Any] = {name: figures_of(each) for name, each in scores.items()}
    for name in (TRUTH, f"{TRUTH}, {ROUND_TRIP}"):
        assert figures[name]["shape_and_colour"] == 1.0
        assert figures[name]["box_iou"] > 0.8
        assert figures[name]["mask_iou"] > 0.9
    assert figures[TRUTH]["colour_error"] == 0.0
    nothing = figures[COPY]
    assert (nothing["found"], nothing["shape_and_colour"], nothing["box_iou"]) == (0.0, 0.0, 0.0)
    assert nothing["colour_error"] > 30
    assert nothing["psnr_outside_db"] > 80
    assert nothing["psnr_hole_db"] < 20


def test_a_thing_that_was_there_before_is_not_what_was_painted(cases: list[BoxedExample]) -> None:
    """A box around the neighbour has nothing in it until something else stands there."""
    case = next(each for each in cases if each.case.before.objects).case
    neighbour, thing = (bounds(case.ids[1] == 2 + index) for index in (0, len(case.before.objects)))
    assert neighbour is not None
    assert thing is not None
    example = np.zeros((1, 1, 4), np.uint8)
    without, complete = (truthful(scene, ids) for scene, ids in zip((case.before, case.after), case.ids, strict=True))
    assert found_in(BoxedExample(case, neighbour, example), without) is None
    assert found_in(BoxedExample(case, neighbour, example), complete) is None
    found = found_in(BoxedExample(case, thing, example), complete)
    assert found is not None
    assert found.box == thing


def test_what_is_painted_wrongly_is_found_and_not_right(cases: list[BoxedExample]) -> None:
    case = cases[0].case
    item = case.after.objects[-1]
    other = replace(item, colour="red" if item.colour != "red" else "blue")
    painted = replace(case.after, objects=(*case.before.objects, other))
    score = scored(cases[0], case.images[1], truthful(painted, case.ids[1]))
    assert (score["found"], score["shape"], score["colour"], score["shape_and_colour"]) == (1.0, 1.0, 0.0, 0.0)
    assert score["mask_iou"] == 1.0


@pytest.mark.parametrize(
    ("other", "value"), [((0, 0, 4, 6), 1.0), ((4, 0, 4, 6), 0.0), ((2, 3, 4, 6), 6 / 42), ((9, 9, 1, 1), 0.0)]
)
def test_how_much_two_boxes_share(other: tuple[int, int, int, int], value: float) -> None:
    assert box_iou((0, 0, 4, 6), other) == pytest.approx(value)


def test_an_example_as_it_is_stays_in_the_box(cases: list[BoxedExample]) -> None:
    for each in cases[:3]:
        picture = pasted_in(each)
        changed = (picture != each.case.images[0]).any(2)
        assert not changed[~each.hole].any()
        share = changed[each.hole].mean()
        assert share > 0.2 if each.case.kind == "removed" else share > 0.5


def test_one_changed_pixel_beyond_the_box_is_seen(cases: list[BoxedExample]) -> None:
    case = cases[0]
    x, y, _, height = case.box
    picture = case.case.images[0].copy()
    picture[case.hole] = 0
    assert untouched(case.case.images[0], case.box, Outcome(picture, 1.0, 1.0, 1, 0.0))
    row, column = (y + height, x) if y + height < 256 else (y - 1, x)
    picture[row, column, 1] ^= 1
    assert not untouched(case.case.images[0], case.box, Outcome(picture, 1.0, 1.0, 1, 0.0))
    assert untouched(case.case.images[0], case.box, Outcome(picture, 1.0, 1.0, 1, 1.0))


def test_the_peer_has_every_weight_of_the_folder(folder: Path) -> None:
    pipe = exemplar_runs.peer_pipeline(folder, torch.float32)
    for name in ("unet", "vae", "image_encoder"):
        weights = next((folder / name).glob("*.safetensors"))
        own = getattr(pipe, name).state_dict()
        for key, value in load_file(weights).items():
            assert torch.equal(own[key], value), key
    assert pipe.image_encoder.proj_size == 24
    assert len(pipe.image_encoder.mapper.blocks) == 2
    assert pipe.feature_extractor.crop_size["height"] == 32
    assert type(pipe.scheduler).__name__ == "DDIMScheduler"


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_peer_paints_and_its_calls_are_counted(folder: Path, gesture: Gesture, dtype: torch.dtype) -> None:
    pipe = exemplar_runs.peer_pipeline(folder, dtype)
    networks = {"image_encoder": pipe.image_encoder, "vae_encoder": pipe.vae.encoder}
    with exemplar_runs.counting(networks) as calls:
        first = exemplar_runs.run_peer(pipe, gesture)
    again = exemplar_runs.run_peer(pipe, gesture)
    other = exemplar_runs.run_peer(pipe, replace(gesture, seed=6))
    assert dict(calls) == {"image_encoder": 1, "vae_encoder": 1}  # and none of the later runs
    assert first.calls == exemplar_runs.STEPS
    assert first.picture.shape == gesture.picture.shape
    assert first.picture.dtype == np.uint8
    assert np.array_equal(first.picture, again.picture)
    assert not np.array_equal(first.picture, other.picture)
    assert pipe.unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last) == (dtype is not torch.float32)


def test_the_peer_sees_no_background_that_was_removed(folder: Path, gesture: Gesture) -> None:
    pipe = exemplar_runs.peer_pipeline(folder, torch.float32)
    cut = gesture.exemplar.copy()
    cut[..., 3] = np.where(np.arange(40) < 20, np.uint8(255), np.uint8(0))
    elsewhere = cut.copy()
    elsewhere[:, 20:, :3] = 3
    seen = []
    pipe.image_encoder.register_forward_pre_hook(
        lambda _net, _args, named: seen.append(named.get("pixel_values", _args[0] if _args else None)), with_kwargs=True
    )
    for example in (cut, elsewhere):
        exemplar_runs.run_peer(pipe, replace(gesture, exemplar=example))
    assert torch.equal(seen[0], seen[1])


def test_what_is_not_there_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exemplar, "discover", dict)
    monkeypatch.setattr(exemplar, "MODEL", "no-such-model")
    report = exemplar.measure(harness.Options(2, FIRST, ("speed", "cache", "memory")))
    assert report.figures["missing"] == {
        METHOD: "it is not built yet",
        "no-such-model": "The model “no-such-model” is not installed. Choose another model, or give the path of its "
        "folder.",
    }
    assert {name: goal.goal for name, goal in report.goals.items()} == {
        "seconds_vs_defaults": "<= 0.5",
        "seconds_vs_same_dtype": "<= 0.9",
        "again_vae_encoder_calls": "<= 0",
        "again_image_encoder_calls": "<= 0",
    }
    assert not any(goal.holds for goal in report.goals.values())
    json.dumps(harness.as_json("exemplar", report))


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="no part 'nonsense'; there are quality, speed, cache, memory"):
        exemplar.measure(harness.Options(only=("nonsense",)))


def test_medians_are_compared_without_the_first_run(cases: list[BoxedExample], monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {METHOD: [9, 1, 2, 30], PEER: [1, 8, 8, 8], SAME: [1, 4, 90, 3]}
    turns = {name: iter(values) for name, values in seconds.items()}
    order: list[str] = []

    def run(name: str, gesture: Gesture) -> Outcome:
        order.append(name)
        each = float(next(turns[name]))
        return Outcome(gesture.picture, each, 2 * each, 25)

    monkeypatch.setattr(exemplar, "lacking", dict)
    monkeypatch.setattr(exemplar.store, "find", lambda _model: Path())
    monkeypatch.setattr(exemplar, "load", lambda _model: METHOD)
    monkeypatch.setattr(exemplar, "peers", lambda _folder: {PEER: PEER, SAME: SAME})
    monkeypatch.setattr(exemplar, "run_ours", run)
    monkeypatch.setattr(exemplar, "run_peer", run)
    report = harness.Report({})
    exemplar._speed(report, cases[:4])
    assert order == [METHOD, PEER, SAME] * 4
    assert report.goals["seconds_vs_defaults"].value == 2 / 8
    assert report.goals["seconds_vs_same_dtype"].value == 2 / 4
    assert report.figures["seconds"][METHOD] == {  # type: ignore[index]
        "median": 2.0,
        "best": 1.0,
        "cpu_median": 4.0,
        "network_calls": 25,
    }


@pytest.mark.parametrize(("again", "holds"), [(0, True), (1, False)])
def test_a_second_seed_must_not_encode_again(
    cases: list[BoxedExample], monkeypatch: pytest.MonkeyPatch, again: int, holds: bool
) -> None:
    calls = {"image_encoder": 1, "vae_encoder": 1, "unet": 25, "vae_decoder": 1}
    monkeypatch.setattr(exemplar, "lacking", dict)
    monkeypatch.setattr(exemplar, "load", lambda _model: None)
    first = cases[0].gesture.seed
    monkeypatch.setattr(
        exemplar, "calls_of", lambda _, given: calls if given.seed == first else calls | {"vae_encoder": again}
    )
    report = harness.Report({})
    exemplar._cache(report, cases[0])
    assert report.goals["again_vae_encoder_calls"].holds == holds
    assert not report.goals["again_image_encoder_calls"].holds  # it was called again


def test_the_method_is_asked_as_the_peer_is(cases: list[BoxedExample]) -> None:
    for case in cases[:3]:
        request = exemplar_runs.request_of(discover()[METHOD], case.gesture)
        check_request(request)
        assert request.box == case.box
        assert request.mask is None
        assert request.exemplar is case.exemplar
        assert request.model == exemplar_runs.MODEL
        options: Any = request.parameters
        assert (options.steps, options.guidance) == (exemplar_runs.STEPS, exemplar_runs.GUIDANCE)


def test_another_seed_runs_no_encoder(folder: Path, gesture: Gesture) -> None:
    backbone = load(str(folder), "cpu", torch.float32)
    first = exemplar_runs.calls_of(backbone, gesture)
    again = exemplar_runs.calls_of(backbone, replace(gesture, seed=6))
    assert first["image_encoder"] == 1
    assert first["vae_encoder"] >= 1
    assert again == {"image_encoder": 0, "vae_encoder": 0, "unet": exemplar_runs.STEPS, "vae_decoder": 1}


def test_ours_leaves_the_rest_alone(folder: Path, cases: list[BoxedExample]) -> None:
    backbone = load(str(folder), "cpu", torch.float32)
    for case in cases[:2]:
        done = exemplar_runs.run_ours(backbone, case.gesture)
        assert done.calls == exemplar_runs.STEPS
        assert untouched(case.case.images[0], case.box, done)
        assert (done.picture != case.case.images[0]).any(2)[case.hole].mean() > 0.5
