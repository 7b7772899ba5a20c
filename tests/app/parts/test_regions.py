"""Transform region in the window: box, numbers, the method's parameters, Enter, Esc, undo, and the layer again."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.errors import Message
from app.jobs.bridge import request_of
from app.jobs.engine_thread import EngineThread
from app.jobs.regions import moved_selection, placement_in, values_of
from app.main_window import MainWindow
from app.parts.asking import asked
from editor.commands import SetPoints, SetSelection
from editor.composite import composite
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle
from editor.placement import Grip, Placement, TransformBox
from editor.points import PointPair
from engine.request import EditRequest
from tests.app.carrying import CarryParameters
from tests.app.conftest import act, drag, photo

SQUARE = Rect(8, 8, 16, 16)  # the red one in the photo
Wait = Callable[[], None]


def select(document: Document, rect: Rect = SQUARE) -> None:
    area = rectangle(Rect(rect.x, rect.y, rect.width, rect.height), document.canvas)
    document.history.do(SetSelection(area))


def titles(document: Document) -> list[str]:
    return [step.title for step in document.history.steps]


def shift_by(window: MainWindow, dx: float, dy: float) -> None:
    """Drag the inside of the box."""
    document = window.documents.current
    assert document is not None
    frame = window.regions.tool.frame(document)
    assert frame is not None
    x, y = frame.middle
    drag(window, (x, y), (x + dx, y + dy))


def test_the_method_s_parameters_are_the_placement() -> None:
    placement = Placement((12.5, -3.0), 1.25, -30.0)
    assert values_of(placement) == {"shift_x": 12.5, "shift_y": -3.0, "scale": 1.25, "turn": -30.0}
    assert placement_in(values_of(placement)) == placement
    assert placement_in({"shift_x": 1.0, "steps": 4}) is None


def test_a_drag_chooses_the_method_and_fills_its_parameters(
    window: MainWindow, document: Document, carrying: EngineThread
) -> None:
    select(document)
    act(window, "transform")
    shift_by(window, 30, 10)
    assert document.placement == Placement((30.0, 10.0))
    assert window.options.method is not None
    assert window.options.method.id == "dragon"
    assert placement_in(window.options.parameters()) == document.placement
    assert window.option_bar.transform_page.across.value() == 30.0
    assert "Enter" in window.option_bar.transform_page.hint.accessibleName()
    act(window, "undo")
    assert document.placement.rests
    assert window.options["shift_x"] == 0.0
    act(window, "redo")
    assert window.options["shift_x"] == 30.0


def test_corner_and_knob_are_taken_at_any_zoom(window: MainWindow, document: Document, carrying: EngineThread) -> None:
    select(document)
    act(window, "transform")
    view = window.workspace.view
    assert view is not None
    for zoom in (4.0, 12.0):
        view.zoom_to(zoom)
        corner = TransformBox(SQUARE).grips(zoom)[Grip.BOTTOM_RIGHT]
        drag(window, corner, (corner[0] + 8, corner[1] + 8))
        assert document.placement == Placement((4.0, 4.0), 1.5)
        knob = TransformBox(SQUARE, document.placement).grips(zoom)[Grip.TURN]
        middle = TransformBox(SQUARE, document.placement).middle
        drag(window, knob, (middle[0] + 30, middle[1]))
        assert document.placement.turn == pytest.approx(90.0, abs=1.0)
        document.history.undo()
        document.history.undo()


def test_numbers_are_typed_in_the_row_or_in_the_panel(
    window: MainWindow, document: Document, carrying: EngineThread
) -> None:
    page = window.option_bar.transform_page
    act(window, "transform")
    assert not page.across.isEnabled()
    assert "Select the thing first" in page.hint.accessibleName()
    select(document)
    assert page.across.isEnabled()
    page.across.setValue(7.5)
    page.scale.setValue(150.0)
    page.turn.setValue(-45.0)
    assert document.placement == Placement((7.5, 0.0), 1.5, -45.0)
    assert titles(document) == ["Select", "Transform region"]  # typing is one step
    window.options.set("shift_y", -12.0)  # the Method panel
    assert document.placement == Placement((7.5, -12.0), 1.5, -45.0)
    assert page.down.value() == -12.0
    act(window, "transform_reset")
    assert document.placement.rests
    assert page.scale.value() == 100.0
    QApplication.processEvents()
    assert not window.commands["transform_reset"].isEnabled()


def test_another_selection_or_picture_has_its_own_placement(
    window: MainWindow, document: Document, carrying: EngineThread
) -> None:
    select(document)
    act(window, "transform")
    shift_by(window, 30, 0)
    select(document, Rect(40, 20, 10, 10))
    assert window.options["shift_x"] == 0.0
    other = photo(40, 30, "other")
    act(window, "undo")
    assert window.options["shift_x"] == 30.0
    window.documents.add(other)
    assert window.options["shift_x"] == 0.0
    window.documents.choose(document)
    assert window.options["shift_x"] == 30.0


def test_enter_takes_the_thing_there_and_one_undo_brings_the_box_back(
    qtbot: QtBot, window: MainWindow, document: Document, carrying: EngineThread
) -> None:
    select(document)
    act(window, "transform")
    shift_by(window, 40, 20)
    before, moved = composite(document.snapshot()), rectangle(Rect(48, 28, 16, 16), document.canvas)
    view = window.workspace.view
    assert view is not None
    view.setFocus()
    with qtbot.waitSignal(window.runs.applied, timeout=60_000):
        QTest.keyClick(view, Qt.Key.Key_Return)
    after = composite(document.snapshot())
    assert (after[28:44, 48:64, :3] == (200, 40, 30)).all()  # the square is there
    assert not after[8:24, 8:24, :3].any()
    assert document.placement.rests
    assert document.selection is not None
    np.testing.assert_array_equal(document.selection.read(document.canvas), moved.read(document.canvas))
    frame = window.regions.tool.frame(document)
    assert frame is not None
    assert frame.box == Rect(48, 28, 16, 16), "the box goes along"
    steps = titles(document)
    act(window, "undo")
    np.testing.assert_array_equal(composite(document.snapshot()), before)
    assert document.placement == Placement((40.0, 20.0))
    assert document.selection.content() == SQUARE
    assert len(steps) == 3
    QApplication.processEvents()
    assert "new layer" not in window.status.text.text(), "it is gone"


def test_a_thing_that_was_moved_can_be_moved_on(
    qtbot: QtBot, window: MainWindow, document: Document, carrying: EngineThread
) -> None:
    select(document)
    act(window, "transform")
    for shift in ((40, 20), (-20, 10)):
        shift_by(window, *shift)
        with qtbot.waitSignal(window.runs.applied, timeout=60_000):
            window.regions.run()
    after = composite(document.snapshot())
    assert (after[38:54, 28:44, :3] == (200, 40, 30)).all()
    assert not after[28:38, 48:64, :3].any(), "it left where it was in between"


def test_what_is_pasted_leaves_the_selection_where_it_is() -> None:
    mask = np.zeros((64, 96), np.uint8)
    mask[8:24, 8:24] = 255
    image = np.zeros((64, 96, 3), np.uint8)
    for task, box in (("move", Rect(38, 18, 16, 16)), ("paste", None), ("appearance", None)):
        request = EditRequest("dragon", image, CarryParameters(task, 30.0, 10.0), mask=mask)
        selection = moved_selection(request)
        assert (selection.content() if selection is not None else None) == box


def test_escape_lets_the_thing_stay(window: MainWindow, document: Document, carrying: EngineThread) -> None:
    select(document)
    act(window, "transform")
    shift_by(window, 40, 20)
    view = window.workspace.view
    assert view is not None
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert document.placement.rests
    assert titles(document)[-1] == "Reset transform"


def test_what_cannot_be_done_is_said(
    window: MainWindow, document: Document, carrying: EngineThread, posted: list[Message]
) -> None:
    act(window, "transform")
    drag(window, (16, 16), (30, 30))
    assert posted[-1].sentence.startswith("Nothing is selected, so there is nothing to transform. Click the thing")
    window.regions.run()
    assert "Select by click" in posted[-1].sentence
    select(document)
    window.regions.run()
    assert "Drag the box" in posted[-1].sentence
    window.options.set_methods([info for info in window.options.methods if info.id != "dragon"])
    shift_by(window, 40, 20)
    assert "not installed" in posted[-1].sentence
    assert document.placement == Placement((40.0, 20.0))


def test_the_layer_can_be_edited_again_with_its_box(
    qtbot: QtBot, window: MainWindow, document: Document, carrying: EngineThread, wait: Wait
) -> None:
    select(document)
    act(window, "transform")
    shift_by(window, 40, 20)
    with qtbot.waitSignal(window.runs.applied, timeout=60_000):
        window.regions.run()
    result = document.active
    assert result is not None
    document.history.do(SetSelection(None))
    assert "Double-click the new layer" in window.status.text.text()
    steps = len(titles(document))
    act(window, "edit_again")
    wait()
    assert document.placement == Placement((40.0, 20.0))
    assert len(titles(document)) == steps + 1
    tool = window.regions.tool
    assert tool.left_out == {result}
    seen = tool.standing(document, covered=False)
    assert seen is not None
    assert seen.frame == TransformBox(SQUARE, Placement((40.0, 20.0)))
    assert seen.lifted is None  # the layer shows it there already
    qtbot.waitUntil(lambda: tool._lifted is not None, timeout=5000)
    shift_by(window, 10, 0)
    qtbot.waitUntil(lambda: tool._lifted is not None and tool._lifted[1].pixels[0, 0, 0] == 200, timeout=5000)
    with qtbot.waitSignal(window.runs.applied, timeout=60_000):
        window.regions.run()
    request = request_of(document[result])
    assert placement_in(vars(request.parameters)) == Placement((50.0, 20.0))
    assert (composite(document.snapshot())[28:44, 58:74, :3] == (200, 40, 30)).all()
    assert document.placement == Placement((50.0, 20.0))


def test_the_picture_is_painted_with_the_thing_at_its_new_place(
    qtbot: QtBot, window: MainWindow, document: Document, carrying: EngineThread
) -> None:
    select(document)
    act(window, "transform")
    view, tool = window.workspace.view, window.regions.tool
    assert view is not None
    qtbot.waitUntil(lambda: tool._lifted is not None and not view.busy, timeout=5000)
    window.regions.set(Placement((40.0, 20.0)))
    view.repaint()
    shown = view.grab().toImage()

    def colour(x: float, y: float) -> tuple[int, int, int]:
        at = view.canvas_to_widget(QPointF(x, y)) * shown.devicePixelRatio()
        pixel = shown.pixelColor(round(at.x()), round(at.y()))
        return pixel.red(), pixel.green(), pixel.blue()

    assert colour(53, 33) == (200, 40, 30)
    red, green, blue = colour(13.3, 16.2)  # shaded and hatched
    assert (red, green, blue) != (200, 40, 30)


def test_the_floating_bar_stays_clear_of_the_box(
    window: MainWindow, document: Document, carrying: EngineThread
) -> None:
    select(document)
    act(window, "transform")
    view = window.workspace.view
    assert view is not None
    for placement in (Placement(), Placement((30.0, 5.0), 1.2, 30.0)):
        window.regions.set(placement)
        lowest = max(view.canvas_to_widget(QPointF(*corner)).y() for corner in TransformBox(SQUARE, placement).corners)
        assert window.workspace.bar.y() > lowest


def test_left_over_drag_points_do_not_lead_what_the_box_places(
    window: MainWindow, document: Document, carrying: EngineThread
) -> None:
    document.history.do(SetPoints((PointPair((10.5, 10.5), (60.5, 40.5)),)))
    select(document)
    window.options.choose("dragon")

    def points() -> object:
        return asked(document, window.options, window.recipes, window.options.parameters()).build().points

    assert points() is not None
    window.regions.set(Placement((30.0, 0.0)))
    assert points() is None
    window.regions.reset()
    assert points() is not None
    window.options.set("task", "paste")  # what is pasted comes where the box is, also while that rests
    assert points() is None
