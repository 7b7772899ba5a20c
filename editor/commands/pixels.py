"""Changes of pixels, masks, places and the selection; undo swaps whole tiles back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from editor import limits
from editor.commands.base import Command, image_bytes, need_image, need_path, need_unlocked
from editor.document import Document
from editor.geometry import Rect
from editor.layers import GroupLayer, LayerId
from editor.tiles import Array, Key, TiledImage, tile_bytes

Plane = Literal["pixels", "mask"]


@dataclass(frozen=True, eq=False)
class SwapTiles(Command):
    """Put other tiles into a layer's pixels or mask; only what changed is held.

    Attributes:
        tiles: the new tiles; None where there shall be none.
        area: the pixels that differ, in the layer's own coordinates; None = the whole tiles.
    """

    layer: LayerId
    plane: Plane
    tiles: Mapping[Key, Array | None]
    title: str = "Edit pixels"
    area: Rect | None = None

    @classmethod
    def between(
        cls, layer: LayerId, plane: Plane, now: TiledImage, wanted: TiledImage, title: str, area: Rect | None = None
    ) -> SwapTiles:
        """The command that turns `now` into `wanted`."""
        return cls(layer, plane, {key: wanted.tiles.get(key) for key in wanted.changed_tiles(now)}, title, area)

    def apply(self, document: Document) -> Command:
        layer = document[self.layer]
        now: TiledImage = getattr(layer, self.plane)
        undo = SwapTiles(self.layer, self.plane, {key: now.tiles.get(key) for key in self.tiles}, self.title, self.area)
        dirty = None if self.area is None or not layer.visible else self.area.translated(*layer.offset)
        document.replace(self.layer, dirty=dirty, **{self.plane: now.with_tiles(self.tiles)})
        return undo

    def check(self, document: Document) -> None:
        need_unlocked(document, self.layer)

    @property
    def nbytes(self) -> int:
        return tile_bytes(self.tiles.values())


@dataclass(frozen=True, eq=False)
class ReplacePixels(Command):
    """Give an image layer other pixels, in its own coordinates."""

    layer: LayerId
    pixels: TiledImage
    title: str = "Edit pixels"

    def apply(self, document: Document) -> Command:
        now = need_image(document, self.layer).pixels
        if now.same_kind(self.pixels):
            return SwapTiles.between(self.layer, "pixels", now, self.pixels, self.title).apply(document)
        document.replace(self.layer, pixels=self.pixels)
        return ReplacePixels(self.layer, now, self.title)

    def check(self, document: Document) -> None:
        need_image(document, self.layer)
        need_unlocked(document, self.layer)

    @property
    def nbytes(self) -> int:
        return self.pixels.nbytes


@dataclass(frozen=True, eq=False)
class ReplaceMask(Command):
    """Give a layer another soft mask (one channel, own coordinates, full = shown), or none."""

    layer: LayerId
    mask: TiledImage | None
    title: str = "Layer mask"

    def apply(self, document: Document) -> Command:
        now = document[self.layer].mask
        if now is not None and self.mask is not None and now.same_kind(self.mask):
            return SwapTiles.between(self.layer, "mask", now, self.mask, self.title).apply(document)
        document.replace(self.layer, mask=self.mask)
        if self.mask is None and self.layer == document.active:
            document.paint_on_mask = False  # the next stroke must not bring back a mask that was deleted
        return ReplaceMask(self.layer, now, self.title)

    def check(self, document: Document) -> None:
        need_unlocked(document, self.layer)

    @property
    def nbytes(self) -> int:
        return image_bytes((self.mask,))


@dataclass(frozen=True)
class MoveLayer(Command):
    """Put a layer's own (0, 0) at `offset` on the canvas; a group takes all its layers along."""

    layer: LayerId
    offset: tuple[int, int]
    title = "Move layer"

    def apply(self, document: Document) -> Command:
        before = document[self.layer].offset
        shift_layer(document, self.layer, self.offset[0] - before[0], self.offset[1] - before[1])
        return MoveLayer(self.layer, before)

    def check(self, document: Document) -> None:
        layer = need_path(document, self.layer)[-1]
        need_unlocked(document, self.layer)
        limits.need_place(layer, self.offset[0] - layer.offset[0], self.offset[1] - layer.offset[1])

    def merged_with(self, later: Command) -> Command | None:
        return later if isinstance(later, MoveLayer) and later.layer == self.layer else None


def shift_layer(document: Document, layer: LayerId, dx: int, dy: int) -> None:
    """Move a layer, and all that a group holds, by whole pixels."""
    found = document[layer]
    if isinstance(found, GroupLayer):
        for child in found.children:
            shift_layer(document, child.id, dx, dy)
    document.replace(layer, offset=(found.offset[0] + dx, found.offset[1] + dy))


@dataclass(frozen=True, eq=False)
class SetSelection(Command):
    """Select something else: one channel uint8 in canvas pixels, or None for nothing."""

    selection: TiledImage | None
    title: str = "Select"

    def apply(self, document: Document) -> Command:
        before = document.selection
        document.select(self.selection)
        return SetSelection(before, self.title)

    def merged_with(self, later: Command) -> Command | None:
        return later if isinstance(later, SetSelection) and later.title == self.title else None

    @property
    def nbytes(self) -> int:
        return image_bytes((self.selection,))
