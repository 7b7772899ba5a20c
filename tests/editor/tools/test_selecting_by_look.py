"""Polygon, magic wand, colour range, and the mask brush on either mask, by simulated gestures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from editor import commands
from editor.document import Document
from editor.errors import DocumentError
from editor.events import Modifier
from editor.geometry import Rect
from editor.layers import ImageLayer
from editor.masks import Combine
from editor.tiles import TiledImage
from editor.tools import TOOLS, OutlineOverlay, Tool, ToolOptions
from tests.editor.builders import event, gesture, image_layer, photo_document, same_state, selected

SIZE = (280, 300)


def tool(name: str, **settings: Any) -> Tool:
    options = ToolOptions()
    options.change(**settings)
    return TOOLS[name](options)


def click(one: Tool, document: Document, x: float, y: float, **more: Any) -> None:
    gesture(one, document, (x, y), **more)


def striped_document() -> Document:
    """Red, a slightly other red, blue and red again, each 75 pixels wide."""
    pixels = np.zeros((*SIZE, 4), np.uint8)
    pixels[..., 3] = 255
    for place, colour in enumerate([(200, 40, 40), (190, 45, 40), (20, 40, 210), (200, 40, 40)]):
        pixels[:, 75 * place : 75 * (place + 1), :3] = colour
    document = Document(300, 280)
    document.insert(image_layer(pixels, name="Photo"), None, 0)
    document.activate(document.layers[0].id)
    return document


def columns(document: Document) -> list[tuple[int, int]]:
    """The runs of wholly selected columns."""
    inside = np.concatenate([[False], (selected(document) == 255).all(axis=0), [False]])
    edges = np.flatnonzero(np.diff(inside.astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


# polygon


def test_corners_wait_until_the_first_one_is_clicked_again() -> None:
    document, one = photo_document(), tool("polygon")
    for corner in ((20, 20), (120, 20), (120, 90)):
        click(one, document, *corner)
        assert document.selection is None
        assert one.pending
        assert not one.active
    click(one, document, 23, 22)
    assert not one.pending
    assert selected(document).sum() / 255 == pytest.approx(100 * 70 / 2, rel=0.01)
    assert [step.title for step in document.history.steps] == ["Polygon"]
    document.history.undo()
    assert document.selection is None


def test_a_second_click_on_the_last_corner_closes_and_zoom_counts() -> None:
    document, one = photo_document(), tool("polygon")
    for corner in ((20, 20), (120, 20), (120, 90), (24, 22)):
        click(one, document, *corner, scale=8.0)  # close up, four pixels are far from the first corner
    assert one.pending
    click(one, document, 24.1, 22.1, scale=8.0)
    assert not one.pending
    assert selected(document).any()


def test_finish_step_back_and_abandon() -> None:
    document, one = photo_document(), tool("polygon")
    for corner in ((20, 20), (120, 20), (120, 90), (200, 200)):
        click(one, document, *corner)
    one.step_back()
    one.finish(document)
    assert selected(document).sum() / 255 == pytest.approx(3500, rel=0.01)
    before = document.snapshot()
    click(one, document, 5, 5)
    click(one, document, 50, 5)
    one.finish(document)  # two corners enclose nothing
    assert not one.pending
    click(one, document, 5, 5)
    one.abandon()
    one.step_back()
    one.finish(document)
    assert document.snapshot() is before


def test_a_drag_moves_the_corner_and_cancel_takes_it_back() -> None:
    document, one = photo_document(), tool("polygon")
    gesture(one, document, (10, 10), (60, 60), (20, 20))
    one.press(document, event(120, 20))
    one.move(document, event(120, 200))
    one.cancel(document)
    one.move(document, event(77, 88))
    overlay = one.overlay()
    assert isinstance(overlay, OutlineOverlay)
    assert overlay.corners == ((20, 20),)
    assert overlay.points == ((20, 20), (77, 88))
    assert not overlay.closed


def test_a_polygon_never_ends_on_another_document() -> None:
    first, second, one = photo_document(), photo_document(), tool("polygon")
    for corner in ((20, 20), (120, 20), (120, 90)):
        click(one, first, *corner)
    click(one, second, 20, 20)  # would close it
    assert (first.selection, second.selection) == (None, None)
    assert one.overlay() is not None
    for corner in ((60, 20), (60, 60), (20, 20)):
        click(one, second, *corner)
    assert first.selection is None
    assert selected(second).sum() / 255 == pytest.approx(800, rel=0.01)


# how they join


@pytest.mark.parametrize("name", ["rectangle", "ellipse", "lasso", "polygon", "wand", "colour_range"])
@pytest.mark.parametrize("how", Combine)
def test_buttons_and_modifiers_join_alike(name: str, how: Combine) -> None:
    keys = {
        Combine.REPLACE: Modifier.NONE,
        Combine.ADD: Modifier.SHIFT,
        Combine.SUBTRACT: Modifier.ALT,
        Combine.INTERSECT: Modifier.SHIFT | Modifier.ALT,
    }
    results = []
    for by_button in (False, True):
        document = striped_document()
        document.select(TiledImage(channels=1).fill(Rect(100, 0, 200, 200), 255))
        one = tool(name, combine=how if by_button else Combine.REPLACE)
        modifiers = Modifier.NONE if by_button else keys[how]
        if name == "polygon":
            for corner in ((30, 30), (250, 30), (250, 250), (30, 30)):
                click(one, document, *corner, modifiers=modifiers)
        elif name in ("wand", "colour_range"):
            click(one, document, 200, 100, modifiers=modifiers)
        else:
            gesture(one, document, (30, 30), (250, 60), (250, 250), modifiers=modifiers)
        results.append(selected(document))
        assert len(document.history.steps) == 1
    assert np.array_equal(*results)
    inside = results[0] == 255
    assert inside[10, 110] == (how in (Combine.ADD, Combine.SUBTRACT))  # in the old one only
    assert inside[60, 200] == (how is not Combine.SUBTRACT)  # in both


def test_modifiers_win_over_the_button() -> None:
    document = striped_document()
    one = tool("wand", combine=Combine.ADD)
    click(one, document, 200, 100)
    click(one, document, 10, 100)
    click(one, document, 200, 100, modifiers=Modifier.ALT)
    assert columns(document) == [(0, 150)]


# wand


def test_the_wand_reaches_what_hangs_together_within_the_tolerance() -> None:
    for settings, expected in (
        ({"wand_tolerance": 0.02}, [(0, 75)]),
        ({"wand_tolerance": 0.05}, [(0, 150)]),
        ({"wand_tolerance": 0.02, "wand_contiguous": False}, [(0, 75), (225, 300)]),
        ({"wand_tolerance": 1.0}, [(0, 300)]),
    ):
        document = striped_document()
        click(tool("wand", **settings), document, 10, 100)
        assert columns(document) == expected
        assert [step.title for step in document.history.steps] == ["Magic wand"]
        document.history.undo()
        assert document.selection is None


def test_the_wand_looks_at_all_layers_or_at_the_active_one() -> None:
    document = striped_document()
    cover = np.full((*SIZE, 4), 90, np.uint8)
    document.insert(image_layer(cover, opacity=0.5, mask=TiledImage(channels=1)), None, 1)  # hidden by its mask
    document.activate(document.layers[1].id)
    click(tool("wand", wand_tolerance=0.02), document, 10, 100)
    assert columns(document) == [(0, 75)]
    click(tool("wand", wand_tolerance=0.02, sample_merged=False), document, 10, 100)
    assert columns(document) == [(0, 300)]
    document.activate(None)
    before = document.snapshot()
    one = tool("wand", sample_merged=False)
    with pytest.raises(DocumentError, match="No layer is active"):
        one.press(document, event(10, 100))
    assert not one.active
    assert document.snapshot() is before


def test_outside_the_canvas_and_cancelled_nothing_is_selected() -> None:
    for name in ("wand", "colour_range"):
        document, one = striped_document(), tool(name)
        click(one, document, -3, 50)
        one.press(document, event(10, 100))
        one.cancel(document)
        one.release(document, event(10, 100))
        assert document.selection is None
        assert document.history.steps == []


def test_a_result_for_another_canvas_is_left_out() -> None:
    document, one, waiting = striped_document(), tool("wand"), list[Callable[[], None]]()
    one.later = lambda _, __, work, done, *_failed: waiting.append(lambda: done(work()))
    click(one, document, 10, 100)
    document.history.do(commands.ResizeCanvas(100, 100, (0, 0)))
    waiting.pop()()
    assert document.selection is None


def test_quick_clicks_all_count() -> None:
    document, one, waiting = striped_document(), tool("wand", wand_tolerance=0.02), list[Callable[[], None]]()
    one.later = lambda _, __, work, done, *_failed: waiting.append(lambda: done(work()))
    for x in (10, 100, 290):
        click(one, document, x, 100, modifiers=Modifier.SHIFT)
    for land in waiting:
        land()
    assert columns(document) == [(0, 150), (225, 300)]


# colour range


def test_one_pick_with_all_its_fuzzinesses_is_one_step() -> None:
    document, one = striped_document(), tool("colour_range", range_fuzziness=4.0)
    click(one, document, 10, 100)
    assert columns(document) == [(0, 75), (225, 300)]
    for fuzziness in (8.0, 30.0, 20.0):
        one.options.change(range_fuzziness=fuzziness)
    assert columns(document) == [(0, 150), (225, 300)]
    assert [step.title for step in document.history.steps] == ["Colour range"]
    document.history.undo()
    assert document.selection is None
    one.options.change(range_fuzziness=100.0)  # the selection is not its own any more
    assert document.selection is None
    document.history.redo()
    assert columns(document) == [(0, 150), (225, 300)]


def test_shift_picks_another_colour_and_the_fuzziness_is_for_both() -> None:
    document, one = striped_document(), tool("colour_range", range_fuzziness=2.0)
    click(one, document, 10, 100)
    click(one, document, 200, 100, modifiers=Modifier.SHIFT)
    assert columns(document) == [(0, 75), (150, 300)]
    one.options.change(range_fuzziness=20.0)
    assert columns(document) == [(0, 300)]
    assert len(document.history.steps) == 2
    document.history.undo()
    assert columns(document) == [(0, 75), (225, 300)]


@pytest.mark.parametrize("what", ["paint", "select", "crop", "another document", "put away"])
def test_a_pick_does_not_outlive_what_it_was_made_from(what: str) -> None:
    document, one = striped_document(), tool("colour_range", range_fuzziness=4.0)
    click(one, document, 10, 100)
    looked_at = document
    if what == "paint":
        document.history.do(commands.SetOpacity(document.layers[0].id, 0.5))
    elif what == "select":
        document.history.do(commands.SetSelection(TiledImage(channels=1).fill(Rect(3, 3, 9, 9), 255)))
    elif what == "crop":
        document.history.do(commands.Crop(Rect(0, 0, 100, 100)))
    elif what == "another document":
        looked_at = striped_document()
        click(one, looked_at, 200, 100)
    else:
        one.abandon()
    before = document.snapshot()
    one.options.change(range_fuzziness=60.0)
    assert document.snapshot() is before
    if looked_at is not document:
        assert len(looked_at.history.steps) == 1


def test_slow_work_ends_at_the_last_fuzziness() -> None:
    document, one, waiting = striped_document(), tool("colour_range", range_fuzziness=4.0), list[Callable[[], None]]()
    one.later = lambda _, __, work, done, *_failed: waiting.append(lambda: done(work()))
    click(one, document, 10, 100)
    click(one, document, 200, 100, modifiers=Modifier.SHIFT)
    one.options.change(range_fuzziness=20.0)
    while waiting:
        waiting.pop(0)()
    assert columns(document) == [(0, 300)]
    click(one, document, 10, 100)
    document.history.do(commands.SetSelection(None))
    while waiting:
        waiting.pop(0)()
    assert document.selection is None


# mask brush


def masked_document(offset: tuple[int, int] = (0, 0)) -> Document:
    document = photo_document()
    document.replace(document.active, mask=TiledImage(channels=1, default=255), offset=offset)  # type: ignore[arg-type]
    return document


def test_the_mask_brush_paints_the_mask_in_hand_and_no_other() -> None:
    document = masked_document((-30, 20))
    other = ImageLayer(name="Other", mask=TiledImage(channels=1))
    document.insert(other, None, 1)
    layer, one = document.layers[0].id, tool("mask_brush", mask_brush_takes=True)
    document.paint_on_mask = True
    gesture(one, document, (100, 100), (120, 100))
    mask = document[layer].mask
    assert mask is not None
    assert mask.read(Rect(140, 80, 1, 1))[0, 0, 0] == 0
    assert document.selection is None
    assert [step.title for step in document.history.steps] == ["Paint mask"]
    document.activate(other.id)
    gesture(tool("mask_brush"), document, (100, 100), (120, 100))
    assert document[layer].mask is mask
    assert not document[other.id].mask.tiles  # type: ignore[union-attr]
    assert selected(document)[100, 110] == 255
    assert document.history.steps[-1].title == "Paint selection"


@pytest.mark.parametrize("on_layer", [False, True])
@pytest.mark.parametrize("takes", [False, True])
def test_alt_and_the_eraser_end_do_the_opposite(on_layer: bool, takes: bool) -> None:
    def after(**how: Any) -> int:
        document = masked_document()
        document.replace(document.layers[0].id, mask=TiledImage(channels=1).fill(Rect(0, 0, 300, 280), 100))
        document.select(TiledImage(channels=1).fill(Rect(0, 0, 300, 280), 100))
        before = document.snapshot()
        document.paint_on_mask = on_layer
        if on_layer:
            document.select(None)
            before = document.snapshot()
        gesture(tool("mask_brush", mask_brush_takes=takes), document, (50, 50), (60, 50), **how)
        image = document.layers[0].mask if on_layer else document.selection
        value = 0 if image is None else int(image.read(Rect(55, 50, 1, 1))[0, 0, 0])
        document.history.undo()
        assert same_state(document.snapshot(), before)
        return value

    assert after() == (0 if takes else 255)
    assert after(modifiers=Modifier.ALT) == after(eraser=True) == (255 if takes else 0)


def test_cancel_leaves_either_mask_as_it_was_and_locks_are_respected() -> None:
    document, one = masked_document(), tool("mask_brush", mask_brush_takes=True)
    document.paint_on_mask = True
    before = document.snapshot()
    one.press(document, event(50, 50))
    one.move(document, event(80, 50))
    one.cancel(document)
    assert same_state(document.snapshot(), before)
    document.history.do(commands.SetMaskEnabled(document.layers[0].id, False))
    with pytest.raises(DocumentError, match="switched off"):
        gesture(one, document, (50, 50))


def test_a_deleted_mask_puts_the_selection_in_hand() -> None:
    document = masked_document()
    layer = document.layers[0].id
    document.paint_on_mask = True
    assert document.mask_in_hand == layer
    document.history.do(commands.ReplaceMask(layer, None))
    assert document.mask_in_hand is None
    assert not document.paint_on_mask
    document.history.undo()
    assert document.mask_in_hand is None
    document.paint_on_mask = True
    document.insert(image_layer(np.zeros((5, 5, 4), np.uint8)), None, 1)
    document.activate(document.layers[1].id)
    assert document.mask_in_hand is None
    document.activate(layer)
    assert document.mask_in_hand is None
