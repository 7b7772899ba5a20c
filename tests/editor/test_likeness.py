"""What the wand reaches and how far colours lie apart, against plain numpy and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from editor.geometry import Rect
from editor.layers import ImageLayer
from editor.likeness import NEARBY, ColourDistance, alike, colour_distance, near_colour
from editor.tiles import TiledImage
from tests.editor.builders import image_layer, noise

CANVAS = Rect(0, 0, 90, 70)


def patches(seed: int, height: int = 70, width: int = 90) -> np.ndarray:
    """Opaque areas of a few colours that differ by little and by much."""
    random = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(random.random((height, width)), 3)
    areas = np.digitize(field, np.quantile(field, [0.2, 0.4, 0.6, 0.8]))
    colours = random.integers(90, 150, (5, 4))
    colours[:, 3] = 255
    return colours[areas].astype(np.uint8)


def cielab(rgb: np.ndarray) -> np.ndarray:
    """CIE 1976 L*a*b* of sRGB 0..1 under D65 (IEC 61966-2-1)."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]])
    xyz = linear @ matrix.T / np.array([0.950456, 1.0, 1.088754])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    lightness = np.where(xyz[..., 1] > 0.008856, 116 * np.cbrt(xyz[..., 1]) - 16, 903.3 * xyz[..., 1])
    return np.stack([lightness, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


@given(
    seed=st.integers(0, 999),
    x=st.integers(0, 89),
    y=st.integers(0, 69),
    tolerance=st.sampled_from([0.0, 0.05, 0.2, 1.0]),
    contiguous=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_alike_is_what_scipy_labels(seed: int, x: int, y: int, tolerance: float, contiguous: bool) -> None:
    pixels = patches(seed)
    near = (np.abs(pixels.astype(int) - pixels[y, x].astype(int)) <= round(tolerance * 255)).all(axis=2)
    labels, _ = ndimage.label(near)
    expected = labels == labels[y, x] if contiguous else near
    found = alike((image_layer(pixels),), (x, y), tolerance, contiguous, CANVAS)
    assert np.array_equal(found.read(CANVAS)[..., 0], expected * np.uint8(255))


def test_it_goes_on_beyond_what_is_looked_at_first_and_stays_within() -> None:
    side = NEARBY + 200
    pixels = np.full((40, side, 4), 255, np.uint8)
    pixels[:, side // 2, :3] = 0
    pixels[5, side // 2] = 255  # a gap in the wall
    layers = (image_layer(pixels),)
    whole = Rect(0, 0, side, 40)
    found = alike(layers, (0, 20), 0.1, True, whole)
    assert (found.read(whole) == 255).sum() == 40 * side - 39
    part = alike(layers, (0, 20), 0.1, True, Rect(0, 0, 300, 40))
    assert part.content() == Rect(0, 0, 300, 40)
    assert not alike(layers, (500, 20), 0.1, True, Rect(0, 0, 300, 40)).tiles


@given(seed=st.integers(0, 999), x=st.integers(0, 89), y=st.integers(0, 69))
@settings(max_examples=25, deadline=None)
def test_the_distance_is_that_of_cielab(seed: int, x: int, y: int) -> None:
    pixels = noise(70, 90, seed=seed, opaque=True)
    lab = cielab(pixels[..., :3] / 255)
    expected = np.minimum(np.sqrt(((lab - lab[y, x]) ** 2).sum(axis=2)), 127.5)
    found = colour_distance((image_layer(pixels),), CANVAS, (x, y))
    assert np.abs(found.steps / 2 - expected).max() < 1.0  # stored in halves, and OpenCV works from tables
    assert found.steps[y, x] == 0
    assert (found.alpha == 255).all()


def test_the_range_is_full_to_half_the_fuzziness_and_empty_from_it_on() -> None:
    distance = ColourDistance(np.arange(256, dtype=np.uint8)[None], np.full((1, 256), 255, np.uint8))
    mask = near_colour(distance, 40)[0]
    away = np.arange(256) / 2
    assert np.abs(mask - np.clip(2 - away / 20, 0, 1) * 255).max() <= 0.5
    assert (mask[away <= 20] == 255).all()
    assert not mask[away >= 40].any()
    assert np.flatnonzero(near_colour(distance, 0)[0]).tolist() == [0]


@pytest.mark.parametrize("wide", [10, 50, 99])
def test_more_fuzziness_never_selects_less(wide: int) -> None:
    distance = colour_distance((image_layer(patches(4)),), CANVAS, (30, 30))
    assert (near_colour(distance, wide + 1) >= near_colour(distance, wide)).all()


def test_what_is_not_there_is_not_in_the_range_and_two_colours_are_their_union() -> None:
    pixels = patches(8)
    pixels[:30, :, 3] = 0
    pixels[30:40, :, 3] = 128
    layers = (ImageLayer(pixels=TiledImage.from_array(pixels)),)
    one, other = (colour_distance(layers, CANVAS, at) for at in ((10, 60), (70, 50)))
    both = near_colour(one.nearer(other), 8)
    assert np.array_equal(both, np.maximum(near_colour(one, 8), near_colour(other, 8)))
    assert not both[:30].any()
    assert both[30:40].max() in (0, 128)
    assert both[60, 10] == both[50, 70] == 255
