from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editor.geometry import EMPTY, Rect
from editor.tiles import TILE, TiledImage, converted
from tests.editor.builders import noise

rects = st.builds(Rect, st.integers(-300, 300), st.integers(-300, 300), st.integers(0, 300), st.integers(0, 300))
AROUND = Rect(-320, -320, 960, 960)


@settings(max_examples=40, deadline=None)
@given(st.lists(rects, max_size=5), st.sampled_from([(4, np.uint8, 0), (4, np.uint16, 0), (1, np.uint8, 255)]))
def test_writing_is_what_it_is_on_a_plain_array(areas: list[Rect], kind: tuple[int, type, int]) -> None:
    channels, dtype, default = kind
    image = TiledImage(channels, np.dtype(dtype), default)
    plain = np.full((AROUND.height, AROUND.width, channels), default, dtype)
    for seed, area in enumerate(areas):
        pixels = noise(area.height, area.width, dtype, seed, channels=channels)
        image = image.write(area, pixels)
        plain[area.slices((AROUND.x, AROUND.y))] = pixels
    assert np.array_equal(image.read(AROUND), plain)
    part = Rect(-7, 250, 12, 9)
    assert np.array_equal(image.read(part), plain[part.slices((AROUND.x, AROUND.y))])
    seen = image.view(part)
    assert np.array_equal(np.full_like(image.read(part), default) if seen is None else seen, image.read(part))


def test_a_write_copies_only_the_tiles_it_touches() -> None:
    before = TiledImage.from_array(noise(600, 600))
    after = before.write(Rect(10, 10, 20, 20), noise(20, 20, seed=5))
    assert after.changed_tiles(before) == [(0, 0)]
    assert after.difference(before) == Rect(0, 0, TILE, TILE)
    assert all(after.tiles[key] is before.tiles[key] for key in before.tiles if key != (0, 0))
    assert before.difference(before) == EMPTY


def test_tiles_cannot_be_written_to() -> None:
    image = TiledImage.from_array(noise(10, 10))
    with pytest.raises(ValueError, match="read-only"):
        image.tiles[0, 0][0, 0] = 0
    with pytest.raises(TypeError):
        image.tiles[0, 0] = image.tiles[0, 0]  # type: ignore[index]
    copied = pickle.loads(pickle.dumps(image))
    with pytest.raises(ValueError, match="read-only"):
        copied.tiles[0, 0][0, 0] = 0
    assert copied.equals(image)


def test_tiles_that_become_default_are_dropped() -> None:
    image = TiledImage.from_array(noise(300, 300))
    emptied = image.write(Rect(0, 0, 256, 300), np.zeros((300, 256, 4), np.uint8))
    assert set(emptied.tiles) == {(1, 0), (1, 1)}
    mask = TiledImage(channels=1, default=255).fill(Rect(0, 0, 300, 10), 0)
    assert mask.fill(Rect(0, 0, 300, 10), 255).tiles == {}


def test_bounds_content_and_negative_places() -> None:
    image = TiledImage.from_array(np.full((3, 5, 4), 9, np.uint8), (-2, 255))
    assert image.bounds() == Rect(-256, 0, 512, 512)
    assert image.content() == Rect(-2, 255, 5, 3)
    assert TiledImage().content() == EMPTY == TiledImage().bounds()
    assert image.nbytes == 4 * TILE * TILE * 4


def test_equality_looks_at_pixels_not_at_how_they_are_stored() -> None:
    zeros = TiledImage(tiles={(3, 3): np.zeros((TILE, TILE, 4), np.uint8)})
    assert zeros.equals(TiledImage())
    assert TiledImage().equals(zeros)
    assert not zeros.equals(TiledImage.from_array(noise(2, 2)))
    assert not zeros.equals(TiledImage(dtype=np.dtype(np.uint16)))
    assert zeros.sharing(TiledImage()).tiles == {}


def test_wrong_pixels_are_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        TiledImage().write(Rect(0, 0, 2, 2), np.zeros((2, 2, 4), np.uint16))
    with pytest.raises(ValueError, match="expected"):
        TiledImage().write(Rect(0, 0, 2, 2), np.zeros((2, 3, 4), np.uint8))


def test_depth_changes_keep_full_range_and_8_bits_come_back() -> None:
    every = np.arange(256, dtype=np.uint8)
    assert converted(every, np.uint16)[[0, 128, 255]].tolist() == [0, 32896, 65535]
    assert np.array_equal(converted(converted(every, np.uint16), np.uint8), every)
    mask = TiledImage.from_array(every[None, :, None], default=255).astype(np.uint16)
    assert mask.default == 65535
    assert mask.read(Rect(0, 0, 256, 1)).ravel()[7] == 7 * 257


def test_filling_shares_one_tile_and_takes_no_memory_to_speak_of() -> None:
    image = TiledImage(channels=1).fill(Rect(-3, 0, 20_000, 20_000), 255)
    assert len(image.tiles) == 80 * 79
    assert image.nbytes < 20_000_000
    assert image.content() == Rect(-3, 0, 20_000, 20_000)
    other = TiledImage(channels=1).fill(Rect(0, 0, 512, 256), 255)
    assert other.tiles[0, 0] is other.tiles[1, 0] is image.tiles[0, 0]
    assert other.nbytes == 256 * 256
    assert other.fill(Rect(0, 0, 512, 256), 0).tiles == {}
    assert other.fill(Rect(7, 7, 0, 9), 3) is other


def test_filling_equals_writing() -> None:
    rect = Rect(-30, 100, 600, 420)
    for default in (0, 9):
        image = TiledImage.from_array(noise(280, 300), default=default)
        for value in (0, 9, 200):
            assert image.fill(rect, value).equals(image.write(rect, np.full((420, 600, 4), value, np.uint8)))


def test_cropping_keeps_what_lies_inside_and_itself_when_that_is_all() -> None:
    image = TiledImage.from_array(noise(600, 700), (-100, 5), default=7)
    area = Rect(-50, 100, 333, 300)
    cropped = image.cropped(area)
    wide = Rect(-300, -300, 1200, 1200)
    expected = np.full((1200, 1200, 4), 7, np.uint8)
    expected[area.slices((-300, -300))] = image.read(area)
    assert np.array_equal(cropped.read(wide), expected)
    assert image.cropped(Rect(-100, 5, 700, 600)) is image
    assert cropped.tiles[0, 1] is not image.tiles[0, 1]
    assert image.cropped(Rect(0, 256, 256, 256)).tiles[0, 1] is image.tiles[0, 1]


def test_moving_by_whole_pixels() -> None:
    image = TiledImage.from_array(noise(300, 280, channels=1), (-20, 30))
    within = Rect(0, 0, 310, 200)
    moved = image.moved(37, -65, within)
    assert np.array_equal(moved.read(within), image.read(within.translated(-37, 65)))
    assert moved.content().intersected(within) == moved.content()
    assert image.moved(10_000, 0, within).tiles == {}
    large = TiledImage(channels=1).fill(Rect(0, 0, 8000, 8000), 255).moved(3, 3, Rect(0, 0, 8000, 8000))
    assert large.content() == Rect(3, 3, 7997, 7997)
    assert large.nbytes < 10_000_000


def test_extent_counts_colours_under_alpha_zero() -> None:
    pixels = np.zeros((9, 9, 4), np.uint8)
    pixels[4, 5, 0] = 1
    image = TiledImage.from_array(pixels, (300, -2))
    assert (image.extent(), image.content()) == (Rect(305, 2, 1, 1), EMPTY)
    assert TiledImage(channels=1, default=255).fill(Rect(4, 5, 6, 7), 0).extent() == Rect(4, 5, 6, 7)
