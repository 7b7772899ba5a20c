"""Brush and eraser: a wash of colour, or of nothing, along the pointer's way."""

from __future__ import annotations

from dataclasses import replace

from editor.document import Document
from editor.events import Modifier, PointerEvent
from editor.geometry import Rect
from editor.painting import Ink, Stroke
from editor.strokes import Brush, Dab, Trail
from editor.tools.base import Tool
from editor.tools.colours import ink_colour
from editor.tools.eyedropper import picked_colour
from editor.tools.overlay import CircleOverlay, Overlay
from editor.tools.target import Target, erase_target, paint_target


class BrushTool(Tool):
    """Paints with the colour; the pen's other end erases, Alt picks the colour under the pointer."""

    id, title, shortcut, cursor = "brush", "Brush", "B", "none"
    erases = False

    _target: Target
    _stroke: Stroke
    _trail: Trail
    _erasing = _picking = False
    _hover: tuple[float, float] | None = None

    @property
    def brush(self) -> Brush:
        settings = self.options.settings
        return settings.eraser if self.erases else settings.brush

    def press(self, document: Document, event: PointerEvent) -> None:
        self._hover = (event.x, event.y)
        self._picking = Modifier.ALT in event.modifiers and not self.erases
        if self._picking:
            self.active = True
            self._pick(document, event)
            return
        self._erasing = self.erases or event.eraser
        self._target = erase_target(document) if self._erasing else paint_target(document)
        self.active = True
        brush = self.brush
        layer = document[self._target.layer]
        self._trail = Trail(brush, document.canvas)
        self._stroke = Stroke(
            self._target.before,
            self._ink(document),
            brush.hardness,
            brush.flow,
            brush.opacity * (1.0 if self._erasing else self.options.colour[3]),
            document.canvas.translated(-layer.offset[0], -layer.offset[1]),
            document.selection,
            layer.offset,
        )
        self._paint(document, self._trail.start(event.x, event.y, event.pressure))

    def move(self, document: Document, event: PointerEvent) -> None:
        self._hover = (event.x, event.y)
        if self.active and self._picking:
            self._pick(document, event)
        elif self.active:
            self._paint(document, self._trail.move(event.x, event.y, event.pressure))

    def release(self, document: Document, event: PointerEvent) -> None:
        if self.active and self._picking:
            self.active = False
        elif self.active:
            self._paint(document, self._trail.finish())
            self.active = False
            mask = self._target.mask
            title = (
                ("Hide on mask" if mask else "Erase") if self._erasing else ("Paint mask" if mask else "Brush stroke")
            )
            self._target.record(document, self._stroke.now, title, self._stroke.area)

    def cancel(self, document: Document) -> None:
        if self.active:
            self.active = False
            if not self._picking:
                self._target.take_back(document)

    def overlay(self) -> Overlay | None:
        return None if self._hover is None else CircleOverlay(*self._hover, self.brush.size / 2)

    def _pick(self, document: Document, event: PointerEvent) -> None:
        colour = picked_colour(document, event.x, event.y)
        if colour is not None:
            self.options.change(colour=colour)

    def _ink(self, document: Document) -> Ink:
        mask = self._target.mask
        if self._erasing:
            return Ink((0.0,) if mask else None)
        keep = getattr(document[self._target.layer], "alpha_locked", False)
        return Ink(ink_colour(document, self.options.colour, mask=mask), keep_alpha=keep)

    def _paint(self, document: Document, dabs: list[Dab]) -> None:
        x, y = document[self._target.layer].offset
        own = [replace(dab, x=dab.x - x, y=dab.y - y) for dab in dabs] if x or y else dabs
        dirty: Rect = self._stroke.add(own)
        if dirty:
            self._target.show(document, self._stroke.now, dirty.translated(x, y))


class EraserTool(BrushTool):
    """Takes pixels of the active layer away."""

    id, title, shortcut = "eraser", "Eraser", "E"
    erases = True
