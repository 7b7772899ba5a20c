"""Masks as PNG: what is written is read back, and other pictures give a mask in a way that is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from editor.errors import FileProblem
from editor.files import open_pixels
from editor.files.mask_files import read_mask, scaled_mask, write_mask
from tests.editor.builders import noise


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_written_mask_is_read_back_exactly_and_is_a_grey_picture(tmp_path: Path, dtype: Any) -> None:
    values = noise(70, 90, dtype, channels=1)[..., 0]
    path = tmp_path / "mask.png"
    write_mask(values, path)
    read, note = read_mask(path)
    assert note == ""
    assert read.dtype == dtype
    assert np.array_equal(read, values)
    with Image.open(path) as image:
        assert image.size == (90, 70)
        assert image.mode in ("L", "I;16")
    assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), values)
    assert (open_pixels(path).array[..., 3] == np.iinfo(dtype).max).all()


def test_transparency_comes_before_brightness(tmp_path: Path) -> None:
    pixels = noise(40, 50, seed=3)
    path = tmp_path / "cut out.png"
    Image.fromarray(pixels).save(path)
    values, note = read_mask(path)
    assert np.array_equal(values, pixels[..., 3])
    assert "transparency of “cut out.png”" in note


def test_colour_gives_its_brightness(tmp_path: Path) -> None:
    pixels = noise(40, 50, seed=4, opaque=True)[..., :3]
    path = tmp_path / "photo.png"
    Image.fromarray(pixels).save(path)
    values, note = read_mask(path)
    expected = pixels @ np.array([0.299, 0.587, 0.114])
    assert np.abs(values - expected).max() <= 0.51
    assert "brightness" in note


def test_scaling_keeps_the_area_and_the_extremes() -> None:
    values = np.zeros((100, 80), np.uint8)
    values[20:60, 10:50] = 255
    for size in ((40, 50), (240, 300), (33, 211)):
        scaled = scaled_mask(values, size)
        assert scaled.shape == (size[1], size[0])
        assert scaled.mean() == pytest.approx(values.mean(), rel=0.01)
        assert (scaled.min(), scaled.max()) == (0, 255)


def test_bad_files_give_one_sentence(tmp_path: Path) -> None:
    text = tmp_path / "mask.png"
    text.write_text("no picture")
    for path in (text, tmp_path / "missing.png"):
        with pytest.raises(FileProblem) as refused:
            read_mask(path)
        assert path.name in str(refused.value)
    with pytest.raises(FileProblem, match="is not there"):
        write_mask(np.zeros((4, 4), np.uint8), tmp_path / "nowhere" / "mask.png")
    assert [each.name for each in tmp_path.iterdir()] == ["mask.png"]
