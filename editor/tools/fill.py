"""Fills what looks alike, seen over all layers, with the colour."""

from __future__ import annotations

from math import floor

import numpy as np

from editor.document import Document
from editor.events import PointerEvent
from editor.geometry import EMPTY, Rect
from editor.likeness import alike
from editor.painting import Ink, limit, painted
from editor.planes import Plane
from editor.tiles import TILE, TiledImage
from editor.tools.base import Tool
from editor.tools.colours import ink_colour
from editor.tools.target import Target, paint_target


class FillTool(Tool):
    """The press shows it, the release makes it a step; a selection limits how far it looks."""

    id, title, shortcut = "fill", "Fill", "G"

    _target: Target
    _now: TiledImage
    _area: Rect  # of what was filled, in the layer's own coordinates

    def press(self, document: Document, event: PointerEvent) -> None:
        if not document.canvas.contains(event.x, event.y):
            return
        self._target = target = paint_target(document)
        self._now, self._area, self.active = target.before, EMPTY, True
        settings, layer = self.options.settings, document[target.layer]
        x, y = layer.offset
        within = document.canvas
        if document.selection is not None:
            within = within.intersected(document.selection.content())
        seed = (floor(event.x), floor(event.y))
        region = alike(document.layers, seed, settings.fill_tolerance, settings.fill_contiguous, within)
        alpha = settings.colour[3]

        def weights(part: Rect, out: Plane) -> bool:
            on_canvas = part.translated(x, y)
            inside = region.view(on_canvas)
            if inside is None:
                return False
            np.multiply(inside[..., 0], np.float32(alpha / 255), out=out, dtype=np.float32)
            return limit(out, document.selection, on_canvas)

        area = region.content()
        self._area = area.translated(-x, -y)
        ink = Ink(
            ink_colour(document, settings.colour, mask=target.mask), keep_alpha=getattr(layer, "alpha_locked", False)
        )
        parts = [part for part in self._area.split(TILE) if region.view(part.translated(x, y)) is not None]
        self._now = painted(target.before, target.before, parts, ink, weights)
        target.show(document, self._now, area)

    def move(self, document: Document, event: PointerEvent) -> None:
        pass

    def release(self, document: Document, event: PointerEvent) -> None:
        if self.active:
            self.active = False
            self._target.record(document, self._now, "Fill", self._area)

    def cancel(self, document: Document) -> None:
        if self.active:
            self.active = False
            self._target.take_back(document)
