"""Examples of the exemplar training: the hole covers the object, equal numbers give equal examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.studio.data import SceneCache, studio_world
from engine.studio.examples import EXAMPLES_A_SCENE, ExampleCache, make_examples
from engine.studio.networks import build_vae
from tests.engine.studio.test_train import SHAPE, WORLD
from tests.engine.studio.test_train_exemplar import EXAMPLES


@pytest.fixture
def scenes(tmp_path: Path) -> SceneCache:
    cache = SceneCache(tmp_path / "scenes", EXAMPLES)
    cache.extend(20)
    return cache


def test_the_hole_covers_the_object_and_the_rest_is_the_scene(scenes: SceneCache) -> None:
    examples = make_examples(scenes, range(40))
    assert [example.scene for example in examples] == [number // EXAMPLES_A_SCENE for number in range(40)]
    emptied = 0
    for example in examples:
        assert example.hole[example.silhouette].all()
        assert not example.hole.all()
        flip = slice(None, None, -1 if example.mirrored else 1)
        scene = np.array(scenes.pictures()[example.scene][:, flip])
        np.testing.assert_array_equal(example.picture[example.hole], scene[example.hole])
        around = np.unique(example.picture[~example.hole])
        assert around.tolist() in ([128], [120])  # the scene's grey, or that of the scene without the object
        emptied += around.tolist() == [120]
    assert 10 < emptied < 30
    assert 10 < sum(example.mirrored for example in examples) < 30


def test_the_cache_grows_and_repairs_what_was_half_written(scenes: SceneCache, tmp_path: Path) -> None:
    torch.manual_seed(0)
    cache = ExampleCache(tmp_path, build_vae(SHAPE).eval(), scenes)
    first = np.array(cache.extend(18))
    with cache._file.open("ab") as file:
        file.write(b"half a record")
    grown = cache.extend(40)
    assert len(grown) == 40
    np.testing.assert_array_equal(grown[:18], first)
    whole = cache.records(range(16, 32))
    for field in ("scene", "index", "mirrored", "keep", "exemplar"):
        np.testing.assert_array_equal(grown[16:32][field], whole[field])
    np.testing.assert_allclose(grown[16:32]["clean"], whole["clean"], atol=0.02)


def test_a_world_without_exemplars_says_so(tmp_path: Path) -> None:
    cache = SceneCache(tmp_path, WORLD)
    cache.extend(2)
    with pytest.raises(ValueError, match="no objects by themselves"):
        make_examples(cache, [0])


def test_an_example_of_the_studio_world(tmp_path: Path) -> None:
    cache = SceneCache(tmp_path, studio_world(), first=1_000_000)
    cache.extend(1)
    one, two = make_examples(cache, [0, 1])
    assert one.picture.shape == (256, 256, 3)
    assert one.exemplar.shape == (80, 80, 3)
    assert not np.array_equal(one.exemplar, two.exemplar)
    assert one.silhouette.sum() >= 98  # 0.15 % of the picture
    assert one.hole[one.silhouette].all()
    np.testing.assert_array_equal(make_examples(cache, [1])[0].exemplar, two.exemplar)
