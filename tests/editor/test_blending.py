"""Every blend mode against the formulas of the W3C, in float64."""

from __future__ import annotations

import numpy as np
import pytest

from editor.composite import composite_layers, screen_pixels
from editor.geometry import Rect
from editor.layers import BlendMode
from tests.editor.builders import image_layer, noise
from tests.editor.reference import composited, premultiplied

AREA = Rect(0, 0, 40, 24)


def pair(mode: BlendMode, opaque_back: bool, dtype: type, opacity: float = 1.0) -> list:
    back = image_layer(noise(24, 40, dtype, seed=1, opaque=opaque_back))
    return [back, image_layer(noise(24, 40, dtype, seed=2), blend=mode, opacity=opacity)]


@pytest.mark.parametrize("mode", BlendMode)
@pytest.mark.parametrize("opaque_back", [True, False])
def test_mode_is_the_w3c_formula_within_one_step(mode: BlendMode, opaque_back: bool) -> None:
    layers = pair(mode, opaque_back, np.uint8)
    expected = composited(layers, AREA)
    assert np.abs(screen_pixels(layers, AREA) / 255 - premultiplied(expected)).max() <= 0.501 / 255
    straight = composite_layers(layers, AREA, np.dtype(np.uint8)) / 255
    seen = expected[..., 3] > 0
    assert np.abs(straight - expected)[seen].max() <= 0.51 / 255


@pytest.mark.parametrize("mode", BlendMode)
def test_mode_in_16_bits_is_finer_than_8(mode: BlendMode) -> None:
    layers = pair(mode, True, np.uint16, opacity=0.7)
    result = composite_layers(layers, AREA, np.dtype(np.uint16)) / 65535
    difference = np.abs(result - composited(layers, AREA))
    assert difference.max() <= 2 / 65535


@pytest.mark.parametrize("mode", [mode for mode in BlendMode if mode is not BlendMode.NORMAL])
def test_every_mode_changes_something(mode: BlendMode) -> None:
    layers = pair(mode, True, np.uint8)
    normal = pair(BlendMode.NORMAL, True, np.uint8)
    assert np.abs(screen_pixels(layers, AREA).astype(int) - screen_pixels(normal, AREA)).mean() > 2


def test_a_mode_over_nothing_shows_the_layer_itself() -> None:
    pixels = noise(24, 40, opaque=True)
    for mode in BlendMode:
        layers = [image_layer(pixels, blend=mode)]
        assert np.array_equal(composite_layers(layers, AREA, np.dtype(np.uint8)), pixels)
