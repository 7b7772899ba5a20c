"""The examples used last, as a row of small pictures: a click uses one again."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QGridLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from app.clipboard import to_image
from app.tray import Kept
from app.widgets import caption, squares

SIDE = 32  # pixels of a picture
COLUMNS = 6


class TrayRow(QWidget):
    """Hidden while there is nothing to show.

    Signals:
        chosen: key of one.
        remove_wanted: key of one.
        clear_wanted: remove all.
    """

    chosen = Signal(str)
    remove_wanted = Signal(str)
    clear_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons: list[QToolButton] = []
        self.kept: tuple[Kept, ...] = ()
        self._grid = QGridLayout()
        self._grid.setSpacing(2)
        self._grid.setColumnStretch(COLUMNS, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(caption(self.tr("Recent")))
        column.addLayout(self._grid)
        self.hide()

    def show_kept(self, kept: Sequence[Kept]) -> None:
        """Show what is in the tray, newest first."""
        for button in self.buttons:
            self._grid.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.kept = tuple(kept)
        self.buttons = [self._button(one) for one in kept]
        for at, button in enumerate(self.buttons):
            self._grid.addWidget(button, at // COLUMNS, at % COLUMNS)
        self.setVisible(bool(kept))

    def _button(self, kept: Kept) -> QToolButton:
        button = QToolButton(self)
        button.setIcon(QIcon(self._picture(kept)))
        button.setIconSize(QSize(SIDE, SIDE))
        button.setToolTip(kept.name)
        button.setAccessibleName(self.tr("Use the example “{}” again").format(kept.name))
        button.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        button.clicked.connect(lambda: self.chosen.emit(kept.key))
        button.customContextMenuRequested.connect(lambda at: self.menu(kept.key).popup(button.mapToGlobal(at)))
        return button

    def menu(self, key: str) -> QMenu:
        """What can be done with one of them."""
        menu = QMenu(self)
        menu.setObjectName("trayMenu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("&Remove from this list")).triggered.connect(lambda: self.remove_wanted.emit(key))
        menu.addAction(self.tr("&Clear this list")).triggered.connect(self.clear_wanted)
        return menu

    def _picture(self, kept: Kept) -> QPixmap:
        """Its thumbnail on squares, in the middle of a square."""
        ratio = self.devicePixelRatioF()
        side = round(SIDE * ratio)
        image = to_image(kept.small).scaled(
            side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        drawn = QPixmap(side, side)
        drawn.fill(Qt.GlobalColor.transparent)
        with QPainter(drawn) as painter:
            corner = QPoint((side - image.width()) // 2, (side - image.height()) // 2)
            painter.drawTiledPixmap(corner.x(), corner.y(), image.width(), image.height(), squares())
            painter.drawImage(corner, image)
        drawn.setDevicePixelRatio(ratio)
        return drawn
