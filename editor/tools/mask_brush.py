"""Paints the mask in hand, softly: the selection, or the mask of the active layer while painting goes to that."""

from __future__ import annotations

from dataclasses import replace

from editor.document import Document
from editor.events import Modifier, PointerEvent
from editor.painting import Ink, Stroke
from editor.strokes import Dab, Trail
from editor.tools.base import Tool
from editor.tools.overlay import CircleOverlay, Overlay
from editor.tools.target import SelectionTarget, Target, mask_target


class MaskBrushTool(Tool):
    """Adds (to a layer's mask: shows); with Alt, the pen's other end or as the options say takes away (hides)."""

    id, title, shortcut, cursor, tints = "mask_brush", "Mask brush", "Q", "none", True

    _target: Target | SelectionTarget
    _offset: tuple[int, int]
    _stroke: Stroke
    _trail: Trail
    _hover: tuple[float, float] | None = None

    def press(self, document: Document, event: PointerEvent) -> None:
        settings, owner = self.options.settings, document.mask_in_hand
        self._hover = (event.x, event.y)
        limit = None
        if owner is None:
            self._target, self._offset = SelectionTarget(document.selection), (0, 0)
        else:
            self._target, self._offset, limit = mask_target(document, owner), document[owner].offset, document.selection
        other = event.eraser or Modifier.ALT in event.modifiers
        ink = Ink((0.0,) if other != settings.mask_brush_takes else (1.0,))
        brush, (x, y) = settings.mask_brush, self._offset
        area = document.canvas.translated(-x, -y)
        self._stroke = Stroke(
            self._target.before, ink, brush.hardness, brush.flow, brush.opacity, area, limit, self._offset
        )
        self._trail = Trail(brush, document.canvas)
        self.active = True
        self._paint(document, self._trail.start(event.x, event.y, event.pressure))

    def move(self, document: Document, event: PointerEvent) -> None:
        self._hover = (event.x, event.y)
        if self.active:
            self._paint(document, self._trail.move(event.x, event.y, event.pressure))

    def release(self, document: Document, event: PointerEvent) -> None:
        if self.active:
            self._paint(document, self._trail.finish())
            self.active = False
            title = "Paint selection" if isinstance(self._target, SelectionTarget) else "Paint mask"
            self._target.record(document, self._stroke.now, title, self._stroke.area)

    def cancel(self, document: Document) -> None:
        if self.active:
            self.active = False
            self._target.take_back(document)

    def overlay(self) -> Overlay | None:
        return None if self._hover is None else CircleOverlay(*self._hover, self.options.settings.mask_brush.size / 2)

    def _paint(self, document: Document, dabs: list[Dab]) -> None:
        x, y = self._offset
        dirty = self._stroke.add([replace(dab, x=dab.x - x, y=dab.y - y) for dab in dabs] if x or y else dabs)
        if dirty:
            self._target.show(document, self._stroke.now, dirty.translated(x, y))
