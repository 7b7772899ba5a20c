"""The tools at the left, each with its one key, and the two colours below them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QToolBar, QToolButton, QVBoxLayout, QWidget

from app.actions import TOOL_IDS
from app.panels.colour import ColourPopup, to_qcolor
from app.parts.tools import ToolsPart
from app.theme import colours
from app.widgets import action_button, divider

GROUPS = (
    ("brush", "eraser", "fill", "eyedropper"),
    ("mask_brush", "rectangle", "ellipse", "lasso", "polygon", "wand", "colour_range", "click"),
    ("points", "transform", "box", "move"),
)
SWATCH = QSize(36, 40)
ROOMY, TIGHT = (4, 8, 32), (1, 2, 26)  # pixels between the tools, above and below all of them, and a side of each


class Swatches(QAbstractButton):
    """The colour in front, the one kept behind it; a click opens the colour popup."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(SWATCH)
        self.setAccessibleName(self.tr("Colour"))
        self.setToolTip(self.tr("Colour (X exchanges it with the one behind, D gives black and white)"))
        self.front = self.behind = QColor("black")

    def sizeHint(self) -> QSize:
        return SWATCH

    def show_colours(self, front: QColor, behind: QColor) -> None:
        self.front, self.behind = front, behind
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            rim = colours().accent if self.hasFocus() else colours().text
            for colour, x, y in ((self.behind, 13.5, 17.5), (self.front, 3.5, 3.5)):
                painter.setPen(QPen(QColor(colours().panel), 3))
                painter.drawRoundedRect(QRectF(x, y, 20, 20), 4, 4)
                painter.setBrush(QColor(colour.red(), colour.green(), colour.blue()))
                painter.setPen(QPen(QColor(rim), 1))
                painter.drawRoundedRect(QRectF(x, y, 20, 20), 4, 4)


class ToolBar(QToolBar):
    """Signals:
    context wanted: none; everything goes through the actions and the tools part.
    """

    colour_used = Signal()

    def __init__(self, actions: Mapping[str, QAction], tools: ToolsPart, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toolBar")
        self.setWindowTitle(self.tr("Tools"))
        self.setMovable(False)
        self.setFloatable(False)
        self.setOrientation(Qt.Orientation.Vertical)
        self._actions, self._tools = actions, tools
        self.popup = ColourPopup(self)
        self.popup.changed.connect(tools.set_colour)
        page = QWidget()
        self._column = column = QVBoxLayout(page)
        self._buttons: list[QToolButton] = []
        assert {name for group in GROUPS for name in group} == set(TOOL_IDS)
        for number, group in enumerate(GROUPS):
            if number:
                column.addSpacing(4)
                column.addWidget(divider())
                column.addSpacing(4)
            for name in group:
                button = action_button(actions[name], size=20)
                self._buttons.append(button)
                column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(8)
        self.swatches = Swatches()
        self.swatches.clicked.connect(self._open_popup)
        column.addWidget(self.swatches, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self.addWidget(page)
        self._space(*ROOMY)
        self._roomy = column.sizeHint().height()
        tools.options_changed.connect(self._show_colours)
        tools.tool_changed.connect(self._show_tool)
        self._show_colours()
        self._show_tool(tools.current)

    def _space(self, between: int, around: int, side: int) -> None:
        for button in self._buttons:
            button.setFixedSize(side, side)
        self._column.setContentsMargins(6, around, 6, around)
        self._column.setSpacing(between)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a low window everything moves closer together, so that the colours are whole."""
        super().resizeEvent(event)
        self._space(*(ROOMY if self.height() >= self._roomy else TIGHT))

    def _open_popup(self) -> None:
        corner = self.swatches.mapToGlobal(QPoint(self.swatches.width() + 8, 0))
        self.popup.note_used(self._tools.options.colour)
        self.popup.open_at(corner, self._tools.options.colour)

    def _show_colours(self) -> None:
        self.swatches.show_colours(to_qcolor(self._tools.options.colour), to_qcolor(self._tools.other_colour))

    def _show_tool(self, tool: str) -> None:
        self._actions[tool].setChecked(True)
