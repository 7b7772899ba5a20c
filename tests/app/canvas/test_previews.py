"""Pictures of running jobs over the document: which are seen, to the pixel, and that nothing of them stays."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import (
    QColor,
    QImage,
)
from pytestqt.qtbot import QtBot

from app.canvas.preview import COMPARED, Preview
from app.canvas.previews import Previews
from editor.commands import SetPlacement
from editor.geometry import Rect
from editor.masks import rectangle
from editor.placement import Placement
from editor.tools import TOOLS, ToolOptions
from editor.tools.overlay import PlacementOverlay
from editor.tools.transform import TransformTool
from tests.app.canvas.scenes import (
    grabbed,
    photo_document,
    settle,
    shown_view,
)


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


def coloured(colour: QColor) -> QImage:
    image = QImage(8, 8, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(colour)
    return image


def test_what_is_compared_makes_all_others_be_painted_again() -> None:
    previews, place = Previews(), QRect(0, 0, 8, 8)
    red, blue = Preview(coloured(QColor(255, 0, 0)), place, 0.5), Preview(coloured(QColor(0, 0, 255)), place, 1.0)
    ring = Preview(QImage(), place)
    assert previews.put(3, red) == [red]
    assert previews.put(4, ring) == [ring]
    assert (previews.pictures, previews.rings) == ([red], [ring])
    assert previews.put(COMPARED, blue) == [blue, red, ring, blue]
    assert (previews.pictures, previews.rings) == ([blue], [])
    assert previews.take(COMPARED) == [blue, red, ring]
    assert (previews.pictures, previews.rings) == ([red], [ring])
    assert previews.take(COMPARED) == []


def test_only_a_picture_that_is_seen_covers_the_document() -> None:
    previews, place = Previews(), QRect(0, 0, 8, 8)
    previews.put(3, Preview(QImage(), place))
    assert not previews.cover
    previews.put(3, Preview(coloured(QColor(255, 0, 0)), place, 0.5))
    assert previews.cover
    previews.hidden = True
    assert not previews.cover
    assert previews.pictures == []
