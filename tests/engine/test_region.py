"""Regions: native resolution, whole cells, inside the picture, and an exact way back."""

from __future__ import annotations

import numpy as np
import pytest

from engine.region import Region, around, as_float, as_pixels, bounds, colour_matched, over, whole

RANDOM = np.random.default_rng(5)


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (30000, 200), (200, 30000), (257, 255), (1024, 1024), (6000, 4000)])
def test_a_whole_picture_is_worked_on_near_the_native_area(size: tuple[int, int]) -> None:
    region = whole(size, native=256, factor=8)
    assert region.box == (0, 0, *size)
    assert all(
        padded % 8 == 0 and 0 <= padded - side < 8 for padded, side in zip(region.padded, region.size, strict=True)
    )
    assert region.size[0] * region.size[1] <= 16.5 * 256**2
    if max(size) < 10 * min(size) and size[0] * size[1] > 256**2:
        assert region.size[0] * region.size[1] == pytest.approx(256**2, rel=0.02)


def test_near_native_is_not_resampled() -> None:
    assert whole((250, 262), 256, 8).scale == 1.0
    assert whole((250, 262), 256, 8).padded == (256, 264)


@pytest.mark.parametrize("side", [324, 366])  # 10 % of 1024² as a square, and as the box around a disc
def test_a_tenth_of_a_large_picture_keeps_half_its_resolution(side: int) -> None:
    region = around((300, 320, side, side), 16, (1024, 1024), 256, 8, 0.2)
    assert region.scale >= 0.5
    assert region.padded == (256, 256)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((500, 500, 20, 20), 2.0),  # small: twice its size, 128 px of surroundings
        ((500, 500, 120, 100), 1.0),  # medium: more context instead of fewer pixels
        ((0, 0, 700, 700), 256 / 980),
    ],
)
def test_the_scale_follows_the_marked_box(box: tuple[int, int, int, int], expected: float) -> None:
    region = around(box, 16, (1024, 1024), 256, 8, 0.2)
    assert region.scale == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("box", [(500, 500, 20, 20), (500, 500, 60, 50), (3, 1000, 1, 1)])
def test_who_does_not_want_parts_magnified_gets_more_surroundings(box: tuple[int, int, int, int]) -> None:
    assert around(box, 16, (1024, 1024), 256, 8, 0.2).scale > 1.5
    region = around(box, 16, (1024, 1024), 256, 8, 0.2, closest=1.0)
    assert region.scale == 1.0
    assert region.padded == (256, 256)


@pytest.mark.parametrize("box", [(0, 0, 10, 10), (990, 1000, 34, 24), (0, 512, 1, 1), (1023, 0, 1, 1024)])
def test_a_region_lies_inside_the_picture_and_covers_its_box(box: tuple[int, int, int, int]) -> None:
    x, y, width, height = around(box, 16, (1024, 1024), 256, 8, 0.2).box
    assert x >= 0
    assert y >= 0
    assert x + width <= 1024
    assert y + height <= 1024
    for start, length, box_start, box_length, limit in (
        (x, width, box[0], box[2], 1024),
        (y, height, box[1], box[3], 1024),
    ):
        assert start <= max(box_start - 16, 0)
        assert start + length >= min(box_start + box_length + 16, limit)


@pytest.mark.parametrize("size", [(256, 256), (251, 247)])
def test_there_and_back_at_scale_one_is_exact(size: tuple[int, int]) -> None:
    picture = RANDOM.random((size[1], size[0], 3), dtype=np.float32)
    region = whole(size, 256, 8)
    work = region.to_work(picture)
    assert work.shape == (-(-size[1] // 8) * 8, 256, 3)
    assert np.array_equal(region.from_work(work), picture)


@pytest.mark.parametrize("scale", [0.4, 2.5])
def test_there_and_back_keeps_smooth_pictures(scale: float) -> None:
    side = round(256 / scale)
    ramp = np.linspace(0.1, 0.9, side, dtype=np.float32)
    picture = np.repeat((ramp[:, None] * 0.5 + ramp[None] * 0.5)[..., None], 3, axis=2)
    region = whole((side, side), 256, 8)
    assert region.scale == pytest.approx(scale, rel=0.01)
    assert np.abs(region.from_work(region.to_work(picture)) - picture).max() < 0.01


def test_a_mask_does_not_ring() -> None:
    region = Region((0, 0, 40, 40), (100, 100), (104, 104), 2.5)
    mask = np.zeros((40, 40), np.float32)
    mask[10:20, 10:20] = 1
    work = region.mask_to_work(mask)
    assert work.min() == 0
    assert work[60:, 60:].max() == 0


def test_colours_are_matched_in_what_was_kept() -> None:
    source = RANDOM.random((64, 64, 3), dtype=np.float32) * 0.6 + 0.2
    drifted = source * np.float32(0.97) + np.array([0.03, -0.02, 0.01], np.float32)
    drifted[20:40, 20:40] = 0.9  # what was painted
    kept = np.ones((64, 64), np.float32)
    kept[16:44, 16:44] = 0
    matched = colour_matched(drifted, source, kept)
    assert np.abs(matched - source)[kept > 0].max() < 0.002
    assert np.abs(drifted - source)[kept > 0].max() > 0.02
    assert np.array_equal(colour_matched(drifted, source, np.zeros((64, 64), np.float32)), drifted)


def test_depths_there_and_back() -> None:
    for dtype in (np.uint8, np.uint16):
        pixels = RANDOM.integers(0, np.iinfo(dtype).max, (9, 7, 3), dtype, endpoint=True)
        assert np.array_equal(as_pixels(as_float(pixels), pixels), pixels)


def test_strokes_lie_over_the_picture() -> None:
    base, strokes = np.full((2, 2, 3), 0.5, np.float32), np.zeros((2, 2, 4), np.float32)
    strokes[0, 0] = (1, 0, 0, 1)
    strokes[1, 1] = (0, 1, 0, 0.5)
    assert over(base, strokes)[0, 0].tolist() == [1, 0, 0]
    assert over(base, strokes)[1, 1].tolist() == [0.25, 0.75, 0.25]
    assert over(base, strokes)[0, 1].tolist() == [0.5, 0.5, 0.5]


def test_bounds() -> None:
    mask = np.zeros((5, 9), np.uint8)
    assert bounds(mask) is None
    mask[2, 3], mask[4, 6] = 1, 9
    assert bounds(mask) == (3, 2, 4, 3)
