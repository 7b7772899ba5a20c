"""The controls of a method's form: one for each kind of parameter, and the fields for words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from app.jobs.method_info import MethodInfo, ParameterInfo
from app.widgets import NumberControl, caption

Show = Callable[[Any], None]
"""Shows a value on a control without reporting it as the artist's."""


class WordsField(QPlainTextEdit):
    """A few lines of text that grow the panel no further; Tab leaves it."""

    edited = Signal(str)

    def __init__(self, name: str, hint: str, lines: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        height = self.fontMetrics().lineSpacing() * lines + 10
        # The theme's own least height would win over setFixedHeight, and a low panel would squeeze the field.
        self.setStyleSheet(f"QPlainTextEdit {{ min-height: {height}px; max-height: {height}px; }}")
        self.textChanged.connect(lambda: self.edited.emit(self.toPlainText()))

    def set_value(self, text: str) -> None:
        """Show a text without reporting it as the artist's."""
        if text != self.toPlainText():
            blocked = self.blockSignals(True)
            self.setPlainText(text)
            self.blockSignals(blocked)


def control_for(info: ParameterInfo, changed: Callable[[Any], None]) -> tuple[QWidget, Show]:
    """A control for one parameter and what shows a value on it.

    Args:
        changed: told what the artist sets.
    """
    control: QWidget
    if info.type == "bool":
        box = QCheckBox(info.title)
        box.toggled.connect(changed)
        control, show = box, _quietly(box, box.setChecked)
    elif info.type == "str" and info.choices:
        combo = QComboBox()
        combo.addItems(list(info.choices))
        combo.currentTextChanged.connect(changed)
        control, show = labelled(info.title, combo), _quietly(combo, combo.setCurrentText)
    elif info.type == "str":
        line = QLineEdit()
        line.textEdited.connect(changed)
        control, show = labelled(info.title, line), _quietly(line, line.setText)
    else:
        low = info.low if info.low is not None else 0
        high = info.high if info.high is not None else max(100.0, 2 * float(info.default))
        whole = info.type == "int"
        curve = 2.0 if high - low > 200 else 1.0
        number = NumberControl(info.title, low, high, whole=whole, unit=info.unit, curve=curve)
        number.changed.connect(lambda value: changed(round(value) if whole else float(value)))
        control, show = number, number.set_value
    control.setToolTip(info.help)
    return control, show


def prompt_hint(info: MethodInfo | None) -> str:
    """What the field for the prompt says while it is empty."""
    if info is not None and info.inputs == ("prompt", "mask"):
        return QCoreApplication.translate("MethodPanel", "What should be there; empty: remove it")
    if info is not None and "points" in info.inputs:
        return QCoreApplication.translate("MethodPanel", "What the picture shows, in a few words")
    return QCoreApplication.translate("MethodPanel", "What it should become, in a few words")


def _quietly(widget: QWidget, show: Show) -> Show:
    def quiet(value: Any) -> None:
        blocked = widget.blockSignals(True)
        show(value)
        widget.blockSignals(blocked)

    return quiet


def labelled(title: str, control: QWidget, field: QWidget | None = None) -> QWidget:
    """A row of a title and a control; `field` is what of it the keyboard comes to, where that is not all."""
    field = control if field is None else field
    field.setAccessibleName(title)
    row = QWidget()
    box = QHBoxLayout(row)
    box.setContentsMargins(0, 0, 0, 0)
    label = caption(title)
    label.setBuddy(field)
    box.addWidget(label, 1)
    box.addWidget(control, 1)
    return row
