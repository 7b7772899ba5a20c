"""Polygons by mouse and keys, and masks shown as tints."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.canvas.view import CanvasView
from editor.commands import MoveLayer, ReplaceMask, SetMaskEnabled, SetSelection
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle
from editor.tiles import TiledImage
from editor.tools import TOOLS, ToolOptions
from tests.app.canvas.scenes import grabbed, photo_document, settle, shown_view

BLUE = QColor(0, 0, 255, 128)
HOLE = Rect(40, 30, 60, 50)


def at(view: CanvasView, x: float, y: float) -> QPoint:
    return view.canvas_to_widget(QPointF(x, y)).toPoint()


def click(view: CanvasView, x: float, y: float) -> None:
    QTest.mouseMove(view, at(view, x, y))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, at(view, x, y))


@pytest.fixture
def polygon_view(qtbot: QtBot) -> CanvasView:
    view = shown_view(qtbot, photo_document(300, 200))
    view.set_tool(TOOLS["polygon"](ToolOptions()))
    for corner in ((50, 50), (150, 50), (150, 120)):
        click(view, *corner)
    return view


def document_of(view: CanvasView) -> Document:
    assert view.document is not None
    return view.document


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_enter_selects_and_tells_it(qtbot: QtBot, polygon_view: CanvasView, key: Qt.Key) -> None:
    with qtbot.waitSignal(polygon_view.gesture_finished) as told:
        QTest.keyClick(polygon_view, key)
    assert told.args == ["polygon"]
    selection = document_of(polygon_view).selection
    assert selection is not None
    assert selection.read(Rect(0, 0, 300, 200)).sum() / 255 == pytest.approx(3500, rel=0.05)


def test_backspace_takes_a_corner_back_and_escape_all(polygon_view: CanvasView) -> None:
    before = document_of(polygon_view).snapshot()
    plain = grabbed(polygon_view)
    QTest.keyClick(polygon_view, Qt.Key.Key_Backspace)
    assert not np.array_equal(grabbed(polygon_view), plain)
    QTest.keyClick(polygon_view, Qt.Key.Key_Return)  # two corners
    assert not polygon_view.gesture.pending
    click(polygon_view, 10, 10)
    QTest.keyClick(polygon_view, Qt.Key.Key_Escape)
    assert not polygon_view.gesture.pending
    assert document_of(polygon_view).snapshot() is before


def test_a_second_click_in_the_same_place_closes(polygon_view: CanvasView) -> None:
    click(polygon_view, 60, 150)
    click(polygon_view, 60, 150)
    assert document_of(polygon_view).selection is not None
    assert not polygon_view.gesture.pending


def test_the_outline_stays_while_the_pointer_is_elsewhere_and_goes_with_the_tool(polygon_view: CanvasView) -> None:
    polygon_view.hover = None
    polygon_view._pointer_changed()
    outlined = grabbed(polygon_view)
    tool = polygon_view.gesture.tool
    polygon_view.set_tool(TOOLS["brush"](ToolOptions()))
    assert not np.array_equal(grabbed(polygon_view), outlined)
    assert tool is not None
    assert not tool.pending


def test_another_tab_forgets_the_corners(polygon_view: CanvasView) -> None:
    polygon_view.hide()
    assert not polygon_view.gesture.pending


# tints


def tinted(view: CanvasView, plain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether the middle of HOLE, and of what lies beside it, is bluer than it was."""
    settle(view)
    change = grabbed(view).astype(int) - plain

    def bluer(x: float, y: float) -> bool:
        place = at(view, x, y)
        red, _, blue = change[place.y() - 2 : place.y() + 3, place.x() - 2 : place.x() + 3].mean(axis=(0, 1))
        return bool(blue - red > 40)

    return bluer(70, 55), bluer(200, 150)


def masked_view(qtbot: QtBot) -> tuple[CanvasView, np.ndarray]:
    """A view of a document whose only layer has a mask that hides HOLE, and what it looks like; paints on the mask."""
    document = photo_document(300, 200)
    view = shown_view(qtbot, document)
    mask = TiledImage(channels=1, default=255).fill(HOLE, 0)
    document.history.do(ReplaceMask(document.layers[0].id, mask))
    settle(view)
    plain = grabbed(view).astype(int)
    document.paint_on_mask = True
    return view, plain


def test_quick_mask_tints_what_the_layers_mask_hides_while_it_is_in_hand(qtbot: QtBot) -> None:
    view, plain = masked_view(qtbot)
    document = document_of(view)
    assert tinted(view, plain) == (False, False)
    view.set_mask_tint(BLUE, always=True)
    assert tinted(view, plain) == (True, False)
    document.paint_on_mask = False
    assert tinted(view, plain) == (False, False)
    document.paint_on_mask = True
    assert tinted(view, plain) == (True, False)
    document.history.do(SetMaskEnabled(document.layers[0].id, False))
    settle(view)
    assert view._masks.hidden.bounds.empty


def test_the_tint_follows_mask_offset_and_undo(qtbot: QtBot) -> None:
    view, _ = masked_view(qtbot)
    document = document_of(view)
    view.set_mask_tint(BLUE, always=True)
    assert view._masks.hidden.bounds == HOLE
    document.history.do(MoveLayer(document.layers[0].id, (20, 10)))
    assert view._masks.hidden.bounds == HOLE.translated(20, 10)
    document.history.undo()
    layer = document.layers[0]
    assert layer.mask is not None
    document.history.do(ReplaceMask(layer.id, layer.mask.fill(Rect(200, 100, 30, 30), 0)))
    assert view._masks.hidden.bounds == HOLE.united(Rect(200, 100, 30, 30))
    document.history.undo()
    assert view._masks.hidden.bounds == HOLE


def test_hard_selections_are_tinted_by_quick_mask_and_by_the_tools_that_are_about_softness(qtbot: QtBot) -> None:
    document = photo_document(300, 200)
    view = shown_view(qtbot, document)
    plain = grabbed(view).astype(int)
    view.set_mask_tint(BLUE, always=False)
    document.history.do(SetSelection(rectangle(HOLE, document.canvas)))
    for name, expected in (("rectangle", False), ("mask_brush", True), ("colour_range", True), ("wand", False)):
        view.set_tool(TOOLS[name](ToolOptions()))
        assert tinted(view, plain) == (expected, False), name
    view.set_mask_tint(BLUE, always=True)
    assert tinted(view, plain) == (True, False)


def test_whether_the_selection_can_be_seen(qtbot: QtBot) -> None:
    document = photo_document(300, 200)
    view = shown_view(qtbot, document)
    assert not view.selection_seen
    document.select(rectangle(Rect(0, 0, 20, 20), document.canvas))
    assert view.selection_seen
    view.zoom_to(8.0)
    assert not view.selection_seen
    view.fit()
    assert view.selection_seen
