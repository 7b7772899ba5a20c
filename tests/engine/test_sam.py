"""Segment-anything at work: sizes, memory, cancelling, and the bundled network on scenes it never saw."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.errors import BadRequest, ModelMissing
from engine.models.sam_loader import find_sam, load_sam
from engine.sam import Embedded, SamSegmenter
from engine.segmentation import Click, Prompts, open_segmenter, refine, see
from engine.studio import prompts as simulated
from engine.studio import world
from tests.engine.tiny_sam import STEMMED, write_folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> SamSegmenter:
    """A random network of a 32² square."""
    return SamSegmenter(load_sam(write_folder(tmp_path_factory.mktemp("models") / "tiny"), "cpu"))


def noise(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(32, 32), (100, 40), (40, 100), (1, 1), (1, 300), (700, 2), (33, 31)])
def test_every_size_gets_masks_of_its_own_size(tiny: SamSegmenter, size: tuple[int, int]) -> None:
    seen = see(tiny, noise(*size))
    assert max(seen.work) == 32
    corner = Click(size[0] - 1, size[1] - 1)
    choices = tiny.answer(seen, Prompts((corner,)))
    assert len(choices.scores) == 3
    assert list(choices.scores) == sorted(choices.scores, reverse=True)
    for index in range(3):
        mask = choices.mask(index)
        assert mask.shape == (size[1], size[0])
        assert set(np.unique(mask)) <= {0, 255}
    assert tiny.answer(seen, Prompts((corner,), box=(0, 0, *size))).mask().shape == (size[1], size[0])


def test_the_mask_is_where_the_decoder_drew_it(tiny: SamSegmenter) -> None:
    seen = see(tiny, noise(320, 160))
    choices = tiny.answer(seen, Prompts((Click(5, 5),)))
    side = choices.logits.shape[-1]
    choices.logits.fill_(-5.0)
    choices.logits[0, : side // 4, side // 2 :] = 5.0  # the upper half of the picture's right half
    expected = np.zeros((160, 320), bool)
    expected[:80, 160:] = True
    found = choices.mask() > 0
    assert np.count_nonzero(found ^ expected) / expected.sum() < 0.02
    assert choices.mask(1).max() == 0


@pytest.mark.parametrize(("side", "least"), [(128, 0.97), (1024, 0.95)])
def test_edges_are_snapped_to_the_picture_where_the_network_needs_it(tmp_path: Path, side: int, least: float) -> None:
    segmenter = SamSegmenter(load_sam(write_folder(tmp_path / "snap", replace(STEMMED, snap=2.0)), "cpu"))
    picture = noise(side, side) // 8
    truth = np.zeros((side, side), bool)
    truth[side * 3 // 8 : side * 3 // 4, side // 4 : side * 3 // 4] = True
    picture[truth] += 150
    choices = segmenter.answer(see(segmenter, picture), Prompts((Click(side // 2, side // 2),)))
    cells = choices.logits.shape[-1]
    choices.logits.fill_(-5.0)
    choices.logits[0, cells * 3 // 8 : cells * 3 // 4 - 1, cells // 4 : cells * 3 // 4] = 5.0  # one row short
    assert choices.mask().shape == truth.shape
    assert simulated.overlap(choices.mask() > 0, truth) > least
    assert simulated.overlap(choices.quick() > 0, truth) < 0.92


def test_a_picture_is_seen_once(tiny: SamSegmenter) -> None:
    picture = noise(50, 40, seed=1)
    first = see(tiny, picture)
    assert list(tiny.look(picture.copy())) == []
    assert see(tiny, picture.copy()) is first
    other = picture.copy()
    other[3, 3, 0] ^= 1
    assert len(list(tiny.look(other))) == 2  # blocks of the encoder
    assert see(tiny, other) is not first


def test_memory_is_bounded(tiny: SamSegmenter) -> None:
    first = see(tiny, noise(8, 8, seed=100))
    for seed in range(101, 109):
        see(tiny, noise(8, 8, seed=seed))
    assert see(tiny, noise(8, 8, seed=100)) is not first


def test_looking_can_be_cancelled_and_leaves_gradients_as_they_were(tiny: SamSegmenter) -> None:
    looking = tiny.look(noise(50, 40, seed=2))
    step = next(looking)
    assert (step.index, step.total) == (1, 2)
    assert torch.is_grad_enabled()
    looking.close()
    assert torch.is_grad_enabled()
    assert len(list(tiny.look(noise(50, 40, seed=2)))) == 2  # nothing half seen was kept


def test_clicks_outside_and_empty_prompts_are_refused(tiny: SamSegmenter) -> None:
    seen = see(tiny, noise(50, 40))
    with pytest.raises(BadRequest, match="outside of the picture"):
        tiny.answer(seen, Prompts((Click(50, 10),)))
    with pytest.raises(BadRequest, match="Nothing is pointed at"):
        tiny.answer(seen, Prompts())


def test_strokes_count_as_clicks(tiny: SamSegmenter) -> None:
    seen, stroke = see(tiny, noise(50, 40)), np.zeros((40, 50), bool)
    stroke[18:23, 28:33] = True
    by_stroke = tiny.answer(seen, Prompts(belongs=stroke))
    by_click = tiny.answer(seen, Prompts((Click(30.5, 20.5),)))
    assert by_stroke.scores == by_click.scores
    assert torch.equal(by_stroke.logits, by_click.logits)


@pytest.fixture(scope="module")
def studio() -> SamSegmenter:
    try:
        folder = find_sam()
    except ModelMissing:
        pytest.skip("the bundled model is not there")
    return SamSegmenter(load_sam(folder))


@pytest.fixture(scope="module")
def scenes() -> world.Rendered:
    return world.render([world.sample_scene(seed) for seed in range(1_000_500, 1_000_512)], 256)


def overlaps(studio: SamSegmenter, scenes: world.Rendered) -> NDArray[np.float64]:
    """One click, two clicks and box on each object of at least 100 visible pixels, (objects, 3)."""
    rows = []
    for index, (picture, ids) in enumerate(zip(scenes.images, scenes.ids, strict=True)):
        seen, random = see(studio, picture), np.random.default_rng(index)
        for truth in (thing.mask for thing in simulated.things(ids, 100) if thing.is_object):
            rows.append(ask(studio, seen, truth, random))
    return np.array(rows)


def middle(pixel: tuple[int, int], belongs: bool = True) -> Click:
    return Click(pixel[0] + 0.5, pixel[1] + 0.5, belongs)


def ask(studio: SamSegmenter, seen: Embedded, truth: NDArray[np.bool_], random: np.random.Generator) -> list[float]:
    first = middle(simulated.click_in(truth, random))
    once = studio.answer(seen, Prompts((first,))).mask() > 0
    place, belongs = simulated.correcting_click(once, truth, random)
    twice = studio.answer(seen, Prompts((first, middle(place, belongs)))).mask() > 0
    left, top, right, bottom = simulated.box_of(truth)
    boxed = studio.answer(seen, Prompts(box=(left, top, right - left + 1, bottom - top + 1))).mask() > 0
    return [simulated.overlap(mask, truth) for mask in (once, twice, boxed)]


def test_the_bundled_network_finds_what_is_clicked_on(studio: SamSegmenter, scenes: world.Rendered) -> None:
    once, twice, boxed = overlaps(studio, scenes).mean(axis=0)
    assert once > 0.85
    assert twice > once
    assert boxed > 0.88


def test_the_bundled_network_refines_a_rough_mask(studio: SamSegmenter, scenes: world.Rendered) -> None:
    before, after = [], []
    for picture, ids in zip(scenes.images, scenes.ids, strict=True):
        truth = max((t.mask for t in simulated.things(ids, 100) if t.is_object), key=np.count_nonzero)
        rough = np.roll(truth, (4, 5), axis=(0, 1))
        found = refine(studio, see(studio, picture), rough.astype(np.uint8) * 255)
        before.append(simulated.overlap(rough, truth))
        after.append(simulated.overlap(found > 0, truth))
    assert np.mean(after) > np.mean(before) + 0.05


def test_the_bundled_network_is_opened_by_its_id(studio: SamSegmenter) -> None:
    opened = open_segmenter()
    assert opened.title == "Studio SAM"
    assert opened.hovers
    assert opened.takes_clicks
    size = sum(file.stat().st_size for file in Path(find_sam()).iterdir())
    assert size <= 1_850_000
