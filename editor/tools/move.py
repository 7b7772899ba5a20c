"""Moves the active layer, or lifts what is selected into a strokes layer and moves that."""

from __future__ import annotations

from typing import cast

from editor.clipboard import copy_pixels
from editor.commands import Command, MoveLayer, RemoveLayer, ReplacePixels, Sequence, SetSelection, need_unlocked
from editor.commands.pixels import shift_layer
from editor.document import Document
from editor.errors import DocumentError
from editor.events import Modifier, PointerEvent
from editor.geometry import Rect
from editor.layers import ImageLayer, LayerId
from editor.painting import Ink, limit, painted
from editor.planes import Plane
from editor.tiles import TILE, TiledImage
from editor.tools.base import Tool
from editor.tools.target import new_target, takes_colour


class MoveTool(Tool):
    """Whole pixels; Shift keeps to one axis."""

    id, title, shortcut, cursor = "move", "Move", "V", "move"

    _layer: LayerId
    _start: tuple[float, float]
    _shift: tuple[int, int]
    _undo: tuple[Command, ...]  # what takes a lifted patch back, in order
    _selection: TiledImage | None

    def press(self, document: Document, event: PointerEvent) -> None:
        self._start, self._shift, self._undo = (event.x, event.y), (0, 0), ()
        self._selection = document.selection
        if self._selection is not None:
            self._lift(document)
        elif document.active is None:
            raise DocumentError("No layer is active. Choose the one to move in the Layers panel.")
        else:
            need_unlocked(document, document.active)
        self._layer = cast(LayerId, document.active)
        self.active = True

    def move(self, document: Document, event: PointerEvent) -> None:
        if not self.active:
            return
        dx, dy = round(event.x - self._start[0]), round(event.y - self._start[1])
        if Modifier.SHIFT in event.modifiers:
            dx, dy = (dx, 0) if abs(dx) >= abs(dy) else (0, dy)
        self._shift_to(document, dx, dy)

    def release(self, document: Document, event: PointerEvent) -> None:
        if not self.active:
            return
        self.move(document, event)
        if self._shift == (0, 0):
            self.cancel(document)
            return
        self.active = False
        if self._undo:
            if self._selection is not None:
                document.select(_shifted(self._selection, *self._shift, document.canvas))
            undo: Command = Sequence((*self._undo, SetSelection(self._selection)), "Move selection")
        else:
            x, y = document[self._layer].offset
            undo = MoveLayer(self._layer, (x - self._shift[0], y - self._shift[1]))
        document.history.record(undo.title, undo)

    def cancel(self, document: Document) -> None:
        if self.active:
            self.active = False
            self._shift_to(document, 0, 0)
            for command in self._undo:
                command.apply(document)

    def _shift_to(self, document: Document, dx: int, dy: int) -> None:
        if (dx, dy) != self._shift:
            shift_layer(document, self._layer, dx - self._shift[0], dy - self._shift[1])
            self._shift = (dx, dy)

    def _lift(self, document: Document) -> None:
        """Put the selected pixels into a new strokes layer; cut out of a strokes layer, copied out of a photo."""
        pixels, origin = copy_pixels(document)
        source = document[document.active] if document.active is not None else None
        cuts = isinstance(source, ImageLayer) and takes_colour(document, source.id)
        if source is not None and cuts:
            need_unlocked(document, source.id)
        target = new_target(document)
        document.replace(target.layer, name="Moved", pixels=TiledImage.from_array(pixels), offset=origin)
        self._undo = (RemoveLayer(target.layer, activate=target.active_before),)
        if isinstance(source, ImageLayer) and cuts:
            self._undo = (*self._undo, ReplacePixels(source.id, source.pixels))
            document.replace(source.id, pixels=_without_selected(source, cast(TiledImage, self._selection)))


def _without_selected(layer: ImageLayer, selection: TiledImage) -> TiledImage:
    """A layer's pixels with the selected ones erased."""
    x, y = layer.offset

    def weights(part: Rect, out: Plane) -> bool:
        out.fill(1)
        return limit(out, selection, part.translated(x, y))

    area = selection.bounds().translated(-x, -y).intersected(layer.pixels.bounds())
    return painted(layer.pixels, layer.pixels, area.split(TILE), Ink(None), weights).pruned()


def _shifted(selection: TiledImage, dx: int, dy: int, canvas: Rect) -> TiledImage:
    """A selection moved by whole pixels, cut to the canvas."""
    area = selection.bounds().translated(dx, dy).intersected(canvas)
    moved = selection.read(area.translated(-dx, -dy))
    return TiledImage.from_array(moved, (area.x, area.y))
