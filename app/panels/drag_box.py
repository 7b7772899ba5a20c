"""Dragging by points in the Method panel: how good against how soon, what moves, and from where it goes on."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from app.jobs.method_info import MethodInfo
from app.widgets import caption

CONTEXT = "DragBox"
TIERS = {  # methods for one and the same gesture, the soonest first
    "warp_drag": str(QT_TRANSLATE_NOOP("DragBox", "Quick")),
    "fast_drag": str(QT_TRANSLATE_NOOP("DragBox", "Fast")),
    "drag_diffusion": str(QT_TRANSLATE_NOOP("DragBox", "Faithful")),
}


class DragBox(QWidget):
    """Signals:
    tier_chosen: id of a method.
    lead_on_changed: whether the next run goes on from where the drag that it replaces came to.
    """

    tier_chosen = Signal(str)
    lead_on_changed = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiers: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        self._row = QHBoxLayout()
        self._row.setSpacing(4)
        self.moves = caption("")
        self.moves.setWordWrap(True)
        self.lead_on = QCheckBox(self.tr("Go on from where it is"))
        self.lead_on.setToolTip(
            self.tr("Other targets are reached from the present state of the drag. Off: it starts anew.")
        )
        self.lead_on.clicked.connect(self.lead_on_changed)
        self.lead_on.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(self._row)
        column.addWidget(self.moves)
        column.addWidget(self.lead_on)
        self.show_moves(limited=False)

    def show_tiers(self, methods: Sequence[MethodInfo]) -> None:
        """Offer these methods, of `TIERS`."""
        for button in self.tiers.values():
            self._group.removeButton(button)
            self._row.removeWidget(button)
            button.deleteLater()
        self.tiers = {
            info.id: self._tier(info) for info in sorted(methods, key=lambda info: list(TIERS).index(info.id))
        }

    def _tier(self, info: MethodInfo) -> QToolButton:
        button = QToolButton()
        button.setText(QCoreApplication.translate(CONTEXT, TIERS[info.id]))
        button.setToolTip(info.help)
        button.setAccessibleName(f"{button.text()}: {info.title}")
        button.setCheckable(True)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        button.clicked.connect(lambda: self.tier_chosen.emit(info.id))
        self._group.addButton(button)
        self._row.addWidget(button, 1)
        return button

    def show_method(self, info: MethodInfo | None) -> None:
        """Mark the tier in use; hidden for a method that is none."""
        self.setVisible(info is not None and info.id in self.tiers)
        if info is not None and info.id in self.tiers:
            self.tiers[info.id].setChecked(True)

    def show_moves(self, *, limited: bool) -> None:
        """Say whether only what is selected moves."""
        self.moves.setText(
            self.tr("What is selected moves.")
            if limited
            else self.tr("Nothing is selected: everything may move. Select the thing to move it alone.")
        )

    def show_lead_on(self, offered: bool, on: bool) -> None:
        """Offer to go on from the present state of the drag."""
        self.lead_on.setVisible(offered)
        self.lead_on.setChecked(on)
