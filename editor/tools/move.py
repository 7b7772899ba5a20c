"""Moves the active layer, or lifts what is selected into a strokes layer and moves that."""

from __future__ import annotations

from typing import Any, cast

from editor.clipboard import selected_pixels
from editor.commands import Command, MoveLayer, RemoveLayer, Sequence, SetSelection, SwapTiles, need_unlocked
from editor.commands.pixels import shift_layer
from editor.document import Document
from editor.errors import DocumentError
from editor.events import Modifier, PointerEvent
from editor.geometry import Rect
from editor.layers import ImageLayer, LayerId
from editor.limits import need_place
from editor.painting import Ink, limit, painted
from editor.planes import Plane
from editor.tiles import TILE, TiledImage
from editor.tools.base import Tool
from editor.tools.target import need_seen, new_target, takes_colour

TITLE = "Move selection"


class MoveTool(Tool):
    """Whole pixels; Shift keeps to one axis.

    What is selected is lifted as soon as it moves: cut out of a strokes layer, copied out of a picture. A strokes layer
    that lies wholly inside the selection, as one just lifted or pasted does, is moved itself.
    """

    id, title, shortcut, cursor = "move", "Move", "V", "move"

    _layer: LayerId | None
    _start: tuple[float, float]
    _shift: tuple[int, int]
    _undo: tuple[Command, ...]  # what takes a lifted patch back, in order
    _selection: TiledImage | None
    _ready: bool

    def press(self, document: Document, event: PointerEvent) -> None:
        self._start, self._shift, self._undo = (event.x, event.y), (0, 0), ()
        self._selection, self._layer, self._ready = document.selection, document.active, False
        if self._layer is not None:
            need_seen(document, self._layer)
        if self._selection is None:
            if self._layer is None:
                raise DocumentError("No layer is active. Choose the one to move in the Layers panel.")
            need_unlocked(document, self._layer)
        elif self._layer is not None and takes_colour(document, self._layer):
            need_unlocked(document, self._layer)
        self.active = True

    def move(self, document: Document, event: PointerEvent) -> None:
        if not self.active:
            return
        dx, dy = round(event.x - self._start[0]), round(event.y - self._start[1])
        if Modifier.SHIFT in event.modifiers:
            dx, dy = (dx, 0) if abs(dx) >= abs(dy) else (0, dy)
        try:
            self._shift_to(document, dx, dy)
        except DocumentError:
            self.cancel(document)
            raise

    def release(self, document: Document, event: PointerEvent) -> None:
        if not self.active:
            return
        self.move(document, event)
        if self._shift == (0, 0) or self._layer is None:
            self.cancel(document)
            return
        self.active = False
        undo = self._undo
        if not undo:
            x, y = document[self._layer].offset
            undo = (MoveLayer(self._layer, (x - self._shift[0], y - self._shift[1])),)
        if self._selection is None:
            document.history.record(undo[0].title, undo[0])
            return
        document.select(self._selection.moved(*self._shift, document.canvas))
        document.history.record(TITLE, Sequence((*undo, SetSelection(self._selection)), TITLE))

    def cancel(self, document: Document) -> None:
        if self.active:
            self.active = False
            if self._layer is not None and self._layer in document:
                self._shift_to(document, 0, 0)
            for command in self._undo:
                command.apply(document)

    def _shift_to(self, document: Document, dx: int, dy: int) -> None:
        if (dx, dy) == self._shift:
            return
        if not self._ready:
            self._ready = True
            if self._selection is not None and not _inside(document, self._layer, self._selection):
                self._lift(document, self._selection)
        layer = cast(LayerId, self._layer)
        x, y = dx - self._shift[0], dy - self._shift[1]
        need_place(document[layer], x, y)
        shift_layer(document, layer, x, y)
        self._shift = (dx, dy)

    def _lift(self, document: Document, selection: TiledImage) -> None:
        """Put the selected pixels into a new strokes layer; cut out of a strokes layer, copied out of a picture."""
        pixels, origin = selected_pixels(document)
        source = document[document.active] if document.active is not None else None
        target = new_target(document)
        self._layer = target.layer
        self._undo = (RemoveLayer(target.layer, activate=target.active_before),)
        looks: dict[str, Any] = {}
        if isinstance(source, ImageLayer) and takes_colour(document, source.id):
            left = _without_selected(source, selection)
            back = SwapTiles.between(source.id, "pixels", left, source.pixels, TITLE)
            document.replace(source.id, pixels=left)
            self._undo = (*self._undo, back)
            looks = {"opacity": source.opacity, "blend": source.blend}
        document.replace(target.layer, name="Moved", pixels=pixels, offset=origin, **looks)


def _inside(document: Document, layer: LayerId | None, selection: TiledImage) -> bool:
    """Whether a strokes layer holds something, and nothing that is not selected at all."""
    if layer is None or not takes_colour(document, layer):
        return False
    found = document[layer]
    if not isinstance(found, ImageLayer) or not found.pixels.tiles:
        return False
    some = False
    for key, tile in found.pixels.tiles.items():
        there = tile[..., 3] != 0
        selected = selection.view(Rect(key[0] * TILE, key[1] * TILE, TILE, TILE).translated(*found.offset))
        outside = there if selected is None else there & (selected[..., 0] == 0)
        if outside.any():
            return False
        some = some or bool(there.any())
    return some


def _without_selected(layer: ImageLayer, selection: TiledImage) -> TiledImage:
    """A layer's pixels with the selected ones erased."""
    x, y = layer.offset

    def weights(part: Rect, out: Plane) -> bool:
        out.fill(1)
        return limit(out, selection, part.translated(x, y))

    area = selection.bounds().translated(-x, -y).intersected(layer.pixels.bounds())
    cut = painted(layer.pixels, layer.pixels, area.split(TILE), Ink(None), weights)
    return cut.sharing(layer.pixels).pruned()
