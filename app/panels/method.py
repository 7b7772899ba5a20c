"""The Method panel: a form made from the parameters of the chosen method."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, Qt, Signal
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

from app.edit_options import WORDS, EditOptions
from app.exemplars import wants_example
from app.jobs.method_info import TASK, MethodInfo, ParameterInfo
from app.mask_state import MaskState, Whose
from app.panels.exemplar import ExemplarBox
from app.panels.find_steps import FindSteps, step_number
from app.selection_note import SelectionNote
from app.theme import polish
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


def prompt_hint(info: MethodInfo | None) -> str:
    """What the field for the prompt says while it is empty."""
    if info is not None and info.inputs == ("prompt", "mask"):
        return QCoreApplication.translate("MethodPanel", "What should be there; empty: remove it")
    return QCoreApplication.translate("MethodPanel", "What it should become, in a few words")


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
        find: the window's action that looks for the place that words would change.
        clear: the window's action that selects nothing.

    Signals:
        replace_ended: the artist no longer wants to replace a result layer.
    """

    replace_ended = Signal()

    def __init__(
        self,
        options: EditOptions,
        run: QAction,
        live: QAction,
        find: QAction,
        clear: QAction,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._options = options
        self._shows: dict[str, Show] = {}
        self._controls: dict[str, QWidget] = {}
        self._form: QWidget | None = None
        self._build_head()
        self.selection = SelectionNote(clear)
        self.steps = FindSteps(find)
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
        self.reference = WordsField(self.tr("What it is now"), self.tr("For example: a red ball on grass"), 2)
        self.reference.edited.connect(lambda text: self._options.set("reference_prompt", text))
        self.prompt = WordsField(self.tr("Prompt"), "", 2)
        now, becomes = self.tr("What it is now (helps to find it)"), self.tr("What it should become")
        self._titles = (caption(now), caption(becomes))
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
        now, becomes = self._titles
        self.exemplar = ExemplarBox()
        for widget in (self.methods, self.help, now, self.reference, becomes, self.prompt, self.exemplar):
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
        self._third = step_number(3)
        buttons.addWidget(self._third)
        buttons.addWidget(self.run, 1)
        buttons.addWidget(self.live)
        column = QVBoxLayout(self._foot)
        column.setContentsMargins(8, 4, 8, 8)
        column.setSpacing(4)
        column.addWidget(self._replacing_row)
        column.addWidget(self.steps)
        column.addWidget(self.selection)
        column.addLayout(buttons)

    def show_replacing(self, layer: str | None) -> None:
        """Say which result layer the next run replaces; None = it makes a new one."""
        self._replacing_row.setVisible(layer is not None)
        self.replacing.setText(self.tr("Run replaces the layer “{}”.").format(layer) if layer else "")

    def show_mask(self, state: MaskState) -> None:
        """Say whose mask the next edit uses."""
        self.steps.show_state(state)
        finds = self._options.method is not None and self._options.method.finds
        self.run.setText(self.tr("Apply") if finds and state.whose is not Whose.NOBODY else self.tr("Run"))
        self.run.setProperty("main", "false" if finds and state.outdated else "true")
        polish(self.run)

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
            self._form.hide()
            self._form.deleteLater()
        self._shows.clear()
        self._controls.clear()
        self._form = QWidget()
        form = QVBoxLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setSpacing(8)
        info = self._options.method
        self.advanced = advanced = Section(self.tr("Advanced"))
        self.steps.set_threshold(None)
        for parameter in info.parameters if info else ():
            name = parameter.name
            if info is not None and info.finds and name == TASK:
                continue  # the steps have buttons for it
            control, show = control_for(parameter, partial(self._options.set, name))
            self._controls[name], self._shows[name] = control, show
            if info is not None and info.finds and name == "threshold":
                self.steps.set_threshold(control)
            else:
                (advanced.column if parameter.advanced else form).addWidget(control)
        form.addWidget(self._seed_row())
        advanced.column.insertWidget(0, self.negative)
        form.addWidget(advanced)
        self._column.insertWidget(self._column.count() - 1, self._form)
        self.methods.setCurrentIndex(self.methods.findData(info.id) if info else -1)
        self.help.setText(info.help if info else self.tr("The list of methods is being read…"))
        self._fit_words(info)
        for name in (*self._shows, *WORDS, "seed"):
            if info is not None:
                self._show_value(name)

    def _fit_words(self, info: MethodInfo | None) -> None:
        """Show the fields and steps that the method has a use for."""
        compares, finds = info is not None and "reference" in info.inputs, info is not None and info.finds
        for widget in (*self._titles, self.reference):
            widget.setVisible(compares)
        self.help.setHidden(compares)  # the titles of the fields and the steps say it
        self.methods.setToolTip(info.help if info is not None else "")
        for widget in (self.steps, self._third):
            widget.setVisible(finds)
        self.prompt.setPlaceholderText(prompt_hint(info))
        self.exemplar.setVisible(wants_example(info, self._options.parameters()))
        self.show_mask(self.steps.state)

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
        if name == TASK:
            self.exemplar.setVisible(wants_example(self._options.method, self._options.parameters()))
        if name == TASK and name not in self._shows:
            return
        value = self._options[name]
        shows: dict[str, Show] = {
            **self._shows,
            "prompt": self.prompt.set_value,
            "negative_prompt": self.negative.set_value,
            "reference_prompt": self.reference.set_value,
            "seed": self.seed.set_value,
        }
        shows[name](value)
