"""The Variations panel: results of one edit with several seeds, side by side; click to compare, keep what is liked."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QItemSelection, QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QListView, QPushButton, QVBoxLayout, QWidget

from app.panels.variation_tiles import VARIATION_ROLE, TileDelegate, TileModel, side_for
from app.parts.variations import VariationsPart
from app.widgets import caption


class TileList(QListView):
    """Signals:
    show_wanted: the number of a variation to lie over the picture; None = none.
    keep_wanted: make what is chosen layers.
    """

    show_wanted = Signal(object)
    keep_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tiles = TileModel(self)
        self.delegate = TileDelegate(self)
        self.shown: int | None = None
        self._shown_before: int | None = None  # the click that is going on
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(self.delegate)
        self.setModel(self.tiles)
        self.clicked.connect(self._click)
        self.tiles.rowsInserted.connect(self.fit)
        self.tiles.rowsRemoved.connect(self.fit)

    def fit(self) -> None:
        """Make the tiles as large as they can be seen all at once."""
        side = side_for(max(self.tiles.rowCount(), 1), self.size())
        if side != self.delegate.side:
            self.delegate.side = side
            self.scheduleDelayedItemsLayout()

    def chosen(self) -> list[int]:
        """Numbers of the variations that are selected, as they stand."""
        rows = sorted(self.selectedIndexes(), key=lambda index: index.row())
        return [number for number in map(self.tiles.number_at, rows) if number is not None]

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        super().currentChanged(current, previous)
        if self.hasFocus() and current.isValid():
            self.show_wanted.emit(self.tiles.number_at(current))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._shown_before = self.shown
        super().mousePressEvent(event)

    def _click(self, index: QModelIndex) -> None:
        """Another click on what is shown hides it; so does taking it out of the selection."""
        number = self.tiles.number_at(index)
        hides = number == self._shown_before or not self.selectionModel().isSelected(index)
        self.show_wanted.emit(None if hides else number)

    def event(self, event: QEvent) -> bool:
        """Esc hides what is shown before it means anything to the window."""
        escape = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Escape and self.shown is not None
        if escape and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.shown is not None:
            self.show_wanted.emit(None)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.keep_wanted.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.fit()
        super().resizeEvent(event)


class VariationsPanel(QWidget):
    """Tiles, and what to do with them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._part: VariationsPart | None = None
        self._empty = caption(self.tr("None yet. The button beside Run makes several at once, each with its own seed."))
        self._empty.setWordWrap(True)
        self._empty.setContentsMargins(8, 8, 8, 8)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.list = TileList()
        self.list.setObjectName("variations")
        self.list.setAccessibleName(self.tr("Variations"))
        self.keep = QPushButton(self.tr("Keep"))
        self.keep.setToolTip(self.tr("Make what is chosen here layers, each on its own (Enter)"))
        self.discard = QPushButton(self.tr("Discard all"))
        self.discard.setProperty("flat", "true")
        self._foot = QWidget()
        row = QHBoxLayout(self._foot)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(8)
        row.addWidget(self.keep, 1)
        row.addWidget(self.discard)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self._empty, self.list):
            column.addWidget(widget, 1)
        column.addWidget(self._foot)
        self.list.selectionModel().selectionChanged.connect(self._chosen_changed)
        self.list.tiles.dataChanged.connect(self._refresh)

    def join(self, part: VariationsPart) -> None:
        """Follow and steer the current document's variations."""
        self._part = part
        self.list.show_wanted.connect(part.show)
        self.list.keep_wanted.connect(self._keep)
        self.keep.clicked.connect(self._keep)
        self.discard.clicked.connect(part.discard_all)
        self.list.tiles.join(part)
        part.changed.connect(self._refresh)
        part.tile_changed.connect(self._refresh)
        self._refresh()

    def _keep(self) -> None:
        if self._part is not None:
            self._part.keep(self.list.chosen())

    def _chosen_changed(self, _: QItemSelection, __: QItemSelection) -> None:
        self._refresh()

    def _refresh(self) -> None:
        there = self.list.tiles.rowCount() > 0
        self._empty.setVisible(not there)
        self.list.setVisible(there)
        self._foot.setVisible(there)
        self.list.shown = self._part.current.shown if self._part is not None else None
        chosen = [index.data(VARIATION_ROLE) for index in self.list.selectedIndexes()]
        able = [each for each in chosen if each.result is not None and not each.kept and not each.keeping]
        self.keep.setEnabled(bool(able))
        self.keep.setText(self.tr("Keep {}").format(len(able)) if len(able) > 1 else self.tr("Keep"))
