"""PNGs as written here are read back exactly, by OpenCV and by Pillow."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from editor.files import png
from tests.editor.builders import noise
from tests.editor.files.samples import wide_profile


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (7, 1), (1, 9), (300, 257)])
def test_pixels_come_back_exactly(
    dtype: type, channels: int, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(png, "_STRIP", 4000)  # several strips, the last one shorter
    pixels = noise(*size, dtype, channels=channels)
    data = png.encode(pixels)
    head = png.header(data)
    assert (head.height, head.width, head.depth) == (*size, 8 * pixels.itemsize)
    if channels == 1:
        np.testing.assert_array_equal(png.decode_grey(data), pixels[..., 0])
        np.testing.assert_array_equal(png.decode_grey(png.encode(pixels[..., 0])), pixels[..., 0])
    else:
        np.testing.assert_array_equal(png.decode(data)[..., :channels], pixels)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_another_reader_sees_the_same(channels: int) -> None:
    pixels = noise(70, 90, np.uint8, channels=channels)
    with Image.open(io.BytesIO(png.encode(pixels, wide_profile(), {"Note": b"mine"}))) as image:
        np.testing.assert_array_equal(np.asarray(image).reshape(pixels.shape), pixels)
        assert image.text == {"Note": "mine"}  # type: ignore[attr-defined]
        assert image.info.get("icc_profile") == (None if channels == 1 else wide_profile())


def test_a_part_of_a_picture_is_written_like_a_copy_of_it() -> None:
    whole = noise(60, 80, np.uint16)
    part = whole[10:50:2, 5:70]
    np.testing.assert_array_equal(png.decode(png.encode(part)), part)


def test_a_large_picture_is_never_handed_over_in_one_piece() -> None:
    pixels = noise(600, 1000, np.uint16)
    parts = png.encoded_parts(pixels)
    assert sum(map(len, parts)) > 4_000_000
    assert max(map(len, parts)) < 1_500_000


@pytest.mark.parametrize("shape", [(4, 4, 2), (0, 5, 4), (4, 4, 5)])
def test_what_no_png_can_hold_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="cannot be written as PNG"):
        png.encode(np.zeros(shape, np.uint8))
