"""What the canvas makes of mouse, pen, wheel, fingers and keys: it moves under them, or the tool works."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
    QPointingDevice,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.view import CanvasView
from editor.composite import composite
from editor.document import Document
from editor.errors import DocumentError
from editor.events import Phase, PointerEvent
from editor.geometry import Rect
from editor.layers import ImageLayer
from editor.tools import TOOLS, Tool, ToolOptions
from tests.app.canvas.scenes import (
    drag,
    grabbed,
    mouse,
    options,
    pen,
    photo_document,
    settle,
    shown_view,
    strokes_document,
)


class Recorder(Tool):
    """Remembers what reached it; fails when told to."""

    id, title, shortcut = "recorder", "Recorder", ""

    def __init__(self) -> None:
        super().__init__(ToolOptions())
        self.events: list[PointerEvent] = []
        self.cancelled = 0
        self.failing: Phase | None = None

    def _take(self, event: PointerEvent) -> None:
        if event.phase is self.failing:
            raise DocumentError("This layer is locked.")
        self.events.append(event)

    def press(self, document: Document, event: PointerEvent) -> None:
        self._take(event)
        self.active = True

    def move(self, document: Document, event: PointerEvent) -> None:
        self._take(event)

    def release(self, document: Document, event: PointerEvent) -> None:
        self.active = False
        self._take(event)

    def cancel(self, document: Document) -> None:
        self.active = False
        self.cancelled += 1


def close_to(a: QPointF, b: QPointF, distance: float) -> bool:
    return float(((a.x() - b.x()) ** 2 + (a.y() - b.y()) ** 2) ** 0.5) <= distance


@pytest.mark.parametrize(("zoom", "turn"), [(1.0, 0.0), (0.3, 25.0), (7.3, -110.0)])
def test_widget_and_canvas_coordinates_are_inverse(qtbot: QtBot, zoom: float, turn: float) -> None:
    view = shown_view(qtbot, photo_document(500, 400))
    view.rotate_by(turn)
    view.zoom_to(zoom)
    for point in (QPointF(0, 0), QPointF(123.25, 77.5), QPointF(500, 400)):
        assert close_to(view.widget_to_canvas(view.canvas_to_widget(point)), point, 1e-6)
    assert view.zoom == zoom
    assert view.rotation == pytest.approx(turn)


@pytest.mark.parametrize("notches", [1, -1, 4])
def test_the_wheel_zooms_to_the_pointer(qtbot: QtBot, notches: int) -> None:
    view = shown_view(qtbot, photo_document(500, 400))
    view.zoom_to(1.0)
    at = QPointF(150, 120)
    held, before = view.widget_to_canvas(at), view.zoom
    no_keys, no_button = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.NoButton
    phase = Qt.ScrollPhase.NoScrollPhase
    event = QWheelEvent(at, view.mapToGlobal(at), QPoint(), QPoint(0, 120 * notches), no_button, no_keys, phase, False)
    QApplication.sendEvent(view, event)
    assert view.zoom == pytest.approx(before * 2 ** (notches / 3))
    assert close_to(view.canvas_to_widget(held), at, 0.75)


def test_touchpad_scrolling_pans_and_with_control_zooms(qtbot: QtBot) -> None:
    view = shown_view(qtbot, photo_document(500, 400))
    view.zoom_to(1.0)
    at = QPointF(150, 120)

    def scroll(keys: Qt.KeyboardModifier) -> None:
        button, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.ScrollUpdate
        event = QWheelEvent(at, view.mapToGlobal(at), QPoint(6, -9), QPoint(12, -18), button, keys, phase, False)
        QApplication.sendEvent(view, event)

    held = view.widget_to_canvas(at)
    scroll(Qt.KeyboardModifier.NoModifier)
    assert view.canvas_to_widget(held) == at + QPointF(6, -9)
    scroll(Qt.KeyboardModifier.ControlModifier)
    assert view.zoom < 1.0


def test_space_drag_pans_and_shift_space_turns(qtbot: QtBot) -> None:
    view = shown_view(qtbot, photo_document(300, 200))
    tool = Recorder()
    view.set_tool(tool)
    view.zoom_to(1.0)
    under = view.widget_to_canvas(QPointF(100, 100))
    QTest.keyPress(view, Qt.Key.Key_Space)
    assert view.cursor().shape() == Qt.CursorShape.OpenHandCursor
    drag(view, [QPointF(100, 100), QPointF(120, 110), QPointF(140, 130)])
    assert close_to(view.canvas_to_widget(under), QPointF(140, 130), 1e-6)
    shift = Qt.KeyboardModifier.ShiftModifier
    drag(view, [QPointF(300, 150), QPointF(200, 250)], keys=shift)  # a quarter turn about (200, 150)
    assert view.rotation == pytest.approx(90.0)
    QTest.keyRelease(view, Qt.Key.Key_Space)
    assert not [event for event in tool.events if event.phase is not Phase.HOVER]
    drag(view, [QPointF(100, 100), QPointF(90, 95)], button=Qt.MouseButton.MiddleButton)
    assert not [event for event in tool.events if event.phase is not Phase.HOVER]
    view.reset_rotation()
    assert view.rotation == 0.0


def test_pressure_tilt_and_the_eraser_end_reach_the_tool(qtbot: QtBot) -> None:
    view = shown_view(qtbot, photo_document(300, 200))
    tool = Recorder()
    view.set_tool(tool)
    for kind, pressure in (("press", 0.25), ("move", 0.5), ("release", 0.0)):
        pen(view, kind, QPointF(200, 150), pressure)
    assert [event.phase for event in tool.events] == [Phase.PRESS, Phase.MOVE, Phase.RELEASE]
    assert [event.pressure for event in tool.events] == pytest.approx([0.25, 0.5, 0.0], abs=1e-3)
    assert tool.events[0].tilt == (10.0, -20.0)
    assert tool.events[0].scale == view.zoom
    expected = view.widget_to_canvas(QPointF(200, 150))
    assert (tool.events[0].x, tool.events[0].y) == pytest.approx((expected.x(), expected.y()))
    assert not tool.events[0].eraser
    pen(view, "press", QPointF(200, 150), 1.0, eraser=True)
    assert tool.events[-1].eraser


def test_pressure_makes_a_brush_line_thinner(qtbot: QtBot) -> None:
    document = strokes_document(300, 200)
    view = shown_view(qtbot, document)
    view.zoom_to(1.0)
    view.set_tool(TOOLS["brush"](options(20)))

    def width_at(pressure: float, x: int) -> int:
        for kind in ("press", "release"):
            pen(view, kind, view.canvas_to_widget(QPointF(x, 100)), pressure)
        assert document.active is not None
        layer = document[document.active]
        assert isinstance(layer, ImageLayer)
        return int((layer.pixels.read(Rect(x, 0, 1, 200))[..., 3] > 127).sum())

    assert width_at(1.0, 100) == pytest.approx(20, abs=1)
    assert width_at(0.5, 200) < 15


def test_escape_cancels_the_stroke_and_leaves_the_document_as_it_was(qtbot: QtBot) -> None:
    document = strokes_document(300, 200)
    view = shown_view(qtbot, document)
    view.zoom_to(1.0)
    settle(view)
    view.set_tool(TOOLS["brush"](options(20)))
    before, screen = composite(document.snapshot()), grabbed(view)
    escape = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    escape.ignore()
    QApplication.sendEvent(view, escape)
    assert not escape.isAccepted()  # with nothing going on the key belongs to the window
    mouse(view, "press", QPointF(200, 150))
    mouse(view, "move", QPointF(240, 160))
    assert not np.array_equal(composite(document.snapshot()), before)
    QApplication.sendEvent(view, escape)
    assert escape.isAccepted()
    QTest.keyClick(view, Qt.Key.Key_Escape)
    mouse(view, "move", QPointF(250, 165))
    mouse(view, "release", QPointF(250, 165))
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    settle(view)
    assert np.array_equal(composite(document.snapshot()), before)
    assert np.array_equal(grabbed(view), screen)
    assert not document.history.can_undo


def test_a_failing_tool_is_told_in_a_sentence_and_cancelled(qtbot: QtBot) -> None:
    view = shown_view(qtbot, photo_document(300, 200))
    tool = Recorder()
    view.set_tool(tool)
    tool.failing = Phase.PRESS
    with qtbot.waitSignal(view.tool_failed) as failed:
        mouse(view, "press", QPointF(100, 100))
    assert failed.args == ["This layer is locked."]
    assert not view.gesture.active
    assert tool.cancelled == 0
    tool.failing = Phase.MOVE
    mouse(view, "press", QPointF(100, 100))
    mouse(view, "move", QPointF(110, 100))
    assert tool.cancelled == 1
    assert not view.gesture.active


def fingers(view: CanvasView) -> QTest.QTouchEventSequence:
    """Touches to be told as .press/.move/.stationary/.release(id, QPoint, view) and sent by .commit()."""
    return QTest.touchEvent(view, touch_screen(), False)


@cache
def touch_screen() -> QPointingDevice:
    return QTest.createTouchDevice()


def test_one_finger_works_the_tool_and_two_move_the_view(qtbot: QtBot) -> None:
    view = shown_view(qtbot, photo_document(300, 200))
    view.zoom_to(1.0)
    tool = Recorder()
    view.set_tool(tool)
    sequence = fingers(view)
    sequence.press(0, QPoint(100, 100), view).commit()
    assert not tool.events  # a second finger may still come
    sequence.move(0, QPoint(120, 100), view).commit()
    sequence.release(0, QPoint(130, 100), view).commit()
    assert [event.phase for event in tool.events] == [Phase.PRESS, Phase.MOVE, Phase.RELEASE]
    assert [event.pressure for event in tool.events] == [1.0, 1.0, 1.0]
    held = [view.widget_to_canvas(QPointF(x, 150)) for x in (150, 250)]
    tool.events.clear()
    sequence.press(1, QPoint(150, 150), view).commit()
    sequence.stationary(1).press(2, QPoint(250, 150), view).commit()
    sequence.move(1, QPoint(100, 120), view).move(2, QPoint(300, 120), view).commit()
    sequence.release(1, QPoint(100, 120), view).release(2, QPoint(300, 120), view).commit()
    assert not [event for event in tool.events if event.phase is not Phase.HOVER]
    assert view.zoom == pytest.approx(2.0)
    for point, at in zip(held, (QPointF(100, 120), QPointF(300, 120)), strict=True):
        assert close_to(view.canvas_to_widget(point), at, 1.0)


def test_a_second_finger_takes_back_what_the_first_began(qtbot: QtBot) -> None:
    document = strokes_document(300, 200)
    view = shown_view(qtbot, document)
    view.set_tool(TOOLS["brush"](options(20)))
    before = composite(document.snapshot())
    sequence = fingers(view)
    sequence.press(0, QPoint(150, 150), view).commit()
    sequence.move(0, QPoint(180, 150), view).commit()
    assert not np.array_equal(composite(document.snapshot()), before)
    sequence.move(0, QPoint(181, 150), view).press(1, QPoint(250, 150), view).commit()
    assert np.array_equal(composite(document.snapshot()), before)
    assert not document.history.can_undo


def test_dropped_files_are_passed_on(qtbot: QtBot, tmp_path: Path) -> None:
    view = shown_view(qtbot, None)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.png")), QUrl("https://example.org/b.png")])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(view, QDragEnterEvent(QPoint(5, 5), copy, data, left, none))
    with qtbot.waitSignal(view.files_dropped) as dropped:
        QApplication.sendEvent(view, QDropEvent(QPointF(5, 5), copy, data, left, none))
    assert dropped.args == [[tmp_path / "a.png"], view.mapToGlobal(QPoint(5, 5))]
