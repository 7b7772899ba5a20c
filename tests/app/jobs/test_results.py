"""What a result does to the document that it was asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.jobs.bridge import prepare, request_from
from app.jobs.placement import pack
from app.jobs.results import ResultDropped, apply_result, result_layer
from editor.commands import MoveLayer, RemoveLayer, ReplacePixels, ResizeCanvas
from editor.errors import LayerLocked
from editor.geometry import Rect
from editor.layers import BlendMode, ImageLayer, Role
from editor.tiles import TiledImage
from engine.request import EditResult
from tests.app.jobs.documents import (
    HEIGHT,
    WIDTH,
    add_strokes,
    flat,
    photo_document,
    pixels,
    result_of,
    select,
    whole_result,
)

pytestmark = pytest.mark.usefixtures("daub_and_glaze")


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_result_is_one_undo_step_and_leaves_the_rest_identical(dtype: Any) -> None:
    document = photo_document(dtype)
    strokes = add_strokes(document, Rect(60, 70, 30, 20))
    select(document, Rect(50, 60, 60, 50))
    before, steps = flat(document), len(document.history.steps)
    region = Rect(44, 54, 72, 62)
    layer = apply_result(document, result_of(request_from(document, "daub", {}, "a red ball", seed=7), region))
    after = flat(document)
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[region.slices()] = False
    assert np.array_equal(after[outside], before[outside])
    assert (after[80, 75, :3] == 0).all(), "inside it is the result"
    assert not document[strokes].visible, "they lie inside the mask, so they are hidden"
    assert document.active == layer
    made = document[layer]
    assert isinstance(made, ImageLayer)
    assert (made.role, made.recipe_title) == (Role.RESULT, "Daub · a red ball · seed 7")
    assert len(document.history.steps) == steps + 1
    document.history.undo()
    assert np.array_equal(flat(document), before)
    assert document[strokes].visible
    assert layer not in document
    document.history.redo()
    assert np.array_equal(flat(document), after)


def test_strokes_that_reach_beyond_the_mask_stay_as_they_were_shown() -> None:
    document = photo_document()
    strokes = add_strokes(document, Rect(60, 70, 150, 20))
    inside = add_strokes(document, Rect(70, 72, 10, 10))
    select(document, Rect(50, 60, 60, 50))
    before = flat(document)
    region = Rect(44, 54, 72, 62)
    apply_result(document, result_of(request_from(document, "daub", {}), region))
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[region.slices()] = False
    assert np.array_equal(flat(document)[outside], before[outside])
    assert document[strokes].visible
    assert not document[inside].visible


@pytest.mark.parametrize("seed", range(8))
def test_outside_the_edited_area_nothing_changes_whatever_the_layers(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def some_rect() -> Rect:
        x, y = int(rng.integers(10, 180)), int(rng.integers(10, 160))
        return Rect(x, y, int(rng.integers(20, 110)), int(rng.integers(20, 110)))

    document = photo_document()
    for _ in range(3):
        blend = rng.choice(np.array([BlendMode.NORMAL, BlendMode.MULTIPLY, BlendMode.SCREEN], dtype=object))
        opacity = float(rng.choice([1.0, 0.6]))
        add_strokes(document, some_rect(), tuple(rng.integers(0, 256, 3).tolist()), blend=blend, opacity=opacity)
    haze = TiledImage.from_array(pixels(seed, alpha=60))
    document.insert(ImageLayer(name="Haze", pixels=haze, blend=BlendMode.OVERLAY), None, int(rng.integers(1, 5)))
    chosen = some_rect()
    mask = select(document, chosen)
    before = flat(document)
    request = request_from(document, "daub", {})
    assert request.mask is not None
    result = result_of(request, chosen.grown(6))
    apply_result(document, result)
    outside = mask == 0
    outside[chosen.grown(6).slices()] = False
    assert outside.sum() > 10_000
    assert np.array_equal(flat(document)[outside], before[outside])


def test_without_a_mask_the_result_covers_all_and_the_strokes_are_hidden() -> None:
    document = photo_document()
    strokes = add_strokes(document, Rect(60, 70, 150, 20))
    patch = pixels(9)[..., :3]
    apply_result(document, whole_result(request_from(document, "daub", {}), patch))
    assert np.array_equal(flat(document)[..., :3], patch)
    assert not document[strokes].visible


def test_the_result_lies_above_the_topmost_visible_layer() -> None:
    document = photo_document()
    add_strokes(document, Rect(60, 70, 20, 20))
    tint = ImageLayer(name="Tint", pixels=TiledImage.from_array(pixels(4)), blend=BlendMode.MULTIPLY)
    hidden = ImageLayer(name="Hidden", pixels=TiledImage.from_array(pixels(5)), visible=False)
    document.insert(tint, None, 2)
    document.insert(hidden, None, 3)
    layer = apply_result(document, whole_result(request_from(document, "daub", {}), pixels(9)[..., :3]))
    assert [root.id for root in document.layers][2:] == [tint.id, layer, hidden.id]


def test_the_same_result_twice_makes_two_layers() -> None:
    document = photo_document()
    result = whole_result(request_from(document, "daub", {}), pixels(9)[..., :3])
    first, second = (apply_result(document, result) for _ in range(2))
    assert first != second
    assert len(document.layers) == 3


def test_strokes_changed_while_the_edit_ran_are_not_hidden() -> None:
    document = photo_document()
    kept, changed = (add_strokes(document, Rect(60, 70, 20, 20)) for _ in range(2))
    prepared = prepare(document, "daub", {})
    result = whole_result(prepared.build(), pixels(9)[..., :3])
    pack(result, prepared.snapshot)
    document.history.do(ReplacePixels(changed, TiledImage.from_array(pixels(6))))
    new = add_strokes(document, Rect(10, 10, 20, 20))
    apply_result(document, result)
    assert [document[layer].visible for layer in (kept, changed, new)] == [False, True, True]


def test_packed_and_unpacked_results_give_equal_layers() -> None:
    document = photo_document()
    prepared = prepare(document, "daub", {})
    result = result_of(prepared.build(), Rect(30, 40, 90, 70))
    plain = result_layer(document, replace(result))
    pack(result, prepared.snapshot)
    packed = result_layer(document, result)
    assert packed.pixels.equals(plain.pixels)
    assert packed.mask is not None
    assert plain.mask is not None
    assert packed.mask.equals(plain.mask)
    assert packed.recipe == plain.recipe
    assert result_layer(document, result) is packed, "the slow part was done once"


def test_running_again_replaces_the_layer_and_keeps_its_place_and_offset() -> None:
    document = photo_document()
    first = apply_result(document, whole_result(request_from(document, "daub", {}, seed=1), pixels(9)[..., :3]))
    document.history.do(MoveLayer(first, (20, 10)))
    steps = len(document.history.steps)
    again = whole_result(request_from(document, "daub", {}, "a cube", seed=2), pixels(11)[..., :3])
    assert apply_result(document, again, replaces=first) == first
    assert len(document.history.steps) == steps + 1
    assert document[first].offset == (20, 10)
    assert np.array_equal(flat(document)[10:, 20:, :3], pixels(11)[: HEIGHT - 10, : WIDTH - 20, :3])
    layer = document[first]
    assert isinstance(layer, ImageLayer)
    assert layer.recipe_title == "Daub · a cube · seed 2"


def test_one_of_several_is_named_by_its_seed_too() -> None:
    document = photo_document()
    names = []
    for words, seed_shown in (("", False), ("", True), ("a cube", True)):
        request = request_from(document, "daub", {}, words, seed=3)
        layer = apply_result(document, whole_result(request, pixels(9)[..., :3]), seed_shown=seed_shown)
        names.append(document[layer].name)
    assert names == ["Daub", "Daub · seed 3", "a cube · seed 3"]
    again = whole_result(request_from(document, "daub", {}, seed=4), pixels(11)[..., :3])
    assert document[apply_result(document, again, layer, seed_shown=True)].name == "a cube · seed 3"  # it keeps its own


def test_a_result_for_a_layer_that_is_gone_is_dropped() -> None:
    document = photo_document()
    first = apply_result(document, whole_result(request_from(document, "daub", {}), pixels(9)[..., :3]))
    again = whole_result(request_from(document, "daub", {}), pixels(11)[..., :3])
    document.history.do(RemoveLayer(first))
    before, steps = flat(document), len(document.history.steps)
    with pytest.raises(ResultDropped, match="gone"):
        apply_result(document, again, replaces=first)
    assert np.array_equal(flat(document), before)
    assert len(document.history.steps) == steps


def test_a_result_for_a_locked_layer_is_refused() -> None:
    document = photo_document()
    first = apply_result(document, whole_result(request_from(document, "daub", {}), pixels(9)[..., :3]))
    again = whole_result(request_from(document, "daub", {}), pixels(11)[..., :3])
    document.replace(first, locked=True)
    with pytest.raises(LayerLocked):
        apply_result(document, again, replaces=first)


def test_a_result_for_another_canvas_size_is_dropped() -> None:
    document = photo_document()
    result = whole_result(request_from(document, "daub", {}), pixels(9)[..., :3])
    document.history.do(ResizeCanvas(WIDTH + 10, HEIGHT))
    with pytest.raises(ResultDropped, match="size"):
        apply_result(document, result)


def test_a_result_without_a_patch_leaves_the_document_alone() -> None:
    document = photo_document()
    request = request_from(document, "daub", {})
    nothing = np.zeros((0, 0, 3), np.uint8)
    result = EditResult(nothing, nothing[..., 0], (0, 0), request, 3)
    layers = list(document.layers)
    pack(result, document.snapshot())
    with pytest.raises(ResultDropped, match="Nothing was painted"):
        apply_result(document, result)
    assert list(document.layers) == layers
