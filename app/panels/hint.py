"""A hint in a row that may be too narrow for it: half a sentence helps nobody."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget


class HintLabel(QLabel):
    """One line, shown whole or not at all; takes the room that is left.

    Signals:
        left_out: the hint, while there is no room for it here; "" as soon as it is shown or no longer wanted.
    """

    left_out = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "quiet")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._whole = self._told = ""

    def show_hint(self, text: str) -> None:
        """Show another hint."""
        self._whole = text
        self.setAccessibleName(text)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tell("")

    @property
    def untold(self) -> str:
        """The hint while there is no room for it; else empty."""
        return self._told

    def _fit(self) -> None:
        fits = self.fontMetrics().horizontalAdvance(self._whole) <= self.width()
        self.setText(self._whole if fits else "")
        self._tell("" if fits or not self.isVisible() else self._whole)

    def _tell(self, left_out: str) -> None:
        if left_out != self._told:
            self._told = left_out
            self.left_out.emit(left_out)
