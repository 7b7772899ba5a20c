"""The box on the canvas: where it is seen, that nothing of it stays behind, and the keys that are its own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QTransform
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.canvas.overlays import overlay_bounds, paint_overlay
from app.canvas.view import CanvasView
from editor.commands import Crop, SetBox, SetSelection
from editor.document import Document
from editor.geometry import Rect
from editor.layers import ImageLayer
from editor.masks import rectangle
from editor.placement import Grip, TransformBox
from editor.tiles import TiledImage
from editor.tools import TOOLS, ToolOptions
from editor.tools.overlay import BoxOverlay
from tests.app.canvas.scenes import grabbed, mouse, settle, shown_view

BOX = Rect(40, 30, 80, 60)


def white() -> Document:
    document = Document(200, 150)
    document.insert(ImageLayer(pixels=TiledImage().fill(document.canvas, 255)), None, 0)
    return document


@pytest.fixture
def document() -> Document:
    made = white()
    made.history.do(SetBox(BOX))
    return made


@pytest.fixture
def view(qtbot: QtBot, document: Document) -> CanvasView:
    """The picture at twice its size, the box tool in hand."""
    made = shown_view(qtbot, document)
    made.set_tool(TOOLS["box"](ToolOptions()))
    settle(made)
    return made


def painted(overlay: BoxOverlay, to_widget: QTransform, ground: int = 0) -> NDArray[np.uint8]:
    """(600, 800, 4) RGBA over an even grey, or (0) over nothing."""
    image = QImage(800, 600, QImage.Format.Format_RGBA8888)
    image.fill(0 if not ground else Qt.GlobalColor.white if ground == 255 else Qt.GlobalColor.black)
    with QPainter(image) as painter:
        paint_overlay(painter, overlay, to_widget)
    return np.frombuffer(image.constBits(), np.uint8).reshape(600, 800, 4).copy()


def seen(view: CanvasView) -> tuple[float, float, float, float] | None:
    """Left, top, right and bottom of what is blue, as the line is, canvas pixels; None where nothing is."""
    settle(view)
    image = grabbed(view).astype(int)
    blue = zip(*np.nonzero(image[..., 2] - image[..., 0] > 50), strict=True)
    places = [view.widget_to_canvas(QPointF(x + 0.5, y + 0.5)).toTuple() for y, x in blue]
    if not places:
        return None
    xs, ys = np.array(places).T
    return float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max())


def edges(rect: Rect) -> object:
    return pytest.approx((rect.x, rect.y, rect.right, rect.bottom), abs=1.2)


def pull(view: CanvasView, *way: tuple[float, float]) -> None:
    at = [view.canvas_to_widget(QPointF(*point)) for point in way]
    mouse(view, "press", at[0])
    for place in at[1:]:
        mouse(view, "move", place)
    mouse(view, "release", at[-1])


@pytest.mark.parametrize("ground", [1, 255])
def test_line_and_grips_stand_out_from_black_and_from_white(qtbot: QtBot, ground: int) -> None:
    level = 255 if ground == 255 else 0
    for grips in (True, False):
        image = painted(BoxOverlay(TransformBox(BOX, turns=False), grips=grips), QTransform.fromScale(4, 4), ground)
        row = image[4 * 50, 4 * 40 - 4 : 4 * 40 + 4, :3].astype(int).mean(axis=1)
        assert np.abs(row - level).max() > 60
        assert np.ptp(row) > 60, "dark and light beside each other"
        corner = image[4 * 30 - 3 : 4 * 30 + 3, 4 * 40 - 3 : 4 * 40 + 3, :3]
        assert ground == 255 or bool((corner > 230).all()) is grips


@pytest.mark.parametrize("zoom", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("turned", [0.0, 30.0])
def test_nothing_is_painted_beyond_the_bounds(qtbot: QtBot, zoom: float, turned: float) -> None:
    to_widget = QTransform.fromTranslate(300, 150).rotate(turned).scale(zoom, zoom)
    for held in (None, Grip.INSIDE, Grip.TOP_LEFT):
        overlay = BoxOverlay(TransformBox(BOX, turns=False), held)
        rows, columns = np.nonzero(painted(overlay, to_widget)[..., 3])
        bounds = overlay_bounds(overlay, to_widget)
        assert columns.min() >= bounds.left()
        assert columns.max() <= bounds.right()
        assert rows.min() >= bounds.top()
        assert rows.max() <= bounds.bottom()


def test_it_is_seen_with_its_tool_or_where_the_method_takes_it(view: CanvasView) -> None:
    assert seen(view) == edges(BOX)
    view.set_tool(TOOLS["lasso"](ToolOptions()))
    assert seen(view) is None
    view.set_box_shown(True)
    assert seen(view) == edges(BOX)
    view.show_before = True
    assert seen(view) is None
    view.show_before = False
    view.set_box_shown(False)
    assert seen(view) is None


def test_undo_crop_and_another_picture_are_followed(view: CanvasView, document: Document) -> None:
    document.history.do(SetBox(BOX.translated(20, 10)))
    assert seen(view) == edges(BOX.translated(20, 10))
    document.history.undo()
    assert seen(view) == edges(BOX)
    document.history.do(Crop(Rect(20, 20, 150, 110)))
    assert seen(view) == edges(BOX.translated(-20, -20))
    document.history.go_to(0)
    assert seen(view) is None
    document.history.redo()
    view.set_document(white())
    assert seen(view) is None


def test_who_lies_beside_it_is_told_where_it_is(view: CanvasView, document: Document) -> None:
    told: list[QRectF | None] = []
    view.selection_rect_changed.connect(told.append)
    document.history.do(SetBox(BOX.translated(20, 10)))
    assert told == [view.canvas_rect_to_widget(QRectF(60, 40, 80, 60))]
    document.history.do(SetSelection(rectangle(Rect(0, 0, 70, 50), document.canvas)))
    assert told[-1] == view.canvas_rect_to_widget(QRectF(0, 0, 140, 100))
    view.set_tool(TOOLS["lasso"](ToolOptions()))
    assert told[-1] == view.canvas_rect_to_widget(QRectF(0, 0, 70, 50))
    view.set_box_shown(True)
    assert told[-1] == view.canvas_rect_to_widget(QRectF(0, 0, 140, 100))
    assert view.selection_seen
    document.history.do(SetSelection(None))
    assert told[-1] == view.canvas_rect_to_widget(QRectF(60, 40, 80, 60))
    assert not view.selection_seen
    document.history.do(SetBox(None))
    assert told[-1] is None


def test_a_drag_moves_what_is_seen_and_leaves_nothing_behind(view: CanvasView, document: Document) -> None:
    pull(view, (80, 60), (90, 70), (100, 75))
    assert document.box == Rect(60, 45, 80, 60)
    assert seen(view) == edges(Rect(60, 45, 80, 60))
    pull(view, (140, 105), (150, 110), (160, 125))
    assert document.box == Rect(60, 45, 100, 80)
    pull(view, (10, 10), (20, 30), (30, 40))
    assert document.box == Rect(10, 10, 20, 30)
    mouse(view, "move", view.canvas_to_widget(QPointF(190, 10)), held=False)
    settle(view)
    before = grabbed(view)
    view.update()
    settle(view)
    assert np.array_equal(before, grabbed(view))


def test_the_cursor_tells_what_a_press_would_do(view: CanvasView) -> None:
    for at, shape in (
        ((80, 60), Qt.CursorShape.SizeAllCursor),
        ((40, 30), Qt.CursorShape.SizeFDiagCursor),
        ((120, 60), Qt.CursorShape.SizeHorCursor),
        ((190, 140), Qt.CursorShape.CrossCursor),
    ):
        mouse(view, "move", view.canvas_to_widget(QPointF(*at)), held=False)
        assert view.cursor().shape() is shape


def test_escape_gives_back_what_was_there_and_keys_work_on_the_box(view: CanvasView, document: Document) -> None:
    mouse(view, "press", view.canvas_to_widget(QPointF(150, 100)))
    mouse(view, "move", view.canvas_to_widget(QPointF(180, 140)))
    assert seen(view) == edges(Rect(150, 100, 30, 40))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    mouse(view, "release", view.canvas_to_widget(QPointF(180, 140)))
    assert document.box == BOX
    assert seen(view) == edges(BOX)
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert document.box == BOX.translated(1, 10)
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert document.box is None
    assert seen(view) is None
    assert [step.title for step in document.history.steps] == ["Box", "Nudge box", "Remove box"]
