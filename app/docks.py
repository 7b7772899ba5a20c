"""The panels at the right: titled, closable, movable; their arrangement is remembered by the window."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QHBoxLayout, QMainWindow, QTabWidget, QWidget

from app.widgets import caption, icon_button

WIDTH = 288
BEHIND = ("history", "variations", "jobs")  # they share a place
HEIGHTS = {"method": 12, "layers": 7, "history": 3}  # shares of the height at first
LOW_WINDOW = 720  # px
LOW_SCREEN = 850  # px below which Layers shares its place with History and what is behind it


class Docks:
    """Makes and arranges the dock widgets of a window."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._docks: dict[str, QDockWidget] = {}
        self._low: bool | None = None
        window.setDockNestingEnabled(False)
        window.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)

    def add(self, name: str, title: str, panel: QWidget) -> QDockWidget:
        """Put a panel into a dock at the right."""
        dock = QDockWidget(title, self._window)
        dock.setObjectName(f"dock_{name}")
        dock.setAllowedAreas(Qt.DockWidgetArea.LeftDockWidgetArea | Qt.DockWidgetArea.RightDockWidgetArea)
        dock.setTitleBarWidget(_title_bar(dock, title))
        panel.setAutoFillBackground(True)
        dock.setWidget(panel)
        panel.setMinimumWidth(WIDTH - 40)
        self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        self._docks[name] = dock
        return dock

    def arrange(self) -> None:
        """The arrangement of the first start: History, Variations and Jobs share a place, on low screens Layers too."""
        low = self._window.screen().availableGeometry().height() < LOW_SCREEN
        tabbed = ["layers", *BEHIND] if low else list(BEHIND)
        for before, name in pairwise(tabbed):
            self._window.tabifyDockWidget(self._docks[before], self._docks[name])
        for name in tabbed:
            self._docks[name].setTitleBarWidget(QWidget())  # the tab is its title
        self._docks[tabbed[0]].raise_()
        stacked = [self._docks[name] for name in HEIGHTS if name == tabbed[0] or name not in tabbed]
        self._window.resizeDocks(stacked, [WIDTH] * len(stacked), Qt.Orientation.Horizontal)
        self._window.resizeDocks(
            stacked, [100 * share for share in HEIGHTS.values()][: len(stacked)], Qt.Orientation.Vertical
        )

    def fit(self, height: int) -> None:
        """Make room for the Method panel when the window becomes low: Layers shares its place with History.

        When it is high again they part. Panels that the artist has taken elsewhere stay there.
        """
        low, was_low = height < LOW_WINDOW, self._low
        self._low = low
        method, layers, history = (self._docks[name] for name in ("method", "layers", "history"))
        if was_low in (None, low) or any(dock.isFloating() or dock.isHidden() for dock in (layers, history)):
            return
        shared = history in self._window.tabifiedDockWidgets(layers)
        if low and not shared:
            for before, name in pairwise(("layers", *BEHIND)):
                self._window.tabifyDockWidget(self._docks[before], self._docks[name])
            layers.setTitleBarWidget(QWidget())
            layers.raise_()
            self._window.resizeDocks([method, layers], [2, 1], Qt.Orientation.Vertical)
        elif shared and not low:
            self._window.splitDockWidget(method, layers, Qt.Orientation.Vertical)
            layers.setTitleBarWidget(_title_bar(layers, layers.windowTitle()))
            heights = [height * share // sum(HEIGHTS.values()) for share in HEIGHTS.values()]
            self._window.resizeDocks([method, layers, history], heights, Qt.Orientation.Vertical)

    def toggles(self) -> list[QAction]:
        """Actions that show and hide each panel."""
        return [dock.toggleViewAction() for dock in self._docks.values()]

    def show(self, name: str) -> None:
        """Bring a panel to the front."""
        self._docks[name].show()
        self._docks[name].raise_()


def _title_bar(dock: QDockWidget, title: str) -> QWidget:
    bar = QWidget()
    bar.setObjectName("dockTitle")
    bar.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    close = icon_button("close", bar.tr("Close the panel {}").format(title), size=12)
    close.clicked.connect(dock.close)
    row = QHBoxLayout(bar)
    row.setContentsMargins(8, 4, 4, 4)
    row.addWidget(caption(title, "heading"), 1)
    row.addWidget(close)
    return bar
