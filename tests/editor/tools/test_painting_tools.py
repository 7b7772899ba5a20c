"""Brush, eraser, mask brush and fill."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from editor import commands
from editor.composite import composite
from editor.document import Change, Document, What
from editor.errors import DocumentError, LayerLocked
from editor.events import Modifier
from editor.files.colour import to_srgb
from editor.geometry import EMPTY, Rect
from editor.layers import GroupLayer, ImageLayer, Role
from editor.strokes import Brush
from editor.tiles import TiledImage
from editor.tools import TOOLS, CircleOverlay, Tool, ToolOptions
from editor.tools.base import nothing
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
from tests.editor.files.samples import wide_profile

LINE = ((40.0, 50.0), (150.0, 120.0), (260.0, 90.0))
HARD = Brush(size=24, hardness=1.0, pressure_size=False)


def tool(name: str, **settings: Any) -> Tool:
    options = ToolOptions()
    options.change(brush=HARD, eraser=HARD, mask_brush=HARD, **settings)
    return TOOLS[name](options)


def pixels_of(document: Document, index: int) -> np.ndarray:
    layer = document.layers[index]
    assert isinstance(layer, ImageLayer)
    return layer.pixels.read(document.canvas.translated(-layer.offset[0], -layer.offset[1]))


@pytest.mark.parametrize("role", [Role.IMAGE, Role.RESULT])
def test_a_photo_or_result_is_never_painted_over(role: Role) -> None:
    document = photo_document()
    document.replace(document.layers[0].id, role=role)
    before, seen = document.snapshot(), composite(document.snapshot())
    gesture(tool("brush"), document, *LINE)
    assert document.layers[0] is before.layers[0]
    layer = document.layers[1]
    assert isinstance(layer, ImageLayer)
    assert (layer.role, layer.name, document.active) == (Role.STROKES, "Strokes 1", layer.id)
    assert [step.title for step in document.history.steps] == ["Brush stroke"]
    assert not np.array_equal(composite(document.snapshot()), seen)
    gesture(tool("brush"), document, (10, 10))
    assert len(document.layers) == 2
    document.history.go_to(0)
    assert same_state(document.snapshot(), before)
    assert document.active == before.active
    document.history.go_to(2)
    assert document.active == layer.id


def test_a_stroke_goes_onto_the_active_strokes_layer_and_only_there() -> None:
    document = strokes_document()
    before = composite(document.snapshot())
    gesture(tool("brush", colour=(1.0, 0.0, 0.0, 1.0)), document, *LINE)
    painted, after = pixels_of(document, 1), composite(document.snapshot())
    inside = painted[..., 3] > 0
    assert (painted[60:63, 55:58] == [255, 0, 0, 255]).all()
    assert np.array_equal(after[~inside], before[~inside])
    assert 24 * 200 < inside.sum() < 30 * 300


def test_every_event_tells_where_it_is_seen_and_nowhere_else() -> None:
    document = strokes_document()
    dirty: list[Rect] = []
    document.subscribe(lambda change: dirty.append(change.rect) if change.what is What.PIXELS else None)
    brush, before = tool("brush"), composite(document.snapshot())
    brush.press(document, event(*LINE[0]))
    shots = [composite(document.snapshot())]
    for x in range(45, 150, 15):
        dirty.clear()
        brush.move(document, event(x, 80.0))
        (rect,) = dirty
        shots.append(composite(document.snapshot()))
        changed = (shots[-1] != shots[-2]).any(axis=2)
        changed[rect.slices()] = False
        assert not changed.any()
        assert rect.area < 70 * 60
    brush.release(document, event(150, 80))
    dirty.clear()
    document.history.undo()
    assert len(dirty) == 1
    assert dirty[0].area < 140 * 70
    assert np.array_equal(composite(document.snapshot()), before)


@pytest.mark.parametrize("name", ["brush", "eraser", "mask_brush"])
def test_cancel_leaves_no_trace(name: str) -> None:
    for document in (photo_document(), strokes_document()):
        if name == "eraser" and len(document.layers) == 1:
            continue
        gesture(tool("brush"), document, (100, 100))
        before, steps = document.snapshot(), document.history.steps
        one = tool(name)
        one.press(document, event(*LINE[0]))
        one.move(document, event(*LINE[1]))
        assert one.active
        one.cancel(document)
        one.release(document, event(*LINE[1]))
        assert not one.active
        assert same_state(document.snapshot(), before)
        assert document.active == before.active
        assert document.history.steps == steps


def test_the_colours_alpha_and_the_brush_opacity_cap_the_stroke() -> None:
    document = strokes_document()
    one = tool("brush", colour=(0.0, 0.0, 1.0, 0.5))
    one.options.change_brush("brush", opacity=0.5)
    gesture(one, document, *LINE, *LINE[::-1], *LINE)
    assert pixels_of(document, 1)[..., 3].max() == 64


def test_a_stroke_without_effect_is_no_step() -> None:
    document = photo_document()
    before = document.snapshot()
    gesture(tool("brush"), document, (-500, -500), (-400, -400))
    document.select(TiledImage(channels=1).fill(Rect(250, 250, 9, 9), 255))
    gesture(tool("brush"), document, (20, 20), (40, 40))
    document.select(None)
    assert same_state(document.snapshot(), before)
    assert document.active == before.active
    assert document.history.steps == []


def test_painting_stays_inside_the_selection_and_on_the_canvas() -> None:
    document = strokes_document()
    area = Rect(60, 50, 80, 60)
    document.select(TiledImage(channels=1).fill(area, 255))
    gesture(tool("brush"), document, *LINE)
    painted = pixels_of(document, 1)
    outside = np.ones(painted.shape[:2], bool)
    outside[area.slices()] = False
    assert not painted[outside].any()
    assert painted[area.slices()].any()
    document.select(None)
    gesture(tool("brush"), document, (0, 0), (0, 279))
    layer = document.layers[1]
    assert isinstance(layer, ImageLayer)
    assert layer.pixels.content().x == 0


def test_layers_with_an_offset_are_painted_where_the_pointer_is() -> None:
    document, moved = strokes_document(), strokes_document()
    moved.replace(moved.layers[1].id, offset=(-77, 31))
    for one in (document, moved):
        gesture(tool("brush"), one, *LINE)
    assert np.array_equal(pixels_of(document, 1), pixels_of(moved, 1))


def test_the_palette_is_srgb_whatever_profile_the_document_has() -> None:
    profile = wide_profile()
    for dtype in (np.uint8, np.uint16):
        document = Document(60, 60, dtype, profile)
        colour = (0.9, 0.3, 0.1, 1.0)
        gesture(tool("brush", colour=colour), document, (30, 30))
        full = np.iinfo(dtype).max
        painted = composite(document.snapshot())[30:31, 30:31]
        assert np.abs(painted[0, 0, :3] / full - colour[:3]).max() > 0.03
        assert np.abs(to_srgb(painted, profile)[0, 0] / full - colour).max() <= 1.5 / 255
        one = tool("eyedropper")
        gesture(one, document, (30, 30))
        assert one.options.colour == pytest.approx(colour, abs=1.5 / 255)


def test_locked_hidden_and_grouped_layers_say_why_not() -> None:
    document = strokes_document()
    strokes = document.layers[1].id
    document.history.do(commands.SetLocked(strokes, True))
    for name in ("brush", "eraser", "fill"):
        with pytest.raises(LayerLocked, match="Strokes"):
            gesture(tool(name), document, *LINE)
    document.history.do(commands.SetLocked(strokes, False))
    document.history.do(commands.SetVisible(strokes, False))
    with pytest.raises(DocumentError, match="hidden"):
        gesture(tool("brush"), document, *LINE)
    document.history.do(commands.SetVisible(strokes, True))
    document.history.do(commands.GroupLayers((strokes,)))
    document.history.do(commands.SetLocked(document.layers[1].id, True))
    document.activate(strokes)
    before = document.snapshot()
    with pytest.raises(LayerLocked, match="Group"):
        gesture(tool("brush"), document, *LINE)
    document.activate(document.layers[0].id)
    with pytest.raises(DocumentError, match="kept as it is"):
        gesture(tool("eraser"), document, *LINE)
    assert document.snapshot().layers == before.layers
    gesture(tool("brush"), document, *LINE)
    assert len(document.layers) == 3


def test_with_a_group_active_the_new_layer_goes_above_it() -> None:
    document = photo_document()
    group = GroupLayer(children=(image_layer(noise(9, 9)),))
    document.insert(group, None, 1)
    document.activate(group.id)
    gesture(tool("brush"), document, *LINE)
    assert [type(layer) for layer in document.layers] == [ImageLayer, GroupLayer, ImageLayer]
    document.activate(group.children[0].id)
    gesture(tool("brush"), document, *LINE)
    grown = document.layers[1]
    assert isinstance(grown, GroupLayer)
    assert [layer.name for layer in grown.children] == ["Layer", "Strokes 2"]  # every picture is kept, small ones too


@pytest.mark.parametrize("width", [300, 512])
@pytest.mark.parametrize("grouped", [True, False])
def test_a_photo_is_kept_wherever_it_lies(width: int, grouped: bool) -> None:
    document = photo_document(width, width)
    photo = document.layers[0]
    assert isinstance(photo, ImageLayer)
    if grouped:
        document.history.do(commands.GroupLayers((photo.id,)))
    else:
        document.insert(ImageLayer(name="Below", role=Role.STROKES), None, 0)
    document.activate(photo.id)
    gesture(tool("brush"), document, *LINE)
    assert document[photo.id] is photo
    document.activate(photo.id)
    with pytest.raises(DocumentError, match="kept as it is"):
        gesture(tool("eraser"), document, *LINE)


def test_nothing_is_painted_where_nothing_is_seen() -> None:
    document = photo_document()
    photo = document.layers[0].id
    document.history.do(commands.SetVisible(photo, False))
    document.paint_on_mask = True
    with pytest.raises(DocumentError, match="layer “Photo” is hidden"):
        gesture(tool("brush"), document, *LINE)
    document.history.do(commands.SetVisible(photo, True))
    document.history.do(commands.ReplaceMask(photo, TiledImage(channels=1, default=255)))
    document.history.do(commands.SetMaskEnabled(photo, False))
    with pytest.raises(DocumentError, match="mask of “Photo” is switched off"):
        gesture(tool("eraser"), document, *LINE)
    document.paint_on_mask = False
    document.history.do(commands.GroupLayers((photo,)))
    document.history.do(commands.SetVisible(document.layers[0].id, False))
    document.activate(photo)
    before = document.snapshot()
    with pytest.raises(DocumentError, match="group “Group” is hidden"):
        gesture(tool("brush"), document, *LINE)
    assert document.snapshot() is before


def test_a_cancelled_gesture_takes_back_only_itself() -> None:
    document, one = photo_document(), tool("brush")
    one.press(document, event(*LINE[0]))
    result = ImageLayer(name="Result", role=Role.RESULT)
    document.history.do(commands.AddResult(result))
    one.cancel(document)
    assert [layer.name for layer in document.layers] == ["Photo", "Result"]
    assert document.active == result.id


def test_alt_keeps_picking_while_dragged() -> None:
    document, one = photo_document(), tool("brush")
    one.press(document, event(10.5, 10.5, modifiers=Modifier.ALT))
    one.move(document, event(33.5, 44.5, modifiers=Modifier.ALT))
    assert one.options.colour == tuple(float(v) / 255 for v in pixels_of(document, 0)[44, 33])
    one.release(document, event(33.5, 44.5))
    one.move(document, event(50.5, 50.5))
    assert one.options.colour == tuple(float(v) / 255 for v in pixels_of(document, 0)[44, 33])
    assert not document.history.steps
    assert len(document.layers) == 1


def test_the_eraser_and_the_pens_other_end_take_away() -> None:
    for name, pen_end in (("eraser", False), ("brush", True)):
        document = strokes_document()
        gesture(tool("brush"), document, *LINE)
        inside = pixels_of(document, 1)[..., 3] > 0
        gesture(tool(name), document, *LINE, eraser=pen_end)
        left = pixels_of(document, 1)[..., 3][inside]
        assert (left == 0).mean() > 0.9
        assert document.history.steps[-1].title == "Erase"


def test_locked_transparency_keeps_the_shape() -> None:
    document = strokes_document()
    gesture(tool("brush"), document, *LINE)
    alpha = pixels_of(document, 1)[..., 3]
    document.history.do(commands.SetAlphaLocked(document.layers[1].id, True))
    gesture(tool("brush", colour=(0.0, 1.0, 0.0, 1.0)), document, (40, 120), (260, 50))
    after = pixels_of(document, 1)
    assert np.array_equal(after[..., 3], alpha)
    assert (after[alpha == 255] == [0, 255, 0, 255]).all(axis=1).sum() > 100


def test_painting_on_the_mask_hides_and_shows() -> None:
    document = strokes_document()
    photo = document.layers[0].id
    seen = composite(document.snapshot())
    document.activate(photo)
    document.paint_on_mask = True
    gesture(tool("eraser"), document, *LINE)
    mask = document[photo].mask
    assert mask is not None
    assert mask.default == 255
    hidden = mask.read(document.canvas)[..., 0] == 0
    assert hidden.sum() > 24 * 200
    after = composite(document.snapshot())
    assert not after[hidden].any()
    assert np.array_equal(pixels_of(document, 0), seen)
    gesture(tool("brush", colour=(1.0, 1.0, 1.0, 1.0)), document, *LINE)
    assert np.array_equal(composite(document.snapshot())[hidden], seen[hidden])
    assert [step.title for step in document.history.steps] == ["Hide on mask", "Paint mask"]
    document.history.go_to(0)
    assert document[photo].mask is None


@pytest.mark.parametrize("enabled", [True, False])
def test_a_mask_made_for_a_gesture_leaves_its_switch_as_it_was(enabled: bool) -> None:
    document = strokes_document()
    photo = document.layers[0].id
    document.history.do(commands.SetMaskEnabled(photo, enabled))  # there is no mask yet
    document.activate(photo)
    document.paint_on_mask = True
    before = document.snapshot()
    one = tool("brush")
    one.press(document, event(20, 20))
    one.cancel(document)
    assert same_state(document.snapshot(), before)
    gesture(tool("brush"), document, (-90, -90))  # paints nothing, so it is no step
    assert same_state(document.snapshot(), before)
    gesture(tool("eraser"), document, *LINE)
    assert document[photo].mask_enabled  # else nothing of it would be seen
    after = document.snapshot()
    document.history.undo()
    assert same_state(document.snapshot(), before)
    document.history.redo()
    assert same_state(document.snapshot(), after)


def test_the_mask_brush_paints_the_selection_softly() -> None:
    document = photo_document()
    one = tool("mask_brush")
    one.options.change_brush("mask_brush", hardness=0.0)
    gesture(one, document, *LINE)
    values = selected(document)
    assert values.max() > 250
    assert ((values > 0) & (values < 255)).sum() > 2000
    gesture(tool("mask_brush"), document, *LINE, modifiers=Modifier.ALT)
    assert selected(document).max() < 30
    document.history.undo()
    assert np.array_equal(selected(document), values)
    document.history.undo()
    assert document.selection is None


def test_the_brush_shows_its_size_where_it_hovers() -> None:
    document, one = photo_document(), tool("brush")
    assert one.overlay() is None
    one.move(document, event(30, 40))
    assert one.overlay() == CircleOverlay(30, 40, 12)
    assert document.history.steps == []


def test_alt_picks_the_colour_and_paints_nothing() -> None:
    document, one = photo_document(), tool("brush")
    gesture(one, document, (30.7, 40.2), modifiers=Modifier.ALT)
    assert one.options.colour == tuple(float(v) / 255 for v in pixels_of(document, 0)[40, 30])
    assert document.history.steps == []


# fill


def flat_document(dtype: Any = np.uint8) -> tuple[Document, int]:
    """Two grey halves with a bridge two pixels wide, 10 apart in value (of 255); a third field alike but cut off."""
    document = Document(120, 80, dtype)
    step = 1 if np.dtype(dtype) == np.uint8 else 257
    grey = np.full((80, 120), 100, dtype)
    grey[:, 60:] = 110
    grey[:, 80:84] = 250
    picture = np.dstack([grey * step] * 3 + [np.full((80, 120), 255 * step, dtype)]).astype(dtype)
    document.insert(image_layer(picture, name="Photo"), None, 0)
    document.activate(document.layers[0].id)
    return document, step


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize(
    ("tolerance", "contiguous", "expected"),
    [(0.02, True, [(0, 60)]), (0.06, True, [(0, 80)]), (0.06, False, [(0, 80), (84, 120)])],
)
def test_fill_takes_what_looks_alike(
    dtype: type, tolerance: float, contiguous: bool, expected: list[tuple[int, int]]
) -> None:
    document, step = flat_document(dtype)
    one = tool("fill", fill_tolerance=tolerance, fill_contiguous=contiguous, colour=(1.0, 0.0, 0.0, 1.0))
    gesture(one, document, (10, 10))
    assert len(document.history.steps) == 1
    wanted = np.zeros((80, 120), bool)
    for left, right in expected:
        wanted[:, left:right] = True
    filled = pixels_of(document, 1)
    assert (filled[wanted] == np.array([255, 0, 0, 255]) * step).all()
    assert not filled[~wanted].any()
    document.history.undo()
    assert len(document.layers) == 1


def test_fill_keeps_to_the_selection_and_tells_its_area() -> None:
    document, _ = flat_document()
    document.select(TiledImage(channels=1).fill(Rect(5, 5, 10, 10), 128))
    changes: list[Change] = []
    document.subscribe(changes.append)
    gesture(tool("fill", colour=(1.0, 1.0, 1.0, 0.5)), document, (10, 10))
    alpha = pixels_of(document, 1)[..., 3]
    assert alpha[5:15, 5:15].min() == alpha.max() == 64
    assert alpha.sum() == 64 * 100
    assert Rect(5, 5, 10, 10) in [change.rect for change in changes if change.what is What.PIXELS]


@pytest.mark.parametrize("contiguous", [True, False])
def test_nothing_is_filled_where_the_selection_lies_beside_the_canvas(contiguous: bool) -> None:
    document, _ = flat_document()
    document.select(TiledImage(channels=1).fill(Rect(200, 5, 10, 10), 255))
    gesture(tool("fill", fill_contiguous=contiguous), document, (10, 10))
    assert document.history.steps == []
    assert len(document.layers) == 1


def test_a_cancelled_fill_leaves_no_trace() -> None:
    document, _ = flat_document()
    before, one = document.snapshot(), tool("fill")
    one.press(document, event(10, 10))
    assert one.active
    assert same_state(document.snapshot(), before)
    one.cancel(document)
    one.release(document, event(10, 10))
    assert same_state(document.snapshot(), before)
    assert document.history.steps == []


class Slow:
    """Does what takes long when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Any], Callable[[Any], None]]] = []

    def __call__(
        self,
        document: Document,
        title: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[], None] = nothing,
    ) -> None:
        self.waiting.append((work, done))

    def go_on(self) -> None:
        work, done = self.waiting.pop(0)
        done(work())


def test_filling_is_left_to_a_worker_and_shows_all_at_once() -> None:
    document, _ = flat_document()
    before, one, slow = document.snapshot(), tool("fill", fill_tolerance=0.02, colour=(1.0, 0.0, 0.0, 1.0)), Slow()
    one.later = slow
    gesture(one, document, (10, 10))
    assert document.snapshot() is before
    slow.go_on()
    assert [step.title for step in document.history.steps] == ["Fill"]
    assert (pixels_of(document, 1)[..., 3] > 0).sum() == 80 * 60
    document.history.undo()
    assert same_state(document.snapshot(), before)


def test_what_was_painted_while_a_fill_was_worked_out_is_kept() -> None:
    document, _ = flat_document()
    gesture(tool("brush", colour=(0.0, 1.0, 0.0, 1.0)), document, (100, 60))  # makes the layer to fill
    one, slow = tool("fill", fill_tolerance=0.02, colour=(1.0, 0.0, 0.0, 1.0)), Slow()
    one.later = slow
    gesture(one, document, (10, 10))
    gesture(tool("brush", colour=(0.0, 0.0, 1.0, 1.0)), document, (30, 40))
    slow.go_on()
    assert len(slow.waiting) == 1, "worked out anew"
    slow.go_on()
    filled = pixels_of(document, 1)
    assert (filled[40, 30] == (0, 0, 255, 255)).all()
    assert (filled[5, 5] == (255, 0, 0, 255)).all()
    assert (filled[60, 100] == (0, 255, 0, 255)).all()


def test_a_layer_that_was_locked_meanwhile_is_not_filled() -> None:
    document, _ = flat_document()
    gesture(tool("brush"), document, (100, 60))
    one, slow = tool("fill"), Slow()
    one.later = slow
    gesture(one, document, (10, 10))
    layer = document.layers[1].id
    document.replace(layer, locked=True)
    before = document.snapshot()
    with pytest.raises(LayerLocked):
        slow.go_on()
    assert document.snapshot() is before


def test_fill_reaches_all_that_hangs_together_however_far() -> None:
    grey = np.full((40, 2000, 4), 255, np.uint8)
    grey[:20, 300:320, :3] = 0
    grey[:, 1700:1704, :3] = 0
    document = Document(2000, 40)
    document.insert(image_layer(grey), None, 0)
    document.activate(document.layers[0].id)
    gesture(tool("fill", fill_tolerance=0.02), document, (100, 10))
    filled = pixels_of(document, 1)[..., 3] > 0
    expected = grey[..., 0] == 255
    expected[:, 1700:] = False
    assert np.array_equal(filled, expected)
    gesture(tool("fill", fill_tolerance=0.02), document, (310, 5))
    assert (pixels_of(document, 1)[..., 3] > 0)[:20, 300:320].all()


def test_fill_off_the_canvas_or_outside_the_selection_does_nothing() -> None:
    document, _ = flat_document()
    gesture(tool("fill"), document, (-1, 10))
    document.select(TiledImage(channels=1).fill(Rect(90, 5, 10, 10), 255))
    gesture(tool("fill"), document, (10, 10))
    assert document.history.steps == []
    assert len(document.layers) == 1
    assert EMPTY.empty
