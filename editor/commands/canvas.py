"""Changes of the canvas: its size, and what part of the picture it shows."""

from __future__ import annotations

from dataclasses import dataclass

from editor import limits
from editor.commands.base import Command, Sequence
from editor.commands.box import SetBox
from editor.commands.pixels import SetSelection, shift_layer
from editor.commands.placement import SetPlacement
from editor.commands.points import SetPoints
from editor.document import Document
from editor.geometry import Rect
from editor.placement import Placed
from editor.points import cut_to


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
            moved = document.selection.moved(*self.shift, Rect(0, 0, self.width, self.height))
            parts = (SetSelection(None), *parts, SetSelection(moved))
            if not document.placement.rests:
                parts = (*parts, SetPlacement(Placed(moved.identity, document.placement)))
        if document.points:
            there = (pair.translated(*self.shift) for pair in document.points)
            parts = (SetPoints(()), *parts, SetPoints(cut_to(there, Rect(0, 0, self.width, self.height))))
        if document.box is not None:  # what of it shows no longer is kept, as that of layers is
            box = document.box.translated(*self.shift)
            left = box if limits.box_fits(box, Rect(0, 0, self.width, self.height)) else None
            parts = (SetBox(None), *parts, SetBox(left))
        return Sequence(parts, self.title).apply(document)

    def check(self, document: Document) -> None:
        limits.need_canvas(self.width, self.height)
        for layer in document.layers:
            limits.need_place(layer, *self.shift)


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
