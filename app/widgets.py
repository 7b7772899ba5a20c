"""Small controls that the bars and panels share."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QMouseEvent, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QDoubleSpinBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.seeds import SEED_LIMIT, random_seed
from app.theme import set_icon

SLIDER_STEPS = 1000
CHECK = 6  # pixels of the squares that are seen through what is transparent


def icon_button(name: str, text: str, *, checkable: bool = False, size: int = 16) -> QToolButton:
    """A button with an icon only; `text` is its tooltip and its accessible name."""
    button = QToolButton()
    button.setCheckable(checkable)
    set_icon(button, name)
    button.setIconSize(QSize(size, size))
    button.setToolTip(text)
    button.setAccessibleName(text)
    return button


def action_button(action: QAction, *, size: int = 16) -> QToolButton:
    """An icon button that triggers, and is enabled and checked with, an action."""
    button = QToolButton()
    button.setDefaultAction(action)
    button.setIconSize(QSize(size, size))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setAccessibleName(action.text().replace("&", ""))
    return button


def divider(vertical: bool = False) -> QFrame:
    """A thin line between groups of controls."""
    line = QFrame()
    line.setObjectName("divider")
    if vertical:
        line.setFixedWidth(1)
        line.setFixedHeight(20)
    else:
        line.setFixedHeight(1)
    return line


def caption(text: str, role: str = "quiet") -> QLabel:
    """A label drawn in the style sheet's `role`: "quiet", "heading" or "title"."""
    label = QLabel(text)
    label.setProperty("role", role)
    return label


def squares() -> QPixmap:
    """A tile of the squares that are seen through what is transparent; the same in both themes."""
    tile = QPixmap(2 * CHECK, 2 * CHECK)
    tile.fill(QColor("#ffffff"))
    with QPainter(tile) as painter:
        for x, y in ((0, 0), (CHECK, CHECK)):
            painter.fillRect(x, y, CHECK, CHECK, QColor("#cccccc"))
    return tile


def hide_to_fit(row: QWidget, width: int, spare: Sequence[QWidget]) -> None:
    """Show all of `spare`, then hide one after the other until the row needs no more than `width` pixels."""
    layouts = [part.layout() for part in (*(widget.parentWidget() for widget in spare), row)]

    def needed() -> int:
        for layout in layouts:  # else what lies deeper is asked for its size only in the next turn of the event loop
            layout.invalidate()
        return row.sizeHint().width()

    for widget in spare:
        widget.show()
    for widget in spare:
        if needed() <= width:
            return
        widget.hide()


class ElidedLabel(QLabel):
    """A one-line label that ends in "…" where there is no room; the tooltip says all."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumWidth(24)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.show_text(text)

    def show_text(self, text: str) -> None:
        """Show another text."""
        self._whole = text
        self.setToolTip(text)
        self.setAccessibleName(text)
        self._elide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        self.setText(self.fontMetrics().elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width()))


class JumpSlider(QSlider):
    """A horizontal slider whose handle goes to where it is clicked."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            margin = 6  # half of the handle
            span = max(1, self.width() - 2 * margin)
            share = min(1.0, max(0.0, (event.position().x() - margin) / span))
            self.setValue(round(self.minimum() + share * (self.maximum() - self.minimum())))
        super().mousePressEvent(event)


class NumberControl(QWidget):
    """A number with its name, a slider and a field to type into.

    Args:
        name: shown and spoken.
        low, high: inclusive limits of the value.
        whole: only whole numbers.
        factor: the field shows value x factor (100 for per cent).
        curve: 1 = linear slider; 2 or 3 gives small values more room.
        inline: everything in one row instead of the slider below.
    """

    changed = Signal(float)

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        *,
        whole: bool = False,
        unit: str = "",
        factor: float = 1.0,
        curve: float = 1.0,
        inline: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._low, self._high, self._factor, self._curve, self._whole = low, high, factor, curve, whole
        self._value = low
        self.label = caption(name)
        self.slider = JumpSlider(Qt.Orientation.Horizontal)
        steps = round(high - low) if whole and curve == 1 and high - low <= SLIDER_STEPS else SLIDER_STEPS
        self.slider.setRange(0, max(1, steps))
        self.slider.setAccessibleName(name)
        self.field = self._make_field(unit)
        self.field.setAccessibleName(name)
        self.label.setBuddy(self.field)
        self._lay_out(inline)
        self.slider.valueChanged.connect(self._slid)
        self.field.valueChanged.connect(self._typed)
        self.set_value(low)

    def _make_field(self, unit: str) -> QDoubleSpinBox:
        field = QDoubleSpinBox()
        field.setKeyboardTracking(False)
        span = (self._high - self._low) * self._factor
        whole = self._whole or (self._factor == 100)
        field.setDecimals(0 if whole else 2 if span <= 10 else 1)
        field.setRange(self._low * self._factor, self._high * self._factor)
        field.setSingleStep(1 if whole or span > 10 else 0.05)
        field.setSuffix("\u2009" + unit if unit else "")
        field.setProperty("plain", "true")
        field.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        widest = max((field.textFromValue(v) for v in (field.minimum(), field.maximum())), key=len) + field.suffix()
        field.setFixedWidth(field.fontMetrics().horizontalAdvance(widest) + 12)
        return field

    def _lay_out(self, inline: bool) -> None:
        if inline:
            row = QHBoxLayout(self)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(6)
            self.slider.setFixedWidth(88)
            self.field.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
            for widget in (self.label, self.slider, self.field):
                row.addWidget(widget)
            self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            return
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.label, 1)
        top.addWidget(self.field)
        column.addLayout(top)
        column.addWidget(self.slider)

    @property
    def value(self) -> float:
        return self._value

    def set_value(self, value: float) -> None:
        """Show a value without reporting it as the artist's."""
        self._value = min(self._high, max(self._low, value))
        with QSignalBlocker(self.field), QSignalBlocker(self.slider):
            self.field.setValue(self._value * self._factor)
            self.slider.setValue(self._position(self._value))

    def _position(self, value: float) -> int:
        share = (value - self._low) / ((self._high - self._low) or 1)
        return int(share ** (1 / self._curve) * self.slider.maximum() + 0.5)

    def _slid(self, position: int) -> None:
        value = self._low + (position / self.slider.maximum()) ** self._curve * (self._high - self._low)
        self._report(round(value) if self._whole else round(value, 4))

    def _typed(self, shown: float) -> None:
        self._report(round(shown / self._factor) if self._whole else shown / self._factor)

    def _report(self, value: float) -> None:
        if value != self._value:
            self.set_value(value)
            self.changed.emit(value)


class SeedField(QWidget):
    """The number that the noise comes from, with a die that rolls another one."""

    changed = Signal(object)  # int

    def __init__(self, parent: QWidget | None = None, *, width: int | None = None) -> None:
        super().__init__(parent)
        self.field = QDoubleSpinBox(decimals=0)
        self.field.setKeyboardTracking(False)
        self.field.setRange(0, SEED_LIMIT)
        self.field.setAccessibleName(self.tr("Seed"))
        self.field.setToolTip(self.tr("Seed: the same number gives the same picture again"))
        self.field.lineEdit().setTextMargins(6, 0, 2, 0)
        if width:
            self.field.setFixedWidth(width)
        self.dice = icon_button("dice", self.tr("Roll another seed"), size=18)
        self.dice.clicked.connect(lambda: self.field.setValue(random_seed()))
        self.field.valueChanged.connect(lambda seed: self.changed.emit(int(seed)))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addWidget(self.dice)

    def set_value(self, seed: int) -> None:
        """Show a seed without reporting it as the artist's."""
        with QSignalBlocker(self.field):
            self.field.setValue(min(seed, SEED_LIMIT))


class Section(QWidget):
    """A heading that folds away what is below it."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = QToolButton()
        self.header.setCheckable(True)
        self.header.setText(title)
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.header.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.header.toggled.connect(self._fold)
        self.page = QWidget()
        self.column = QVBoxLayout(self.page)
        self.column.setContentsMargins(0, 4, 0, 0)
        self.column.setSpacing(8)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.header)
        outer.addWidget(self.page)
        self._fold(False)

    def _fold(self, opened: bool) -> None:
        set_icon(self.header, "chevron_down" if opened else "chevron_right")
        self.page.setVisible(opened)
