"""The Method panel: a form made from the parameters of the chosen method."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QScrollArea, QToolButton, QVBoxLayout, QWidget

from app.edit_options import WORDS, EditOptions
from app.exemplars import wants_example
from app.jobs.method_info import TASK, MethodInfo
from app.mask_state import MaskState, Whose
from app.panels.drag_box import TIERS, DragBox
from app.panels.exemplar import ExemplarBox
from app.panels.find_steps import FindSteps, step_number
from app.panels.form import Show, WordsField, control_for, labelled, prompt_hint
from app.panels.variations_button import VariationsButton
from app.selection_note import SelectionNote
from app.theme import polish
from app.widgets import Section, SeedField, action_button, caption, icon_button

ROOM = 150  # px: where the form would have less above the foot, the steps are part of what is scrolled
EXAMPLE_ROOM = 480  # px: in a lower panel the example takes the place of the help, which the list of methods says, too


class MethodPanel(QWidget):
    """What the next edit will do; everything entered goes into `options` at once.

    Args:
        run: the window's Run action.
        variations: the window's action that runs the edit with several seeds.
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
        variations: QAction,
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
        self.place = caption(self.tr("Draw a box where it shall stand (U), or select the place."))
        self.place.setWordWrap(True)
        self.place.hide()
        self.steps = FindSteps(find)
        self._low = False
        self._build_foot(run, variations, live)
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
        self.methods.activated.connect(lambda: self._choose(self.methods.currentData()))
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
        self.drag = DragBox()
        self.drag.tier_chosen.connect(self._choose)
        texts = (now, self.reference, becomes, self.prompt)
        for widget in (self.methods, self.drag, self.help, self.exemplar, *texts):
            self._column.addWidget(widget)
        self._column.addStretch(1)
        self._area = QScrollArea(widgetResizable=True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self._page)

    def _build_foot(self, run: QAction, variations: QAction, live: QAction) -> None:
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
        self.variations = VariationsButton(variations)
        self.live: QToolButton = action_button(live, size=18)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        self._third = step_number(3)
        buttons.addWidget(self._third)
        buttons.addWidget(self.run, 1)
        buttons.addWidget(self.variations)
        buttons.addWidget(self.live)
        self._foot_column = column = QVBoxLayout(self._foot)
        column.setContentsMargins(8, 4, 8, 8)
        column.setSpacing(4)
        column.addWidget(self._replacing_row)
        column.addWidget(self.steps)
        column.addWidget(self.selection)
        column.addWidget(self.place)
        column.addLayout(buttons)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_steps()
        self._fit_example()

    def _fit_example(self) -> None:
        """Show the example where it is of use, and the help where there is room for it."""
        method = self._options.method
        wanted = wants_example(method, self._options.parameters())
        self.exemplar.setVisible(wanted)
        compares = method is not None and "reference" in method.inputs  # the titles of the fields and the steps say it
        self.help.setHidden(compares or (wanted and self.height() < EXAMPLE_ROOM))

    def _place_steps(self) -> None:
        """Above Run, always to be seen; where the panel is too low for that, below the words, so that Run stays."""
        own = self._replacing_row.sizeHint().height() + self.run.sizeHint().height()
        low = self.height() < own + self.steps.sizeHint().height() + self.selection.sizeHint().height() + ROOM
        if low != self._low:
            self._low = low
            if low:
                self._column.insertWidget(self._column.indexOf(self.prompt) + 1, self.steps)
            else:
                self._foot_column.insertWidget(1, self.steps)

    def show_replacing(self, layer: str | None) -> None:
        """Say which result layer the next run replaces; None = it makes a new one."""
        self._replacing_row.setVisible(layer is not None)
        self.replacing.setText(self.tr("Run replaces the layer “{}”.").format(layer) if layer else "")

    def show_place_wanted(self, wanted: bool) -> None:
        """Say that the next edit needs a place, or that it has one."""
        self.place.setVisible(wanted)

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

    def _choose(self, method: str) -> None:
        """Take another method; between the tiers of one gesture what was said goes along."""
        old = self._options.method
        kept = (*WORDS, "seed") if old is not None and {old.id, method} <= TIERS.keys() else ()
        self._options.choose(method, {name: self._options[name] for name in kept})

    def _list_methods(self) -> None:
        """One entry per gesture: the tiers of dragging share theirs."""
        self.methods.clear()
        tiers = [info for info in self._options.methods if info.id in TIERS]
        for info in self._options.methods:
            if info.id not in TIERS:
                self.methods.addItem(info.title, info.id)
            elif info is tiers[0]:
                self.methods.addItem(self.tr("Drag by points"), info.id)
        self.drag.show_tiers(tiers)
        self.methods.setEnabled(bool(self._options.methods))

    def _show_method(self, info: MethodInfo | None) -> None:
        if info is not None and info.id in TIERS:
            dragging = next(at for at in range(self.methods.count()) if self.methods.itemData(at) in TIERS)
            self.methods.setItemData(dragging, info.id)
        self.methods.setCurrentIndex(self.methods.findData(info.id) if info else -1)
        self.drag.show_method(info)

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
        form.addWidget(labelled(self.tr("Seed"), self.seed, self.seed.field))
        advanced.column.insertWidget(0, self.negative)
        form.addWidget(advanced)
        self._column.insertWidget(self._column.count() - 1, self._form)
        self._show_method(info)
        self.help.setText(info.help if info else self.tr("The list of methods is being read…"))
        self._fit_words(info)
        for name in (*self._shows, *WORDS, "seed"):
            if info is not None:
                self._show_value(name)

    def _fit_words(self, info: MethodInfo | None) -> None:
        """Show the fields and steps that the method has a use for."""
        compares, finds = info is not None and "reference" in info.inputs, info is not None and info.finds
        told = info is None or "prompt" in info.inputs
        for widget in (*self._titles, self.reference):
            widget.setVisible(compares)
        for widget in (self.prompt, self.negative):
            widget.setVisible(told)
        self.methods.setToolTip(info.help if info is not None else "")
        for widget in (self.steps, self._third):
            widget.setVisible(finds)
        self.prompt.setPlaceholderText(prompt_hint(info))
        self._fit_example()
        self._place_steps()
        self.show_mask(self.steps.state)

    def _show_value(self, name: str) -> None:
        if name == TASK:
            self._fit_example()
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
