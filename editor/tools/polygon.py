"""A selection with straight sides, corner by corner."""

from __future__ import annotations

from math import hypot

from editor.document import Document
from editor.events import PointerEvent
from editor.geometry import Point
from editor.masks import Combine, combined, polygon
from editor.tools.overlay import OutlineOverlay, Overlay
from editor.tools.select import CLICK, SelectingTool

REACH = 8.0  # screen pixels from the first corner within which a click closes the outline


class PolygonTool(SelectingTool):
    """Each click is a corner, which a drag moves until the release; nothing is selected until the outline is closed.

    It is closed by a click on the first corner, by a second click on the last one (so a double click) or by `finish`.
    The modifiers of the first click say how it joins the selection. A click on another document begins anew.
    """

    id, title, shortcut = "polygon", "Polygon", "P"

    _document: Document | None = None
    _how = Combine.REPLACE
    _corners: tuple[Point, ...] = ()
    _hover: Point | None = None
    _placing = False  # the press made a corner; else it closes the outline, or does nothing

    @property
    def pending(self) -> bool:
        return bool(self._corners)

    def press(self, document: Document, event: PointerEvent) -> None:
        if document is not self._document:
            self.abandon()
        if not self._corners:
            self._document, self._how = document, self._combination(event.modifiers)
        self.active, self._hover = True, (event.x, event.y)
        self._placing = not self._closes(event) and not self._near(event, -1, CLICK)
        if self._placing:
            self._corners = (*self._corners, (event.x, event.y))

    def move(self, document: Document, event: PointerEvent) -> None:
        self._hover = (event.x, event.y)
        if self.active and self._placing:
            self._corners = (*self._corners[:-1], (event.x, event.y))

    def release(self, document: Document, event: PointerEvent) -> None:
        if not self.active:
            return
        self.move(document, event)
        self.active = False
        if not self._placing and len(self._corners) > 2:
            self.finish(document)

    def cancel(self, document: Document) -> None:
        if self.active and self._placing:
            self.step_back()
        self.active = False

    def finish(self, document: Document) -> None:
        """Select what the corners enclose; fewer than three enclose nothing and are forgotten."""
        corners, how = self._corners, self._how
        self.abandon()
        if len(corners) > 2:
            shape = self._softened(polygon(list(corners), document.canvas), document.canvas)
            self._select(document, combined(document.selection, shape, how))

    def step_back(self) -> None:
        self._corners = self._corners[:-1]

    def abandon(self) -> None:
        self._corners, self._document = (), None

    def overlay(self) -> Overlay | None:
        if not self._corners:
            return None
        end = () if self._hover is None or self.active else (self._hover,)
        return OutlineOverlay((*self._corners, *end), closed=False, corners=self._corners)

    def _closes(self, event: PointerEvent) -> bool:
        return len(self._corners) > 2 and self._near(event, 0, REACH)

    def _near(self, event: PointerEvent, corner: int, reach: float) -> bool:
        """Whether the pointer is within `reach` screen pixels of a corner."""
        if not self._corners:
            return False
        x, y = self._corners[corner]
        return hypot(event.x - x, event.y - y) * event.scale < reach
