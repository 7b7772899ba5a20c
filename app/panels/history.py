"""The History panel: every step of the document; clicking one goes there."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QListView, QVBoxLayout, QWidget

from app.panels.panel import Panel
from app.theme import colours
from editor.document import Change, Document, What

Index = QModelIndex | QPersistentModelIndex


class StepModel(QAbstractListModel):
    """Row 0 is the document as it was opened, row n the n-th step; undone steps are drawn pale."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._titles: list[str] = []

    def set_document(self, document: Document | None) -> None:
        self._document = document
        self.update()

    def update(self) -> None:
        """Follow the document's history; rows that stayed the same are kept."""
        titles = [self.tr("Start"), *(step.title for step in self._document.history.steps)] if self._document else []
        same = 0
        while same < min(len(titles), len(self._titles)) and titles[same] == self._titles[same]:
            same += 1
        if same < len(self._titles):
            self.beginRemoveRows(QModelIndex(), same, len(self._titles) - 1)
            del self._titles[same:]
            self.endRemoveRows()
        if same < len(titles):
            self.beginInsertRows(QModelIndex(), same, len(titles) - 1)
            self._titles += titles[same:]
            self.endInsertRows()
        if titles:
            self.dataChanged.emit(self.index(0), self.index(len(titles) - 1), [Qt.ItemDataRole.ForegroundRole])

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._titles)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if self._document is None or not index.isValid():
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self._titles[index.row()]
        if role == Qt.ItemDataRole.ForegroundRole:
            undone = index.row() > self._document.history.position
            return QColor(colours().quiet if undone else colours().text)
        return None


class HistoryPanel(Panel):
    """The steps, oldest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = StepModel(self)
        self.list = QListView(uniformItemSizes=True)
        self.list.setObjectName("steps")
        self.list.setAccessibleName(self.tr("Steps"))
        self.list.setModel(self.model)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.clicked.connect(self._go)
        self.list.activated.connect(self._go)
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self.list)
        self.set_document(None)

    def document_changed(self, change: Change) -> None:
        if change.what is What.HISTORY:
            self.refresh_steps()

    def refresh(self) -> None:
        self.model.set_document(self.document)
        self.refresh_steps()

    def refresh_steps(self) -> None:
        """Show the steps as they are now, the current one chosen."""
        self.model.update()
        if self.document is not None:
            current = self.model.index(self.document.history.position)
            self.list.setCurrentIndex(current)
            self.list.scrollTo(current)

    def _go(self, index: QModelIndex) -> None:
        if self.document is not None and index.row() != self.document.history.position:
            self.document.history.go_to(index.row())
