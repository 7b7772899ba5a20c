"""The Layer menu and the layer's masks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject

from app.documents import Documents
from app.errors import Messages
from app.parts.doing import Doer
from editor.commands import (
    AddLayer,
    Command,
    DuplicateLayer,
    Flatten,
    GroupLayers,
    MergeDown,
    RemoveLayer,
    ReorderLayer,
    ReplaceMask,
    SetMaskEnabled,
    SetProperty,
    Ungroup,
    need_image,
)
from editor.document import Document
from editor.errors import DocumentError
from editor.layers import GroupLayer, ImageLayer, Layer, LayerId, Role
from editor.tiles import TiledImage, converted, full_value


@dataclass(frozen=True)
class SetRole(SetProperty):
    """Whether a layer's paint is the guide of the next edit."""

    value: Role
    field = "role"

    @property
    def title(self) -> str:
        return "Use as strokes" if self.value is Role.STROKES else "Use as picture"

    def check(self, document: Document) -> None:
        need_image(document, self.layer)


class LayersPart(QObject):
    """Everything that is done to the active layer."""

    def __init__(self, documents: Documents, messages: Messages, parent: QObject) -> None:
        super().__init__(parent)
        self._doer = Doer(documents, messages)

    def add(self) -> None:
        """Put an empty layer to paint on above the active one."""
        document = self._doer.document
        if document is not None:
            name, empty = _free_name(document, self.tr("Layer")), TiledImage(dtype=document.dtype)
            self._add(document, ImageLayer(name=name, role=Role.STROKES, pixels=empty))

    def add_group(self) -> None:
        """Put an empty group above the active layer."""
        document = self._doer.document
        if document is not None:
            self._add(document, GroupLayer(name=_free_name(document, self.tr("Group"))))

    def _add(self, document: Document, layer: Layer) -> None:
        active = self._doer.layer
        if isinstance(active, GroupLayer) and active.expanded:
            self._doer.do(AddLayer(layer, active.id))
        elif active is not None:
            parent, index = document.place_of(active.id)
            self._doer.do(AddLayer(layer, parent, index + 1))
        else:
            self._doer.do(AddLayer(layer))

    def duplicate(self) -> None:
        self._on_layer(lambda layer: DuplicateLayer(layer.id))

    def delete(self) -> None:
        self._on_layer(lambda layer: RemoveLayer(layer.id))

    def group(self) -> None:
        self._on_layer(lambda layer: GroupLayers((layer.id,), self.tr("Group")))

    def ungroup(self) -> None:
        self._on_layer(lambda layer: Ungroup(layer.id))

    def merge_down(self) -> None:
        self._on_layer(lambda layer: MergeDown(layer.id))

    def flatten(self) -> None:
        self._doer.do(Flatten())

    def raise_layer(self) -> None:
        self._move(1)

    def lower_layer(self) -> None:
        self._move(-1)

    def _move(self, step: int) -> None:
        """Move among the siblings, out of the group at its end."""
        document, layer = self._doer.document, self._doer.layer
        if document is None or layer is None:
            return
        parent, index = document.place_of(layer.id)
        if 0 <= index + step < len(document.children_of(parent)):
            self._doer.do(ReorderLayer(layer.id, parent, index + step))
        elif parent is not None:
            outer, place = document.place_of(parent)
            self._doer.do(ReorderLayer(layer.id, outer, place + (1 if step > 0 else 0)))

    def toggle_strokes(self) -> None:
        """Make the active layer the guide of the next edit, or an ordinary picture again."""
        layer = self._doer.layer
        if isinstance(layer, ImageLayer):
            self._doer.do(SetRole(layer.id, Role.IMAGE if layer.role is Role.STROKES else Role.STROKES))

    # masks

    def add_mask(self) -> None:
        """Give the layer a mask: of the selection, or one that shows everything; an existing one stays."""
        document, layer = self._doer.document, self._doer.layer
        if document is None or layer is None or layer.mask is not None:
            return
        mask = TiledImage(channels=1, dtype=document.dtype, default=full_value(document.dtype))
        if document.selection is not None:
            mask = selection_as_mask(document, layer.id)
        if self._doer.do(ReplaceMask(layer.id, mask, self.tr("Add mask"))):
            document.paint_on_mask = True

    def delete_mask(self) -> None:
        self._on_layer(lambda layer: ReplaceMask(layer.id, None, self.tr("Delete mask")))

    def toggle_mask(self) -> None:
        self._on_layer(lambda layer: SetMaskEnabled(layer.id, not layer.mask_enabled))

    def paint_on_mask(self, on: bool) -> None:
        """Let the brush go to the active layer's mask, or to its pixels again."""
        if self._doer.document is not None:
            self._doer.document.paint_on_mask = on

    def _on_layer(self, command: Callable[[Layer], Command]) -> None:
        if self._doer.layer is not None:
            self._doer.do(command(self._doer.layer))


def selection_as_mask(document: Document, layer: LayerId) -> TiledImage:
    """The selection as a layer's mask, in the layer's own coordinates and the document's depth."""
    if document.selection is None:
        raise DocumentError("Nothing is selected. Select what shall stay visible first.")
    x, y = document[layer].offset
    area = document.selection.bounds().intersected(document.canvas)
    values = converted(document.selection.read(area), document.dtype)
    return TiledImage.from_array(values, (area.x - x, area.y - y))


def _free_name(document: Document, base: str) -> str:
    """ "Layer 3", the first number that is not taken."""
    taken = {layer.name for layer in document.walk()}
    number = 1
    while f"{base} {number}" in taken:
        number += 1
    return f"{base} {number}"
