"""Paints a thing where it shall go, the place that it leaves, and the box that it is taken by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPainterPath, QPen, QPolygonF, QTransform

from editor.geometry import Rect
from editor.lifting import Lifted
from editor.placement import Grip, Matrix, TransformBox
from editor.tools.overlay import PlacementOverlay

EDGE, RIM = QColor(255, 255, 255, 240), QColor(0, 0, 0, 170)
HELD = QColor(64, 156, 255)
SHADE, HATCH = QColor(20, 20, 20, 120), QColor(255, 255, 255, 150)  # over what the thing leaves
HANDLE = 4.0  # widget pixels from a handle's middle to its sides
KNOB = 5.0  # widget pixels: radius of the grip that turns
REACH = KNOB + 2


def placing_bounds(overlay: PlacementOverlay, to_widget: QTransform) -> QRectF:
    """The widget rectangle it touches: the thing's old place and its new one, with all handles."""
    frame = overlay.frame
    grips = frame.grips(scale_of(to_widget)).values()
    area = to_widget.map(polygon((*frame.corners, *grips))).boundingRect().adjusted(-REACH, -REACH, REACH, REACH)
    return area if frame.placement.rests else area.united(to_widget.mapRect(_rect(frame.box)))


def paint_placing(painter: QPainter, overlay: PlacementOverlay, to_widget: QTransform) -> None:
    """Draw in widget coordinates."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    thing = overlay.lifted
    if thing is not None and (thing.foreign or not overlay.frame.placement.rests):
        _paint_hole(painter, thing, to_widget)
        _paint_thing(painter, overlay, thing, to_widget)
    _paint_box(painter, overlay.frame, overlay.held, to_widget)
    painter.restore()


def to_transform(matrix: Matrix) -> QTransform:
    """The same map for Qt, whose matrices stand on their side."""
    (xx, xy, dx), (yx, yy, dy) = matrix.tolist()
    return QTransform(xx, yx, xy, yy, dx, dy)


def _paint_hole(painter: QPainter, thing: Lifted, to_widget: QTransform) -> None:
    edges = to_widget.map(_edges(thing))
    painter.setPen(Qt.PenStyle.NoPen)
    for brush in (QBrush(SHADE), QBrush(HATCH, Qt.BrushStyle.BDiagPattern)):
        painter.fillPath(edges, brush)


def _paint_thing(painter: QPainter, overlay: PlacementOverlay, thing: Lifted, to_widget: QTransform) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setTransform(to_widget, combine=True)
    painter.setClipRect(_rect(overlay.canvas), Qt.ClipOperation.IntersectClip)
    painter.setTransform(to_transform(overlay.frame.matrix), combine=True)
    painter.drawImage(_rect(thing.area), _picture(thing))
    painter.restore()


def _paint_box(painter: QPainter, frame: TransformBox, held: Grip | None, to_widget: QTransform) -> None:
    grips = {grip: to_widget.map(QPointF(*at)) for grip, at in frame.grips(scale_of(to_widget)).items()}
    corners = to_widget.map(polygon(frame.corners))
    lines = QPainterPath()
    lines.addPolygon(corners)
    lines.closeSubpath()
    lines.moveTo((corners[0] + corners[1]) / 2)
    lines.lineTo(grips[Grip.TURN])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((RIM, 3.0), (HELD if held is Grip.INSIDE else EDGE, 1.2)):
        painter.setPen(QPen(colour, width))
        painter.drawPath(lines)
    for grip, at in grips.items():
        paint_handle(painter, at, held=grip is held, knob=grip is Grip.TURN)


def paint_handle(painter: QPainter, at: QPointF, *, held: bool, knob: bool = False) -> None:
    """What a box is taken by: a square, or the round knob that turns it; `at` in widget coordinates."""
    painter.setPen(QPen(RIM, 1.2))
    painter.setBrush(HELD if held else EDGE)
    if knob:
        painter.drawEllipse(at, KNOB, KNOB)
    else:
        painter.drawRect(QRectF(at.x() - HANDLE, at.y() - HANDLE, 2 * HANDLE, 2 * HANDLE))


@lru_cache(maxsize=2)
def _picture(thing: Lifted) -> QImage:
    height, width = thing.pixels.shape[:2]
    kind = QImage.Format.Format_RGBA8888_Premultiplied
    image = QImage(thing.pixels.data, width, height, 4 * width, kind)
    return image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)  # what the painter is fast with


@lru_cache(maxsize=2)
def _edges(thing: Lifted) -> QPainterPath:
    edges = QPainterPath()
    for line in thing.lines:
        edges.addPolygon(polygon(line.tolist()))
        edges.closeSubpath()
    return edges


def polygon(points: Iterable[Sequence[float]]) -> QPolygonF:
    """Points (x, y) as Qt takes them."""
    return QPolygonF([QPointF(x, y) for x, y in points])


def _rect(area: Rect) -> QRectF:
    return QRectF(area.x, area.y, area.width, area.height)


def scale_of(to_widget: QTransform) -> float:
    """Widget pixels per canvas pixel; the view never shears."""
    return float(abs(to_widget.determinant()) ** 0.5)
