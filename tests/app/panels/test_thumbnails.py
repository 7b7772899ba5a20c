"""Thumbnails: right colours at the right place, from few samples, for both depths."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from app.panels.thumbnails import Thumbnails, sampled, thumbnail
from editor.geometry import Rect
from editor.tiles import TiledImage


def picture(dtype: type = np.uint8) -> TiledImage:
    full = np.iinfo(dtype).max
    pixels = np.zeros((300, 600, 4), dtype)
    pixels[:, :300] = (full, 0, 0, full)
    pixels[:, 300:] = (0, 0, full, full)
    return TiledImage.from_array(pixels)


def test_samples_are_the_pixels_themselves() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (300, 520, 4), np.uint8)
    image = TiledImage.from_array(pixels, (-40, 10))
    np.testing.assert_array_equal(sampled(image, Rect(-40, 10, 520, 300), 1), pixels)
    np.testing.assert_array_equal(sampled(image, Rect(-40, 10, 520, 300), 7), pixels[3::7, 3::7])


def test_outside_the_tiles_stands_the_default() -> None:
    image = TiledImage(channels=1, default=255)
    assert (sampled(image, Rect(0, 0, 64, 64), 4) == 255).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_colours_and_proportions(qapp: QApplication, dtype: type) -> None:
    drawn = thumbnail(picture(dtype), Rect(0, 0, 600, 300), QSize(32, 32)).toImage()
    assert (drawn.width(), drawn.height()) == (32, 16)
    assert drawn.pixelColor(4, 8).red() == 255
    assert drawn.pixelColor(27, 8).blue() == 255


def test_nothing_for_an_empty_area(qapp: QApplication) -> None:
    assert thumbnail(picture(), Rect(0, 0, 0, 0), QSize(32, 32)).isNull()


def test_a_large_layer_takes_little_time(qapp: QApplication) -> None:
    tile = np.full((256, 256, 4), 90, np.uint8)
    image = TiledImage().with_tiles({(x, y): tile for x in range(16) for y in range(16)})
    started = time.perf_counter()
    thumbnail(image, Rect(0, 0, 4096, 4096), QSize(32, 32))
    assert time.perf_counter() - started < 0.05


def test_they_are_made_again_only_when_something_changed(qapp: QApplication) -> None:
    kept, image, area, size = Thumbnails(), picture(), Rect(0, 0, 600, 300), QSize(32, 32)
    first = kept.get("a", image, area, size, 1.0, stale=False)
    assert kept.get("a", image, area, size, 1.0, stale=False) is first
    assert kept.get("a", picture(), area, size, 1.0, stale=True) is first
    assert kept.get("a", picture(), area, size, 1.0, stale=False) is not first
