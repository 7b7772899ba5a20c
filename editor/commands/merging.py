"""Commands that turn several layers into one: merge down, flatten."""

from __future__ import annotations

from dataclasses import dataclass, replace

from editor.commands.base import Command, Sequence, need_image, need_path, need_unlocked
from editor.commands.pixels import ReplaceMask, ReplacePixels
from editor.commands.properties import SetOpacity
from editor.commands.structure import AddLayer, RemoveLayer
from editor.composite import composite_layers
from editor.document import Document
from editor.errors import DocumentError
from editor.geometry import Rect
from editor.layers import BlendMode, ImageLayer, Layer, LayerId
from editor.tiles import TILE, Key, TiledImage
from editor.tree import walk

_BLOCK = 4 * TILE  # pixels to a side that are merged at a time; enough for two threads


@dataclass(frozen=True)
class MergeDown(Command):
    """Paint a layer, as it is seen, onto the one below, which keeps its name and blend mode."""

    layer: LayerId
    title = "Merge down"

    def apply(self, document: Document) -> Command:
        below = self._below(document)
        stack = (replace(below, blend=BlendMode.NORMAL), document[self.layer])
        parts: tuple[Command, ...] = (
            ReplacePixels(below.id, _merged(stack, below)),
            ReplaceMask(below.id, None),
            SetOpacity(below.id, 1.0),
            RemoveLayer(self.layer, activate=below.id),
        )
        return Sequence(parts, self.title).apply(document)

    def check(self, document: Document) -> None:
        above = need_path(document, self.layer)[-1]
        need_unlocked(document, self.layer)
        below = self._below(document)
        need_unlocked(document, below.id)
        for layer in (above, below):
            if not layer.visible:
                raise DocumentError(f"“{layer.name}” is hidden and cannot be merged. Show it first.")

    def _below(self, document: Document) -> ImageLayer:
        parent, index = document.place_of(self.layer)
        if index == 0:
            raise DocumentError("There is no layer below this one to merge it with. Reorder the layers first.")
        return need_image(document, document.children_of(parent)[index - 1].id)


def _merged(stack: tuple[Layer, ...], below: ImageLayer) -> TiledImage:
    """What a stack looks like, in the own coordinates of `below`; only where its layers have tiles is it painted."""
    dtype, (x, y) = below.pixels.dtype, below.offset
    blocks: set[Key] = set()
    for layer in walk(stack):
        if isinstance(layer, ImageLayer):
            dx, dy = layer.offset[0] - x, layer.offset[1] - y
            for column, row in layer.pixels.tiles:
                met = Rect(column * TILE + dx, row * TILE + dy, TILE, TILE).split(_BLOCK)
                blocks.update((part.x // _BLOCK, part.y // _BLOCK) for part in met)
    merged = TiledImage(dtype=dtype)
    for column, row in sorted(blocks):
        block = Rect(column * _BLOCK, row * _BLOCK, _BLOCK, _BLOCK)
        merged = merged.write(block, composite_layers(stack, block.translated(x, y), dtype))
    return merged


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
