from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editor.composite import Compositor, composite, composite_layers, screen_pixels
from editor.compositor import _cost
from editor.document import Document
from editor.geometry import Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer
from editor.tiles import TiledImage
from tests.editor.builders import image_layer, noise, photo_document
from tests.editor.reference import composited, premultiplied

UINT8 = np.dtype(np.uint8)
EVEN = [mode for mode in BlendMode if mode not in (BlendMode.COLOR_DODGE, BlendMode.COLOR_BURN)]  # no jumps


def mask_of(array: np.ndarray, origin: tuple[int, int] = (0, 0), default: int = 0) -> TiledImage:
    return TiledImage.from_array(array, origin, default)


def scene() -> list[Layer]:
    """Offsets below zero, masks with both defaults and depths, an isolated group, hidden and empty layers."""
    soft = noise(20, 20, channels=1, seed=9)
    return [
        image_layer(noise(24, 40, opaque=True), (-3, -2), offset=(2, 1)),
        image_layer(noise(300, 10, seed=3), (-5, -270), offset=(12, -9), blend=BlendMode.MULTIPLY, opacity=0.6),
        image_layer(noise(24, 40, seed=4), mask=mask_of(soft, (4, 3)), blend=BlendMode.SCREEN),
        GroupLayer(
            offset=(1, 1),
            mask=mask_of(noise(10, 10, np.uint16, 5, channels=1), (2, 2), default=65535),
            blend=BlendMode.OVERLAY,
            opacity=0.8,
            children=(
                image_layer(noise(24, 20, seed=6), offset=(8, 0)),
                image_layer(noise(12, 40, np.uint16, seed=7), blend=BlendMode.DIFFERENCE, opacity=0.9),
                GroupLayer(children=(image_layer(noise(9, 9, seed=8), (5, 5)),), blend=BlendMode.HUE),
            ),
        ),
        image_layer(noise(24, 40, seed=10), visible=False),
        image_layer(noise(24, 40, seed=11), mask=mask_of(soft), mask_enabled=False, opacity=0.3),
        ImageLayer(),
        GroupLayer(),
        image_layer(noise(24, 40, seed=12), opacity=0.0),
    ]


def test_a_full_scene_is_the_plain_formula_within_one_step() -> None:
    area = Rect(-4, -3, 48, 30)
    expected = premultiplied(composited(scene(), area)) * 255
    assert np.abs(screen_pixels(scene(), area) - expected).max() <= 0.51


def test_cells_and_parts_join_without_a_seam() -> None:
    layers = [
        image_layer(noise(700, 900, opaque=True), (-100, -100)),
        image_layer(noise(400, 500, seed=2), (-13, -77), offset=(40, 31), blend=BlendMode.SOFT_LIGHT),
    ]
    area = Rect(-50, -40, 800, 600)
    whole = composite_layers(layers, area, UINT8)
    for part in (Rect(-50, -40, 1, 1), Rect(200, 100, 300, 131), Rect(0, 0, 256, 256), Rect(255, 127, 2, 2)):
        assert np.array_equal(composite_layers(layers, part, UINT8), whole[part.slices((area.x, area.y))])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_one_plain_layer_comes_out_bit_for_bit(dtype: type) -> None:
    pixels = noise(280, 300, dtype)
    pixels[pixels[..., 3] == 0] = 0
    document = Document(300, 280, dtype)
    document.insert(image_layer(pixels), None, 0)
    assert np.array_equal(composite(document.snapshot()), pixels)


def test_an_opaque_layer_hides_what_is_below_exactly() -> None:
    document = photo_document()
    top = noise(280, 300, seed=7, opaque=True)
    document.insert(image_layer(noise(280, 300, seed=5), blend=BlendMode.COLOR_DODGE), None, 1)
    document.insert(image_layer(top), None, 2)
    assert np.array_equal(composite(document.snapshot()), top)


def test_without_and_only_choose_layers_also_inside_groups() -> None:
    document = Document(40, 24)
    one, two, three = (image_layer(noise(24, 40, seed=seed, opaque=True)) for seed in (1, 2, 3))
    group = GroupLayer(children=(two, three), opacity=0.5)
    document.insert(one, None, 0)
    document.insert(group, None, 1)
    shot = document.snapshot()

    def seen(layers: list[Layer]) -> np.ndarray:
        return composite_layers(layers, document.canvas, UINT8)

    assert np.array_equal(composite(shot, without={group.id}), one.pixels.read(document.canvas))
    assert np.array_equal(composite(shot, without={three.id}), seen([one, GroupLayer(children=(two,), opacity=0.5)]))
    assert np.array_equal(composite(shot, only={group.id}), seen([group]))
    assert np.array_equal(composite(shot, only={two.id}), seen([GroupLayer(children=(two,), opacity=0.5)]))
    assert not composite(shot, only=set()).any()
    assert composite(shot, Rect(5, 5, 0, 3)).shape == (3, 0, 4)


def random_layer(draw: st.DrawFn, seed: int) -> ImageLayer:
    size = draw(st.sampled_from([(30, 50), (200, 140), (280, 300)]))
    offset = (draw(st.integers(-40, 60)), draw(st.integers(-40, 60)))
    mask = mask_of(noise(60, 60, channels=1, seed=seed)) if draw(st.booleans()) else None
    return image_layer(
        noise(*size, seed=seed, opaque=draw(st.booleans())),
        offset=offset,
        mask=mask,
        blend=draw(st.sampled_from([BlendMode.NORMAL, *EVEN])),
        opacity=draw(st.sampled_from([1.0, 1.0, 0.4])),
        visible=draw(st.sampled_from([True, True, False])),
    )


@st.composite
def stacks(draw: st.DrawFn) -> tuple[Layer, ...]:
    layers: list[Layer] = [random_layer(draw, seed) for seed in range(draw(st.integers(1, 5)))]
    if len(layers) > 2:
        group = GroupLayer(children=tuple(layers[1:-1]), blend=draw(st.sampled_from(EVEN)), opacity=0.9)
        layers = [layers[0], group, layers[-1]] if draw(st.booleans()) else layers
    return tuple(layers)


@settings(max_examples=25, deadline=None)
@given(stacks(), st.data())
def test_the_screen_shows_the_same_whatever_is_cached(layers: tuple[Layer, ...], data: st.DataObject) -> None:
    document = Document(300, 280)
    for index, layer in enumerate(layers):
        document.insert(layer, None, index)
    compositor = Compositor(document)
    for _ in range(3):
        document.activate(data.draw(st.sampled_from([None, *(layer.id for layer in document.walk())])))
        area = data.draw(st.sampled_from([document.canvas, Rect(100, 90, 77, 60), Rect(-20, 250, 60, 60)]))
        assert np.abs(compositor.render(area).astype(int) - screen_pixels(document.layers, area)).max() <= 1
        changed = data.draw(st.sampled_from([layer.id for layer in document.walk()]))
        document.replace(changed, opacity=data.draw(st.sampled_from([0.0, 0.5, 1.0])))
        assert np.abs(compositor.render(area).astype(int) - screen_pixels(document.layers, area)).max() <= 1


def bytes_in(compositor: Compositor) -> int:
    return sum(_cost(planes) for planes in compositor._cells.values())


def test_the_cache_is_bounded_and_forgets_changed_layers() -> None:
    document = photo_document(1500, 1500)
    for seed in range(3):
        document.insert(image_layer(noise(300, 300, seed=seed), offset=(200 * seed, 100)), None, seed + 1)
    limit = 2 * 2**20
    compositor = Compositor(document, cache_limit=limit)
    document.activate(document.layers[1].id)
    compositor.render(document.canvas)
    assert 0 < compositor.cached_bytes == bytes_in(compositor) <= limit
    document.replace(document.layers[0].id, opacity=0.5)
    document.replace(document.layers[3].id, opacity=0.5)
    document.replace(document.layers[2].id, opacity=0.5)
    compositor.render(Rect(0, 0, 1, 1))
    assert compositor.cached_bytes == bytes_in(compositor) <= 2 * 128 * 128 * 16  # one cell of each new run


def test_painting_the_active_layer_composites_only_that_layer_again() -> None:
    document = photo_document(600, 600)
    for seed in range(6):
        document.insert(image_layer(noise(600, 600, seed=seed), blend=BlendMode.SOFT_LIGHT), None, seed + 1)
    compositor = Compositor(document)
    document.activate(document.layers[3].id)
    compositor.render(Rect(100, 100, 200, 200))
    cached = compositor.cached_bytes
    document.replace(
        document.active, dirty=Rect(120, 120, 60, 60), pixels=TiledImage.from_array(noise(600, 600, seed=99))
    )
    compositor.render(Rect(100, 100, 200, 200))
    assert compositor.cached_bytes == cached > 0


def test_cells_with_nothing_in_them_count_too_and_all_can_be_forgotten() -> None:
    document = Document(4000, 4000)
    document.insert(image_layer(noise(9, 9)), None, 0)
    document.insert(image_layer(noise(9, 9)), None, 1)
    document.activate(document.layers[1].id)
    compositor = Compositor(document, cache_limit=20_000)
    for x in range(0, 4000, 1000):
        compositor.render(Rect(x, 1000, 1000, 1000))
    assert 0 < compositor.cached_bytes == bytes_in(compositor) <= 20_000
    assert len(compositor._cells) < 100
    before = compositor.render(Rect(0, 0, 50, 50))
    compositor.forget()
    assert compositor.cached_bytes == 0
    assert np.array_equal(compositor.render(Rect(0, 0, 50, 50)), before)
    assert compositor.cached_bytes == bytes_in(compositor)
