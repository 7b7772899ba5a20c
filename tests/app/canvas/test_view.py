from __future__ import annotations

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, QRect, QRectF, Qt, QUrl
from PySide6.QtGui import (
    QColor,
    QColorSpace,
    QDragEnterEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QPointingDevice,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.preview import COMPARED
from app.canvas.view import CanvasView
from editor.commands import AddLayer, ResizeCanvas, SetPlacement, SetSelection
from editor.composite import composite
from editor.document import Document
from editor.errors import DocumentError
from editor.events import Phase, PointerEvent
from editor.files.colour import to_srgb
from editor.geometry import Rect
from editor.layers import ImageLayer, Role
from editor.masks import rectangle
from editor.placement import Placement
from editor.tiles import TiledImage
from editor.tools import TOOLS, Tool, ToolOptions
from editor.tools.overlay import PlacementOverlay
from editor.tools.transform import TransformTool
from tests.app.canvas.scenes import (
    drag,
    grabbed,
    line,
    mouse,
    pen,
    photo_document,
    settle,
    shown_view,
    strokes_document,
)

RED = (1.0, 0.0, 0.0, 1.0)


def options(size: float = 10.0) -> ToolOptions:
    made = ToolOptions()
    made.change(colour=RED)
    made.change_brush("brush", size=size, hardness=1.0, spacing=0.1, pressure_size=True, smoothing=0.0)
    return made


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


@pytest.mark.parametrize("zoom", [1.0, 4.0])
def test_the_screen_shows_exactly_the_pixels_of_the_document(qtbot: QtBot, zoom: float) -> None:
    document = photo_document(300, 200)
    view = shown_view(qtbot, document)
    view.zoom_to(zoom)
    view.viewport.pan(QPointF(37, -11))
    view._view_moved()
    settle(view)
    picture, seen = grabbed(view), composite(document.snapshot())
    for x, y in ((150, 100), (160, 120), (137, 81)):
        at = view.canvas_to_widget(QPointF(x + 0.5, y + 0.5))
        assert tuple(picture[int(at.y()), int(at.x())]) == tuple(seen[y, x, :3])
    if zoom == 1.0:
        corner = view.canvas_to_widget(QPointF(100, 60)).toPoint()
        part = picture[corner.y() : corner.y() + 80, corner.x() : corner.x() + 120]
        assert np.array_equal(part, seen[60:140, 100:220, :3])


def test_painting_with_the_mouse_changes_exactly_what_the_brush_covers(qtbot: QtBot) -> None:
    document = strokes_document(300, 200)
    view = shown_view(qtbot, document)
    view.zoom_to(1.0)
    settle(view)
    view.set_tool(TOOLS["brush"](options(10)))
    before, screen_before = composite(document.snapshot()), grabbed(view)
    start, end = (view.canvas_to_widget(QPointF(x, 100)) for x in (100, 180))
    with qtbot.waitSignal(view.gesture_finished) as finished:
        drag(view, list(line(start.toPoint(), end.toPoint(), 8)))
    assert finished.args == ["brush"]
    mouse(view, "move", QPointF(5, 5), held=False)  # the outline leaves the stroke
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    settle(view)
    after, screen_after = composite(document.snapshot()), grabbed(view)
    changed = (after != before).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (95, 104, 95, 184)
    assert (after[98:102, 100:180] == (255, 0, 0, 255)).all()
    assert len(document.history.steps) == 1
    corner = view.canvas_to_widget(QPointF(0, 0)).toPoint()
    on_screen = (screen_after != screen_before).any(axis=2)
    rows, columns = np.nonzero(on_screen)
    assert (columns.min() - corner.x(), columns.max() - corner.x()) == (95, 184)
    assert (rows.min() - corner.y(), rows.max() - corner.y()) == (95, 104)
    part = screen_after[corner.y() + 90 : corner.y() + 110, corner.x() + 90 : corner.x() + 190]
    assert np.array_equal(part, after[90:110, 90:190, :3])
    document.history.undo()
    settle(view)
    assert np.array_equal(grabbed(view), screen_before)


@pytest.mark.parametrize(("zoom", "turn"), [(0.4, 0.0), (1.5, 0.0), (1.0, 30.0), (5.0, 90.0)])
def test_what_was_repainted_in_parts_looks_like_painted_whole(qtbot: QtBot, zoom: float, turn: float) -> None:
    document = strokes_document(900, 700)
    view = shown_view(qtbot, document)
    view.rotate_by(turn)
    view.zoom_to(zoom)
    settle(view)
    view.set_tool(TOOLS["brush"](options(40)))
    drag(view, list(line(QPoint(120, 110), QPoint(260, 190), 12)))
    for delta in (QPointF(13, -40), QPointF(-60, 22), QPointF(7, 5)):
        view.viewport.pan(delta)
        view._view_moved()
        settle(view)
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    settle(view)
    in_parts = grabbed(view).astype(int)
    view._frame.outdate_all()
    view.update()
    settle(view)
    difference = np.abs(grabbed(view).astype(int) - in_parts)
    assert difference.max() <= 2  # bilinear weights are rounded to 1/32 pixel, from another corner


def test_a_preview_comes_and_goes_without_a_trace(qtbot: QtBot) -> None:
    view = shown_view(qtbot, photo_document(300, 200))
    view.zoom_to(1.0)
    settle(view)
    before = grabbed(view)
    image = QImage(20, 10, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(0, 255, 0))
    view.show_preview(3, image, QRect(100, 50, 80, 40), 1.0)
    settle(view)
    corner = view.canvas_to_widget(QPointF(100, 50)).toPoint()
    shown = grabbed(view)
    assert (shown[corner.y() + 1 : corner.y() + 39, corner.x() + 1 : corner.x() + 79] == (0, 255, 0)).all()
    changed = (shown != before).any(axis=2)
    changed[corner.y() : corner.y() + 40, corner.x() : corner.x() + 80] = False
    assert not changed.any()
    view.show_preview(3, image, QRect(20, 20, 60, 60), 0.4)
    view.show_preview(4, QImage(), QRect(150, 100, 100, 80), 0.1)
    settle(view)
    assert (grabbed(view) != before).any()
    view.clear_preview(3)
    view.clear_preview(4)
    view.clear_preview(5)
    settle(view)
    assert np.array_equal(grabbed(view), before)


def test_what_is_compared_is_seen_alone(qtbot: QtBot) -> None:
    view = shown_view(qtbot, photo_document(300, 200))
    view.zoom_to(1.0)
    settle(view)
    before = grabbed(view)
    images = [QImage(8, 8, QImage.Format.Format_ARGB32_Premultiplied) for _ in range(2)]
    images[0].fill(QColor(0, 255, 0))
    images[1].fill(QColor(0, 0, 255))
    view.show_preview(3, images[0], QRect(20, 20, 60, 60), 0.4)
    view.show_preview(4, QImage(), QRect(200, 100, 80, 80), 0.0)
    settle(view)
    running = grabbed(view)
    view.show_preview(COMPARED, images[1], QRect(100, 50, 80, 40), 1.0)
    view.show_preview(3, images[0], QRect(20, 20, 60, 60), 0.6)  # it goes on meanwhile
    settle(view)
    corner = view.canvas_to_widget(QPointF(100, 50)).toPoint()
    shown = grabbed(view)
    assert (shown[corner.y() + 1 : corner.y() + 39, corner.x() + 1 : corner.x() + 79] == (0, 0, 255)).all()
    shown[corner.y() : corner.y() + 40, corner.x() : corner.x() + 80] = 0
    before[corner.y() : corner.y() + 40, corner.x() : corner.x() + 80] = 0
    assert np.array_equal(shown, before)
    view.show_preview(3, images[0], QRect(20, 20, 60, 60), 0.4)
    view.clear_preview(COMPARED)
    settle(view)
    assert np.array_equal(grabbed(view), running)


def test_a_transparent_preview_lets_the_picture_through(qtbot: QtBot) -> None:
    view = shown_view(qtbot, photo_document(300, 200))
    settle(view)
    before = grabbed(view)
    image = QImage(16, 16, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor(0, 0, 0, 0))
    view.show_preview(1, image, QRect(50, 50, 100, 100), 1.0)
    settle(view)
    assert np.array_equal(grabbed(view), before)


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


def test_transparency_is_checkered_and_the_empty_view_says_what_to_do(qtbot: QtBot) -> None:
    document = Document(64, 64)
    view = shown_view(qtbot, document)
    view.zoom_to(1.0)
    settle(view)
    corner = view.canvas_to_widget(QPointF(0, 0)).toPoint()
    seen = grabbed(view)[corner.y() : corner.y() + 64, corner.x() : corner.x() + 64]
    assert len(np.unique(seen.reshape(-1, 3), axis=0)) == 2
    assert (seen[0, 0] == seen[8, 8]).all()
    assert (seen[0, 0] != seen[0, 8]).any()
    view.set_document(None)
    settle(view)
    assert len(np.unique(grabbed(view).reshape(-1, 3), axis=0)) > 2  # letters
    assert view.document is None


def test_the_grid_appears_close_up(qtbot: QtBot) -> None:
    document = Document(40, 40)
    white = np.full((40, 40, 4), 255, np.uint8)
    document.insert(ImageLayer(pixels=TiledImage.from_array(white)), None, 0)
    view = shown_view(qtbot, document)
    view.zoom_to(7.9)
    settle(view)
    assert len(np.unique(grabbed(view)[140:160, 190:210])) == 1
    view.zoom_to(10.0)
    settle(view)
    dark = (grabbed(view)[100:200, 150:250, 0] < 255).sum()
    assert dark == 10 * 100 * 2 - 10 * 10  # a line each 10 pixels both ways


def test_before_hides_results_and_comes_back(qtbot: QtBot) -> None:
    document = photo_document(300, 200)
    view = shown_view(qtbot, document)
    view.zoom_to(1.0)
    settle(view)
    plain = grabbed(view)
    red = np.zeros((200, 300, 4), np.uint8)
    red[50:100, 50:150] = (255, 0, 0, 255)
    document.history.do(AddLayer(ImageLayer(role=Role.RESULT, pixels=TiledImage.from_array(red)), None, 1))
    settle(view)
    with_result = grabbed(view)
    assert (with_result != plain).any()
    view.show_before = True
    settle(view)
    assert np.array_equal(grabbed(view), plain)
    view.show_before = False
    settle(view)
    assert np.array_equal(grabbed(view), with_result)


def test_the_selection_is_outlined_tinted_when_soft_and_announced(qtbot: QtBot) -> None:
    document = photo_document(300, 200)
    view = shown_view(qtbot, document)
    view.zoom_to(1.0)
    settle(view)
    plain = grabbed(view)
    with qtbot.waitSignal(view.selection_rect_changed) as told:
        document.history.do(SetSelection(rectangle(Rect(50, 40, 100, 60), document.canvas), "Select"))
    corner = view.canvas_to_widget(QPointF(50, 40))
    assert told.args == [QRectF(corner.x(), corner.y(), 100, 60)]
    settle(view)
    rows, columns = np.nonzero((grabbed(view) != plain).any(axis=2))
    assert abs(columns.min() - corner.x()) <= 1
    assert abs(columns.max() - (corner.x() + 99)) <= 1
    assert abs(rows.min() - corner.y()) <= 1
    assert (grabbed(view) == plain).all(axis=2)[int(corner.y()) + 5 : int(corner.y()) + 50, int(corner.x()) + 50].all()
    soft = np.zeros((200, 300), np.uint8)
    soft[40:100, 50:150] = np.linspace(0, 255, 100).astype(np.uint8)
    document.history.do(SetSelection(TiledImage.from_array(soft), "Select"))
    settle(view)
    middle = int(corner.y()) + 30
    inside = grabbed(view)[middle, int(corner.x()) + 10 : int(corner.x()) + 90].astype(int)
    weights = np.abs(inside - plain[middle, int(corner.x()) + 10 : int(corner.x()) + 90]).sum(axis=1)
    assert weights[-20:].mean() > 2 * weights[:20].mean()
    with qtbot.waitSignal(view.selection_rect_changed) as told:
        document.history.do(SetSelection(None, "Deselect"))
    assert told.args == [None]
    settle(view)
    assert np.array_equal(grabbed(view), plain)


def test_ants_rest_while_the_view_is_hidden(qtbot: QtBot) -> None:
    document = photo_document(300, 200)
    view = shown_view(qtbot, document)
    walking = [view._selection.walking]
    document.history.do(SetSelection(rectangle(Rect(50, 40, 100, 60), document.canvas), "Select"))
    walking.append(view._selection.walking)
    view.hide()
    walking.append(view._selection.walking)
    view.show()
    walking.append(view._selection.walking)
    assert walking == [False, True, False, True]


def test_another_canvas_size_is_taken_on(qtbot: QtBot) -> None:
    document = photo_document(300, 200)
    view = shown_view(qtbot, document)
    document.history.do(ResizeCanvas(600, 100))
    settle(view)
    assert view.viewport.canvas == (600, 100)
    assert view.viewport.visible() == Rect(0, 0, 600, 100)
    document.history.undo()
    settle(view)
    assert view.viewport.canvas == (300, 200)


def test_a_hidden_view_composites_nothing(qtbot: QtBot) -> None:
    view = shown_view(qtbot, photo_document(3000, 2000))
    view.hide()
    view.zoom_to(1.0)
    other = photo_document(2000, 3000)
    view.set_document(other)
    busy = [view.busy]
    view.show()
    busy.append(view.busy)
    assert busy == [False, True]
    settle(view)
    picture = view._picture
    assert picture is not None
    assert picture.pyramid.is_fresh(0, view.viewport.visible())


def test_dropped_files_are_passed_on(qtbot: QtBot, tmp_path: Path) -> None:
    view = shown_view(qtbot, None)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / "a.png")), QUrl("https://example.org/b.png")])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(view, QDragEnterEvent(QPoint(5, 5), copy, data, left, none))
    with qtbot.waitSignal(view.files_dropped) as dropped:
        QApplication.sendEvent(view, QDropEvent(QPointF(5, 5), copy, data, left, none))
    assert dropped.args == [[tmp_path / "a.png"], view.mapToGlobal(QPoint(5, 5))]


def test_it_has_a_name_for_those_who_do_not_see_it(qtbot: QtBot) -> None:
    view = CanvasView()
    qtbot.addWidget(view)
    assert view.accessibleName() == "Canvas"
    assert view.accessibleDescription()
    assert view.focusPolicy() == Qt.FocusPolicy.StrongFocus


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


def test_the_mask_brush_shows_where_it_paints(qtbot: QtBot) -> None:
    document = photo_document(300, 200)
    view = shown_view(qtbot, document)
    view.zoom_to(1.0)
    tools = options()
    tools.change_brush("mask_brush", size=40, hardness=1.0)
    settle(view)
    plain = grabbed(view)
    view.set_tool(TOOLS["mask_brush"](tools))
    at = view.canvas_to_widget(QPointF(150, 100))
    drag(view, [at, at + QPointF(30, 0)])
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    settle(view)
    middle = at.toPoint() + QPoint(10, 0)
    assert (grabbed(view)[middle.y(), middle.x()] != plain[middle.y(), middle.x()]).any()
    view.set_tool(None)
    settle(view)
    assert (grabbed(view)[middle.y(), middle.x()] == plain[middle.y(), middle.x()]).all()


def test_another_profile_is_shown_in_screen_colours(qtbot: QtBot) -> None:
    wide = wide_profile()
    document = Document(64, 64, profile=wide)
    pixels = np.full((64, 64, 4), 255, np.uint8)
    pixels[..., :3] = (90, 160, 90)
    document.insert(ImageLayer(pixels=TiledImage.from_array(pixels)), None, 0)
    view = shown_view(qtbot, document)
    view.zoom_to(1.0)
    settle(view)
    at = view.canvas_to_widget(QPointF(32, 32)).toPoint()
    expected = to_srgb(pixels, wide)[0, 0, :3]
    assert (expected != (90, 160, 90)).any()
    assert np.abs(grabbed(view)[at.y(), at.x()].astype(int) - expected).max() <= 1


def wide_profile() -> bytes:
    """Adobe RGB (1998)."""
    space = QColorSpace(QColorSpace.NamedColorSpace.AdobeRgb)
    return bytes(space.iccProfile().data())


HIGH_DPI = """
import numpy as np
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtWidgets import QApplication
application = QApplication([])
from app.canvas.view import CanvasView
from editor.composite import composite
from editor.tools import TOOLS
from tests.app.canvas.scenes import drag, grabbed, line, settle, strokes_document
from tests.app.canvas.test_view import options
document, view = strokes_document(300, 200), CanvasView()
view.resize(200, 150)
view.show()
view.set_document(document)
view.zoom_to(1.0)
view.set_tool(TOOLS["brush"](options(20)))
drag(view, list(line(QPoint(60, 60), QPoint(120, 90), 8)))
view.leaveEvent(None)
view.viewport.pan(QPointF(7, -5))
view._view_moved()
settle(view)
assert view.devicePixelRatioF() == 2.0
picture, corner = grabbed(view), view.canvas_to_widget(QPointF(0, 0)) * 2
assert picture.shape == (300, 400, 3), picture.shape
x, y = int(corner.x()), int(corner.y())
assert np.array_equal(picture[y:y + 200, x:x + 300], composite(document.snapshot())[..., :3])
"""


def test_on_a_dense_screen_100_percent_is_one_physical_pixel() -> None:
    environment = {**os.environ, "QT_SCALE_FACTOR": "2", "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, "-c", HIGH_DPI]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_placed_thing_is_seen_until_an_edit_has_a_picture(qtbot: QtBot) -> None:
    document = photo_document(200, 150)
    document.select(rectangle(Rect(40, 30, 50, 40), document.canvas))
    document.history.do(SetPlacement.in_document(document, Placement((60.0, 20.0))))
    view, tool = shown_view(qtbot, document), TOOLS["transform"](ToolOptions())
    assert isinstance(tool, TransformTool)
    view.set_tool(tool)
    tool.lift(document)

    def seen() -> bool:
        overlay = view._overlay()
        assert isinstance(overlay, PlacementOverlay)
        return overlay.lifted is not None

    view.show_preview(1, QImage(), QRect(40, 30, 110, 60))
    assert seen()
    view.show_preview(1, QImage(4, 4, QImage.Format.Format_RGBA8888), QRect(40, 30, 110, 60), 0.5)
    assert not seen()
    view.show_before = True
    assert seen()
    view.show_before = False
    assert not seen()
    view.clear_preview(1)
    assert seen()
