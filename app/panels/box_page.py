"""The box in which a thing shall stand, in numbers, in the row above the canvas."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSpinBox, QWidget

from app.panels.hint import HintLabel
from app.parts.box import BoxPart
from app.parts.tools import ToolsPart
from app.widgets import action_button, caption, hide_to_fit
from editor.geometry import Rect
from editor.limits import SIDE


class BoxPage(QWidget):
    """Place and size as fields, the proportion's lock, and away with it."""

    def __init__(self, actions: Mapping[str, QAction], tools: ToolsPart, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: BoxPart | None = None
        self.x_field = _field(self.tr("Left edge"), -SIDE)
        self.y_field = _field(self.tr("Upper edge"), -SIDE)
        self.width_field = _field(self.tr("Width"), 1)
        self.height_field = _field(self.tr("Height"), 1)
        self.locked = QCheckBox(self.tr("Keep proportion"))
        self.locked.setToolTip(
            self.tr("Width and height go together: as those of the example, where there is one (or hold Shift)")
        )
        self.locked.toggled.connect(lambda on: tools.options.change(box_locked=on))
        self.remove = action_button(actions["box_remove"], size=18)
        self.hint = HintLabel()
        self._fields = (self.x_field, self.y_field, self.width_field, self.height_field)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self._labels: list[QLabel] = []
        for name, field in zip(("X", "Y", self.tr("W"), self.tr("H")), self._fields, strict=True):
            label = caption(name)
            label.setBuddy(field)
            self._labels.append(label)
            row.addWidget(label)
            row.addWidget(field)
            row.addSpacing(6)
            field.valueChanged.connect(lambda _, field=field: self._typed(field))
            field.editingFinished.connect(self._finish)
        row.addWidget(self.locked)
        row.addWidget(self.remove)
        row.addSpacing(6)
        row.addWidget(self.hint, 1)
        self.show_box(None)

    def join(self, box: BoxPart) -> None:
        """Follow and steer the current picture's box."""
        self._part = box
        box.placed.connect(self.show_box)

    def show_box(self, box: Rect | None) -> None:
        """Show where the box is; None = there is none."""
        shown = (0, 0, 1, 1) if box is None else (box.x, box.y, box.width, box.height)
        for field, value in zip(self._fields, shown, strict=True):
            field.setEnabled(box is not None)
            with QSignalBlocker(field):
                field.setValue(value)
        self.hint.show_hint(self._hint(box))

    def _typed(self, field: QSpinBox) -> None:
        """What was typed is the box; with the proportion locked the other side follows."""
        if self._part is None:
            return
        width, height = self.width_field.value(), self.height_field.value()
        if self.locked.isChecked():
            proportion = self._part.proportion()
            if field is self.width_field:
                height = max(1, round(width / proportion))
            elif field is self.height_field:
                width = max(1, round(height * proportion))
        self._part.set(Rect(self.x_field.value(), self.y_field.value(), width, height))

    def _finish(self) -> None:
        if self._part is not None:
            self._part.finish()

    def _hint(self, box: Rect | None) -> str:
        if box is None:
            return self.tr("Drag on the picture: the thing will stand in this box.")
        return self.tr(
            "Drag inside to move, a handle to resize, beside it for a new one. Shift: proportion. Alt: centred."
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        hide_to_fit(self, self.width(), self._labels)


def _field(name: str, low: int) -> QSpinBox:
    """A field for whole pixels."""
    field = QSpinBox(minimum=low, maximum=SIDE)
    field.setKeyboardTracking(False)
    field.setSuffix("\u2009px")
    field.setAccessibleName(name)
    field.setToolTip(name)
    field.lineEdit().setTextMargins(6, 0, 2, 0)
    field.setFixedWidth(field.fontMetrics().horizontalAdvance("-10000 px") + 20)
    return field
