"""Training the judge in small: 64 px scenes and a network of a few thousand parameters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray

from engine.studio import world
from engine.studio.data import SceneCache, World
from engine.studio.degrade import Example
from engine.studio.export_judge import export_judge
from engine.studio.judge import CONFIG, WEIGHTS, load_judge
from engine.studio.judge_network import ATTRIBUTES, CELL, KINDS, OFFSET_UNIT, Answers, JudgeNetwork, JudgeShape
from engine.studio.networks import Shape, build_vae, weights_of
from engine.studio.published import HISTORY
from engine.studio.train import main
from engine.studio.train_judge import JudgeStage, RoundTrips, _crop, round_trip
from engine.studio.training import Recipe, Training

CPU = torch.device("cpu")
SHAPE = JudgeShape(channels=(8, 8, 16, 16, 16), blocks=(0, 1, 1, 1, 0))
COUNT = 12


def small_scenes(seeds: Sequence[int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8], list[list[str]]]:
    rendered = world.render([world.sample_scene(seed) for seed in seeds], 64)
    return rendered.images, rendered.ids, [["a scene"] for _ in seeds]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> SceneCache:
    cache = SceneCache(tmp_path_factory.mktemp("judge") / "cache" / "training", World(64, small_scenes))
    cache.extend(COUNT)
    return cache


def tiny_vae() -> AutoencoderKL:
    torch.manual_seed(0)
    return build_vae(Shape(vae_channels=(8, 16, 16), vae_groups=4)).eval()


def stage_of(scenes: SceneCache, vae: AutoencoderKL | None = None) -> JudgeStage:
    torch.manual_seed(0)
    truths = [world.sample_scene(seed) for seed in range(COUNT)]
    return JudgeStage(JudgeNetwork(SHAPE), scenes, scenes, (truths, truths), CPU, vae, 6)


def test_answers_have_the_picture_s_size() -> None:
    answers: Answers = JudgeNetwork(SHAPE)(torch.zeros(2, 3, 64, 96))
    assert answers.kinds.shape == (2, len(KINDS), 64, 96)
    assert answers.looks.shape == (2, 26, 16, 24)
    assert answers.offsets.shape == (2, 2, 16, 24)
    assert answers.features.shape == (2, 64)


def test_bundled_size_is_within_its_bounds() -> None:
    assert sum(p.numel() for p in JudgeNetwork(JudgeShape()).parameters()) <= 650_000


def test_loss_falls_and_resumes_exactly(scenes: SceneCache, tmp_path: Path) -> None:
    recipe = Recipe(rate=3e-3, warmup=3, batch=4)
    straight = Training(stage_of(scenes, tiny_vae()), recipe, tmp_path)
    losses = [straight.step() for _ in range(20)]
    straight.save()
    losses += [straight.step() for _ in range(20)]
    resumed = Training(stage_of(scenes, tiny_vae()), recipe, tmp_path)
    resumed.resume()
    assert [resumed.step() for _ in range(20)] == losses[20:]
    assert np.mean(losses[-6:]) < 0.85 * np.mean(losses[:6])


def test_perfect_answers_cost_nearly_nothing(scenes: SceneCache) -> None:
    """The loss asks for what a scene truly is: saying just that is nearly free, saying another shape is not."""
    stage = stage_of(scenes)
    _, truth = stage._examples([np.random.default_rng(i) for i in range(8)], crop=False)
    truth.lost.zero_()
    kinds = torch.nn.functional.one_hot(
        torch.from_numpy(np.array([0, 1, *[2] * 253, 3]))[truth.ids.long()], len(KINDS)
    ).permute(0, 3, 1, 2)
    looks, offsets = torch.zeros(8, 26, 16, 16), torch.zeros(8, 2, 16, 16)
    x, y = torch.arange(16.0) * CELL, torch.arange(16.0)[:, None] * CELL
    for row in range(8):
        for index in range(3):
            cells = (truth.ids[row] == 2 + index)[CELL // 2 :: CELL, CELL // 2 :: CELL]
            if not cells.any():
                continue
            start = 0
            for column, values in enumerate(ATTRIBUTES.values()):
                looks[row, start + int(truth.looks[row, index, column])][cells] = 20.0
                start += len(values)
            places = cells.nonzero().float().mean(0) * CELL
            offsets[row, 0][cells] = ((places[1] - x).expand(16, 16) / OFFSET_UNIT)[cells]
            offsets[row, 1][cells] = ((places[0] - y).expand(16, 16) / OFFSET_UNIT)[cells]
    answers = Answers(kinds * 20.0, looks, offsets, *[torch.zeros(0)] * 6)
    assert float(stage._kinds(answers, truth)) < 1e-3
    assert float(stage._objects(answers, truth)) < 1e-3
    wrong = answers._replace(looks=looks.roll(1, dims=1))
    assert float(stage._objects(wrong, truth)) > 10
    truth.lost.fill_(1.0)
    assert float(stage._objects(answers, truth)) > 10  # being sure of a lost shape costs


def test_crops_hold_an_object_and_forget_the_shapes_they_cut(scenes: SceneCache) -> None:
    for index in range(COUNT):
        picture, ids = scenes.pictures()[index], scenes.ids()[index]
        example: Example = _crop(picture, ids, np.random.default_rng(index))
        assert example.ids.shape == (32, 32)
        assert ((example.ids >= 2) & (example.ids < 255)).any()
        for value in (2, 3, 4):
            whole, left = np.count_nonzero(ids == value), np.count_nonzero(example.ids == value)
            if whole and left == whole:
                assert example.lost[value - 2] == 0
            elif left < 0.5 * whole:
                assert example.lost[value - 2] == 1


def test_round_trips_are_made_once(scenes: SceneCache, tmp_path: Path) -> None:
    trips = RoundTrips(tmp_path, scenes, tiny_vae())
    first = np.array(trips.pictures(4))
    more = trips.pictures(COUNT)
    assert more.shape == (COUNT, 64, 64, 3)
    np.testing.assert_array_equal(more[:4], first)


def test_noise_on_latents_shows_where_it_is_asked_for(scenes: SceneCache) -> None:
    pictures = np.array(scenes.pictures(3))
    plain = round_trip(tiny_vae(), pictures)
    noisy = round_trip(tiny_vae(), pictures, np.array([0.0, 0.5, 0.0]))
    np.testing.assert_array_equal(noisy[[0, 2]], plain[[0, 2]])
    assert (noisy[1] != plain[1]).mean() > 0.05


def test_trained_and_exported_by_the_command_line(tmp_path: Path, scenes: SceneCache) -> None:
    cache = SceneCache(tmp_path / "cache" / "training", World(64, small_scenes))
    cache.extend(COUNT)
    arguments = ["--folder", str(tmp_path), "--out", str(tmp_path / "out"), "--round-trips", "0", "--batch", "2"]
    main(["judge", "--minutes", "0.02", *arguments], World(64, small_scenes))
    export_judge(tmp_path, tmp_path / "out", JudgeShape(), examined=4)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(["README.md", CONFIG, WEIGHTS, HISTORY])
    assert (tmp_path / "out" / WEIGHTS).stat().st_size <= 1.3e6
    assert "| shape |" in (tmp_path / "out" / "README.md").read_text()
    judge = load_judge(tmp_path / "out")
    trained = weights_of(torch.load(tmp_path / "judge.pt", weights_only=True), "judge")
    for name, value in judge.network.state_dict().items():
        torch.testing.assert_close(value, trained[name].half().float(), rtol=0, atol=0)
