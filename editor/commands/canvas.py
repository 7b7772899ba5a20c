"""Changes of the canvas: its size, and what part of the picture it shows."""

from __future__ import annotations

from dataclasses import dataclass

from editor.commands.base import Command, Sequence
from editor.commands.pixels import SetSelection, shift_layer
from editor.document import Document
from editor.errors import DocumentError
from editor.geometry import Rect
from editor.tiles import TiledImage

LARGEST_SIDE = 65536


@dataclass(frozen=True)
class ResizeCanvas(Command):
    """Give the canvas another size; what was at (0, 0) comes to lie at `shift`. Layers keep what no longer shows."""

    width: int
    height: int
    shift: tuple[int, int] = (0, 0)
    title: str = "Canvas size"

    def apply(self, document: Document) -> Command:
        parts: tuple[Command, ...] = (_SetSize(self.width, self.height, self.shift, self.title),)
        if document.selection is not None:
            moved = _moved(document.selection, self.shift, Rect(0, 0, self.width, self.height))
            parts = (SetSelection(None), *parts, SetSelection(moved))
        return Sequence(parts, self.title).apply(document)

    def check(self, document: Document) -> None:
        if not (1 <= self.width <= LARGEST_SIDE and 1 <= self.height <= LARGEST_SIDE):
            raise DocumentError(f"A canvas can be 1 to {LARGEST_SIDE} pixels wide and high. Choose a size between.")


@dataclass(frozen=True)
class _SetSize(Command):
    width: int
    height: int
    shift: tuple[int, int]
    title: str = "Canvas size"

    def apply(self, document: Document) -> Command:
        before, (dx, dy) = document.size, self.shift
        if self.shift != (0, 0):
            for layer in document.layers:
                shift_layer(document, layer.id, dx, dy)
        document.resize(self.width, self.height)
        return _SetSize(*before, (-dx, -dy), self.title)


@dataclass(frozen=True)
class Crop(Command):
    """Make the canvas show just `area` (canvas pixels, may reach outside)."""

    area: Rect
    title = "Crop"

    def apply(self, document: Document) -> Command:
        return self._resize().apply(document)

    def check(self, document: Document) -> None:
        self._resize().check(document)

    def _resize(self) -> ResizeCanvas:
        return ResizeCanvas(self.area.width, self.area.height, (-self.area.x, -self.area.y), self.title)


def _moved(selection: TiledImage, shift: tuple[int, int], canvas: Rect) -> TiledImage:
    """A selection moved by whole pixels and cut to the canvas."""
    area = selection.bounds().translated(*shift).intersected(canvas)
    source = area.translated(-shift[0], -shift[1])
    return TiledImage.from_array(selection.read(source), (area.x, area.y))
