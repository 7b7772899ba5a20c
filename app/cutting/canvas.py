"""The example, large, on squares: what is kept of it, its crop and brush; the pointer changes them."""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QBrush,
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.clipboard import to_image
from app.cutting.cropping import Grip, grip_at, moved, pulled
from app.cutting.session import Cutting
from app.theme import DARK, colours
from app.widgets import squares
from editor.geometry import Point, Rect

MARGIN = 12  # px around the picture, so that its edges can be gripped
REACH = 7.0  # px beside an edge of the crop in which it can be gripped
HANDLE = 8.0  # px, side of a handle
GHOST = 0.18  # how much is seen of what was taken away
MOST_SCALE = 8.0  # screen pixels per picture pixel
ARROWS: dict[int, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
CURSORS = {  # by whether edges left or right, edges above or below are held, and both on the same side
    (1, 1, True): Qt.CursorShape.SizeFDiagCursor,
    (1, 1, False): Qt.CursorShape.SizeBDiagCursor,
    (1, 0, False): Qt.CursorShape.SizeHorCursor,
    (0, 1, False): Qt.CursorShape.SizeVerCursor,
    (0, 0, True): Qt.CursorShape.SizeAllCursor,
}


class CutTool(StrEnum):
    """What the pointer does."""

    CROP = "crop"
    KEEP = "keep"
    ERASE = "erase"
    PICK = "pick"


class CutCanvas(QWidget):
    """Signals:
    changed: a step was made.
    picked: x, y in picture pixels, and whether the part there is to be kept.
    """

    changed = Signal()
    picked = Signal(float, float, bool)

    def __init__(self, cutting: Cutting, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cutting = cutting
        self._tool = CutTool.CROP
        self.size_of_brush = 1.0  # diameter, picture pixels
        self._held: tuple[Grip, Point, Rect] | None = None  # what of the crop, where, the crop at that moment
        self._last: Point | None = None  # of the stroke being painted
        self._pointer: QPointF | None = None
        self._scale, self._origin = 1.0, QPointF()
        self._picture = np.zeros((1, 1, 3), np.uint8)
        self._ghost, self._kept = QImage(), QImage()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(240, 160)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(
            self.tr("The example. With Crop, the arrow keys move the rectangle, with Ctrl its corner.")
        )

    @property
    def tool(self) -> CutTool:
        return self._tool

    def set_tool(self, tool: CutTool) -> None:
        """Let the pointer do something else."""
        self.let_go()
        self._tool = tool
        self._show_cursor()
        self.update()

    def let_go(self) -> None:
        """End what is being dragged or painted as if the button had been released: it is a step."""
        if self._held is None and self._last is None:
            return
        self._held = self._last = None
        if self._cutting.finish():
            self.changed.emit()
        self.update()

    def show_cut(self) -> None:
        """Show the mask and crop as they are now."""
        self._compose()
        self.update()

    # places

    def to_picture(self, at: QPointF) -> Point:
        """A place of the widget in picture pixels."""
        return (at.x() - self._origin.x()) / self._scale, (at.y() - self._origin.y()) / self._scale

    def to_widget(self, x: float, y: float) -> QPointF:
        """A place of the picture in the widget."""
        return self._origin + QPointF(x * self._scale, y * self._scale)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        canvas = self._cutting.canvas
        room = max(1, self.width() - 2 * MARGIN), max(1, self.height() - 2 * MARGIN)
        self._scale = min(room[0] / canvas.width, room[1] / canvas.height, MOST_SCALE)
        across, down = canvas.width * self._scale, canvas.height * self._scale
        self._origin = QPointF((self.width() - across) / 2, (self.height() - down) / 2)
        ratio = self.devicePixelRatioF()
        size = max(1, round(across * ratio)), max(1, round(down * ratio))
        how = cv2.INTER_AREA if self._scale * ratio < 1 else cv2.INTER_LINEAR
        colour = np.ascontiguousarray(self._cutting.whole[..., :3])
        self._picture = np.asarray(cv2.resize(colour, size, interpolation=how), np.uint8)
        self._ghost = to_image(np.dstack([self._picture, np.full(self._picture.shape[:2], 255, np.uint8)]))
        self._compose()

    def _compose(self) -> None:
        height, width = self._picture.shape[:2]
        how = cv2.INTER_AREA if width < self._cutting.canvas.width else cv2.INTER_LINEAR
        mask = cv2.resize(self._cutting.mask, (width, height), interpolation=how)
        self._kept = to_image(np.dstack([self._picture, mask]))

    # the pointer

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = self.to_picture(event.position())
        if self._tool is CutTool.CROP:
            cutting = self._cutting
            grip = grip_at(cutting.crop, cutting.canvas, at, REACH / self._scale)
            self._held = grip, at, cutting.crop
        elif self._tool is CutTool.PICK:
            if self._cutting.canvas.contains(*at):
                self.picked.emit(*at, not event.modifiers() & Qt.KeyboardModifier.AltModifier)
        else:
            self._paint_to(at, at)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer = event.position()
        at = self.to_picture(event.position())
        if self._held is not None:
            grip, start, crop = self._held
            self._cutting.crop = pulled(crop, self._cutting.canvas, grip, start, at)
        elif self._last is not None:
            self._paint_to(self._last, at)
        self._show_cursor()
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            if self._held is not None and self._held[0].fresh and self.to_picture(event.position()) == self._held[1]:
                self._cutting.crop = self._held[2]  # a click draws nothing
            self.let_go()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._pointer = None
        self.update()

    def _paint_to(self, start: Point, end: Point) -> None:
        self._cutting.paint(start, end, self.size_of_brush / 2, keep=self._tool is CutTool.KEEP)
        self._last = end
        self.show_cut()

    def _show_cursor(self) -> None:
        shape = Qt.CursorShape.CrossCursor
        if self._tool is CutTool.CROP and self._pointer is not None:
            cutting = self._cutting
            held = self._held[0] if self._held is not None else None
            grip = held or grip_at(cutting.crop, cutting.canvas, self.to_picture(self._pointer), REACH / self._scale)
            shape = shape if grip.fresh else CURSORS[abs(grip.across), abs(grip.down), grip.across == grip.down]
        elif self._tool is CutTool.PICK:
            shape = Qt.CursorShape.PointingHandCursor
        self.setCursor(shape)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = ARROWS.get(event.key())
        if step is None or self._tool is not CutTool.CROP:
            super().keyPressEvent(event)
            return
        far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        across, down = step[0] * far, step[1] * far
        cutting = self._cutting
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            corner = Grip(1 if across else 0, 1 if down else 0)
            cutting.crop = pulled(cutting.crop, cutting.canvas, corner, (0, 0), (across, down))
        else:
            cutting.crop = moved(cutting.crop, cutting.canvas, across, down)
        if cutting.finish():
            self.changed.emit()
        self.update()

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(colours().canvas))
            if self._kept.isNull():
                return
            place = self._placed(self._cutting.canvas)
            painter.setBrushOrigin(place.topLeft())
            painter.fillRect(place, QBrush(squares()))
            painter.setOpacity(GHOST)
            painter.drawImage(place, self._ghost)
            painter.setOpacity(1.0)
            painter.drawImage(place, self._kept)
            self._paint_crop(painter, place)
            self._paint_brush(painter)
            if self.hasFocus():
                painter.setPen(QPen(QColor(colours().accent), 1))
                painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _placed(self, rect: Rect) -> QRectF:
        return QRectF(self.to_widget(rect.x, rect.y), self.to_widget(rect.right, rect.bottom))

    def _paint_crop(self, painter: QPainter, place: QRectF) -> None:
        crop = self._placed(self._cutting.crop)
        shade = QPainterPath()
        shade.addRect(place)
        shade.addRect(crop)
        painter.fillPath(shade, QColor(0, 0, 0, 150))
        crops = self._tool is CutTool.CROP
        if not crops and self._cutting.crop == self._cutting.canvas:
            return
        for colour, width in (("#000000", 3), ("#ffffff", 1)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawRect(crop)
        if crops:
            painter.setPen(QPen(QColor("#000000"), 1))
            painter.setBrush(QColor("#ffffff"))
            middle, half = crop.center(), HANDLE / 2
            for x in (crop.left(), middle.x(), crop.right()):
                for y in (crop.top(), middle.y(), crop.bottom()):
                    if (x, y) != (middle.x(), middle.y()):
                        painter.drawRect(QRectF(x - half, y - half, HANDLE, HANDLE))
            painter.setBrush(Qt.BrushStyle.NoBrush)

    def _paint_strokes(self, painter: QPainter) -> None:
        """The ways of the strokes, thinly: what is looked for keeps to them, also where they changed nothing yet."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for stroke in self._cutting.strokes:
            way = [self.to_widget(*point) for point in stroke.points]
            painter.setPen(QPen(QColor(DARK.accent if stroke.belongs else DARK.danger), 2, Qt.PenStyle.DotLine))
            painter.drawPolyline(way)

    def _paint_brush(self, painter: QPainter) -> None:
        if self._tool not in (CutTool.KEEP, CutTool.ERASE):
            return
        self._paint_strokes(painter)
        if self._pointer is None:
            return
        radius = max(1.0, self.size_of_brush / 2 * self._scale)
        for colour, width in (("#000000", 3), ("#ffffff", 1)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawEllipse(self._pointer, radius, radius)
