"""Selects what looks like the pixel that is clicked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import floor

from editor.document import Document
from editor.errors import DocumentError
from editor.events import PointerEvent
from editor.layers import BlendMode, Layer
from editor.likeness import alike
from editor.masks import combined
from editor.tiles import TiledImage
from editor.tools.select import SelectingTool


class WandTool(SelectingTool):
    """The release selects; what was seen at the press counts."""

    id, title, shortcut, cursor = "wand", "Magic wand", "W", "pick"

    _look: Callable[[], None]

    def press(self, document: Document, event: PointerEvent) -> None:
        canvas, settings = document.canvas, self.options.settings
        if not canvas.contains(event.x, event.y):
            return
        layers = sampled(document, merged=settings.sample_merged)
        seed, how = (floor(event.x), floor(event.y)), self._combination(event.modifiers)
        self.active = True

        def find() -> TiledImage:
            found = alike(layers, seed, settings.wand_tolerance, settings.wand_contiguous, canvas)
            return self._softened(found, canvas)

        def select(found: TiledImage) -> None:
            if document.canvas == canvas:  # else the canvas was cut or enlarged meanwhile, and nothing fits any more
                self._select(document, combined(document.selection, found, how))

        self._look = lambda: self.later(document, self.title, find, select)

    def move(self, document: Document, event: PointerEvent) -> None:
        pass

    def release(self, document: Document, event: PointerEvent) -> None:
        if self.active:
            self.active = False
            self._look()

    def cancel(self, document: Document) -> None:
        self.active = False


def sampled(document: Document, *, merged: bool) -> Sequence[Layer]:
    """The layers to compare colours in: all as they are seen, or the active one's own pixels.

    Raises:
        DocumentError: no layer is active.
    """
    if merged:
        return document.layers
    if document.active is None:
        raise DocumentError("No layer is active. Choose one in the Layers panel, or let the tool look at all layers.")
    layer = document[document.active]
    return (replace(layer, visible=True, opacity=1.0, blend=BlendMode.NORMAL, mask=None),)
