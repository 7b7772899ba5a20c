"""What the canvas shows, to the pixel: the picture, previews, selections, and what lies over them."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QColorSpace,
    QImage,
)
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.preview import COMPARED
from app.canvas.view import CanvasView
from editor.commands import AddLayer, ResizeCanvas, SetPlacement, SetSelection
from editor.composite import composite
from editor.document import Document
from editor.files.colour import to_srgb
from editor.geometry import Rect
from editor.layers import ImageLayer, Role
from editor.masks import rectangle
from editor.placement import Placement
from editor.tiles import TiledImage
from editor.tools import TOOLS, ToolOptions
from editor.tools.overlay import PlacementOverlay
from editor.tools.transform import TransformTool
from tests.app.canvas.scenes import (
    drag,
    grabbed,
    line,
    mouse,
    options,
    photo_document,
    settle,
    shown_view,
    strokes_document,
)


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


def test_it_has_a_name_for_those_who_do_not_see_it(qtbot: QtBot) -> None:
    view = CanvasView()
    qtbot.addWidget(view)
    assert view.accessibleName() == "Canvas"
    assert view.accessibleDescription()
    assert view.focusPolicy() == Qt.FocusPolicy.StrongFocus


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
from tests.app.canvas.scenes import drag, grabbed, line, options, settle, strokes_document
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
