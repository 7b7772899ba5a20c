"""Choosing a colour: a square of saturation and brightness, a strip of hues, a code, and the colours used lately."""

from __future__ import annotations

from collections import deque

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QLinearGradient, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.theme import colours
from app.widgets import NumberControl, caption

Colour = tuple[float, float, float, float]
RECENT = 16
SWATCH_STYLE = "background: {}; border: 1px solid {}; border-radius: 4px; padding: 0; min-height: 0;"
STARTERS = ("#000000", "#ffffff", "#c4553c", "#e0a04a", "#6d8f3c", "#3f9c8b", "#3d6fb0", "#7d6449")


def to_qcolor(colour: Colour) -> QColor:
    """(r, g, b, a) 0..1 as Qt's colour."""
    return QColor.fromRgbF(*(min(1.0, max(0.0, value)) for value in colour))


class ColourPlane(QWidget):
    """A field whose two directions are two properties of the colour; the arrow keys move in it.

    Signals:
        moved: (x, y), 0..1 from the left and from the top.
    """

    moved = Signal(float, float)

    def __init__(self, name: str, size: QSize, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setFixedSize(size)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.across = self.down = 0.0
        self.hue = 0.0  # 0..1, what the square is drawn with

    def place(self, x: float, y: float, hue: float) -> None:
        """Move the mark without reporting it."""
        self.across, self.down, self.hue = x, y, hue
        self.update()

    def _go(self, x: float, y: float) -> None:
        self.across, self.down = min(1.0, max(0.0, x)), min(1.0, max(0.0, y))
        self.update()
        self.moved.emit(self.across, self.down)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event.position().x() / self.width(), event.position().y() / self.height())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        if event.key() in steps:
            dx, dy = steps[Qt.Key(event.key())]
            self._go(self.across + dx * 0.02, self.down + dy * 0.02)
        else:
            super().keyPressEvent(event)

    def _frame(self, painter: QPainter) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours().accent if self.hasFocus() else colours().line), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))


class SquarePlane(ColourPlane):
    """Saturation to the right, brightness upwards."""

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            across = QLinearGradient(0, 0, self.width(), 0)
            across.setColorAt(0, QColor("white"))
            across.setColorAt(1, QColor.fromHsvF(self.hue, 1, 1))
            painter.fillRect(self.rect(), across)
            down = QLinearGradient(0, 0, 0, self.height())
            down.setColorAt(0, QColor(0, 0, 0, 0))
            down.setColorAt(1, QColor("black"))
            painter.fillRect(self.rect(), down)
            self._frame(painter)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            at = QPointF(self.across * self.width(), self.down * self.height())
            for pen in (QPen(QColor("black"), 3), QPen(QColor("white"), 1.5)):
                painter.setPen(pen)
                painter.drawEllipse(at, 6, 6)


class HuePlane(ColourPlane):
    """All hues from left to right."""

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            hues = QLinearGradient(0, 0, self.width(), 0)
            for sixth in range(7):
                hues.setColorAt(sixth / 6, QColor.fromHsvF(sixth / 6 % 1.0, 1, 1))
            painter.fillRect(self.rect(), hues)
            self._frame(painter)
            x = min(self.width() - 3.0, max(2.0, self.across * self.width()))
            for pen in (QPen(QColor("black"), 3), QPen(QColor("white"), 1.5)):
                painter.setPen(pen)
                painter.drawRect(QRectF(x - 2, 1, 4, self.height() - 3))


class ColourPopup(QFrame):
    """Opens beside the swatch and stays until the artist clicks elsewhere.

    Signals:
        changed: the colour, (r, g, b, a) 0..1.
    """

    changed = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("colourPopup")
        self._colour: Colour = (0.0, 0.0, 0.0, 1.0)
        self._recent: deque[str] = deque(STARTERS, maxlen=RECENT)
        width = 232
        self.square = SquarePlane(self.tr("Saturation and brightness"), QSize(width, 160))
        self.square.moved.connect(self._from_planes)
        self.hue = HuePlane(self.tr("Hue"), QSize(width, 18))
        self.hue.moved.connect(self._from_planes)
        self.opacity = NumberControl(self.tr("Opacity"), 0.0, 1.0, factor=100, unit="%")
        self.opacity.changed.connect(lambda value: self._set((*self._colour[:3], value)))
        self.code = QLineEdit(maxLength=7)
        self.code.setAccessibleName(self.tr("Colour code"))
        self.code.editingFinished.connect(self._from_code)
        row = QHBoxLayout()
        row.addWidget(caption(self.tr("Code")), 1)
        row.addWidget(self.code, 1)
        self._swatches = QGridLayout()
        self._swatches.setSpacing(4)
        self._column = column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        for widget in (self.square, self.hue, self.opacity):
            column.addWidget(widget)
        column.addLayout(row)
        column.addLayout(self._swatches)
        self._show_recent()

    def open_at(self, at: QPoint, colour: Colour) -> None:
        """Show the popup with its corner at a global position."""
        self.show_colour(colour)
        self._show_recent()
        self._column.activate()
        self.adjustSize()
        screen = self.screen().availableGeometry()
        x = min(at.x(), screen.right() - self.width())
        y = min(at.y(), screen.bottom() - self.height())
        self.move(max(x, screen.left()), max(y, screen.top()))
        self.show()
        self.square.setFocus()

    def show_colour(self, colour: Colour) -> None:
        """Show a colour without reporting it."""
        self._colour = colour
        shown = to_qcolor(colour)
        hue, saturation, value = shown.hsvHueF(), shown.hsvSaturationF(), shown.valueF()
        hue = self.hue.across if hue < 0 or saturation == 0 else hue  # greys keep the hue chosen before
        self.hue.place(hue, 0.5, hue)
        self.square.place(saturation, 1 - value, hue)
        self.opacity.set_value(colour[3])
        self.code.setText(shown.name())

    def note_used(self, colour: Colour) -> None:
        """The artist painted with a colour: keep it among the recent ones."""
        name = to_qcolor(colour).name()
        if name in self._recent:
            self._recent.remove(name)
        self._recent.appendleft(name)

    def _from_planes(self) -> None:
        made = QColor.fromHsvF(min(self.hue.across, 0.9999), self.square.across, 1 - self.square.down)
        self.square.place(self.square.across, self.square.down, min(self.hue.across, 0.9999))
        self._colour = (made.redF(), made.greenF(), made.blueF(), self._colour[3])
        self.code.setText(made.name())
        self.changed.emit(self._colour)

    def _from_code(self) -> None:
        text = self.code.text().strip()
        made = QColor(text if text.startswith("#") else f"#{text}")
        if made.isValid():
            self._set((made.redF(), made.greenF(), made.blueF(), self._colour[3]))
        else:
            self.code.setText(to_qcolor(self._colour).name())

    def _set(self, colour: Colour) -> None:
        self.show_colour(colour)
        self.changed.emit(colour)

    def _show_recent(self) -> None:
        while (item := self._swatches.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for place, name in enumerate(self._recent):
            swatch = QPushButton()
            swatch.setFixedSize(25, 25)
            swatch.setAccessibleName(self.tr("Colour {}").format(name))
            swatch.setToolTip(name)
            swatch.setStyleSheet(SWATCH_STYLE.format(name, colours().line))
            colour = QColor(name)
            wanted = (colour.redF(), colour.greenF(), colour.blueF())
            swatch.clicked.connect(lambda _=False, wanted=wanted: self._set((*wanted, self._colour[3])))
            self._swatches.addWidget(swatch, place // 8, place % 8)
