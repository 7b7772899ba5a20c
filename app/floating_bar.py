"""The small bar near the selection: words, strength, seed and Run, where the artist is looking."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QAction, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QWidget

from app.edit_options import LONGEST_PROMPT, EditOptions
from app.mask_state import MaskState
from app.selection_note import SelectionNote
from app.widgets import NumberControl, SeedField, action_button, divider, hide_to_fit

MARGIN = 12  # px between the bar and the selection or the edge of the canvas
WORDS_WIDTH = 220


class FloatingBar(QFrame):
    """Lies on the canvas, its parent; shows the same options as the Method panel.

    Args:
        actions: the window's actions.
    """

    def __init__(self, options: EditOptions, actions: Mapping[str, QAction], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("floatingBar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self._options, self._canvas = options, parent
        self._target: QRectF | None = None
        self._build_fields()
        self._build_buttons(actions)
        self._lay_out()
        options.changed.connect(self._show_value)
        options.method_changed.connect(self._show_method)
        parent.installEventFilter(self)
        self._show_method()
        self.show_state(running=False, result=False)

    def _build_fields(self) -> None:
        self.words = QLineEdit(maxLength=LONGEST_PROMPT)
        self.words.setAccessibleName(self.tr("Prompt"))
        self.words.setPlaceholderText(self.tr("What should it become?"))
        self.words.setMinimumWidth(WORDS_WIDTH)
        self.words.textEdited.connect(lambda text: self._options.set("prompt", text))
        self.strength = NumberControl(self.tr("Strength"), 0.0, 1.0, inline=True)
        self.strength.changed.connect(lambda value: self._options.set("strength", value))
        self.seed = SeedField(width=76)
        self.seed.changed.connect(lambda seed: self._options.set("seed", seed))

    def _build_buttons(self, actions: Mapping[str, QAction]) -> None:
        self.selection = SelectionNote(actions["select_none"])
        self.live = action_button(actions["live"], size=18)
        self.run = self._button(actions["run"], self.tr("Run"), main=True)
        self.stop = self._button(actions["stop"], self.tr("Stop here"))
        self.stop.setToolTip(
            self.tr("Finish now with what there is ({})").format(actions["stop"].shortcut().toString())
        )
        self.go_on = self._button(actions["go_on"], self.tr("Continue"))
        self.keep = self._button(actions["keep"], self.tr("Keep"), main=True)
        self.discard = self._button(actions["discard"], self.tr("Discard"))
        self.words.returnPressed.connect(actions["run"].trigger)

    @staticmethod
    def _button(action: QAction, text: str, *, main: bool = False) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("main", "true" if main else "false")
        button.setToolTip(action.toolTip())
        button.clicked.connect(action.trigger)
        button.setEnabled(action.isEnabled())
        action.changed.connect(lambda: button.setEnabled(action.isEnabled()))
        return button

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 6, 8, 6)
        row.setSpacing(8)
        row.addWidget(self.words, 1)
        for part in (self.strength, self.seed, divider(vertical=True), self.selection, self.live):
            row.addWidget(part)
        for button in (self.run, self.go_on, self.stop, self.keep, self.discard):
            row.addWidget(button)

    # what it shows

    def show_state(self, *, running: bool, result: bool, stopped: bool = False) -> None:
        """Offer what fits.

        Args:
            running: an edit of this document is under way.
            result: a live result waits to be kept or discarded.
            stopped: a drag was stopped and can go on.
        """
        self.run.setVisible(not running and not result)
        self.go_on.setVisible(stopped and not running and not result)
        self.stop.setVisible(running and not result)
        self.keep.setVisible(result)
        self.discard.setVisible(result)
        self.place()

    def show_selection(self, *, there: bool, seen: bool, mask: MaskState | None = None, moves: bool = False) -> None:
        """Say whether the next edit runs inside a selection; arguments as for `SelectionNote.show_selection`."""
        self.selection.show_selection(there=there, seen=seen, mask=mask, moves=moves)
        self.place()

    def _show_method(self) -> None:
        info = self._options.method
        self.setEnabled(info is not None)
        self.strength.setVisible("strength" in self._options)
        for name in ("prompt", "strength", "seed"):
            if name in self._options:
                self._show_value(name)
        if info is not None:
            self.words.setVisible("prompt" in info.inputs)
            removes = info.inputs == ("prompt", "mask")
            hint = self.tr("Fill with… (empty: remove)") if removes else self.tr("What should it become?")
            if "points" in info.inputs:
                hint = self.tr("What does the picture show?")
            self.words.setPlaceholderText(hint)
        self.place()

    def _show_value(self, name: str) -> None:
        value = self._options[name]
        if name == "prompt" and value != self.words.text():
            self.words.setText(value)
            self.words.setCursorPosition(0)
        elif name == "strength":
            self.strength.set_value(value)
        elif name == "seed":
            self.seed.set_value(value)

    # where it lies

    def aim(self, target: QRectF | None) -> None:
        """Lie under `target` (the selection in the parent's coordinates), or at the bottom centre for None."""
        self._target = target
        self.place()

    def place(self) -> None:
        """Move to where it belongs, wholly inside the parent."""
        area = QRectF(self._canvas.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        hide_to_fit(
            self, int(area.width()), (self.selection.text, self.strength.label, self.strength.slider, self.seed)
        )
        size = self.sizeHint()
        width = min(size.width(), int(area.width()))
        bottom = area.bottom() - size.height()
        at = QPointF(area.center().x() - width / 2, bottom)
        if self._target is not None and self._target.intersects(area):
            x = self._target.center().x() - width / 2
            at = QPointF(x, min(self._target.bottom() + MARGIN, bottom))
        x = min(max(at.x(), area.left()), area.right() - width)
        self.setGeometry(round(x), round(max(at.y(), area.top())), width, size.height())

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._canvas:
            self.place()
        return False

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()  # a click between the fields is not meant for the canvas below
