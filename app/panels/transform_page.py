"""Where the selected thing shall go, in numbers, in the row above the canvas."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QWidget

from app.panels.hint import HintLabel
from app.parts.regions import RegionsPart
from app.widgets import action_button, caption, hide_to_fit
from editor.placement import FARTHEST, SCALES, Placement


class TransformPage(QWidget):
    """Shift, scale and turn as fields.

    Signals:
        changed: the Placement that was typed.
    """

    changed = Signal(object)

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        pixels, degrees = self.tr("px"), "°"
        self.across = _field(self.tr("Shift to the right"), -FARTHEST, FARTHEST, pixels)
        self.down = _field(self.tr("Shift downwards"), -FARTHEST, FARTHEST, pixels)
        self.scale = _field(self.tr("Scale"), 100 * SCALES[0], 100 * SCALES[1], "%")
        self.turn = _field(self.tr("Angle, clockwise"), -180.0, 180.0, degrees)
        self.turn.setWrapping(True)
        self.reset = action_button(actions["transform_reset"], size=18)
        self.hint = HintLabel()
        self._fields = (self.across, self.down, self.scale, self.turn)
        self._row = row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self._labels: list[QLabel] = []
        for name, field in zip(("X", "Y", self.tr("Scale"), self.tr("Angle")), self._fields, strict=True):
            label = caption(name)
            label.setBuddy(field)
            self._labels.append(label)
            row.addWidget(label)
            row.addWidget(field)
            row.addSpacing(6)
            field.valueChanged.connect(self._typed)
        row.addWidget(self.reset)
        row.addSpacing(6)
        row.addWidget(self.hint, 1)
        self.show_placement(None)

    def join(self, regions: RegionsPart) -> None:
        """Follow and steer where what is selected goes."""
        regions.placed.connect(self.show_placement)
        self.changed.connect(regions.set)

    def show_placement(self, placement: Placement | None) -> None:
        """Show where the thing goes; None = nothing is selected."""
        for field in self._fields:
            field.setEnabled(placement is not None)
        shown = placement or Placement()
        for field, value in zip(self._fields, (*shown.shift, 100 * shown.scale, shown.turn), strict=True):
            with QSignalBlocker(field):
                field.setValue(value)
        self.hint.show_hint(self._hint(placement))

    def _typed(self) -> None:
        shift = (self.across.value(), self.down.value())
        self.changed.emit(Placement(shift, self.scale.value() / 100, self.turn.value()).tidy())

    def _hint(self, placement: Placement | None) -> str:
        if placement is None:
            return self.tr("Select the thing first: click it with “Select by click” (S), or draw around it.")
        if placement.rests:
            return self.tr(
                "Drag inside to move, a corner to resize, the knob to turn. Shift: straight, 15°. Alt: centred."
            )
        return self.tr("Enter takes it there, Esc lets it stay.")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        hide_to_fit(self, self.width(), self._labels)


def _field(name: str, low: float, high: float, unit: str) -> QDoubleSpinBox:
    """A field for a number with one decimal at most."""
    field = QDoubleSpinBox(decimals=1, minimum=low, maximum=high)
    field.setKeyboardTracking(False)
    field.setSuffix("\u2009" + unit)
    field.setAccessibleName(name)
    field.setToolTip(name)
    field.lineEdit().setTextMargins(6, 0, 2, 0)
    field.setFixedWidth(field.fontMetrics().horizontalAdvance("-10000.0 px") + 20)
    return field
