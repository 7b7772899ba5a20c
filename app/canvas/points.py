"""Paints drag points: numbered discs for the handles, diamonds for the targets, an arrow from each to its own.

Blue and orange of the palette that Okabe and Ito made for every kind of colour vision; the shapes tell the same.
Dark and light rims together are seen on every picture.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil, hypot

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap, QPolygonF, QTransform

from editor.geometry import Point
from editor.points import End
from editor.tools.overlay import PointsOverlay

HANDLE, TARGET, TRAIL = QColor("#0072b2"), QColor("#e69f00"), QColor("#56b4e9")
RIM, HALO = QColor(255, 255, 255), QColor(0, 0, 0, 190)
DISC = 8.5  # widget pixels: radius of a handle
DIAMOND = 8.0  # from the middle of a target to its corners
GROWTH = 2.0  # of a mark under the pointer
RING = 3.5  # between a chosen pair's marks and the ring around them
SPOT = 3.5  # radius of the mark where a handle has come to
HEAD = 9.0  # length of an arrow's head
NUMBER = 11  # pixels: height of the numbers' font
REACH = max(DISC, DIAMOND) + GROWTH + RING + 4.0  # all that is painted lies so close to one of the points


def points_bounds(overlay: PointsOverlay, to_widget: QTransform) -> QRectF:
    """The widget rectangle it touches; a null one where there is nothing to paint."""
    points = [point for pair in overlay.pairs for point in (pair.handle, pair.target)]
    points += [point for point in (overlay.waiting, overlay.aim) if point is not None]
    points += [point for trail in overlay.trails for point in trail]
    if not points:
        return QRectF()
    box = QPolygonF([_placed(point, to_widget) for point in points]).boundingRect()
    return box.adjusted(-REACH, -REACH, REACH, REACH)


def paint_points(painter: QPainter, overlay: PointsOverlay, to_widget: QTransform) -> None:
    """Draw in widget coordinates: arrows lowest, where handles have come to on top, so that no mark is hidden."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    places = [(_placed(pair.handle, to_widget), _placed(pair.target, to_widget)) for pair in overlay.pairs]
    for start, end in places:
        _paint_arrow(painter, start, end)
    trails = [[_placed(point, to_widget) for point in trail] for trail in overlay.trails if trail]
    for trail in trails:
        way = QPainterPath()
        way.addPolygon(QPolygonF(trail))
        _stroke(painter, way, TRAIL)
    for index, (start, end) in enumerate(places):
        chosen = index == overlay.chosen
        _paint_mark(painter, start, index + 1, held=overlay.held == (index, End.HANDLE), chosen=chosen)
        _paint_mark(painter, end, 0, held=overlay.held == (index, End.TARGET), chosen=chosen)
    if overlay.waiting is not None:
        start = _placed(overlay.waiting, to_widget)
        if overlay.aim is not None:
            _paint_aim(painter, start, _placed(overlay.aim, to_widget))
        _paint_mark(painter, start, len(places) + 1, chosen=True)
    for trail in trails:
        spot = QPainterPath()
        spot.addEllipse(trail[-1], SPOT, SPOT)
        _fill(painter, spot, TRAIL)
    painter.restore()


def _placed(point: Point, to_widget: QTransform) -> QPointF:
    return to_widget.map(QPointF(*point))


def _stroke(painter: QPainter, path: QPainterPath, colour: QColor = RIM, *, dashed: bool = False) -> None:
    """A light or coloured line in a dark one."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for shade, width in ((HALO, 4.0), (colour, 2.0)):
        pen = QPen(shade, width, c=Qt.PenCapStyle.RoundCap, j=Qt.PenJoinStyle.RoundJoin)
        if dashed:
            pen.setDashPattern([8.0 / width, 8.0 / width])
        painter.setPen(pen)
        painter.drawPath(path)


def _fill(painter: QPainter, path: QPainterPath, colour: QColor) -> None:
    """A shape with a light rim, and a dark one around that."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(HALO, 3.5, j=Qt.PenJoinStyle.MiterJoin))
    painter.drawPath(path)
    painter.setPen(QPen(RIM, 1.5, j=Qt.PenJoinStyle.MiterJoin))
    painter.setBrush(colour)
    painter.drawPath(path)


def _paint_arrow(painter: QPainter, start: QPointF, end: QPointF) -> None:
    """From rim to rim; between marks that lie close to each other there is no room for a head, or for the whole."""
    way = end - start
    length = hypot(way.x(), way.y())
    if length <= DISC + DIAMOND:
        return
    along = way / length
    tip = end - along * (DIAMOND + 2.0)
    path = QPainterPath(start)
    path.lineTo(tip)
    if length > DISC + DIAMOND + 2 * HEAD:
        across = QPointF(-along.y(), along.x())
        back = tip - along * HEAD
        path.moveTo(back + across * HEAD / 2)
        path.lineTo(tip)
        path.lineTo(back - across * HEAD / 2)
    _stroke(painter, path)


def _paint_aim(painter: QPainter, start: QPointF, end: QPointF) -> None:
    """Where a target would be placed."""
    path = QPainterPath(start)
    path.lineTo(end)
    _stroke(painter, path, dashed=True)
    _stroke(painter, _diamond(end, DIAMOND))


def _paint_mark(painter: QPainter, at: QPointF, number: int, *, held: bool = False, chosen: bool = False) -> None:
    """The handle with this number, or for 0 a target."""
    ratio = painter.device().devicePixelRatioF()
    corner = (at - QPointF(REACH, REACH)) * ratio
    whole = QPointF(round(corner.x()), round(corner.y()))  # device pixels: copied, not resampled
    painter.drawPixmap(whole / ratio, _mark_picture(number, held, chosen, ratio))


@lru_cache(maxsize=128)
def _mark_picture(number: int, held: bool, chosen: bool, ratio: float) -> QPixmap:
    """Kept, because thirty numbers drawn anew at every move of the pointer take longer than a frame."""
    side = ceil(2 * REACH * ratio)
    picture = QPixmap(side, side)
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    middle, growth = QPointF(REACH, REACH), GROWTH if held else 0.0
    with QPainter(picture) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen:
            _stroke(painter, _mark_shape(number, middle, growth + RING))
        _fill(painter, _mark_shape(number, middle, growth), HANDLE if number else TARGET)
        if number:
            _paint_number(painter, middle, str(number))
    return picture


def _mark_shape(number: int, at: QPointF, growth: float) -> QPainterPath:
    if not number:
        return _diamond(at, DIAMOND + growth)
    disc = QPainterPath()
    disc.addEllipse(at, DISC + growth, DISC + growth)
    return disc


def _paint_number(painter: QPainter, at: QPointF, text: str) -> None:
    font = QFont(painter.font())
    font.setPixelSize(NUMBER)
    font.setWeight(QFont.Weight.Bold)
    painter.setFont(font)
    painter.setPen(RIM)
    ink = QFontMetricsF(font).tightBoundingRect(text)  # the digits' own middle: a line has room for lower letters
    painter.drawText(at - ink.center(), text)


def _diamond(at: QPointF, size: float) -> QPainterPath:
    path = QPainterPath()
    path.addPolygon(
        QPolygonF([at + QPointF(0, -size), at + QPointF(size, 0), at + QPointF(0, size), at + QPointF(-size, 0)])
    )
    path.closeSubpath()
    return path
