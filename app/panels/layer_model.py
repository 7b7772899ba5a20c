"""The document's tree of layers as Qt's item views want it; the topmost layer is the first row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt

from editor.commands import Command, Rename, ReorderLayer
from editor.document import Change, Document, What
from editor.layers import GroupLayer, ImageLayer, Layer, LayerId, Role

MIME = "application/x-pentimento-layer"
EYE, NAME = 0, 1
LAYER_ROLE = Qt.ItemDataRole.UserRole

Index = QModelIndex | QPersistentModelIndex
Shape = dict[LayerId | None, tuple[LayerId, ...]]


class LayerModel(QAbstractItemModel):
    """Rows are layers; column EYE is visibility, column NAME the layer itself.

    Args:
        do: makes a change that can be undone.
    """

    def __init__(self, do: Callable[[Command], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._do = do
        self._document: Document | None = None
        self._numbers: dict[LayerId, int] = {}
        self._names: dict[int, LayerId] = {}
        self._shape: Shape = {None: ()}
        self._parents: dict[LayerId, LayerId | None] = {}

    def set_document(self, document: Document | None) -> None:
        self.beginResetModel()
        self._document = document
        self._learn(_shape(document))
        self.endResetModel()

    def document_changed(self, change: Change) -> None:
        """Follow the document; the model is reset only when the tree has another shape."""
        if change.what not in (What.LAYERS, What.PIXELS) or self._document is None:
            return
        shape = _shape(self._document)
        if shape != self._shape:
            self.beginResetModel()
            self._learn(shape)
            self.endResetModel()
        elif change.layer is not None and change.layer in self._parents:
            self.dataChanged.emit(self.index_of(change.layer, EYE), self.index_of(change.layer))

    def layer_at(self, index: Index) -> Layer | None:
        """The layer of a row."""
        name = self._names.get(index.internalId()) if index.isValid() else None
        return self._document[name] if self._document and name is not None and name in self._document else None

    def index_of(self, layer: LayerId | None, column: int = NAME) -> QModelIndex:
        """Where a layer stands; invalid for None or one that is gone."""
        if layer is None or layer not in self._parents:
            return QModelIndex()
        row = self._shape[self._parents[layer]].index(layer)
        return self.createIndex(row, column, self._numbers[layer])

    # what Qt asks for

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        rows = self._rows(parent)
        if not (0 <= row < len(rows) and 0 <= column <= NAME):
            return QModelIndex()
        return self.createIndex(row, column, self._numbers[rows[row]])

    def parent(self, index: Index = QModelIndex()) -> QModelIndex:  # type: ignore[override] # noqa: B008
        name = self._names.get(index.internalId()) if index.isValid() else None
        return self.index_of(self._parents.get(name), EYE) if name is not None else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return len(self._rows(parent)) if parent.column() <= 0 else 0

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 2

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        layer = self.layer_at(index)
        if layer is None:
            return None
        if role == LAYER_ROLE:
            return layer
        if index.column() == NAME:
            if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
                return layer.name
            if role == Qt.ItemDataRole.ToolTipRole:
                return _tooltip(layer)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            shown = self.tr("shown") if layer.visible else self.tr("hidden")
            return shown if index.column() == EYE else f"{layer.name}, {shown}, {layer.opacity:.0%}"
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        layer, name = self.layer_at(index), " ".join(str(value).split())
        if layer is None or not name or name == layer.name:
            return False
        return self._do(Rename(layer.id, name))

    def flags(self, index: Index) -> Qt.ItemFlag:
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.ItemIsDropEnabled
        flags = flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsDragEnabled
        if isinstance(self.layer_at(index), GroupLayer):
            flags |= flag.ItemIsDropEnabled
        return flags | flag.ItemIsEditable if index.column() == NAME else flags

    # dragging

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        mime = QMimeData()
        layer = self.layer_at(indexes[0]) if indexes else None
        if layer is not None:
            mime.setData(MIME, layer.id.encode())
        return mime

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        if not data.hasFormat(MIME) or self._document is None:
            return False
        dragged = LayerId(bytes(data.data(MIME).data()).decode())
        if dragged in self._document:
            group = self.layer_at(parent)
            self.move(dragged, group.id if group else None, row)
        return False  # the command moved it already: the view must not remove rows itself

    def move(self, layer: LayerId, parent: LayerId | None, row: int) -> None:
        """Put a layer before row `row` (from the top) of a group or of the roots; -1 = on top of them."""
        if self._document is None or layer == parent:
            return
        rows = self._shape.get(parent, ())
        row = len(rows) if row < 0 and parent is None else max(row, 0)
        below = [other for other in rows[row:] if other != layer]
        if self._document.place_of(layer) != (parent, len(below)):
            self._do(ReorderLayer(layer, parent, len(below)))

    # inside

    def _rows(self, parent: Index) -> tuple[LayerId, ...]:
        if not parent.isValid():
            return self._shape[None]
        name = self._names.get(parent.internalId())
        return () if name is None else self._shape.get(name, ())

    def _learn(self, shape: Shape) -> None:
        self._shape = shape
        self._parents = {child: parent for parent, children in shape.items() for child in children}
        for layer in self._parents:
            number = self._numbers.setdefault(layer, len(self._numbers) + 1)
            self._names[number] = layer


def _shape(document: Document | None) -> Shape:
    """Every parent's layers from the top down."""
    if document is None:
        return {None: ()}
    shape: Shape = {None: tuple(layer.id for layer in reversed(document.layers))}
    for layer in document.walk():
        if isinstance(layer, GroupLayer):
            shape[layer.id] = tuple(child.id for child in reversed(layer.children))
    return shape


def _tooltip(layer: Layer) -> str:
    if isinstance(layer, ImageLayer) and layer.role is Role.RESULT and layer.recipe_title:
        return layer.recipe_title
    return layer.name
