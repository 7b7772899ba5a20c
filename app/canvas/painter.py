"""Keeps what the widget shows of the picture in one pixmap of its size; pans scroll it and paint only what came in.

Drawn into it: surroundings, shadow, checkerboard, picture, pixel grid and border. Overlays (see `overlays.py`) are
painted above it on every paint event and never into it, so that they come and go without a trace.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPalette, QPen, QPixmap, QPolygonF, QRegion, QTransform

from app.canvas.pyramid import Pixels, Pyramid
from editor.geometry import Rect

CRISP_FROM = 2.0  # zoom from which canvas pixels are shown as squares
GRID_FROM = 8.0  # zoom from which they are outlined
CHECKER = 8  # device pixels of one check
PATTERN = 256  # device pixels of the checkerboard's tile: few long copies instead of many short ones
SHADOW = 6  # device pixels
MOST_PARTS = 12  # rectangles of a region painted one by one before their bounding rectangle is cheaper


@dataclass(frozen=True)
class Colours:
    """What surrounds and underlies the picture."""

    around: QColor
    border: QColor
    light: QColor
    dark: QColor
    grid: QColor
    shadow: QColor

    @classmethod
    def of(cls, palette: QPalette) -> Colours:
        window = palette.color(QPalette.ColorRole.Window)
        is_dark = window.lightness() < 128
        return cls(
            around=window.darker(135) if is_dark else window.darker(118),
            border=QColor(0, 0, 0, 150),
            light=QColor(112, 112, 112) if is_dark else QColor(255, 255, 255),
            dark=QColor(92, 92, 92) if is_dark else QColor(224, 224, 224),
            grid=QColor(128, 128, 128, 110),
            shadow=QColor(0, 0, 0, 26),
        )


def _checkerboard(colours: Colours) -> QBrush:
    pattern = QPixmap(PATTERN, PATTERN)
    pattern.fill(colours.light)
    with QPainter(pattern) as painter:
        for row in range(0, PATTERN, CHECKER):
            for column in range(row % (2 * CHECKER), PATTERN, 2 * CHECKER):
                painter.fillRect(column, row, CHECKER, CHECKER, colours.dark)
    return QBrush(pattern)


def as_qimage(pixels: Pixels) -> QImage:
    """The (h, w, 4) BGRA premultiplied pixels as an image that shares the contiguous array's memory."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied)


def warped(
    source: np.ndarray, to_device: QTransform, area: QRect, *, crisp: bool, inside_only: bool = False
) -> np.ndarray:
    """`source` (h, w[, c]) as the device pixels `area` show it.

    Args:
        to_device: from the source's pixels (outer corner of the first at (0, 0)) to device pixels.
        crisp: nearest pixel instead of bilinear.
        inside_only: 0 outside the source instead of its edge repeated.
    """
    back = to_device.inverted()[0]
    at = back.map(QPointF(area.x() + 0.5, area.y() + 0.5))
    matrix = np.array([[back.m11(), back.m21(), at.x() - 0.5], [back.m12(), back.m22(), at.y() - 0.5]])
    flags = (cv2.INTER_NEAREST if crisp else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    border = cv2.BORDER_CONSTANT if inside_only else cv2.BORDER_REPLICATE
    size = (area.width(), area.height())
    return cast(NDArray[np.uint8], cv2.warpAffine(source, matrix, size, flags=flags, borderMode=border))


class Frame:
    """The pixmap, where it lies on the canvas, and which part of it is outdated."""

    def __init__(self, colours: Colours) -> None:
        self.colours = colours
        self._checks = _checkerboard(colours)
        self._pixmap = QPixmap()
        self._transform = QTransform()
        self._zoom = 1.0
        self._outdated = QRegion()

    def recolour(self, colours: Colours) -> None:
        self.colours, self._checks = colours, _checkerboard(colours)
        self.outdate_all()

    def outdate_all(self) -> None:
        self._outdated = QRegion(self._pixmap.rect())

    def place(self, size: QSize, transform: QTransform, zoom: float) -> None:
        """Take on a new size and view; a pure pan keeps what is already painted."""
        old, self._transform, self._zoom = self._transform, transform, zoom
        if self._pixmap.size() != size:
            self._pixmap = QPixmap(size)
            self._pixmap.fill(self.colours.around)  # opaque: the pixmap needs no alpha and is copied, not blended
            self.outdate_all()
        elif (old.m11(), old.m12(), old.m21(), old.m22()) != (
            transform.m11(),
            transform.m12(),
            transform.m21(),
            transform.m22(),
        ):
            self.outdate_all()
        else:
            self._scroll(round(transform.dx() - old.dx()), round(transform.dy() - old.dy()))

    def _scroll(self, dx: int, dy: int) -> None:
        if dx == 0 == dy:
            return
        everything = self._pixmap.rect()
        self._pixmap.scroll(dx, dy, everything)
        kept = everything.translated(dx, dy)
        outdated = self._outdated.translated(dx, dy).united(QRegion(everything).subtracted(QRegion(kept)))
        self._outdated = outdated.intersected(everything)

    def device_rect(self, rect: Rect, level: int) -> QRect:
        """The device pixels that show anything of the canvas pixels `rect` when drawn from `level`."""
        reach = 2 << level  # bilinear filtering looks one pixel of the level further
        around = rect.grown(reach)
        return self._transform.mapRect(QRectF(around.x, around.y, around.width, around.height)).toAlignedRect()

    def outdate(self, rect: Rect, level: int) -> QRect:
        """The canvas pixels `rect` changed; returns the device pixels to paint again."""
        device = self.device_rect(rect, level).intersected(self._pixmap.rect())
        self._outdated = self._outdated.united(device)
        return device

    def pixmap(self, region: QRegion, pyramid: Pyramid | None) -> QPixmap:
        """The pixmap, up to date in `region` (device pixels)."""
        todo = self._outdated.intersected(region)
        if not todo.isEmpty():
            parts = list(cast(Iterable[QRect], todo)) if todo.rectCount() <= MOST_PARTS else [todo.boundingRect()]
            with QPainter(self._pixmap) as painter:
                for part in parts:
                    self._paint(painter, part, pyramid)
            self._outdated = self._outdated.subtracted(todo)
        return self._pixmap

    def _paint(self, painter: QPainter, area: QRect, pyramid: Pyramid | None) -> None:
        painter.save()
        painter.setClipRect(area)
        if pyramid is None:
            painter.fillRect(area, self.colours.around)
            painter.restore()
            return
        outline = self._transform.map(QPolygonF(QRectF(0, 0, pyramid.canvas.width, pyramid.canvas.height)))
        straight = self._transform.isRotating() is False
        if not (straight and outline.boundingRect().toRect().adjusted(1, 1, -1, -1).contains(area)):
            painter.fillRect(area, self.colours.around)
            self._paint_edge(painter, outline, straight=straight)
        painter.save()
        if straight:
            painter.setClipRect(outline.boundingRect().toRect(), Qt.ClipOperation.IntersectClip)
        else:
            painter.setClipRegion(QRegion(outline.toPolygon()), Qt.ClipOperation.IntersectClip)
        self._paint_picture(painter, area, pyramid)
        painter.restore()
        painter.restore()

    def _paint_edge(self, painter: QPainter, outline: QPolygonF, *, straight: bool) -> None:
        """Shadow and border; what lies inside the outline is painted over by the picture."""
        if straight:  # plain fills touch only what is clipped to, which is what a pan brings in
            inner = outline.boundingRect().toRect()
            for reach in range(SHADOW, 0, -1):
                painter.fillRect(inner.adjusted(-reach, -reach, reach, reach), self.colours.shadow)
            painter.fillRect(inner.adjusted(-1, -1, 1, 1), self.colours.border)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for reach in range(SHADOW, 0, -2):
            painter.setPen(QPen(QBrush(self.colours.shadow), 2 * reach, j=Qt.PenJoinStyle.RoundJoin))
            painter.drawPolygon(outline)
        painter.setPen(QPen(self.colours.border, 2.0))
        painter.drawPolygon(outline)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_picture(self, painter: QPainter, area: QRect, pyramid: Pyramid) -> None:
        level = pyramid.level_for(self._zoom)
        seen = self._transform.inverted()[0].mapRect(QRectF(area)).toAlignedRect()
        seen_rect = Rect(seen.x(), seen.y(), seen.width(), seen.height()).grown(2 << level).intersected(pyramid.canvas)
        part = pyramid.at_level(level, seen_rect)
        if not part:
            return
        painter.setBrushOrigin(QPoint(round(self._transform.dx()), round(self._transform.dy())))
        painter.fillRect(area, self._checks)
        scale = float(1 << level)
        to_device = QTransform.fromTranslate(part.x, part.y) * QTransform.fromScale(scale, scale) * self._transform
        whole_pixels = self._zoom == 1.0 and not self._transform.isRotating()
        crisp = self._zoom >= CRISP_FROM or whole_pixels
        painter.drawImage(area.topLeft(), as_qimage(warped(pyramid.read(level, part), to_device, area, crisp=crisp)))
        if self._zoom >= GRID_FROM:
            self._paint_grid(painter, seen_rect)

    def _paint_grid(self, painter: QPainter, rect: Rect) -> None:
        painter.setPen(QPen(self.colours.grid, 0))
        lines = [QLineF(x, rect.y, x, rect.bottom) for x in range(rect.x, rect.right + 1)]
        lines += [QLineF(rect.x, y, rect.right, y) for y in range(rect.y, rect.bottom + 1)]
        painter.drawLines([self._transform.map(line) for line in lines])
