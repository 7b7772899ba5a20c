"""The tool that says where the selected thing shall go."""

from __future__ import annotations

import pytest

from editor import commands
from editor.document import Document
from editor.errors import DocumentError
from editor.events import Modifier
from editor.geometry import Rect
from editor.placement import Grip, Placement, TransformBox
from editor.tiles import TiledImage
from editor.tools import ToolOptions
from editor.tools.transform import TransformTool
from tests.editor.builders import event, gesture, photo_document

BOX = Rect(40, 30, 80, 60)


def selecting(rect: Rect = BOX) -> Document:
    document = photo_document()
    document.history.do(commands.SetSelection(TiledImage(channels=1).fill(rect, 255)))
    return document


@pytest.fixture
def tool() -> TransformTool:
    return TransformTool(ToolOptions())


def test_without_a_selection_it_says_what_to_do(tool: TransformTool) -> None:
    document = photo_document()
    with pytest.raises(DocumentError, match=r"Nothing is selected.*Select by click"):
        tool.press(document, event(10, 10))
    assert not tool.active
    assert tool.standing(document, covered=False) is None
    with pytest.raises(DocumentError, match="Nothing is selected"):
        commands.SetPlacement.in_document(document, Placement((1.0, 0.0)))


def test_one_drag_is_one_step_and_undo_takes_it_back(tool: TransformTool) -> None:
    document = selecting()
    seen = document.layers
    gesture(tool, document, (80, 60), (90, 65), (110, 50))
    assert document.placement == Placement((30.0, -10.0))
    assert [step.title for step in document.history.steps] == ["Select", "Transform region"]
    corner = TransformBox(BOX, document.placement).corners[2]  # (150, 80)
    gesture(tool, document, corner, (190, 110))
    assert document.placement == Placement((50.0, 5.0), 1.5)
    document.history.undo()
    assert document.placement == Placement((30.0, -10.0))
    document.history.undo()
    assert document.placement.rests
    document.history.redo()
    assert document.placement == Placement((30.0, -10.0))
    assert document.layers is seen  # the picture itself is left alone


def test_shift_snaps_and_alt_resizes_about_the_middle(tool: TransformTool) -> None:
    document = selecting()
    x, y = TransformBox(BOX).grips(1.0)[Grip.TURN]
    gesture(tool, document, (x, y), (150, 61), modifiers=Modifier.SHIFT)
    assert document.placement == Placement(turn=90.0)
    document.history.undo()
    gesture(tool, document, (120, 60), (140, 60), modifiers=Modifier.ALT)
    assert document.placement == Placement(scale=1.5)


def test_a_cancelled_drag_a_click_and_a_press_beside_leave_no_step(tool: TransformTool) -> None:
    document = selecting()
    before = document.snapshot()
    tool.press(document, event(80, 60))
    tool.move(document, event(120, 90))
    assert tool.frame(document) == TransformBox(BOX, Placement((40.0, 30.0)))
    tool.cancel(document)
    gesture(tool, document, (80, 60), (80, 60))
    gesture(tool, document, (250, 250), (10, 10))
    assert document.snapshot() is before
    assert tool.frame(document) == TransformBox(BOX)


def test_a_placement_belongs_to_its_selection(tool: TransformTool) -> None:
    document = selecting()
    gesture(tool, document, (80, 60), (110, 60))
    document.history.do(commands.SetSelection(TiledImage(channels=1).fill(Rect(0, 0, 20, 20), 255)))
    assert document.placement.rests
    gesture(tool, document, (10, 10), (15, 10))
    assert document.placement == Placement((5.0, 0.0))
    document.history.undo()
    document.history.undo()
    assert document.placement == Placement((30.0, 0.0))
    document.history.do(commands.SetSelection(None))
    assert document.placement.rests


def test_it_goes_along_when_the_canvas_is_cropped(tool: TransformTool) -> None:
    document = selecting()
    gesture(tool, document, (80, 60), (110, 60))
    document.history.do(commands.Crop(Rect(20, 20, 200, 200)))
    assert document.placement == Placement((30.0, 0.0))
    assert tool.frame(document) == TransformBox(BOX.translated(-20, -20), Placement((30.0, 0.0)))
    document.history.undo()
    assert document.placement == Placement((30.0, 0.0))


def test_enter_and_escape_are_about_the_placement_unless_an_edit_runs(tool: TransformTool) -> None:
    document = selecting()
    wanted: list[Document] = []
    tool.wanted = wanted.append
    assert not tool.waits(document)
    gesture(tool, document, (80, 60), (110, 60))
    assert tool.waits(document)
    tool.finish(document)
    assert wanted == [document]
    tool.busy = lambda one: one is document
    assert not tool.waits(document)
    tool.drop(document)
    assert document.placement.rests
    assert document.history.steps[-1].title == "Reset transform"
    document.history.undo()
    assert document.placement == Placement((30.0, 0.0))


def test_what_is_shown_is_the_thing_at_its_new_place(tool: TransformTool) -> None:
    document = selecting()
    told: list[int] = []
    tool.changed = lambda: told.append(1)
    tool.move(document, event(80, 60))
    resting = tool.standing(document, covered=False)
    assert resting is not None
    assert resting.lifted is not None
    assert (resting.frame, resting.held, resting.lifted.area) == (TransformBox(BOX), Grip.INSIDE, BOX)
    first = resting.lifted
    tool.press(document, event(80, 60))
    tool.move(document, event(100, 60))
    moved = tool.standing(document, covered=False)
    assert moved is not None
    assert moved.frame.placement.shift == (20.0, 0.0)
    assert moved.lifted is first  # cut out once
    tool.release(document, event(100, 60))
    covered = tool.standing(document, covered=True)
    assert covered is not None
    assert covered.lifted is None
    assert told
    tool.left_out = frozenset([document.layers[0].id])
    tool.lift(document)
    empty = tool.standing(document, covered=False)
    assert empty is not None
    assert empty.lifted is not None
    assert not empty.lifted.pixels.any()


def test_the_pointer_tells_what_can_be_taken(tool: TransformTool) -> None:
    document = selecting()
    for point, cursor in (((80, 60), "move"), ((40, 30), "size_right_down"), ((250, 250), "cross")):
        tool.move(document, event(*point))
        assert tool.cursor == cursor


def test_the_cursor_tells_in_which_direction_a_handle_resizes(tool: TransformTool) -> None:
    document = selecting()
    frame = tool.frame(document)
    assert frame is not None
    wanted = {
        Grip.LEFT: "size_right", Grip.RIGHT: "size_right", Grip.TOP: "size_down", Grip.BOTTOM: "size_down",
        Grip.TOP_LEFT: "size_right_down", Grip.TOP_RIGHT: "size_left_down", Grip.TURN: "pick",
    }  # fmt: skip
    for grip, cursor in wanted.items():
        tool.move(document, event(*frame.grips(4.0)[grip], scale=4.0))
        assert tool.cursor == cursor, grip
    document.history.do(commands.SetPlacement.in_document(document, Placement((0.0, 0.0), 1.0, 45.0)))
    turned = tool.frame(document)
    assert turned is not None
    tool.move(document, event(*turned.grips(4.0)[Grip.RIGHT], scale=4.0))
    assert tool.cursor == "size_right_down"
