"""Draws, moves and resizes the box in which a thing shall stand; an edit puts it there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import hypot

from editor import limits
from editor.box import Way, drawn, moved, resized
from editor.commands import SetBox
from editor.document import Document
from editor.events import Modifier, PointerEvent
from editor.geometry import Point, Rect
from editor.placement import Grip, TransformBox
from editor.tools.base import Tool, sizing
from editor.tools.options import ToolOptions
from editor.tools.overlay import BoxOverlay
from editor.tools.select import CLICK


@dataclass(frozen=True, eq=False)
class _Gesture:
    """A box that follows the pointer.

    Attributes:
        grip: what of the box is held; None while a new one is drawn.
        box: as it was at the press.
        proportion: width / height to keep where it is to be kept.
        now: what the pointer has made of it; None = it has not moved yet, or there is nothing on the canvas.
        dragged: the pointer has left the place where it was pressed.
    """

    document: Document
    grip: Grip | None
    box: Rect | None
    pressed: Point
    proportion: float
    now: Rect | None = None
    dragged: bool = False


class BoxTool(Tool):
    """Drag beside the box to draw a new one, inside to move it, a corner or side to resize it; each drag is one step.

    Shift, or the option, keeps the proportion: of the example where there is one, else of the box there was, else a
    square; inside, Shift moves along one axis. Alt draws and resizes from the middle. A click leaves the box as it is.
    Delete takes it away, the arrow keys move it.

    Attributes:
        changed: told when the box is another, also in the middle of a gesture, or is to be drawn anew.
        proportion: width / height of the example that a document has; None = it has none.
    """

    id, title, shortcut, deletes, nudges = "box", "Box", "U", True, True

    def __init__(self, options: ToolOptions) -> None:
        super().__init__(options)
        self.changed: Callable[[], None] = lambda: None
        self.proportion: Callable[[Document], float | None] = lambda _: None
        self._gesture: _Gesture | None = None
        self._hovered: Grip | None = None

    def box(self, document: Document) -> Rect | None:
        """The document's box, as the gesture going on has it now."""
        gesture = self._gesture
        if gesture is None or gesture.document is not document:
            return document.box
        return gesture.now or gesture.box

    def kept_proportion(self, document: Document) -> float:
        """Width / height that a box keeps where it is to keep any."""
        box = document.box
        return self.proportion(document) or (box.width / box.height if box is not None else 1.0)

    # the pointer

    def press(self, document: Document, event: PointerEvent) -> None:
        at, frame = (event.x, event.y), _frame(document.box)
        grip = frame.hit(at, event.scale) if frame is not None else None
        self._gesture = _Gesture(document, grip, document.box, at, self.kept_proportion(document))
        self.active = True
        self._point_at(grip)

    def move(self, document: Document, event: PointerEvent) -> None:
        gesture = self._gesture
        if gesture is None:
            frame = _frame(document.box)
            self._point_at(frame.hit((event.x, event.y), event.scale) if frame is not None else None)
            return
        x, y = gesture.pressed
        dragged = gesture.dragged or hypot(event.x - x, event.y - y) * event.scale >= CLICK
        if dragged:
            now = self._followed(gesture, event)
            fits = limits.box_fits(now, document.canvas)
            self._gesture = replace(gesture, dragged=True, now=now if fits else gesture.now)
            self.changed()

    def release(self, document: Document, event: PointerEvent) -> None:
        if self._gesture is None:
            return
        self.move(document, event)
        gesture = self._gesture
        self.cancel(document)
        if gesture.dragged:
            box = gesture.now or self._followed(gesture, event)  # one beside the picture is refused with a sentence
            titles = {None: "Draw box", Grip.INSIDE: "Move box"}
            self._set(document, box, titles.get(gesture.grip, "Resize box"))
            document.history.seal()  # arrow keys begin another step with it

    def cancel(self, document: Document) -> None:
        self.active, self._gesture = False, None
        self.changed()

    def leave(self) -> None:
        self._point_at(None)

    def _followed(self, gesture: _Gesture, event: PointerEvent) -> Rect:
        """What the pointer makes of the box."""
        at, straight = (event.x, event.y), Modifier.SHIFT in event.modifiers
        shift = at[0] - gesture.pressed[0], at[1] - gesture.pressed[1]
        keeps = straight or self.options.settings.box_locked
        way = Way(gesture.proportion if keeps else None, Modifier.ALT in event.modifiers)
        if gesture.grip is None or gesture.box is None:
            return drawn(gesture.pressed, at, way)
        if gesture.grip is Grip.INSIDE:
            return moved(gesture.box, shift, gesture.document.canvas, straight=straight)
        return resized(gesture.box, gesture.grip, shift, way)

    def _point_at(self, grip: Grip | None) -> None:
        """Show what is under the pointer."""
        self.cursor = "cross" if grip is None else "move" if grip is Grip.INSIDE else sizing(grip)
        if grip is not self._hovered:
            self._hovered = grip
            self.changed()

    # keys

    def delete(self, document: Document) -> None:
        if not self.active:
            self._set(document, None, "Remove box")
            self._point_at(None)

    def nudge(self, document: Document, dx: float, dy: float) -> None:
        if document.box is None or self.active:
            return
        box = moved(document.box, (dx, dy), document.canvas)
        if box != document.box:
            document.history.do(SetBox(box, "Nudge box"), merge=True)

    def _set(self, document: Document, box: Rect | None, title: str) -> None:
        if box != document.box:
            document.history.do(SetBox(box, title))

    # what is shown

    def standing(self, document: Document, *, covered: bool) -> BoxOverlay | None:
        gesture = self._gesture
        frame = _frame(self.box(document))
        if frame is None:
            return None
        held = self._hovered if gesture is None else gesture.grip
        drawing = gesture is not None and gesture.grip is None
        return BoxOverlay(frame, held, grips=not drawing)


def _frame(box: Rect | None) -> TransformBox | None:
    return TransformBox(box, turns=False) if box is not None else None
