"""Paints what the artist has pointed at, and the object that a click would find."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from editor.geometry import Rect
from editor.pointing import Sketch, Spot, Streak
from editor.tools.overlay import PointingOverlay

TINT = QColor(64, 156, 255, 84)
EDGE, RIM = QColor(150, 205, 255), QColor(0, 20, 50, 170)
BELONGS, FOREIGN = QColor(38, 166, 91), QColor(214, 60, 60)
SPOT = 7.0  # widget pixels: radius of a click's mark
SIGN = 3.5  # half the length of the sign in it


def pointing_bounds(overlay: PointingOverlay, to_widget: QTransform) -> QRectF:
    """The widget rectangle it touches."""
    area = QRectF()
    if overlay.offered is not None and overlay.offered.area:
        area = area.united(to_widget.mapRect(_rect(overlay.offered.area)))
    for spot in overlay.pointing.spots:
        at = to_widget.map(QPointF(spot.x, spot.y))
        area = area.united(QRectF(at.x() - SPOT, at.y() - SPOT, 2 * SPOT, 2 * SPOT))
    for streak in overlay.pointing.streaks:
        reach = streak.radius
        box = QPolygonF([QPointF(*point) for point in streak.points]).boundingRect()
        area = area.united(to_widget.mapRect(box.adjusted(-reach, -reach, reach, reach)))
    if overlay.pointing.box:
        area = area.united(to_widget.mapRect(_rect(overlay.pointing.box)))
    return area


def paint_pointing(painter: QPainter, overlay: PointingOverlay, to_widget: QTransform) -> None:
    """Draw in widget coordinates."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if overlay.offered is not None and overlay.offered.area:
        _paint_offered(painter, overlay.offered, to_widget)
    if overlay.pointing.box:
        frame = QPainterPath()
        frame.addPolygon(to_widget.map(QPolygonF(_rect(overlay.pointing.box))))
        _stroke(painter, frame)
    for streak in overlay.pointing.streaks:
        _paint_streak(painter, streak, to_widget)
    for spot in overlay.pointing.spots:
        _paint_spot(painter, spot, to_widget.map(QPointF(spot.x, spot.y)))
    painter.restore()


def _rect(area: Rect) -> QRectF:
    return QRectF(area.x, area.y, area.width, area.height)


def _paint_offered(painter: QPainter, sketch: Sketch, to_widget: QTransform) -> None:
    picture, edges = _pictures(sketch)
    painter.save()
    painter.setTransform(to_widget, combine=True)
    painter.drawImage(_rect(sketch.area), picture)
    painter.restore()
    _stroke(painter, to_widget.map(edges))


@lru_cache(maxsize=4)
def _pictures(sketch: Sketch) -> tuple[QImage, QPainterPath]:
    """The tint, and the edges in canvas pixels; kept, because ants and pointer repaint what rests."""
    height, width = sketch.inside.shape
    indexed = QImage(np.ascontiguousarray(sketch.inside).data, width, height, width, QImage.Format.Format_Indexed8)
    clear = QColor(TINT)
    clear.setAlpha(0)
    indexed.setColorTable([clear.rgba()] * 255 + [TINT.rgba()])
    edges = QPainterPath()
    for line in sketch.lines:
        edges.addPolygon(QPolygonF([QPointF(x, y) for x, y in line.tolist()]))
        edges.closeSubpath()
    return indexed.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied), edges


def _paint_streak(painter: QPainter, streak: Streak, to_widget: QTransform) -> None:
    colour = QColor(BELONGS if streak.belongs else FOREIGN)
    colour.setAlpha(150)
    width = 2 * streak.radius * abs(to_widget.determinant()) ** 0.5
    painter.setPen(QPen(colour, width, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
    painter.drawPolyline(to_widget.map(QPolygonF([QPointF(*point) for point in streak.points])))


def _paint_spot(painter: QPainter, spot: Spot, at: QPointF) -> None:
    """A disc with plus or minus, so that colour alone does not tell."""
    painter.setPen(QPen(QColor(255, 255, 255), 1.5))
    painter.setBrush(BELONGS if spot.belongs else FOREIGN)
    painter.drawEllipse(at, SPOT - 1, SPOT - 1)
    painter.drawLine(at - QPointF(SIGN, 0), at + QPointF(SIGN, 0))
    if spot.belongs:
        painter.drawLine(at - QPointF(0, SIGN), at + QPointF(0, SIGN))


def _stroke(painter: QPainter, path: QPainterPath) -> None:
    """A line that is told from the selection's ants, on every picture."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((RIM, 3.5), (EDGE, 1.6)):
        painter.setPen(QPen(colour, width, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin))
        painter.drawPath(path)
