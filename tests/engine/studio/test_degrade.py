"""Damage done to training pictures: what stays true and what is said to be lost."""

from __future__ import annotations

import numpy as np
import pytest

from engine.studio import world
from engine.studio.degrade import FLAWS, Example, add_noise, blur, compress, degrade, diameters, erase, tint, warp


@pytest.fixture(scope="module")
def rendered() -> world.Rendered:
    return world.render([world.sample_scene(seed) for seed in range(12)])


def examples(rendered: world.Rendered) -> list[Example]:
    return [Example(picture, ids) for picture, ids in zip(rendered.images, rendered.ids, strict=True)]


def test_diameters_are_those_of_discs_as_large() -> None:
    ids = np.ones((100, 100), np.uint8)
    y, x = np.mgrid[:100, :100]
    ids[np.hypot(x - 50, y - 50) < 20] = 3
    assert diameters(ids) == pytest.approx([0, 40, 0], abs=0.5)


def test_erased_object_leaves_pixels_and_ids_of_its_surroundings(rendered: world.Rendered) -> None:
    changed = 0
    for number, (example, before) in enumerate(zip(examples(rendered), rendered.ids, strict=True)):
        erase(example, np.random.default_rng(number))
        gone = (before != example.ids) & (before < 255)
        if not gone.any():
            continue
        changed += 1
        value = np.bincount(before[gone & (before >= 2)]).argmax()
        assert not (example.ids == value).any()
        assert (example.picture != rendered.images[number]).any(axis=2)[before == value].mean() > 0.5
        far = np.abs(np.nonzero((example.picture != rendered.images[number]).any(axis=2))[0][:, None]).size
        assert far < 1.4 * np.count_nonzero(before == value) + 200  # the object and its rim alone
    assert changed >= 8


def test_slight_warp_keeps_shapes_and_a_wreck_loses_one(rendered: world.Rendered) -> None:
    slight, wrecked = examples(rendered), examples(rendered)
    for number, (one, other) in enumerate(zip(slight, wrecked, strict=True)):
        warp(one, np.random.default_rng(number), wreck=False)
        warp(other, np.random.default_rng(number), wreck=True)
        for index in range(3):
            before, after = (np.count_nonzero(ids == 2 + index) for ids in (rendered.ids[number], one.ids))
            if before > 0 and one.lost[index] == 0:
                assert after == pytest.approx(before, rel=0.35)
    assert np.mean([e.lost.max() for e in slight]) < 0.2
    assert np.mean([e.lost.max() for e in wrecked]) > 0.8


def test_warped_ids_stay_with_their_pixels(rendered: world.Rendered) -> None:
    """An id's mean colour hardly moves when the picture and its ids are bent together."""
    for number, example in enumerate(examples(rendered)):
        warp(example, np.random.default_rng(number), wreck=False)
        for value in np.unique(rendered.ids[number]):
            before = rendered.images[number][rendered.ids[number] == value].mean(0)
            inside = example.ids == value
            if np.count_nonzero(inside) > 300:
                assert np.abs(example.picture[inside].mean(0) - before).max() < 16


def test_blur_loses_small_shapes_first() -> None:
    ids = np.ones((128, 128), np.uint8)
    ids[10:26, 10:26], ids[40:120, 40:120] = 2, 3
    example = Example(np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8), ids)
    blur(example, 3.0)
    assert example.lost.tolist() == [1.0, 0.0, 0.0]
    assert example.picture.std() < 20
    assert example.flaws[FLAWS.index("blur")] == 1.0


def test_tint_keeps_the_order_of_strong_channels(rendered: world.Rendered) -> None:
    for number, example in enumerate(examples(rendered)):
        tint(example, np.random.default_rng(number))
        before, after = rendered.images[number].astype(int), example.picture.astype(int)
        strong = before[..., 0] > before[..., 2] + 60
        assert (after[..., 0] > after[..., 2])[strong].all()
        assert np.abs(after - before).mean() < 40


def test_noise_and_compression_are_noted(rendered: world.Rendered) -> None:
    one, other = examples(rendered)[:2]
    add_noise(one, np.random.default_rng(1))
    compress(other, 30)
    assert 0 < one.flaws[FLAWS.index("noise")] <= 1
    assert other.flaws[FLAWS.index("compression")] == pytest.approx(0.7)
    for example, before in ((one, rendered.images[0]), (other, rendered.images[1])):
        assert 0.2 < np.abs(example.picture.astype(int) - before).mean() < 15


def test_same_draw_same_damage_and_sources_stay_as_they_are(rendered: world.Rendered) -> None:
    kept = rendered.images.copy(), rendered.ids.copy()
    untouched = 0
    for seed in range(40):
        one, other = examples(rendered)[seed % 12], examples(rendered)[seed % 12]
        degrade(one, np.random.default_rng(seed))
        degrade(other, np.random.default_rng(seed))
        np.testing.assert_array_equal(one.picture, other.picture)
        np.testing.assert_array_equal(one.ids, other.ids)
        untouched += bool((one.picture == rendered.images[seed % 12]).all())
    assert 4 <= untouched <= 20
    np.testing.assert_array_equal(rendered.images, kept[0])
    np.testing.assert_array_equal(rendered.ids, kept[1])
