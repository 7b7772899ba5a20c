"""Rectangle, ellipse, lasso, move, eyedropper and the shared options."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
import pytest

from editor import commands, limits
from editor.composite import composite
from editor.document import Document
from editor.errors import DocumentError, LayerLocked
from editor.events import Modifier
from editor.geometry import Rect
from editor.layers import ImageLayer, Role
from editor.tiles import TiledImage
from editor.tools import TOOLS, OutlineOverlay, Tool, ToolOptions
from editor.tools.options import Settings
from tests.editor.builders import (
    event,
    gesture,
    image_layer,
    noise,
    photo_document,
    same_state,
    selected,
    strokes_document,
)


def tool(name: str, **settings: Any) -> Tool:
    options = ToolOptions()
    options.change(**settings)
    return TOOLS[name](options)


def box(*areas: Rect) -> np.ndarray:
    out = np.zeros((280, 300), np.uint8)
    for area in areas:
        out[area.slices()] = 255
    return out


def test_every_tool_has_a_name_and_a_key_of_its_own() -> None:
    tools = [make(ToolOptions()) for make in TOOLS.values()]
    assert [one.id for one in tools] == list(TOOLS)
    assert set(TOOLS) == {
        "brush", "eraser", "eyedropper", "fill", "mask_brush", "move", "rectangle", "ellipse", "lasso", "polygon",
        "wand", "colour_range", "click", "points", "transform", "box",
    }  # fmt: skip
    assert len({one.shortcut for one in tools}) == len({one.title for one in tools}) == 16


def test_a_rectangle_selects_whole_pixels_whichever_way_it_is_drawn() -> None:
    document = photo_document()
    gesture(tool("rectangle"), document, (80.4, 90.2), (20.6, 30.7), (19.6, 30.3))
    assert np.array_equal(selected(document), box(Rect(20, 30, 60, 60)))
    assert [step.title for step in document.history.steps] == ["Select rectangle"]
    gesture(tool("rectangle"), document, (-50, 250), (100, 900))
    assert np.array_equal(selected(document), box(Rect(0, 250, 100, 30)))
    document.history.undo()
    document.history.undo()
    assert document.selection is None


def test_shift_adds_alt_takes_away_both_intersect() -> None:
    document = photo_document()
    gesture(tool("rectangle"), document, (10, 10), (50, 50))
    gesture(tool("rectangle"), document, (40, 40), (90, 90), modifiers=Modifier.SHIFT)
    both = box(Rect(10, 10, 40, 40), Rect(40, 40, 50, 50))
    assert np.array_equal(selected(document), both)
    gesture(tool("rectangle"), document, (0, 0), (20, 300), modifiers=Modifier.ALT)
    both[:, :20] = 0
    assert np.array_equal(selected(document), both)
    gesture(tool("rectangle"), document, (0, 0), (300, 45), modifiers=Modifier.SHIFT | Modifier.ALT)
    both[45:] = 0
    assert np.array_equal(selected(document), both)


def test_a_click_deselects_but_not_while_adding() -> None:
    document = photo_document()
    gesture(tool("rectangle"), document, (10, 10), (50, 50))
    gesture(tool("lasso"), document, (30, 30), (31, 31), modifiers=Modifier.SHIFT)
    assert selected(document).any()
    gesture(tool("ellipse"), document, (30, 30), (31, 30))
    assert document.selection is None
    assert document.history.steps[-1].title == "Deselect"
    gesture(tool("ellipse"), document, (30, 30))
    assert len(document.history.steps) == 2
    gesture(tool("rectangle"), document, (30, 30), (32, 32), scale=4.0)  # zoomed in, two pixels are a drag
    assert selected(document).sum() == 4 * 255


def test_ellipse_and_lasso_select_what_they_outline() -> None:
    document = photo_document()
    gesture(tool("ellipse"), document, (20, 30), (120, 90))
    assert selected(document).sum() / 255 == pytest.approx(pi * 50 * 30, rel=0.01)
    gesture(tool("ellipse"), document, (100, 100), (140, 110), modifiers=Modifier.CONTROL)
    assert selected(document).sum() / 255 == pytest.approx(pi * 20 * 20, rel=0.01)
    gesture(tool("lasso"), document, (10, 10), (110, 10), (110, 110))
    values = selected(document)
    assert values.sum() / 255 == pytest.approx(5000, rel=0.02)
    assert values[20, 100] == 255
    assert values[100, 20] == 0


def test_feather_softens_new_selections() -> None:
    document = photo_document()
    gesture(tool("rectangle", feather=10.0), document, (100, 100), (200, 200))
    values = selected(document)
    assert values[150, 150] == 255
    assert 100 < values[150, 100] < 155
    assert 0 < values[150, 92] < 40
    assert values[150, 70] == 0


def test_the_outline_is_shown_while_drawing_and_cancel_selects_nothing() -> None:
    document = photo_document()
    for name, corners in (("rectangle", 4), ("ellipse", 64), ("lasso", 3)):
        one = tool(name)
        one.press(document, event(10, 20))
        assert one.overlay() is None
        one.move(document, event(50, 40))
        one.move(document, event(60, 80))
        overlay = one.overlay()
        assert isinstance(overlay, OutlineOverlay)
        assert len(overlay.points) == corners
        one.cancel(document)
        one.release(document, event(60, 80))
        assert one.overlay() is None
    assert document.selection is None
    assert document.history.steps == []


def test_moving_a_layer_moves_its_pixels_in_one_step() -> None:
    document = strokes_document()
    patch = noise(40, 50, opaque=True)
    document.replace(document.active, pixels=TiledImage.from_array(patch, (30, 40)))
    before = document.snapshot()
    gesture(tool("move"), document, (35, 45), (60.4, 50), (135.2, 25.4))
    assert np.array_equal(composite(document.snapshot())[20:60, 130:180], patch)
    assert [step.title for step in document.history.steps] == ["Move layer"]
    gesture(tool("move"), document, (0, 0), (30, 4), modifiers=Modifier.SHIFT)
    assert document.layers[1].offset == (130, -20)
    document.history.go_to(0)
    assert same_state(document.snapshot(), before)
    gesture(tool("move"), document, (0, 0), (30, 4), (0.2, 0.2))
    assert not document.history.steps[2:]
    assert document.layers[1].offset == (0, 0)


def test_a_group_moves_with_all_it_holds_and_cancel_puts_it_back() -> None:
    document = strokes_document()
    document.history.do(commands.GroupLayers((document.layers[1].id,)))
    before = document.snapshot()
    one = tool("move")
    one.press(document, event(5, 5))
    one.move(document, event(25, 15))
    assert [layer.offset for layer in document.walk()] == [(0, 0), (20, 10), (20, 10)]
    one.cancel(document)
    assert same_state(document.snapshot(), before)
    gesture(one, document, (5, 5), (25, 15))
    document.history.undo()
    assert same_state(document.snapshot(), before)


def test_moving_a_selection_on_a_photo_lifts_a_copy_as_strokes() -> None:
    document = photo_document()
    photo, before = document.layers[0], document.snapshot()
    seen = composite(before)
    gesture(tool("rectangle"), document, (20, 30), (60, 70))
    gesture(tool("move"), document, (30, 40), (50, 41), (130, 140))
    assert document.layers[0] is photo
    lifted = document.layers[1]
    assert isinstance(lifted, ImageLayer)
    assert (lifted.role, document.active) == (Role.STROKES, lifted.id)
    assert lifted.pixels.content().translated(*lifted.offset) == Rect(120, 130, 40, 40)
    expected = seen.copy()
    expected[130:170, 120:160] = seen[30:70, 20:60]
    assert np.array_equal(composite(document.snapshot()), expected)
    assert np.array_equal(selected(document), box(Rect(120, 130, 40, 40)))
    assert len(document.history.steps) == 2
    document.history.undo()
    assert np.array_equal(selected(document), box(Rect(20, 30, 40, 40)))
    assert np.array_equal(composite(document.snapshot()), seen)
    document.history.redo()
    assert np.array_equal(composite(document.snapshot()), expected)


def test_moving_a_selection_of_strokes_cuts_them_out() -> None:
    document = strokes_document()
    patch = noise(40, 50, opaque=True)
    document.replace(document.active, pixels=TiledImage.from_array(patch, (30, 40)))
    photo = composite(document.snapshot(), without={document.active})
    document.select(TiledImage(channels=1).fill(Rect(30, 40, 20, 40), 255))
    gesture(tool("move"), document, (0, 0), (100, 0))
    after = composite(document.snapshot())
    assert np.array_equal(after[40:80, 130:150], patch[:, :20])
    assert np.array_equal(after[40:80, 30:50], photo[40:80, 30:50])
    assert np.array_equal(after[40:80, 50:80], patch[:, 20:])


def test_a_lifted_patch_is_moved_again_not_lifted_again() -> None:
    document = photo_document()
    document.history.do(commands.SetSelection(TiledImage(channels=1).fill(Rect(20, 20, 40, 40), 255)))
    seen = composite(document.snapshot())
    for index in range(4):
        gesture(tool("move"), document, (40 + 10 * index, 40), (50 + 10 * index, 40))
    assert [layer.name for layer in document.layers] == ["Photo", "Moved"]
    assert np.array_equal(selected(document), box(Rect(60, 20, 40, 40)))
    assert np.array_equal(composite(document.snapshot())[20:60, 60:100], seen[20:60, 20:60])
    document.history.undo()
    assert np.array_equal(selected(document), box(Rect(50, 20, 40, 40)))
    assert np.array_equal(composite(document.snapshot())[20:60, 50:90], seen[20:60, 20:60])
    document.history.go_to(1)
    assert np.array_equal(composite(document.snapshot()), seen)


def test_lifting_respects_the_mask_and_nothing_hidden_moves() -> None:
    document = photo_document()
    red = np.full((280, 300, 4), (255, 0, 0, 255), np.uint8)
    mask = TiledImage(channels=1).fill(Rect(0, 0, 50, 50), 128)
    document.history.do(commands.AddLayer(image_layer(red, role=Role.RESULT, mask=mask)))
    document.select(TiledImage(channels=1).fill(Rect(40, 40, 40, 40), 255))
    gesture(tool("move"), document, (60, 60), (61, 60))
    patch = document.layers[2]
    assert isinstance(patch, ImageLayer)
    assert patch.pixels.content().translated(*patch.offset) == Rect(41, 40, 10, 10)
    assert (patch.pixels.read(Rect(40, 40, 10, 10)) == [255, 0, 0, 128]).all()
    document.history.undo()
    document.select(None)
    document.history.do(commands.SetVisible(document.layers[1].id, False))
    with pytest.raises(DocumentError, match="hidden"):
        gesture(tool("move"), document, (1, 1), (9, 9))
    assert document.layers[1].offset == (0, 0)


def test_lifting_a_few_pixels_keeps_few_bytes_for_undo_and_a_click_lifts_nothing() -> None:
    document = strokes_document(1024, 1024)
    document.replace(document.active, pixels=TiledImage.from_array(noise(1024, 1024, opaque=True)))
    document.history.do(commands.SetSelection(TiledImage(channels=1).fill(Rect(20, 20, 4, 4), 255)))
    before, held = document.snapshot(), document.history.memory
    gesture(tool("move"), document, (21, 21), (21.2, 21))
    assert document.snapshot() is before
    gesture(tool("move"), document, (21, 21), (25, 21))
    assert document.history.memory - held <= 3 * 2**18  # one tile of four channels, and the selection's
    document.history.undo()
    assert same_state(document.snapshot(), before)


def test_close_up_a_drag_inside_one_pixel_selects_it() -> None:
    for name in ("rectangle", "ellipse", "lasso"):
        document = photo_document()
        gesture(tool(name), document, (30.2, 40.3), (30.4, 40.3), (30.4, 40.45), scale=32.0)
        assert np.array_equal(selected(document), box(Rect(30, 40, 1, 1)))
    document = photo_document()
    gesture(tool("rectangle"), document, (30.2, 40.3), (34.9, 40.4), scale=32.0)
    assert np.array_equal(selected(document), box(Rect(30, 40, 5, 1)))


def test_what_cannot_be_moved_says_why() -> None:
    document = photo_document()
    document.history.do(commands.SetLocked(document.layers[0].id, True))
    with pytest.raises(LayerLocked, match="Photo"):
        gesture(tool("move"), document, (0, 0), (9, 9))
    document.select(TiledImage(channels=1).fill(Rect(5, 5, 9, 9), 255))
    gesture(tool("move"), document, (0, 0), (9, 9))  # a copy of a locked photo's pixels does not touch it
    assert len(document.layers) == 2
    empty = Document(50, 50)
    with pytest.raises(DocumentError, match="No layer is active"):
        gesture(tool("move"), empty, (0, 0), (9, 9))
    empty.insert(image_layer(noise(5, 5)), None, 0)
    empty.select(TiledImage(channels=1).fill(Rect(20, 20, 9, 9), 255))
    with pytest.raises(DocumentError, match="nothing to copy"):
        gesture(tool("move"), empty, (0, 0), (9, 9))
    assert len(empty.layers) == 1


def test_a_move_that_is_refused_on_the_way_is_over_and_changed_nothing() -> None:
    document = strokes_document()
    document.select(TiledImage(channels=1).fill(Rect(5, 5, 9, 9), 255))  # the active layer is empty
    before, one = document.snapshot(), tool("move")
    one.press(document, event(0, 0))
    with pytest.raises(DocumentError, match="nothing to copy"):
        one.move(document, event(5, 5))
    assert not one.active
    one.move(document, event(9, 9))  # hovers
    one.release(document, event(9, 9))
    assert document.snapshot() is before

    document.select(None)
    document.activate(document.layers[0].id)
    one.press(document, event(0, 0))
    one.move(document, event(5, 5))
    with pytest.raises(DocumentError, match="too far"):
        one.move(document, event(limits.OFFSET + 1, 5))
    assert not one.active
    assert document.layers[0].offset == (0, 0)
    assert document.history.steps == []


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_eyedropper_picks_what_is_seen(dtype: type) -> None:
    document = photo_document(dtype=dtype)
    document.insert(image_layer(noise(280, 300, dtype, seed=8), opacity=0.5), None, 1)
    one = tool("eyedropper")
    gesture(one, document, (10, 10), (33.9, 44.1))
    full = np.iinfo(dtype).max
    assert one.options.colour == pytest.approx(composite(document.snapshot())[44, 33] / full)
    before = one.options.colour
    gesture(one, document, (-5, 10))
    assert one.options.colour == before
    assert document.history.steps == []


def test_options_tell_their_listeners_once_per_change() -> None:
    options, told = ToolOptions(), list[Settings]()
    stop = options.subscribe(told.append)
    options.change(colour=(0.0, 0.0, 0.0, 1.0))
    options.change(colour=(0.0, 0.0, 0.0, 1.0))
    options.change_brush("eraser", size=99.0)
    stop()
    options.change(feather=3.0)
    assert len(told) == 2
    assert options.settings.eraser.size == 99.0
    assert options.settings.brush.size == Settings().brush.size
