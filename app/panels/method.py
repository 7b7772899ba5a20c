"""The Method panel: a form made from the parameters of the chosen method."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.edit_options import EditOptions
from app.jobs.method_info import ParameterInfo
from app.selection_note import SelectionNote
from app.widgets import NumberControl, Section, SeedField, action_button, caption, icon_button

Show = Callable[[Any], None]


class WordsField(QPlainTextEdit):
    """A few lines of text that grow the panel no further; Tab leaves it."""

    edited = Signal(str)

    def __init__(self, name: str, hint: str, lines: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + 20)
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
        control, show = _labelled(info.title, combo), _quietly(combo, combo.setCurrentText)
    elif info.type == "str":
        line = QLineEdit()
        line.textEdited.connect(changed)
        control, show = _labelled(info.title, line), _quietly(line, line.setText)
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


def _quietly(widget: QWidget, show: Show) -> Show:
    def quiet(value: Any) -> None:
        blocked = widget.blockSignals(True)
        show(value)
        widget.blockSignals(blocked)

    return quiet


def _labelled(title: str, field: QWidget) -> QWidget:
    field.setAccessibleName(title)
    row = QWidget()
    box = QHBoxLayout(row)
    box.setContentsMargins(0, 0, 0, 0)
    label = caption(title)
    label.setBuddy(field)
    box.addWidget(label, 1)
    box.addWidget(field, 1)
    return row


class MethodPanel(QWidget):
    """What the next edit will do; everything entered goes into `options` at once.

    Args:
        run: the window's Run action.
        live: the window's Live action.
        clear: the window's action that selects nothing.

    Signals:
        replace_ended: the artist no longer wants to replace a result layer.
    """

    replace_ended = Signal()

    def __init__(
        self, options: EditOptions, run: QAction, live: QAction, clear: QAction, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._options = options
        self._shows: dict[str, Show] = {}
        self._controls: dict[str, QWidget] = {}
        self._form: QWidget | None = None
        self._build_head()
        self.selection = SelectionNote(clear)
        self._build_foot(run, live)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._area, 1)
        outer.addWidget(self._foot)
        options.methods_changed.connect(self._list_methods)
        options.method_changed.connect(self._make_form)
        options.changed.connect(self._show_value)
        self._list_methods()
        self._make_form()

    def _build_head(self) -> None:
        self.methods = QComboBox()
        self.methods.setAccessibleName(self.tr("Method"))
        self.methods.activated.connect(lambda: self._options.choose(self.methods.currentData()))
        self.help = caption("")
        self.help.setWordWrap(True)
        self.prompt = WordsField(self.tr("Prompt"), self.tr("What it should become, in a few words"), 2)
        self.prompt.edited.connect(lambda text: self._options.set("prompt", text))
        self.negative = WordsField(self.tr("Negative prompt"), self.tr("What it should not be"), 2)
        self.negative.edited.connect(lambda text: self._options.set("negative_prompt", text))
        self.seed = SeedField()
        self.seed.changed.connect(lambda seed: self._options.set("seed", seed))
        self._page = QWidget()
        self._page.setObjectName("page")
        self._column = QVBoxLayout(self._page)
        self._column.setContentsMargins(8, 8, 8, 8)
        self._column.setSpacing(8)
        for widget in (self.methods, self.help, self.prompt):
            self._column.addWidget(widget)
        self._column.addStretch(1)
        self._area = QScrollArea(widgetResizable=True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._page)

    def _build_foot(self, run: QAction, live: QAction) -> None:
        self._foot = QWidget()
        self.replacing = caption("")
        self.replacing.setWordWrap(True)
        end = icon_button("close", self.tr("Make a new layer instead"))
        end.clicked.connect(self.replace_ended)
        self._replacing_row = QWidget()
        row = QHBoxLayout(self._replacing_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.replacing, 1)
        row.addWidget(end, 0, Qt.AlignmentFlag.AlignTop)
        self._replacing_row.hide()
        self.run = QPushButton(self.tr("Run"))
        self.run.setProperty("main", "true")
        self.run.setToolTip(run.toolTip())
        self.run.clicked.connect(run.trigger)
        self.run.setEnabled(run.isEnabled())
        run.changed.connect(lambda: self.run.setEnabled(run.isEnabled()))
        self.live: QToolButton = action_button(live, size=18)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.run, 1)
        buttons.addWidget(self.live)
        column = QVBoxLayout(self._foot)
        column.setContentsMargins(8, 4, 8, 8)
        column.setSpacing(4)
        column.addWidget(self._replacing_row)
        column.addWidget(self.selection)
        column.addLayout(buttons)

    def show_replacing(self, layer: str | None) -> None:
        """Say which result layer the next run replaces; None = it makes a new one."""
        self._replacing_row.setVisible(layer is not None)
        self.replacing.setText(self.tr("Run replaces the layer “{}”.").format(layer) if layer else "")

    def control(self, name: str) -> QWidget:
        """The control of a parameter, for the keyboard and for tests."""
        return self._controls[name]

    def _list_methods(self) -> None:
        self.methods.clear()
        for info in self._options.methods:
            self.methods.addItem(info.title, info.id)
        self.methods.setEnabled(bool(self._options.methods))

    def _make_form(self) -> None:
        if self._form is not None:
            self._column.removeWidget(self._form)
            self.negative.setParent(self)  # it lives on in the next form
            self._form.deleteLater()
        self._shows.clear()
        self._controls.clear()
        self._form = QWidget()
        form = QVBoxLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(8)
        info = self._options.method
        self.advanced = advanced = Section(self.tr("Advanced"))
        for parameter in info.parameters if info else ():
            name = parameter.name
            control, show = control_for(parameter, partial(self._options.set, name))
            self._controls[name], self._shows[name] = control, show
            (advanced.column if parameter.advanced else form).addWidget(control)
        form.addWidget(self._seed_row())
        advanced.column.insertWidget(0, self.negative)
        form.addWidget(advanced)
        self._column.insertWidget(3, self._form)
        self.methods.setCurrentIndex(self.methods.findData(info.id) if info else -1)
        self.help.setText(info.help if info else self.tr("The list of methods is being read…"))
        for name in (*self._shows, "prompt", "negative_prompt", "seed"):
            if info is not None:
                self._show_value(name)

    def _seed_row(self) -> QWidget:
        row = QWidget()
        box = QHBoxLayout(row)
        box.setContentsMargins(0, 0, 0, 0)
        label = caption(self.tr("Seed"))
        label.setBuddy(self.seed.field)
        box.addWidget(label, 1)
        box.addWidget(self.seed, 1)
        return row

    def _show_value(self, name: str) -> None:
        value = self._options[name]
        shows: dict[str, Show] = {
            **self._shows,
            "prompt": self.prompt.set_value,
            "negative_prompt": self.negative.set_value,
            "seed": self.seed.set_value,
        }
        shows[name](value)
