"""Paints the selection itself, softly: the mask of the next edit."""

from __future__ import annotations

from editor.commands import SetSelection
from editor.document import Document
from editor.events import Modifier, PointerEvent
from editor.painting import Ink, Stroke
from editor.strokes import Dab, Trail
from editor.tiles import TiledImage
from editor.tools.base import Tool
from editor.tools.overlay import CircleOverlay, Overlay


class MaskBrushTool(Tool):
    """Adds to the selection; Alt or the pen's other end takes away."""

    id, title, shortcut, cursor = "mask_brush", "Mask brush", "M", "none"

    _before: TiledImage | None
    _stroke: Stroke
    _trail: Trail
    _hover: tuple[float, float] | None = None

    def press(self, document: Document, event: PointerEvent) -> None:
        brush = self.options.settings.mask_brush
        self._before = document.selection
        takes_away = event.eraser or Modifier.ALT in event.modifiers
        before = self._before or TiledImage(channels=1)
        ink = Ink((0.0,) if takes_away else (1.0,))
        self._stroke = Stroke(before, ink, brush.hardness, brush.flow, brush.opacity, document.canvas)
        self._trail = Trail(brush, document.canvas)
        self.active = True
        self._hover = (event.x, event.y)
        self._paint(document, self._trail.start(event.x, event.y, event.pressure))

    def move(self, document: Document, event: PointerEvent) -> None:
        self._hover = (event.x, event.y)
        if self.active:
            self._paint(document, self._trail.move(event.x, event.y, event.pressure))

    def release(self, document: Document, event: PointerEvent) -> None:
        if self.active:
            self._paint(document, self._trail.finish())
            self.active = False
            if not self._stroke.area.empty:
                document.select(self._stroke.now.pruned())
                document.history.record("Paint selection", SetSelection(self._before, "Paint selection"))

    def cancel(self, document: Document) -> None:
        if self.active:
            self.active = False
            document.select(self._before)

    def overlay(self) -> Overlay | None:
        return None if self._hover is None else CircleOverlay(*self._hover, self.options.settings.mask_brush.size / 2)

    def _paint(self, document: Document, dabs: list[Dab]) -> None:
        dirty = self._stroke.add(dabs)
        if dirty:
            document.select(self._stroke.now, dirty)
