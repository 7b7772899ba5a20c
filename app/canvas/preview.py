"""The picture of a running edit, painted in place over the document, with its progress."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPalette, QPen, QTransform

BAR = 4.0  # widget pixels: height of the progress bar
LIFT = 6.0  # its distance from the area's lower edge
RING = 36.0  # diameter of the ring shown while there is no picture yet
REACH = 3  # widget pixels that a preview paints beyond its area
COMPARED = -1  # number of what is looked at to compare: while it is there no other picture is painted


@dataclass(frozen=True)
class Preview:
    """What one job shows.

    Attributes:
        image: any size, stretched over `area`, its alpha respected; null while there is no picture yet.
        area: canvas pixels.
        fraction: 0..1 of the steps done; 1 and more hides the progress.
    """

    image: QImage
    area: QRect
    fraction: float = 0.0


def place_of(preview: Preview, to_widget: QTransform) -> QRect:
    """The widget rectangle that a preview touches."""
    return to_widget.mapRect(QRectF(preview.area)).toAlignedRect().adjusted(-REACH, -REACH, REACH, REACH)


def paint_preview(
    painter: QPainter, preview: Preview, to_widget: QTransform, canvas: QRectF, widget: QRect, palette: QPalette
) -> None:
    """Draw the picture and the progress.

    Args:
        painter: in widget coordinates.
        to_widget: canvas to widget coordinates.
        canvas: the canvas' rectangle: nothing is drawn outside it.
        widget: the visible rectangle of the widget: the progress stays inside it.
    """
    area = QRectF(preview.area)
    if not preview.image.isNull():
        painter.save()
        painter.setTransform(to_widget, combine=True)
        painter.setClipRect(canvas, Qt.ClipOperation.IntersectClip)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(area, preview.image)
        painter.restore()
    shown = to_widget.mapRect(area).intersected(QRectF(widget))
    if preview.fraction < 1.0 and shown.width() > 2 * LIFT and shown.height() > 2 * LIFT + BAR:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        accent = palette.color(QPalette.ColorRole.Highlight)
        if preview.image.isNull():
            _paint_ring(painter, shown, preview.fraction, accent)
        else:
            _paint_bar(painter, shown, preview.fraction, accent)
        painter.restore()


def _paint_bar(painter: QPainter, shown: QRectF, fraction: float, accent: QColor) -> None:
    track = QRectF(shown.left() + LIFT, shown.bottom() - LIFT - BAR, shown.width() - 2 * LIFT, BAR)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 140))
    painter.drawRoundedRect(track, BAR / 2, BAR / 2)
    track.setWidth(max(track.width() * fraction, BAR))
    painter.setBrush(accent)
    painter.drawRoundedRect(track, BAR / 2, BAR / 2)


def _paint_ring(painter: QPainter, shown: QRectF, fraction: float, accent: QColor) -> None:
    diameter = min(RING, shown.width() - LIFT, shown.height() - LIFT)
    circle = QRectF(0, 0, diameter, diameter)
    circle.moveCenter(shown.center())
    painter.setPen(QPen(QColor(0, 0, 0, 140), BAR))
    painter.drawEllipse(circle)
    painter.setPen(QPen(QBrush(accent), BAR, c=Qt.PenCapStyle.RoundCap))
    painter.drawArc(circle, 90 * 16, -round(max(fraction, 0.02) * 360 * 16))
