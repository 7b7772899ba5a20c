"""Drag points on the canvas widget: when they are seen, where they are hit, and what Delete means."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.canvas.points import HANDLE, TARGET, TRAIL
from app.canvas.view import CanvasView
from editor.commands import Crop, SetPoints
from editor.document import Document
from editor.geometry import Rect
from editor.points import PointPair
from editor.tools import TOOLS, ToolOptions
from tests.app.canvas.scenes import grabbed, mouse, photo_document, settle, shown_view

PAIR = PointPair((60.0, 60.0), (140.0, 90.0))


@pytest.fixture
def document() -> Document:
    made = photo_document(200, 150)
    made.history.do(SetPoints((PAIR,)))
    return made


@pytest.fixture
def view(qtbot: QtBot, document: Document) -> CanvasView:
    """The picture at twice its size, the points tool in hand."""
    made = shown_view(qtbot, document)
    made.set_tool(TOOLS["points"](ToolOptions()))
    settle(made)
    return made


def places(view: CanvasView, colour: object) -> list[tuple[float, float]]:
    """Canvas pixels where exactly this colour is seen."""
    settle(view)
    where = (grabbed(view) == np.array(colour.getRgb()[:3])).all(axis=2)  # type: ignore[attr-defined]
    return [view.widget_to_canvas(QPointF(x + 0.5, y + 0.5)).toTuple() for y, x in zip(*np.nonzero(where), strict=True)]


def middle(view: CanvasView, colour: object) -> tuple[float, float]:
    x, y = np.array(places(view, colour)).T
    return float(x.min() + x.max()) / 2, float(y.min() + y.max()) / 2


def pull(view: CanvasView, *way: tuple[float, float]) -> None:
    """Press at the first canvas point, move along the others, release."""
    at = [view.canvas_to_widget(QPointF(*point)) for point in way]
    mouse(view, "press", at[0])
    for place in at[1:]:
        mouse(view, "move", place)
    mouse(view, "release", at[-1])


@pytest.mark.parametrize("zoom", [1.0, 2.0, 3.0])
def test_marks_lie_where_the_points_are_at_any_zoom(view: CanvasView, zoom: float) -> None:
    view.zoom_to(zoom)
    assert middle(view, HANDLE) == pytest.approx(PAIR.handle, abs=0.6)
    assert middle(view, TARGET) == pytest.approx(PAIR.target, abs=0.6)


def test_points_are_seen_with_their_tool_or_when_they_are_wanted(view: CanvasView) -> None:
    assert places(view, HANDLE)  # the pointer is elsewhere
    view.set_tool(TOOLS["lasso"](ToolOptions()))
    assert not places(view, HANDLE)
    view.set_points_shown(True)
    assert places(view, HANDLE)
    view.set_points_shown(False)
    assert not places(view, HANDLE)


def test_undo_crop_and_another_picture_are_followed(view: CanvasView, document: Document) -> None:
    document.history.do(Crop(Rect(40, 30, 120, 90)))
    assert middle(view, HANDLE) == pytest.approx((20, 30), abs=0.6)
    document.history.go_to(0)
    assert not places(view, HANDLE)
    document.history.redo()
    assert places(view, HANDLE)
    view.set_document(photo_document(200, 150))
    assert not places(view, HANDLE)


def test_a_drag_on_the_canvas_moves_the_mark_that_is_seen(view: CanvasView, document: Document) -> None:
    pull(view, (62, 60), (70, 65), (82, 75))
    assert document.points[0].handle == pytest.approx((80, 75), abs=0.5)
    assert middle(view, HANDLE) == pytest.approx((80, 75), abs=0.8)
    pull(view, (30, 120), (40, 130), (50, 120))
    assert len(document.points) == 2
    assert len(document.history.steps) == 3


def test_nothing_stays_on_the_canvas_after_marks_moved(view: CanvasView) -> None:
    pull(view, (60, 60), (100, 30), (30, 120))
    mouse(view, "move", view.canvas_to_widget(QPointF(190, 10)), held=False)
    settle(view)
    seen = grabbed(view)
    view.update()
    settle(view)
    assert np.array_equal(seen, grabbed(view))


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_delete_takes_the_pair_under_the_pointer(view: CanvasView, document: Document, key: Qt.Key) -> None:
    finished: list[str] = []
    view.gesture_finished.connect(finished.append)
    mouse(view, "move", view.canvas_to_widget(QPointF(*PAIR.target)), held=False)
    QTest.keyClick(view, key)
    assert document.points == ()
    assert not places(view, HANDLE)
    assert finished == ["points"]
    QTest.keyClick(view, key)
    assert len(document.history.steps) == 2


def test_escape_forgets_the_handle_that_waits(view: CanvasView, document: Document) -> None:
    pull(view, (100, 20))
    assert view.gesture.pending
    assert len(places(view, HANDLE)) > 200
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not view.gesture.pending
    assert document.points == (PAIR,)


def test_marks_of_a_running_edit_leave_a_trail(view: CanvasView) -> None:
    view.set_marks(np.array([[60.0, 60.0]]))
    view.set_marks(np.array([[60.0, 100.0]]))
    view.set_marks(np.array([[100.0, 100.0]]))
    xs, ys = np.array(places(view, TRAIL)).T
    assert (xs.min(), xs.max()) == pytest.approx((60, 102), abs=2.5)
    assert (ys.min(), ys.max()) == pytest.approx((68, 102), abs=6)  # from the disc's rim on
    view.set_marks(None)
    assert not places(view, TRAIL)


def touch(view: CanvasView, at: tuple[float, float]) -> None:
    for kind in ("press", "release"):
        mouse(view, kind, view.canvas_to_widget(QPointF(*at)))


def test_arrow_keys_move_the_end_that_was_touched_last(view: CanvasView, document: Document) -> None:
    touch(view, PAIR.target)
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert document.points == (PointPair((60.0, 60.0), (141.0, 80.0)),)
    touch(view, PAIR.handle)
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert document.points == (PointPair((59.0, 60.0), (141.0, 80.0)),)
    assert [step.title for step in document.history.steps[1:]] == ["Nudge drag point", "Nudge drag point"]


def test_points_are_not_seen_in_the_picture_before_the_edits(view: CanvasView) -> None:
    assert places(view, HANDLE)
    view.show_before = True
    assert not places(view, HANDLE)
    assert not places(view, TARGET)
    view.show_before = False
    assert places(view, HANDLE)
