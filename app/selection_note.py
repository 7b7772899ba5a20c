"""Says that the next edit runs inside the selection, so that one made long ago is never used unnoticed."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QWidget

from app.mask_state import MaskState
from app.theme import set_icon
from app.widgets import caption, icon_button


class SelectionNote(QWidget):
    """A line with a button that selects nothing; hidden where no selection counts.

    Args:
        clear: the window's action that selects nothing.
    """

    def __init__(self, clear: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.icon = QLabel()
        self.text = caption("")
        self.clear: QToolButton = icon_button("close", self.tr("Select nothing: run on the whole picture"), size=12)
        self.clear.clicked.connect(clear.trigger)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.icon)
        row.addWidget(self.text)
        row.addWidget(self.clear)
        row.setAlignment(Qt.AlignmentFlag.AlignLeft)
        self.icon.setFixedSize(QSize(16, 16))
        self.show_selection(there=False, seen=False)

    def show_selection(self, *, there: bool, seen: bool, mask: MaskState | None = None, moves: bool = False) -> None:
        """Say that there is a selection that the next edit uses.

        Args:
            there: whether there is one.
            seen: whether any of it can be seen now.
            mask: whose it is, for a method that finds masks by itself.
            moves: the next edit moves what is selected.
        """
        self.setVisible(there)
        found = mask is not None and mask.found
        fine = seen and not (mask is not None and mask.outdated)
        set_icon(self.icon, "rectangle" if fine else "warning", "quiet" if fine else "warning")
        if not seen:
            self.text.setText(
                self.tr("A selection out of view moves") if moves else self.tr("Inside a selection out of view")
            )
        elif not fine:
            self.text.setText(self.tr("The mask is out of date"))
        elif moves:
            self.text.setText(self.tr("The selection moves"))
        else:
            self.text.setText(self.tr("Inside the found mask") if found else self.tr("Inside the selection"))
        self.text.setProperty("role", "quiet" if fine else "warning")
        self.text.style().unpolish(self.text)
        self.text.style().polish(self.text)
        self.layout().invalidate()
        self.updateGeometry()  # at once, not with the next turn of the event loop: the floating bar is about to measure
        self.setToolTip(
            self.tr("The edit moves what is selected; around its old and its new place everything stays as it is.")
            if moves
            else self.tr("The edit changes the picture only where it is selected.")
        )
