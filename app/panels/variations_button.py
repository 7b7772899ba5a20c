"""The button beside Run that runs an edit with several seeds; its menu says with how many."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeyEvent
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from app.parts.variations import VariationsPart
from app.theme import set_icon
from app.variations import FEWEST, MOST


class VariationsButton(QToolButton):
    """Args:
        run: the window's action that makes variations.

    Signals:
        count_chosen: how many the next run shall make.
    """

    count_chosen = Signal(int)

    def __init__(self, run: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run = run
        self.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        set_icon(self, "variations")
        self._counts = QActionGroup(self)
        self.setMenu(self._menu())
        self.clicked.connect(run.trigger)
        run.changed.connect(self._follow)
        self.show_count(FEWEST)
        self._follow()

    def _menu(self) -> QMenu:
        menu = QMenu(self)
        for count in range(FEWEST, MOST + 1):
            action = menu.addAction(self.tr("{} variations").format(count))
            action.setCheckable(True)
            action.setData(count)
            self._counts.addAction(action)
        self._counts.triggered.connect(lambda action: self.count_chosen.emit(action.data()))
        return menu

    def join(self, variations: VariationsPart) -> None:
        """Follow and set how many the next run makes."""
        self.count_chosen.connect(variations.set_count)
        variations.count_changed.connect(self.show_count)
        self.show_count(variations.count)

    def show_count(self, count: int) -> None:
        """Say how many the next run makes."""
        self.setText(str(count))
        self._counts.actions()[count - FEWEST].setChecked(True)
        keys = self._run.shortcut().toString()
        text = self.tr("Run {} variations: the same edit with as many seeds, to choose among").format(count)
        self.setToolTip(f"{text} ({keys})")
        self.setAccessibleName(self.tr("Run {} variations").format(count))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow down opens the menu, as in other fields with a list."""
        if event.key() == Qt.Key.Key_Down:
            self.showMenu()
        else:
            super().keyPressEvent(event)

    def _follow(self) -> None:
        self.setEnabled(self._run.isEnabled())
