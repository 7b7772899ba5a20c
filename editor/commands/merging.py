"""Commands that turn several layers into one: merge down, flatten."""

from __future__ import annotations

from dataclasses import dataclass, replace

from editor.commands.base import Command, Sequence, need_image, need_path, need_unlocked
from editor.commands.pixels import ReplaceMask, ReplacePixels
from editor.commands.properties import SetOpacity, SetVisible
from editor.commands.structure import AddLayer, RemoveLayer
from editor.composite import composite_layers
from editor.document import Document
from editor.errors import DocumentError
from editor.layers import BlendMode, ImageLayer, LayerId, layer_bounds
from editor.tiles import TiledImage


@dataclass(frozen=True)
class MergeDown(Command):
    """Paint a layer, as it is seen, onto the one below, which keeps its name and blend mode."""

    layer: LayerId
    title = "Merge down"

    def apply(self, document: Document) -> Command:
        below = self._below(document)
        above = document[self.layer]
        stack = (replace(below, blend=BlendMode.NORMAL, visible=True), above)
        area = layer_bounds(stack[0]).united(layer_bounds(above))
        merged = composite_layers(stack, area, below.pixels.dtype)
        own = (area.x - below.offset[0], area.y - below.offset[1])
        parts: tuple[Command, ...] = (
            ReplacePixels(below.id, TiledImage.from_array(merged, own)),
            ReplaceMask(below.id, None),
            SetOpacity(below.id, 1.0),
            SetVisible(below.id, True),
            RemoveLayer(self.layer, activate=below.id),
        )
        return Sequence(parts, self.title).apply(document)

    def check(self, document: Document) -> None:
        need_path(document, self.layer)
        need_unlocked(document, self.layer)
        need_unlocked(document, self._below(document).id)

    def _below(self, document: Document) -> ImageLayer:
        parent, index = document.place_of(self.layer)
        if index == 0:
            raise DocumentError("There is no layer below this one to merge it with. Reorder the layers first.")
        return need_image(document, document.children_of(parent)[index - 1].id)


@dataclass(frozen=True)
class Flatten(Command):
    """Replace all layers by one that looks like them; what lies outside the canvas is cut off."""

    title = "Flatten"

    def apply(self, document: Document) -> Command:
        flat = composite_layers(document.layers, document.canvas, document.dtype)
        layer = ImageLayer(name="Flattened", pixels=TiledImage.from_array(flat))
        removed = [RemoveLayer(old.id) for old in reversed(document.layers)]
        return Sequence((AddLayer(layer), *removed), self.title).apply(document)

    def check(self, document: Document) -> None:
        for layer in document.layers:
            need_unlocked(document, layer.id)
