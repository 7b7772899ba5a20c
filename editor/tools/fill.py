"""Fills what looks alike, seen over all layers, with the colour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor

import numpy as np

from editor.document import Document
from editor.events import PointerEvent
from editor.geometry import Rect
from editor.layers import Layer
from editor.likeness import alike
from editor.painting import Ink, limit, painted
from editor.planes import Plane
from editor.tiles import TILE, TiledImage
from editor.tools.base import Tool
from editor.tools.colours import ink_colour
from editor.tools.options import Settings
from editor.tools.target import Target, planned_target


@dataclass(frozen=True, eq=False)
class _Filling:
    """All that filling needs to know of the document, so that it may be worked out in another thread.

    Attributes:
        seed: (x, y), the pixel that was clicked.
        offset: of the layer that is filled.
        within: part of the canvas to look at.
    """

    target: Target
    seed: tuple[int, int]
    settings: Settings
    ink: Ink
    offset: tuple[int, int]
    layers: Sequence[Layer]
    selection: TiledImage | None
    canvas: Rect

    @classmethod
    def planned(cls, document: Document, seed: tuple[int, int], settings: Settings) -> _Filling:
        """Raises DocumentError, LayerLocked where nothing may be filled."""
        target = planned_target(document)
        layer = target.new or document[target.layer]
        colour = ink_colour(document, settings.colour, mask=target.mask)
        ink = Ink(colour, keep_alpha=getattr(layer, "alpha_locked", False))
        shown = document.snapshot()
        return cls(target, seed, settings, ink, layer.offset, shown.layers, shown.selection, document.canvas)

    def fits(self, document: Document) -> bool:
        """Whether what was worked out may still be put into the document; DocumentError as for `planned`."""
        now = _Filling.planned(document, self.seed, self.settings)
        same = self.target.same_place(now.target) and self.ink == now.ink
        return same and (self.offset, self.canvas) == (now.offset, now.canvas)

    def work_out(self) -> tuple[TiledImage, Rect]:
        """The filled picture, and the area of what was filled in canvas pixels; half a second for a large photo."""
        within = self.canvas
        if self.selection is not None:
            within = within.intersected(self.selection.content())
        settings, (x, y), before = self.settings, self.offset, self.target.before
        region = alike(self.layers, self.seed, settings.fill_tolerance, settings.fill_contiguous, within)
        alpha = settings.colour[3]

        def weights(part: Rect, out: Plane) -> bool:
            on_canvas = part.translated(x, y)
            inside = region.view(on_canvas)
            if inside is None:
                return False
            np.multiply(inside[..., 0], np.float32(alpha / 255), out=out, dtype=np.float32)
            return limit(out, self.selection, on_canvas)

        area = region.content()
        own = area.translated(-x, -y)
        parts = [part for part in own.split(TILE) if region.view(part.translated(x, y)) is not None]
        return painted(before, before, parts, self.ink, weights).sharing(before), area


class FillTool(Tool):
    """The release fills; what was seen at the press counts, and a selection limits how far it looks."""

    id, title, shortcut, defers = "fill", "Fill", "G", True

    _start: Callable[[], None]

    def press(self, document: Document, event: PointerEvent) -> None:
        if not document.canvas.contains(event.x, event.y):
            return
        seed, settings = (floor(event.x), floor(event.y)), self.options.settings
        filling = _Filling.planned(document, seed, settings)  # refused at the press, not at the release
        self._start = lambda: self._fill(document, filling)
        self.active = True

    def move(self, document: Document, event: PointerEvent) -> None:
        pass

    def release(self, document: Document, event: PointerEvent) -> None:
        if self.active:
            self.active = False
            self._start()

    def cancel(self, document: Document) -> None:
        self.active = False

    def _fill(self, document: Document, filling: _Filling) -> None:
        def done(filled: tuple[TiledImage, Rect]) -> None:
            if not filling.fits(document):  # painted on, moved or cut meanwhile
                self._fill_again(document, filling)
                return
            now, area = filled
            target = planned_target(document).begin(document)
            own = area.translated(-filling.offset[0], -filling.offset[1])
            target.record_shared(document, now, self.title, own, dirty=area)

        self.later(document, self.title, filling.work_out, done)

    def _fill_again(self, document: Document, filling: _Filling) -> None:
        if document.canvas.contains(*filling.seed):
            self._fill(document, _Filling.planned(document, filling.seed, filling.settings))
