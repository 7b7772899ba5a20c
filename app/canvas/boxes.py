"""Paints the box in which a thing shall stand, and what it is taken by."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QTransform

from app.canvas.placing import HANDLE, HELD, RIM, paint_handle, polygon, scale_of
from editor.placement import Grip
from editor.tools.overlay import BoxOverlay

LINE = QColor(120, 214, 255)  # no selection and no transform box has this colour
REACH = HANDLE + 2  # widget pixels


def box_bounds(overlay: BoxOverlay, to_widget: QTransform) -> QRectF:
    """The widget rectangle it touches, with all handles."""
    return to_widget.map(polygon(overlay.frame.corners)).boundingRect().adjusted(-REACH, -REACH, REACH, REACH)


def paint_box(painter: QPainter, overlay: BoxOverlay, to_widget: QTransform) -> None:
    """Draw in widget coordinates."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    corners = to_widget.map(polygon(overlay.frame.corners))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((RIM, 3.4), (HELD if overlay.held is Grip.INSIDE else LINE, 1.6)):
        painter.setPen(QPen(colour, width))
        painter.drawPolygon(corners)
    if overlay.grips:
        for grip, at in overlay.frame.grips(scale_of(to_widget)).items():
            paint_handle(painter, to_widget.map(QPointF(*at)), held=grip is overlay.held)
    painter.restore()
