"""GrabCut by box, strokes and rough masks, on pictures whose truth is known and on the photo of a truck."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.errors import BadRequest
from engine.grabcut import GrabCut, snapped
from engine.masking import distance_to
from engine.segmentation import Click, Mask, Prompts, box_around, refine, see

SEGMENTER = GrabCut()


def scene(width: int, height: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A shaded red disc on noisy green grass under a blue sky, and where it is."""
    random = np.random.default_rng(3)
    picture = np.empty((height, width, 3), np.float32)
    picture[: height // 2], picture[height // 2 :] = (120, 170, 230), (80, 150, 60)
    rows, columns = np.mgrid[:height, :width]
    radius = min(width, height) / 4
    disc = (columns - width * 0.45) ** 2 + (rows - height * 0.55) ** 2 <= radius**2
    picture[disc] = np.stack([200 + 40 * (rows[disc] < height / 2), 0 * rows[disc] + 45, 0 * rows[disc] + 50], axis=-1)
    return np.clip(picture + random.normal(0, 6, picture.shape), 0, 255).astype(np.uint8), disc


def overlap(found: Mask, truth: NDArray[np.bool_]) -> float:
    inside = found > 0
    return float(np.count_nonzero(inside & truth) / np.count_nonzero(inside | truth))


@pytest.mark.parametrize("size", [(300, 200), (90, 240), (1500, 1000)])
def test_a_box_finds_the_thing_at_every_size(size: tuple[int, int]) -> None:
    picture, disc = scene(*size)
    x, y, width, height = box_around(disc)
    prompts = Prompts(box=(x - 4, y - 4, width + 8, height + 8))
    answer = SEGMENTER.answer(see(SEGMENTER, picture), prompts)
    assert answer.mask().shape == disc.shape
    assert overlap(answer.mask(), disc) > 0.97
    assert answer.mask()[disc == 0].mean() < 2  # nothing outside of the box
    again = SEGMENTER.answer(see(SEGMENTER, picture), prompts)
    np.testing.assert_array_equal(answer.mask(), again.mask())


def test_sixteen_bits_give_the_same() -> None:
    picture, disc = scene(200, 160)
    prompts = Prompts(box=box_around(disc))
    deep = SEGMENTER.answer(see(SEGMENTER, picture.astype(np.uint16) * 257), prompts)
    np.testing.assert_array_equal(deep.mask(), SEGMENTER.answer(see(SEGMENTER, picture), prompts).mask())


def test_strokes_alone_find_it_and_are_always_obeyed() -> None:
    picture, disc = scene(300, 200)
    belongs, not_this = np.zeros(disc.shape, bool), np.zeros(disc.shape, bool)
    belongs[85:135, 130:140] = True
    not_this[20:30, 20:280] = not_this[180:190, 20:280] = True
    found = SEGMENTER.answer(see(SEGMENTER, picture), Prompts(belongs=belongs, not_this=not_this)).mask()
    assert overlap(found, disc) > 0.95
    assert found[belongs].min() == 255
    assert found[not_this].max() == 0


def test_a_click_beside_a_box_counts_as_a_stroke() -> None:
    picture, _ = scene(300, 200)
    wide = (0, 60, 300, 140)
    seen = see(SEGMENTER, picture)
    found = SEGMENTER.answer(seen, Prompts((Click(20, 190, False), Click(135, 110)), wide)).mask()
    assert found[190, 20] == 0
    assert found[110, 135] == 255


def test_a_click_alone_is_not_enough() -> None:
    picture, _ = scene(60, 40)
    with pytest.raises(BadRequest, match="Draw a box around the thing, or paint over it"):
        SEGMENTER.answer(see(SEGMENTER, picture), Prompts((Click(30, 20),)))


def test_a_rough_mask_snaps_to_the_edge() -> None:
    picture, disc = scene(300, 200)
    rough = cv2.warpAffine(disc.astype(np.uint8) * 255, np.float32([[1, 0, 6], [0, 1, -5]]), (300, 200))
    found = refine(SEGMENTER, see(SEGMENTER, picture), rough)
    assert overlap(rough, disc) < 0.86
    assert overlap(found, disc) > 0.96


def test_an_edge_that_is_a_little_off_snaps_and_no_farther_than_the_band() -> None:
    picture, disc = scene(300, 200)
    off = cv2.warpAffine(disc.astype(np.uint8) * 255, np.float32([[1, 0, 4], [0, 1, -3]]), (300, 200))
    found = snapped(picture, off, band=8)
    assert overlap(off, disc) < 0.9
    assert overlap(found, disc) > 0.97
    far = cv2.dilate(disc.astype(np.uint8) * 255, np.ones((41, 41), np.uint8))
    kept = snapped(picture, far, band=5)
    assert kept[distance_to(far == 0) > 6].min() == 255  # 20 px beyond the disc, and not reached
    nothing, everything = np.zeros((200, 300), np.uint8), np.full((200, 300), 255, np.uint8)
    np.testing.assert_array_equal(snapped(picture, nothing, band=8), nothing)
    np.testing.assert_array_equal(snapped(picture, everything, band=8), everything)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (2, 2), (500, 1)])
def test_the_smallest_pictures_are_answered(size: tuple[int, int]) -> None:
    picture = np.full((size[1], size[0], 3), 90, np.uint8)
    found = SEGMENTER.answer(see(SEGMENTER, picture), Prompts(box=(0, 0, *size))).mask()
    assert found.shape == (size[1], size[0])
    assert found.dtype == np.uint8


def test_a_flat_picture_keeps_the_box() -> None:
    picture = np.full((40, 60, 3), 90, np.uint8)
    found = SEGMENTER.answer(see(SEGMENTER, picture), Prompts(box=(10, 10, 20, 20))).mask()
    assert found[np.r_[:10, 30:40]].max() == 0
