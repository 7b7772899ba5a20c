from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QColorSpace

from app.canvas.source import (
    BeforeSource,
    LiveSource,
    in_eight_bits,
    in_srgb,
    premultiplied,
    shown_as_is,
    unpremultiplied,
)
from editor.composite import composite
from editor.compositor import Compositor
from editor.document import Document
from editor.geometry import Rect
from editor.layers import ImageLayer, Role
from editor.tiles import TiledImage


def noise(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(3).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def test_premultiplying_rounds_and_swaps_red_and_blue() -> None:
    straight = noise(40, 50, 4)
    expected = np.rint(straight[..., 2::-1] * (straight[..., 3:] / 255.0))
    made = premultiplied(straight)
    assert np.abs(made[..., :3] - expected).max() <= 1
    assert np.array_equal(made[..., 3], straight[..., 3])
    opaque = straight.copy()
    opaque[..., 3] = 255
    assert np.array_equal(premultiplied(opaque), opaque[..., [2, 1, 0, 3]])


def test_unpremultiplying_comes_back_as_near_as_eight_bits_allow() -> None:
    straight = noise(40, 50, 4)
    straight[..., 3] |= 128  # below that the colours are too coarse to compare
    back = unpremultiplied(premultiplied(straight))[..., [2, 1, 0, 3]]
    assert np.abs(back.astype(int) - straight).max() <= 2


def test_sixteen_bits_are_rounded_to_eight() -> None:
    deep = noise(30, 30, 4, dtype=np.uint16)
    assert np.array_equal(in_eight_bits(deep), np.rint(deep / 257.0))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("wide", [False, True])
def test_the_screen_gets_the_composite_in_srgb(dtype: type, wide: bool) -> None:
    profile = bytes(QColorSpace(QColorSpace.NamedColorSpace.AdobeRgb).iccProfile().data()) if wide else None
    assert shown_as_is(profile) is not wide
    document = Document(200, 150, dtype, profile)
    pixels = noise(150, 200, 4, dtype=dtype)
    pixels[..., 3] |= np.iinfo(dtype).max // 2 + 1
    document.insert(ImageLayer(pixels=TiledImage.from_array(pixels)), None, 0)
    source = LiveSource(document, Compositor(document))
    rect = Rect(20, 30, 100, 80)
    expected = premultiplied(in_srgb(in_eight_bits(composite(document.snapshot(), rect)), profile)).astype(int)
    difference = np.abs(source.render(rect, True) - expected)
    assert difference.max() <= (16 if wide else 1)  # colours at the edge of sRGB magnify the 8 bits in between
    assert difference.mean() < 0.5
    assert np.array_equal(source.render(rect, True), source.render(rect, False))


def test_before_leaves_the_results_out() -> None:
    document = Document(100, 100)
    below, above = (np.full((100, 100, 4), value, np.uint8) for value in (255, 128))
    document.insert(ImageLayer(pixels=TiledImage.from_array(below)), None, 0)
    document.insert(ImageLayer(pixels=TiledImage.from_array(above), role=Role.RESULT), None, 1)
    assert (BeforeSource(document).render(Rect(0, 0, 10, 10), True) == 255).all()
    live = LiveSource(document, Compositor(document)).render(Rect(0, 0, 10, 10), True)
    assert (live[..., :3] < 255).all()
