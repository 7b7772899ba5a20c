"""The menu bar, made from the tables in `app.actions`, with the lists that change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from app.actions import CANVAS_MENU, MENUS, SUBMENUS, translated
from app.jobs.method_info import MethodInfo


class Menus(QObject):
    """Signals:
    method_chosen: id of a method.
    recent_chosen: a path.
    recent_cleared: forget the recent files.
    """

    method_chosen = Signal(str)
    recent_chosen = Signal(object)
    recent_cleared = Signal()

    def __init__(self, window: QMainWindow, actions: Mapping[str, QAction], panels: Sequence[QAction]) -> None:
        super().__init__(window)
        self._window, self._actions = window, actions
        self._submenus: dict[str, QMenu] = {}
        self._methods: list[QAction] = []
        self._method_group = QActionGroup(self)
        self._method_menu: QMenu | None = None
        for title, entries in MENUS:
            self._fill(window.menuBar().addMenu(translated(title)), entries)
        self._submenus["@panels"].addActions(list(panels))

    def _fill(self, menu: QMenu, entries: Sequence[str]) -> None:
        menu.setToolTipsVisible(False)
        for entry in entries:
            if not entry:
                menu.addSeparator()
            elif entry == "@methods":
                self._method_menu = menu
            elif entry.startswith("@"):
                title, inner = SUBMENUS[entry]
                self._submenus[entry] = menu.addMenu(translated(title))
                self._fill(self._submenus[entry], inner)
            else:
                menu.addAction(self._actions[entry])

    def show_canvas_menu(self, at: QPoint) -> None:
        """The menu of a right click on the canvas, at a global position."""
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._fill(menu, CANVAS_MENU)
        menu.popup(at)

    def show_methods(self, methods: Sequence[MethodInfo], chosen: MethodInfo | None) -> None:
        """List the methods at the top of their menu, the chosen one checked."""
        menu = self._method_menu
        if menu is None:
            return
        for action in self._methods:
            menu.removeAction(action)
            self._method_group.removeAction(action)
        first = menu.actions()[0] if menu.actions() else None
        self._methods = []
        for info in methods:
            action = QAction(info.title, self)
            action.setCheckable(True)
            action.setData(info.id)
            action.triggered.connect(lambda _=False, method=info.id: self.method_chosen.emit(method))
            self._method_group.addAction(action)
            menu.insertAction(first, action) if first is not None else menu.addAction(action)
            self._methods.append(action)
        self.show_method(chosen)

    def show_method(self, chosen: MethodInfo | None) -> None:
        """Check the chosen method."""
        for action in self._methods:
            action.setChecked(chosen is not None and action.data() == chosen.id)

    def show_recent(self, paths: Sequence[Path]) -> None:
        """List the recent files."""
        menu = self._submenus["@recent"]
        menu.clear()
        for number, path in enumerate(paths, 1):
            action = menu.addAction(
                f"&{number}  {path.name}".replace("&10", "10").replace("&11", "11").replace("&12", "12")
            )
            action.setToolTip(str(path))
            action.triggered.connect(lambda _=False, path=path: self.recent_chosen.emit(path))
        menu.addSeparator()
        menu.addAction(self.tr("Clear this list")).triggered.connect(self.recent_cleared)
        menu.setEnabled(bool(paths))
