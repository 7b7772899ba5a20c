"""What is kept of a picture: nothing is thrown away, and smaller pictures keep their colours."""

from __future__ import annotations

import numpy as np

from app.cutting.cut import Cut, shrunk
from editor.geometry import Rect


def picture(width: int = 30, height: int = 20) -> np.ndarray:
    """Every pixel another colour, opaque."""
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[..., 0] = np.arange(width)[None]
    pixels[..., 1] = np.arange(height)[:, None]
    return pixels


def test_a_picture_as_it_was_taken_is_unchanged_and_opaque() -> None:
    whole = picture()
    cut = Cut.all_of(whole)
    assert (cut.changed, cut.opaque, cut.empty) == (False, True, False)
    assert np.array_equal(cut.pixels(), whole)


def test_cropped_pixels_keep_their_colours_under_what_is_masked() -> None:
    whole = picture()
    mask = np.zeros((20, 30), np.uint8)
    mask[5:10, 8:12] = 255
    cut = Cut(whole, mask, Rect(6, 4, 10, 8))
    pixels = cut.pixels()
    assert pixels.shape == (8, 10, 4)
    assert np.array_equal(pixels[..., :3], whole[4:12, 6:16, :3])
    assert np.count_nonzero(pixels[..., 3]) == 20
    assert (cut.changed, cut.opaque, cut.empty) == (True, False, False)
    assert Cut(whole, mask, Rect(0, 0, 8, 20)).empty
    assert Cut(whole, mask, Rect(8, 5, 4, 5)).opaque


def test_the_mask_stands_in_the_place_of_the_pictures_own_alpha() -> None:
    whole = picture()
    whole[:, 15:, 3] = 0  # it came with a mask of its own
    cut = Cut.all_of(whole)
    assert not cut.changed
    back = Cut(whole, np.full((20, 30), 255, np.uint8), cut.crop)
    assert back.changed
    assert np.array_equal(back.pixels(), picture())


def test_a_smaller_picture_keeps_hidden_colours_and_mixes_none_of_them_in() -> None:
    whole = np.zeros((40, 80, 4), np.uint8)
    whole[:, :41] = (10, 200, 30, 255)
    whole[:, 41:] = (250, 0, 250, 0)
    small = shrunk(whole, 20)
    assert small.shape == (10, 20, 4)
    assert (small[:, :10] == (10, 200, 30, 255)).all()
    assert (small[:, 10] == (10, 200, 30, 64)).all()  # a quarter is seen, in its own colour alone
    assert (small[:, 11:] == (250, 0, 250, 0)).all()
    assert shrunk(whole, 80) is whole
