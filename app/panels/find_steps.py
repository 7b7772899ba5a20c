"""Find, repaint, apply: the three steps of a method that finds its mask by itself, in the Method panel."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.mask_state import MaskState, Stale, Whose
from app.theme import polish
from app.widgets import caption


class FindSteps(QWidget):
    """The first two steps and the number of the third; its button is the panel's own Run.

    Args:
        find: the window's action that looks for the place.
    """

    def __init__(self, find: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.find = QPushButton()
        self.find.setToolTip(find.toolTip())
        self.find.clicked.connect(find.trigger)
        self.find.setEnabled(find.isEnabled())
        find.changed.connect(lambda: self.find.setEnabled(find.isEnabled()))
        self.text = caption("")
        self.text.setWordWrap(True)
        self.text.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.MinimumExpanding)
        self._threshold: QWidget | None = None
        self._help = ""
        self._second = QVBoxLayout()
        self._second.setSpacing(4)
        self._second.addWidget(self.text)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        grid.addWidget(step_number(1), 0, 0, Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self.find, 0, 1)
        grid.addWidget(step_number(2), 1, 0, Qt.AlignmentFlag.AlignTop)
        grid.addLayout(self._second, 1, 1)
        self.state = MaskState()
        self.show_state(self.state)

    def set_threshold(self, control: QWidget | None) -> None:
        """Place the control of the threshold in the second step, instead of the one before."""
        if self._threshold is not None:
            self._second.removeWidget(self._threshold)
            self._threshold.deleteLater()
        self._threshold = control
        if control is not None:
            self._help = control.toolTip()
            self._second.addWidget(control)
        self.show_state(self.state)

    def show_state(self, state: MaskState) -> None:
        """Say whose mask the next edit uses and what can be done with it."""
        self.state = state
        self.find.setText(self.tr("Find again") if state.found else self.tr("Find the place"))
        self.find.setProperty("main", "true" if state.outdated else "false")
        polish(self.find)
        self.text.setText(self._sentence(state))
        self.text.setProperty("role", "warning" if state.outdated else "quiet")
        polish(self.text)
        if self._threshold is not None:
            cuts = state.whose in (Whose.FOUND, Whose.NOBODY)
            self._threshold.setEnabled(cuts)
            by_hand = self.tr("Made or changed by hand: the threshold cuts a mask only as it was found. Find it again.")
            self._threshold.setToolTip(self._help if cuts else by_hand)

    def _sentence(self, state: MaskState) -> str:
        if state.found and state.stale is Stale.WORDS:
            return self.tr("This mask was found for other words. Find again, or apply it as it is.")
        if state.found and state.stale is Stale.PICTURE:
            return self.tr("The picture has changed since this mask was found. Find again, or apply it as it is.")
        if state.found and state.stale is Stale.APPLIED:
            return self.tr("Applied. Double-click the new layer to change it, or find again in the new picture.")
        return {
            Whose.NOBODY: self.tr("No mask yet. Run finds the place and changes it at once."),
            Whose.FOUND: self.tr("Found. Change it with any mask tool or here, then apply."),
            Whose.CHANGED: self.tr("Found, then changed by hand: it is applied as it is now."),
            Whose.HAND: self.tr("Your own selection: only what it covers is changed."),
        }[state.whose]


def step_number(number: int) -> QLabel:
    """A number in a disc."""
    label = caption(str(number), "step")
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setFixedSize(20, 20)
    return label
