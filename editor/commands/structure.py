"""Changes of the tree: add, remove, reorder, duplicate and group layers; results of edits."""

from __future__ import annotations

from dataclasses import dataclass, replace

from editor import limits
from editor.commands.base import (
    Command,
    Sequence,
    image_bytes,
    layer_bytes,
    need_open,
    need_path,
    need_room,
    need_unlocked,
)
from editor.commands.pixels import ReplaceMask, ReplacePixels
from editor.commands.properties import SetRecipe, SetVisible
from editor.document import Document
from editor.errors import DocumentError
from editor.layers import GroupLayer, ImageLayer, Layer, LayerId, new_layer_id
from editor.tiles import TiledImage


@dataclass(frozen=True, eq=False)
class AddLayer(Command):
    """Put a layer among its siblings and make it active.

    Attributes:
        parent: the group it goes into; None = the root.
        index: place among the siblings from the bottom; None = on top.
        activate: what becomes active, where that is not the layer itself.
    """

    layer: Layer
    parent: LayerId | None = None
    index: int | None = None
    title: str = "Add layer"
    activate: LayerId | None = None

    def apply(self, document: Document) -> Command:
        before = document.active
        index = len(document.children_of(self.parent)) if self.index is None else self.index
        document.insert(self.layer, self.parent, index)
        document.activate(self.layer.id if self.activate is None else self.activate)
        return RemoveLayer(self.layer.id, self.title, before)

    def check(self, document: Document) -> None:
        need_open(document, self.parent)
        need_room(document, self.layer, self.parent)
        limits.need_place(self.layer)

    @property
    def nbytes(self) -> int:
        return layer_bytes(self.layer)


@dataclass(frozen=True, eq=False)
class RemoveLayer(Command):
    """Take a layer, or a group with all it holds, out of the document."""

    layer: LayerId
    title: str = "Delete layer"
    activate: LayerId | None = None

    def apply(self, document: Document) -> Command:
        before, (parent, index) = document.active, document.place_of(self.layer)
        removed = document.remove(self.layer)
        if self.activate is not None and self.activate in document:
            document.activate(self.activate)
        return AddLayer(removed, parent, index, self.title, before)

    def check(self, document: Document) -> None:
        need_path(document, self.layer)
        need_unlocked(document, self.layer)


@dataclass(frozen=True)
class ReorderLayer(Command):
    """Move a layer in the tree; `index` counts the new siblings from the bottom, without the layer itself."""

    layer: LayerId
    parent: LayerId | None
    index: int
    title = "Reorder layers"

    def apply(self, document: Document) -> Command:
        active, (parent, index) = document.active, document.place_of(self.layer)
        moved = document.remove(self.layer)
        document.insert(moved, self.parent, self.index)
        document.activate(active)
        return ReorderLayer(self.layer, parent, index)

    def check(self, document: Document) -> None:
        layer = need_path(document, self.layer)[-1]
        if self.parent is not None and layer in document.path_to(self.parent):
            raise DocumentError("A group cannot be moved into itself. Drop it beside the group instead.")
        need_unlocked(document, self.layer)
        need_open(document, self.parent)
        need_room(document, layer, self.parent, count=0)


@dataclass(frozen=True)
class DuplicateLayer(Command):
    """Put a copy right above the layer; the copy becomes active."""

    layer: LayerId
    title = "Duplicate layer"

    def apply(self, document: Document) -> Command:
        parent, index = document.place_of(self.layer)
        original = document[self.layer]
        copy = replace(_with_new_ids(original), name=f"{original.name} copy")
        return AddLayer(copy, parent, index + 1, self.title).apply(document)

    def check(self, document: Document) -> None:
        layer = need_path(document, self.layer)[-1]
        parent, _ = document.place_of(self.layer)
        need_open(document, parent)
        need_room(document, layer, parent)


def _with_new_ids(layer: Layer) -> Layer:
    if isinstance(layer, GroupLayer):
        return replace(layer, id=new_layer_id(), children=tuple(_with_new_ids(child) for child in layer.children))
    return replace(layer, id=new_layer_id())


@dataclass(frozen=True)
class GroupLayers(Command):
    """Put layers of one parent into a new group at the place of the topmost; the group becomes active."""

    layers: tuple[LayerId, ...]
    name: str = "Group"
    title = "Group layers"

    def apply(self, document: Document) -> Command:
        parent, _ = document.place_of(self.layers[0])
        chosen = [layer for layer in document.children_of(parent) if layer.id in self.layers]
        group = GroupLayer(name=self.name)
        _, top = document.place_of(chosen[-1].id)
        parts: list[Command] = [AddLayer(group, parent, top + 1)]
        parts += [ReorderLayer(layer.id, group.id, index) for index, layer in enumerate(chosen)]
        return Sequence(tuple(parts), self.title).apply(document)

    def check(self, document: Document) -> None:
        places = {need_path(document, layer) and document.place_of(layer)[0] for layer in self.layers}
        if len(places) != 1:
            raise DocumentError("Only layers that lie in the same group can be grouped. Choose neighbours.")
        for layer in self.layers:
            need_unlocked(document, layer)
        parent, _ = document.place_of(self.layers[0])
        group = GroupLayer(children=tuple(document[layer] for layer in self.layers))
        need_room(document, group, parent, count=1)


@dataclass(frozen=True)
class Ungroup(Command):
    """Put a group's layers in its place; its mask, opacity and blend mode go with it."""

    group: LayerId
    title = "Ungroup layers"

    def apply(self, document: Document) -> Command:
        parent, index = document.place_of(self.group)
        children = document.children_of(self.group)
        parts: list[Command] = [ReorderLayer(c.id, parent, index + 1 + i) for i, c in enumerate(children)]
        return Sequence((*parts, RemoveLayer(self.group)), self.title).apply(document)

    def check(self, document: Document) -> None:
        need_unlocked(document, self.group)
        if not isinstance(document[self.group], GroupLayer):
            raise DocumentError("Only a group can be ungrouped. Choose one in the Layers panel.")


@dataclass(frozen=True, eq=False)
class AddResult(Command):
    """Add the result of an edit: the new layer goes above `above` (None = on top) and becomes active.

    Where `above` lies in a locked group the result goes above that group: minutes of work are not refused for a lock.

    Attributes:
        hide: the strokes layers that were used, hidden in the same step.
    """

    layer: ImageLayer
    above: LayerId | None = None
    hide: tuple[LayerId, ...] = ()

    @property
    def title(self) -> str:
        return self.layer.recipe_title or "Add result"

    def apply(self, document: Document) -> Command:
        parent, index = (None, len(document.layers) - 1)
        if self.above is not None and self.above in document:
            *groups, last = document.path_to(self.above)
            parent, index = document.place_of(next((group for group in groups if group.locked), last).id)
        hidden = [SetVisible(layer, False) for layer in self.hide if layer in document and document[layer].visible]
        return Sequence((*hidden, AddLayer(self.layer, parent, index + 1)), self.title).apply(document)

    @property
    def nbytes(self) -> int:
        return layer_bytes(self.layer)


@dataclass(frozen=True, eq=False)
class ReplaceResult(Command):
    """A result layer was made again: other pixels, mask and recipe in the same layer."""

    layer: LayerId
    pixels: TiledImage
    mask: TiledImage | None
    recipe: bytes | None
    recipe_title: str = ""

    @property
    def title(self) -> str:
        return self.recipe_title or "Run again"

    def apply(self, document: Document) -> Command:
        parts = (
            ReplacePixels(self.layer, self.pixels),
            ReplaceMask(self.layer, self.mask),
            SetRecipe(self.layer, (self.recipe, self.recipe_title)),
        )
        return Sequence(parts, self.title).apply(document)

    def check(self, document: Document) -> None:
        need_unlocked(document, self.layer)

    @property
    def nbytes(self) -> int:
        return image_bytes((self.pixels, self.mask)) + len(self.recipe or b"")
