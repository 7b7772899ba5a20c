"""One painter per kind of overlay that a tool describes as plain data; each with the rectangle that it touches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap, QPolygonF, QTransform

from app.canvas.boxes import box_bounds, paint_box
from app.canvas.placing import paint_placing, placing_bounds
from app.canvas.pointing import paint_pointing, pointing_bounds
from app.canvas.points import paint_points, points_bounds
from editor.tools.overlay import (
    BoxOverlay,
    CircleOverlay,
    OutlineOverlay,
    Overlay,
    PlacementOverlay,
    PointingOverlay,
    PointsOverlay,
)

DARK, LIGHT = QColor(0, 0, 0, 170), QColor(255, 255, 255, 235)
DASH = 4.0  # widget pixels
REACH = 5.0  # widget pixels that a line, or the mark of a corner, covers beside its path
SMALLEST_CIRCLE = 3.0  # widget pixels of radius below which a cross tells more
LARGEST_PICTURE = 600.0  # widget pixels of radius up to which a circle is kept as a picture
CORNER = 2.5  # widget pixels from the middle of a marked corner to its sides
CROSS = 5.0  # widget pixels from its middle to an end


@dataclass(frozen=True)
class OverlayKind:
    """How one kind of overlay looks.

    Attributes:
        bounds: widget rectangle that it touches.
        paint: draws in widget coordinates.
    """

    bounds: Callable[[Any, QTransform], QRectF]
    paint: Callable[[QPainter, Any, QTransform], None]


def overlay_bounds(overlay: Overlay, to_widget: QTransform) -> QRectF:
    """The widget rectangle the overlay touches."""
    return _KINDS[type(overlay)].bounds(overlay, to_widget).adjusted(-REACH, -REACH, REACH, REACH)


def paint_overlay(painter: QPainter, overlay: Overlay, to_widget: QTransform) -> None:
    """Draw in widget coordinates; dark and light together are seen on every picture."""
    _KINDS[type(overlay)].paint(painter, overlay, to_widget)


def _draw(painter: QPainter, path: QPainterPath, *, dashed: bool) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(DARK, 1.0 if dashed else 3.0))
    painter.drawPath(path)
    light = QPen(LIGHT, 1.0)
    if dashed:
        light.setDashPattern([DASH, DASH])
    painter.setPen(light)
    painter.drawPath(path)
    painter.restore()


# outlines -------------------------------------------------------------------------------------------------------


def _outline(overlay: OutlineOverlay, to_widget: QTransform) -> QPainterPath:
    path = QPainterPath()
    path.addPolygon(to_widget.map(QPolygonF([QPointF(x, y) for x, y in overlay.points])))
    if overlay.closed:
        path.closeSubpath()
    return path


def _outline_bounds(overlay: OutlineOverlay, to_widget: QTransform) -> QRectF:
    return _outline(overlay, to_widget).boundingRect()


def _paint_outline(painter: QPainter, overlay: OutlineOverlay, to_widget: QTransform) -> None:
    _draw(painter, _outline(overlay, to_widget), dashed=True)
    corners = QPainterPath()
    for x, y in overlay.corners:
        at = to_widget.map(QPointF(x, y))
        corners.addRect(QRectF(at.x() - CORNER, at.y() - CORNER, 2 * CORNER, 2 * CORNER))
    if overlay.corners:
        _draw(painter, corners, dashed=False)


# circles --------------------------------------------------------------------------------------------------------


def _circle(overlay: CircleOverlay, to_widget: QTransform) -> tuple[QPointF, float]:
    """Centre and radius in widget coordinates; the view never shears."""
    centre = to_widget.map(QPointF(overlay.x, overlay.y))
    return centre, float(overlay.radius * abs(to_widget.determinant()) ** 0.5)


def _circle_bounds(overlay: CircleOverlay, to_widget: QTransform) -> QRectF:
    centre, radius = _circle(overlay, to_widget)
    reach = max(radius, CROSS)
    return QRectF(centre.x() - reach, centre.y() - reach, 2 * reach, 2 * reach)


def _paint_circle(painter: QPainter, overlay: CircleOverlay, to_widget: QTransform) -> None:
    centre, radius = _circle(overlay, to_widget)
    if radius > LARGEST_PICTURE:
        path = QPainterPath()
        path.addEllipse(centre, radius, radius)
        _draw(painter, path, dashed=False)
        return
    picture = _circle_picture(radius, painter.device().devicePixelRatioF())
    half = picture.deviceIndependentSize() / 2
    painter.drawPixmap(QPointF(round(centre.x() - half.width()), round(centre.y() - half.height())), picture)


@lru_cache(maxsize=4)
def _circle_picture(radius: float, ratio: float) -> QPixmap:
    """A brush outline: stroking a large circle anew at every move of the pointer takes milliseconds."""
    side = 2 * ceil(max(radius, CROSS) + REACH)
    picture = QPixmap(round(side * ratio), round(side * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    path, middle = QPainterPath(), QPointF(side / 2, side / 2)
    if radius >= SMALLEST_CIRCLE:
        path.addEllipse(middle, radius, radius)
    else:
        for arm in (QPointF(CROSS, 0), QPointF(0, CROSS)):
            path.moveTo(middle - arm)
            path.lineTo(middle + arm)
    with QPainter(picture) as painter:
        _draw(painter, path, dashed=False)
    return picture


_KINDS: dict[type, OverlayKind] = {
    OutlineOverlay: OverlayKind(_outline_bounds, _paint_outline),
    CircleOverlay: OverlayKind(_circle_bounds, _paint_circle),
    PointingOverlay: OverlayKind(pointing_bounds, paint_pointing),
    BoxOverlay: OverlayKind(box_bounds, paint_box),
    PlacementOverlay: OverlayKind(placing_bounds, paint_placing),
    PointsOverlay: OverlayKind(points_bounds, paint_points),
}
