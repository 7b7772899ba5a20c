from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from editor.geometry import EMPTY, Rect
from editor.painting import Ink, Stroke
from editor.strokes import Dab, dab_print
from editor.tiles import TiledImage, full_value
from tests.editor.builders import noise

AREA = Rect(-40, -40, 400, 360)
DABS = [Dab(20.0 + 12 * i, 60.0 + 9 * i, 50.0, 1.0) for i in range(16)]


def stroke(before: TiledImage, ink: Ink, opacity: float = 0.8, flow: float = 0.6, **more: Any) -> Stroke:
    return Stroke(before, ink, 0.5, flow, opacity, AREA, **more)


def coverage(dabs: list[Dab], flow: float) -> np.ndarray:
    cover = np.zeros((AREA.height, AREA.width))
    for dab in dabs:
        mask, rect, strength = dab_print(dab, 0.5)
        inside = rect.intersected(AREA)
        part = cover[inside.slices((AREA.x, AREA.y))]
        part += np.maximum(dab.cap - part, 0) * mask[inside.slices((rect.x, rect.y))] * flow * strength
    return cover


def over(before: np.ndarray, colour: tuple[float, ...], weight: np.ndarray) -> np.ndarray:
    """Straight alpha source-over in float64."""
    full = full_value(before.dtype)
    back = before / full
    alpha = weight + back[..., 3] * (1 - weight)
    share = np.divide(weight, alpha, out=np.zeros_like(weight), where=alpha > 0)[..., None]
    mixed = back[..., :3] * (1 - share) + np.array(colour) * share
    return np.dstack([mixed, alpha]) * full


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("opaque", [True, False])
def test_a_stroke_is_source_over_and_leaves_the_rest_identical(dtype: type, opaque: bool) -> None:
    before = TiledImage.from_array(noise(360, 400, dtype, opaque=opaque), (-40, -40))
    one = stroke(before, Ink((0.2, 0.9, 0.4)))
    for dab in DABS:
        one.add([dab])
    old, new = before.read(AREA), one.now.read(AREA)
    weight = coverage(DABS, 0.6) * 0.8
    assert np.array_equal(new[weight == 0], old[weight == 0])
    seen = new[..., 3] > 0
    assert np.abs(new - over(old, (0.2, 0.9, 0.4), weight))[seen].max() <= 1.0
    assert np.array_equal(one.before.read(AREA), old)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_same_dabs_give_the_same_pixels_however_they_are_handed_in(dtype: type) -> None:
    before = TiledImage.from_array(noise(200, 200, dtype))
    at_once, singly = stroke(before, Ink((1.0, 0.0, 0.5))), stroke(before, Ink((1.0, 0.0, 0.5)))
    assert at_once.add(DABS) == at_once.area
    for dab in DABS:
        singly.add([dab])
    assert at_once.now.equals(singly.now)
    assert singly.area == at_once.area


def test_onto_nothing_the_colour_is_exact_and_the_alpha_is_the_cover() -> None:
    one = stroke(TiledImage(), Ink((0.2, 0.9, 0.4)), opacity=1.0)
    one.add(DABS)
    new = one.now.read(AREA)
    assert np.abs(new[..., 3] / 255 - coverage(DABS, 0.6)).max() <= 0.51 / 255
    assert (new[new[..., 3] > 0][:, :3] == [51, 230, 102]).all()
    assert (new[new[..., 3] == 0] == 0).all()


def test_opacity_caps_the_stroke_where_it_crosses_itself() -> None:
    one = stroke(TiledImage(), Ink((0.0, 0.0, 0.0)), opacity=0.5, flow=0.9)
    for _ in range(6):
        one.add(DABS)
    assert one.now.read(AREA)[..., 3].max() == 128
    flowing = stroke(TiledImage(), Ink((0.0, 0.0, 0.0)), opacity=1.0, flow=0.1)
    alphas = []
    for _ in range(4):
        flowing.add(DABS[:1])
        alphas.append(int(flowing.now.read(AREA)[..., 3].max()))
    assert alphas == [26, 48, 69, 88]  # 1 - 0.9^n


def test_light_pressure_caps_its_own_dabs_only() -> None:
    one = stroke(TiledImage(), Ink((0.0, 0.0, 0.0)), opacity=1.0, flow=1.0)
    one.add([Dab(50, 50, 40, 1.0), Dab(150, 50, 40, 0.25), Dab(50, 50, 40, 0.25)])
    alpha = one.now.read(Rect(0, 0, 200, 100))[..., 3]
    assert alpha[50, 50] == 255
    assert alpha[50, 150] == 64


def test_erasing_takes_alpha_and_keeps_colour() -> None:
    before = TiledImage.from_array(noise(200, 200))
    one = stroke(before, Ink(None), opacity=0.5)
    one.add(DABS)
    old, new = before.read(AREA), one.now.read(AREA)
    weight = coverage(DABS, 0.6) * 0.5
    assert np.array_equal(new[..., :3], old[..., :3])
    assert np.abs(new[..., 3] - old[..., 3] * (1 - weight)).max() <= 0.51


def test_locked_alpha_stays_and_nothing_is_coloured_where_nothing_is() -> None:
    before = TiledImage.from_array(noise(200, 200))
    one = stroke(before, Ink((0.1, 0.2, 0.3), keep_alpha=True))
    one.add(DABS)
    old, new = before.read(AREA), one.now.read(AREA)
    assert np.array_equal(new[..., 3], old[..., 3])
    assert np.array_equal(new[old[..., 3] == 0], old[old[..., 3] == 0])
    assert not np.array_equal(new, old)


@pytest.mark.parametrize("default", [0, 255])
def test_masks_are_painted_towards_the_value(default: int) -> None:
    before = TiledImage.from_array(noise(200, 200, channels=1), default=default)
    one = stroke(before, Ink((0.5,)))
    one.add(DABS)
    weight = coverage(DABS, 0.6) * 0.8
    old, new = before.read(AREA)[..., 0], one.now.read(AREA)[..., 0]
    expected = old + (127.5 - old) * weight
    assert np.abs(new - expected).max() <= 1.0
    assert np.array_equal(new[weight == 0], old[weight == 0])


def test_the_selection_scales_the_stroke_in_canvas_pixels() -> None:
    soft = noise(120, 140, channels=1)
    selection = TiledImage.from_array(soft, (50, 60))
    offset = (30, -20)
    one = stroke(TiledImage(), Ink((1.0, 1.0, 1.0)), opacity=1.0, selection=selection, offset=offset)
    one.add(DABS)
    alpha = one.now.read(AREA)[..., 3]
    limit = selection.read(AREA.translated(*offset))[..., 0] / 255
    assert np.abs(alpha - coverage(DABS, 0.6) * limit * 255).max() <= 0.51


def test_nothing_outside_the_clip_is_touched() -> None:
    one = Stroke(TiledImage(), Ink((0.0, 0.0, 0.0)), 1.0, 1.0, 1.0, Rect(10, 10, 20, 20))
    assert one.add([Dab(200, 200, 30, 1.0)]) == EMPTY
    assert one.now is one.before
    assert one.add([Dab(15, 15, 90, 1.0)]) == Rect(10, 10, 20, 20)
    assert one.now.content() == Rect(10, 10, 20, 20)


@pytest.mark.parametrize(("flow", "cap"), [(1.0, 1.0), (0.3, 1.0), (0.6, 0.5)])
def test_many_thin_dabs_add_up_as_one_by_one(flow: float, cap: float) -> None:
    dabs = [Dab(-20.0 + 0.5 * i, 10.0 + 0.4 * i, 4.0 + i % 3, cap) for i in range(600)]
    one = stroke(TiledImage(), Ink((0.0, 0.0, 0.0)), opacity=1.0, flow=flow)
    dirty = one.add(dabs)
    alpha = one.now.read(AREA)[..., 3]
    assert np.abs(alpha - coverage(dabs, flow) * 255).max() <= 0.6
    outside = alpha.copy()
    outside[dirty.slices((AREA.x, AREA.y))] = 0
    assert not outside.any()
    hard = Stroke(TiledImage(dtype=np.dtype(np.uint16)), Ink((0.0, 0.0, 0.0)), 1.0, 1.0, 1.0, AREA)
    hard.add(dabs if cap == 1.0 else [Dab(50, 50, 8, 1.0)])
    assert hard.now.read(AREA)[..., 3].max() == 65535
