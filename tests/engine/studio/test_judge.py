"""The judge: what it makes of perfect answers, of its own trained weights, and of files that are not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.errors import ModelBroken, ModelMissing
from engine.studio import accuracy, world
from engine.studio.degrade import Example, warp
from engine.studio.judge import CONFIG, LEAST_PIXELS, SURE, WEIGHTS, Judge, load_judge, reading_of
from engine.studio.judge_network import ATTRIBUTES, CELL, KINDS, OFFSET_UNIT, Answers
from engine.studio.scene import GROUNDS, SKIES, Scene

COUNT = 24
FIRST = world.VALIDATION_SEEDS.start + 5000


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    return [world.sample_scene(FIRST + i) for i in range(COUNT)]


@pytest.fixture(scope="module")
def rendered(scenes: list[Scene]) -> world.Rendered:
    return world.render(scenes)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return load_judge()


def perfect_answers(scene: Scene, ids: NDArray[np.uint8]) -> Answers:
    """What a network without fault would say of a scene, with moderate certainty."""
    height, width = ids.shape
    kind = np.full(ids.shape, KINDS.index("object"))
    for value, name in ((0, "sky"), (1, "ground"), (255, "scenery")):
        kind[ids == value] = KINDS.index(name)
    kinds = torch.zeros(len(KINDS), height, width)
    kinds.scatter_(0, torch.from_numpy(kind)[None], 6.0)
    looks = torch.zeros(26, height // CELL, width // CELL)
    offsets = torch.zeros(2, height // CELL, width // CELL)
    for index, item in enumerate(scene.objects):
        mask = ids == 2 + index
        if not mask.any():
            continue
        cells = torch.from_numpy(mask.reshape(height // CELL, CELL, width // CELL, CELL).any((1, 3)))
        start = 0
        for name, values in ATTRIBUTES.items():
            looks[start + values.index(getattr(item, name)), cells] = 4.0
            start += len(values)
        rows, columns = np.nonzero(mask)
        y, x = torch.meshgrid(*(torch.arange(n) * CELL + CELL / 2 for n in cells.shape), indexing="ij")
        offsets[0, cells] = (columns.mean() - x[cells]) / OFFSET_UNIT
        offsets[1, cells] = (rows.mean() - y[cells]) / OFFSET_UNIT
    ground, sky = torch.zeros(len(GROUNDS)), torch.zeros(len(SKIES))
    ground[GROUNDS.index(scene.ground)] = sky[SKIES.index(scene.sky)] = 3.0
    scenery = torch.tensor([scene.mountains, scene.trees]) * 6.0 - 3.0
    return Answers(kinds, looks, offsets, torch.zeros(64), ground, sky, scenery, torch.zeros(26), torch.zeros(5))


def test_perfect_answers_become_the_scene(scenes: list[Scene], rendered: world.Rendered) -> None:
    readings = [reading_of(perfect_answers(s, ids)) for s, ids in zip(scenes, rendered.ids, strict=True)]
    figures = accuracy.measure(readings, scenes, rendered.ids).figures()
    assert figures.pop("invented") == 0
    assert figures.pop("iou") > 0.985  # a cell on the border of two objects can belong to one only
    assert set(figures.values()) == {1.0}


def test_reading_is_consistent(scenes: list[Scene], rendered: world.Rendered) -> None:
    for scene, ids in zip(scenes, rendered.ids, strict=True):
        reading = reading_of(perfect_answers(scene, ids))
        sizes = [np.count_nonzero(seen.mask) for seen in reading.objects]
        assert sizes == sorted(sizes, reverse=True)
        assert all(size >= LEAST_PIXELS for size in sizes)
        for index, seen in enumerate(reading.objects):
            np.testing.assert_array_equal(reading.ids == 2 + index, seen.mask)
            rows, columns = np.nonzero(seen.mask)
            x, y, width, height = seen.box
            assert (x, x + width - 1, y, y + height - 1) == (columns.min(), columns.max(), rows.min(), rows.max())
            assert seen.centre == pytest.approx((columns.mean() + 0.5, rows.mean() + 0.5))
            assert set(seen.confidence) == set(ATTRIBUTES)
            assert seen.confidence["size"] == pytest.approx(np.exp(4) / (np.exp(4) + 2), abs=0.02)


def test_a_few_stray_pixels_are_no_object(scenes: list[Scene], rendered: world.Rendered) -> None:
    answers = perfect_answers(scenes[0], np.ones_like(rendered.ids[0]))
    answers.kinds[KINDS.index("object"), 100:106, 100:106] = 9.0
    reading = reading_of(answers)
    assert reading.objects == ()
    assert (reading.ids == 1).all()


def test_bundled_judge_reads_unseen_scenes(judge: Judge, scenes: list[Scene], rendered: world.Rendered) -> None:
    figures = accuracy.measure(judge.read(rendered.images), scenes, rendered.ids).figures()
    assert {name: figures[name] for name in ("shape", "colour", "size", "ground", "sky") if figures[name] < 0.96} == {}
    assert figures["material"] > 0.86
    assert figures["iou"] > 0.9
    assert figures["invented"] < 0.3


def test_a_bent_object_has_no_sure_shape(judge: Judge, rendered: world.Rendered) -> None:
    sure = []
    for index, (picture, ids) in enumerate(zip(rendered.images, rendered.ids, strict=True)):
        example = Example(picture, ids)
        warp(example, np.random.default_rng(index), wreck=True)
        reading = judge.read(example.picture[None])[0]
        for lost in np.flatnonzero(example.lost >= 1):
            seen, iou = accuracy.best_match(example.ids == 2 + lost, reading.objects)
            if iou > 0.5:
                sure.append(reading.objects[seen].confidence["shape"] >= SURE)
    assert len(sure) >= 10
    assert np.mean(sure) <= 0.2


def test_readings_do_not_depend_on_the_batch(judge: Judge, rendered: world.Rendered) -> None:
    together, alone = judge.read(rendered.images[:3]), judge.read(rendered.images[2:3])[0]
    assert np.mean(together[2].ids != alone.ids) < 1e-4
    assert [seen.shape for seen in together[2].objects] == [seen.shape for seen in alone.objects]
    features = judge.features(rendered.images[:3])
    assert features.shape == (3, 64)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features[2:], judge.features(rendered.images[2:3]), atol=1e-3)


def test_features_tell_what_is_shown_rather_than_how_sharply(judge: Judge, rendered: world.Rendered) -> None:
    soft = rendered.images[:, ::4, ::4].repeat(4, axis=1).repeat(4, axis=2)
    sharp, blocky = judge.features(rendered.images), judge.features(soft)
    distances = np.linalg.norm(blocky[:, None] - sharp[None], axis=2)
    assert np.mean(distances.argmin(1) == np.arange(COUNT)) > 0.9


def test_wrong_pictures_are_refused(judge: Judge) -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        judge.read(np.zeros((1, 100, 100, 3), np.uint8))
    assert judge.read(np.zeros((0, 256, 256, 3), np.uint8)) == []


def test_missing_and_broken_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"config\.json"):
        load_judge(tmp_path)
    (tmp_path / CONFIG).write_text("{}")
    (tmp_path / WEIGHTS).write_bytes(b"no weights")
    with pytest.raises(ModelBroken, match="cannot be read"):
        load_judge(tmp_path)
