"""The tool that draws, moves and resizes the box in which a thing shall stand."""

from __future__ import annotations

import pytest

from editor import commands
from editor.document import Document
from editor.errors import DocumentError
from editor.events import Modifier
from editor.geometry import Rect
from editor.placement import Grip, TransformBox
from editor.tools import ToolOptions
from editor.tools.box import BoxTool
from editor.tools.overlay import BoxOverlay
from tests.editor.builders import event, gesture, photo_document

BOX = Rect(40, 30, 80, 60)


def titles(document: Document) -> list[str]:
    return [step.title for step in document.history.steps]


@pytest.fixture
def tool() -> BoxTool:
    return BoxTool(ToolOptions())


@pytest.fixture
def document() -> Document:
    """A picture of 300 × 280 with a box."""
    made = photo_document()
    made.place_box(BOX)
    return made


def test_each_drag_is_one_step_and_undo_takes_it_back(tool: BoxTool) -> None:
    document = photo_document()
    seen = document.layers
    gesture(tool, document, (40, 30), (60, 50), (120.2, 89.8))
    assert document.box == BOX
    gesture(tool, document, (80, 60), (90, 60), (95.4, 55))
    assert document.box == Rect(55, 25, 80, 60)
    gesture(tool, document, (135, 85), (155, 105))
    assert document.box == Rect(55, 25, 100, 80)
    gesture(tool, document, (250, 250), (220, 200))
    assert document.box == Rect(220, 200, 30, 50)
    assert titles(document) == ["Draw box", "Move box", "Resize box", "Draw box"]
    for expected in (Rect(55, 25, 100, 80), Rect(55, 25, 80, 60), BOX, None):
        document.history.undo()
        assert document.box == expected
    document.history.redo()
    assert document.box == BOX
    assert document.layers is seen  # the picture itself is left alone


@pytest.mark.parametrize("scale", [0.3, 1.0, 5.0])
def test_all_eight_grips_resize_it_at_any_zoom(tool: BoxTool, document: Document, scale: float) -> None:
    box = BOX if scale >= 1 else Rect(0, 0, 290, 270)
    document.place_box(box)
    grips = TransformBox(box, turns=False).grips(scale)
    assert len(grips) == 8
    for grip, (x, y) in grips.items():
        across, down = ((place > 0.5) - (place < 0.5) for place in grip.value)
        gesture(tool, document, (x, y), (x + 20 * across, y + 20 * down), scale=scale)
        found = document.box
        assert found is not None
        assert (found.width, found.height) == (box.width + 20 * abs(across), box.height + 20 * abs(down)), grip
        document.history.undo()


def test_it_has_no_knob_that_turns_it(tool: BoxTool, document: Document) -> None:
    x, y = TransformBox(BOX).grips(1.0)[Grip.TURN]
    tool.move(document, event(x, y))
    assert tool.cursor == "cross"
    frame = TransformBox(BOX, turns=False)
    assert frame.hit((x, y), 1.0) is None
    assert Grip.TURN not in frame.grips(1.0)


def test_shift_and_the_option_keep_the_proportion(tool: BoxTool, document: Document) -> None:
    gesture(tool, document, (120, 90), (160, 90), modifiers=Modifier.SHIFT)
    assert document.box == Rect(40, 30, 120, 90)
    document.history.undo()
    tool.options.change(box_locked=True)
    gesture(tool, document, (120, 60), (160, 60))
    assert document.box == Rect(40, 15, 120, 90)
    gesture(tool, document, (200, 150), (240, 160))
    assert document.box == Rect(200, 150, 40, 30), "a new one like the one before"
    tool.delete(document)
    gesture(tool, document, (200, 150), (240, 160))
    assert document.box == Rect(200, 150, 40, 40), "a square, as there is nothing to be like"


def test_an_example_s_proportion_comes_first(tool: BoxTool, document: Document) -> None:
    tool.proportion = lambda of: 2.0 if of is document else None
    gesture(tool, document, (120, 90), (160, 90), modifiers=Modifier.SHIFT)
    assert document.box == Rect(40, 30, 120, 60)
    gesture(tool, document, (200, 200), (220, 205), modifiers=Modifier.SHIFT)
    assert document.box == Rect(200, 200, 20, 10)
    assert tool.kept_proportion(document) == 2.0
    assert tool.kept_proportion(photo_document()) == 1.0


def test_alt_draws_and_resizes_from_the_middle(tool: BoxTool, document: Document) -> None:
    gesture(tool, document, (120, 60), (130, 60), modifiers=Modifier.ALT)
    assert document.box == Rect(30, 30, 100, 60)
    gesture(tool, document, (200, 200), (220, 210), modifiers=Modifier.ALT | Modifier.SHIFT)
    assert document.box == Rect(180, 188, 40, 24)


def test_shift_moves_along_one_axis_and_some_of_it_stays_on_the_picture(tool: BoxTool, document: Document) -> None:
    gesture(tool, document, (80, 60), (100, 70), modifiers=Modifier.SHIFT)
    assert document.box == Rect(60, 30, 80, 60)
    gesture(tool, document, (100, 60), (-900, 60))
    assert document.box == Rect(-79, 30, 80, 60)


def test_a_cancelled_drag_and_clicks_leave_no_step(tool: BoxTool, document: Document) -> None:
    before = document.snapshot()
    for start in ((80, 60), (120, 90), (250, 250)):
        tool.press(document, event(*start))
        tool.move(document, event(start[0] - 30, start[1] - 20))
        assert tool.active
        assert tool.box(document) != BOX
        tool.cancel(document)
        assert tool.box(document) == BOX
    gesture(tool, document, (80, 60), (81, 61))  # a hand that trembles
    gesture(tool, document, (250, 250))
    gesture(tool, document, (80, 60), (100, 70), (80, 60))
    assert document.snapshot() is before
    assert not tool.active


def test_a_box_drawn_beside_the_picture_is_refused_with_a_sentence(tool: BoxTool, document: Document) -> None:
    with pytest.raises(DocumentError, match="does not lie on the picture"):
        gesture(tool, document, (-80, -60), (-20, -10))
    assert not tool.active
    assert document.box == BOX
    gesture(tool, document, (-80, -60), (20, 10))
    assert document.box == Rect(-80, -60, 100, 70)


def test_a_handle_pulled_off_the_picture_stops_at_what_was_possible(tool: BoxTool, document: Document) -> None:
    document.place_box(Rect(-50, 30, 100, 60))
    gesture(tool, document, (50, 60), (10, 60), (-20, 60))
    assert document.box == Rect(-50, 30, 60, 60)


def test_arrow_keys_move_it_and_delete_takes_it_away(tool: BoxTool, document: Document) -> None:
    assert tool.nudges
    assert tool.deletes
    for _ in range(3):
        tool.nudge(document, 1, 0)
    tool.nudge(document, 0, -10)
    assert document.box == Rect(43, 20, 80, 60)
    gesture(tool, document, (80, 60), (90, 60))
    tool.nudge(document, 0, 1)
    assert titles(document) == ["Nudge box", "Move box", "Nudge box"]
    tool.delete(document)
    assert document.box is None
    tool.delete(document)
    tool.nudge(document, 1, 0)
    assert titles(document)[3:] == ["Remove box"]
    document.history.undo()
    assert document.box == Rect(53, 21, 80, 60)


def test_what_is_under_the_pointer_is_seen(tool: BoxTool, document: Document) -> None:
    told: list[None] = []
    tool.changed = lambda: told.append(None)
    for at, cursor, held in (
        ((80, 60), "move", Grip.INSIDE),
        ((40, 30), "size_right_down", Grip.TOP_LEFT),
        ((120, 30), "size_left_down", Grip.TOP_RIGHT),
        ((120, 60), "size_right", Grip.RIGHT),
        ((80, 90), "size_down", Grip.BOTTOM),
        ((200, 200), "cross", None),
    ):
        tool.move(document, event(*at))
        assert tool.cursor == cursor
        shown = tool.standing(document, covered=False)
        assert shown == BoxOverlay(TransformBox(BOX, turns=False), held)
    assert len(told) == 6
    tool.move(document, event(80, 60))
    tool.leave()
    assert tool.standing(document, covered=False) == BoxOverlay(TransformBox(BOX, turns=False))
    tool.press(document, event(200, 200))
    tool.move(document, event(230, 240))
    drawn = TransformBox(Rect(200, 200, 30, 40), turns=False)
    assert tool.standing(document, covered=False) == BoxOverlay(drawn, grips=False)
    assert tool.standing(photo_document(), covered=False) is None
    tool.cancel(document)
    document.history.do(commands.SetBox(None))
    assert tool.standing(document, covered=False) is None
