"""Rectangle, ellipse and lasso: outline a part of the canvas to limit painting and edits."""

from __future__ import annotations

from abc import abstractmethod
from math import cos, floor, hypot, pi, sin

from editor.commands import SetSelection
from editor.document import Document
from editor.events import Modifier, PointerEvent
from editor.geometry import Point, Rect, whole
from editor.masks import Combine, combined, ellipse, polygon, rectangle, softened
from editor.tiles import TiledImage
from editor.tools.base import Tool
from editor.tools.overlay import OutlineOverlay, Overlay

CLICK = 3.0  # screen pixels within which a press and release is a click


class SelectingTool(Tool):
    """Shift adds, Alt takes away, both keep what lies in both; without them it goes as the options say."""

    def _combination(self, modifiers: Modifier) -> Combine:
        shift, alt = Modifier.SHIFT in modifiers, Modifier.ALT in modifiers
        if shift and alt:
            return Combine.INTERSECT
        return Combine.ADD if shift else Combine.SUBTRACT if alt else self.options.settings.combine

    def _select(self, document: Document, selection: TiledImage | None) -> None:
        """Make it the selection, in one step; what it is already makes none."""
        if selection is not document.selection:
            document.history.do(SetSelection(selection, "Deselect" if selection is None else self.title))

    def _softened(self, shape: TiledImage, canvas: Rect) -> TiledImage:
        """The shape with the feather that new selections get."""
        return softened(shape, self.options.settings.feather, canvas)


class SelectTool(SelectingTool):
    """An outline drawn in one drag; a click without a drag selects nothing."""

    _how = Combine.REPLACE
    _points: tuple[Point, ...] = ()
    _regular = False
    _dragged = False

    def press(self, document: Document, event: PointerEvent) -> None:
        self.active, self._dragged = True, False
        self._how = self._combination(event.modifiers)
        self._points = ((event.x, event.y),)

    def move(self, document: Document, event: PointerEvent) -> None:
        if not self.active:
            return
        x, y = self._points[0]
        self._dragged = self._dragged or hypot(event.x - x, event.y - y) * event.scale >= CLICK
        self._regular = Modifier.CONTROL in event.modifiers
        self._points = self._outline_points((event.x, event.y))

    def release(self, document: Document, event: PointerEvent) -> None:
        if not self.active:
            return
        self.move(document, event)
        self.active = False
        if not self._dragged:
            selection = None if self._how is Combine.REPLACE else document.selection
        else:
            shape = self._softened(self._whole_shape(document.canvas), document.canvas)
            selection = combined(document.selection, shape, self._how)
        self._select(document, selection)
        self._points = ()

    def cancel(self, document: Document) -> None:
        self.active, self._points = False, ()

    def overlay(self) -> Overlay | None:
        return OutlineOverlay(self._outline()) if self.active and len(self._points) > 1 else None

    def _whole_shape(self, canvas: Rect) -> TiledImage:
        """The selection that was outlined; a drag inside one pixel, close up, selects that pixel."""
        left, top, right, bottom = _box(self._points)
        if max(right - left, bottom - top) < 1:
            return rectangle(Rect(floor((left + right) / 2), floor((top + bottom) / 2), 1, 1), canvas)
        return self._shape(canvas)

    @abstractmethod
    def _shape(self, canvas: Rect) -> TiledImage:
        """The selection that was outlined."""

    @abstractmethod
    def _outline(self) -> tuple[Point, ...]:
        """The line to show meanwhile."""

    def _outline_points(self, at: Point) -> tuple[Point, ...]:
        """What to remember of the way: the corner where it began and the one where the pointer is."""
        (x, y), (across, down) = self._points[0], at
        if self._regular:
            side = max(abs(across - x), abs(down - y))
            across = x + (side if across >= x else -side)
            down = y + (side if down >= y else -side)
        return ((x, y), (across, down))


class RectangleTool(SelectTool):
    """Whole pixels; Control makes a square."""

    id, title, shortcut = "rectangle", "Select rectangle", "M"

    def _shape(self, canvas: Rect) -> TiledImage:
        left, top, right, bottom = _box(self._points)
        (x, width), (y, height) = whole(left, right), whole(top, bottom)
        return rectangle(Rect(x, y, width, height), canvas)

    def _outline(self) -> tuple[Point, ...]:
        left, top, right, bottom = _box(self._points)
        return ((left, top), (right, top), (right, bottom), (left, bottom))


class EllipseTool(SelectTool):
    """Control makes a circle."""

    id, title, shortcut = "ellipse", "Select ellipse", "O"

    def _shape(self, canvas: Rect) -> TiledImage:
        return ellipse(*_box(self._points), canvas)

    def _outline(self) -> tuple[Point, ...]:
        left, top, right, bottom = _box(self._points)
        turns = [2 * pi * i / 64 for i in range(64)]
        x, y, across, down = (left + right) / 2, (top + bottom) / 2, (right - left) / 2, (bottom - top) / 2
        return tuple((x + across * cos(turn), y + down * sin(turn)) for turn in turns)


class LassoTool(SelectTool):
    """A free outline, closed on release."""

    id, title, shortcut = "lasso", "Lasso", "L"

    def _outline_points(self, at: Point) -> tuple[Point, ...]:
        return (*self._points, at)

    def _shape(self, canvas: Rect) -> TiledImage:
        return polygon(list(self._points), canvas)

    def _outline(self) -> tuple[Point, ...]:
        return self._points


def _box(points: tuple[Point, ...]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)
