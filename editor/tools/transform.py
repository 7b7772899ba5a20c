"""Says where the selected thing shall go: a box around it that is moved, resized and turned; an edit carries it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from editor.commands import SetPlacement
from editor.commands.placement import NOTHING
from editor.document import Document
from editor.errors import DocumentError
from editor.events import Modifier, PointerEvent
from editor.geometry import Point
from editor.identity import Identity
from editor.layers import Layer, LayerId
from editor.lifting import Lifted, lifted
from editor.placement import Grip, Placement, TransformBox
from editor.tools.base import Tool, sizing
from editor.tools.options import ToolOptions
from editor.tools.overlay import PlacementOverlay

_CURSORS = {None: "cross", Grip.INSIDE: "move", Grip.TURN: "pick"}


@dataclass(frozen=True, eq=False)
class _Gesture:
    """A grip that follows the pointer.

    Attributes:
        frame: as it was at the press.
        now: where the thing is placed at the moment.
    """

    document: Document
    frame: TransformBox
    grip: Grip
    pressed: Point
    now: Placement


@dataclass(frozen=True, eq=False)
class _Look:
    """What a picture of the lifted thing was made from."""

    selection: Identity
    layers: tuple[Layer, ...]
    left_out: frozenset[LayerId]

    def same_as(self, other: _Look) -> bool:
        """Layers never change, so the same tuple of them looks the same."""
        return self.selection is other.selection and self.layers is other.layers and self.left_out == other.left_out


class TransformTool(Tool):
    """Drag inside the box to move, a corner or side to resize, the grip above it to turn; each drag is one step.

    Shift moves along one axis and turns by 15°, Alt resizes about the middle. The picture stays as it is: where the
    thing shall go is kept in the document until an edit takes it there, which Enter starts. Esc lets it stay.

    Attributes:
        changed: told when the box or what is in it is to be drawn anew.
        placed: told after a drag has placed the thing elsewhere.
        wanted: told that the artist wants the edit.
        busy: whether an edit of a document is under way, to which Enter and Esc then belong.
        left_out: layers that show the thing elsewhere, as the one that is edited again.
        instead: what is shown in the box in place of the selected thing.
        there: where these layers show it; None = nowhere.
    """

    id, title, shortcut, keeps = "transform", "Transform region", "T", True

    def __init__(self, options: ToolOptions) -> None:
        super().__init__(options)
        self.changed: Callable[[], None] = lambda: None
        self.placed: Callable[[Document], None] = lambda _: None
        self.wanted: Callable[[Document], None] = lambda _: None
        self.busy: Callable[[Document], bool] = lambda _: False
        self.left_out: frozenset[LayerId] = frozenset()
        self.instead: Lifted | None = None
        self.there: Placement | None = None
        self._gesture: _Gesture | None = None
        self._hovered: Grip | None = None
        self._lifted: tuple[_Look, Lifted] | None = None
        self._asked: _Look | None = None

    # the pointer

    def press(self, document: Document, event: PointerEvent) -> None:
        frame = self.frame(document)
        if frame is None:
            raise DocumentError(NOTHING)
        self.lift(document)
        grip = frame.hit((event.x, event.y), event.scale)
        if grip is not None:
            self._gesture = _Gesture(document, frame, grip, (event.x, event.y), frame.placement)
            self.active = True

    def move(self, document: Document, event: PointerEvent) -> None:
        gesture = self._gesture
        if gesture is None:
            self._hover(document, event)
            return
        now = gesture.frame.dragged(
            gesture.grip,
            gesture.pressed,
            (event.x, event.y),
            straight=Modifier.SHIFT in event.modifiers,
            centred=Modifier.ALT in event.modifiers,
        )
        if now != gesture.now:
            self._gesture = replace(gesture, now=now)
            self.changed()

    def release(self, document: Document, event: PointerEvent) -> None:
        if self._gesture is None:
            return
        self.move(document, event)
        now = self._gesture.now
        self.cancel(document)
        if now != document.placement:
            document.history.do(SetPlacement.in_document(document, now))
            self.placed(document)

    def cancel(self, document: Document) -> None:
        self.active, self._gesture = False, None
        self.changed()

    def leave(self) -> None:
        self._point_at(None)

    def _hover(self, document: Document, event: PointerEvent) -> None:
        frame = self.frame(document)
        grip = None if frame is None else frame.hit((event.x, event.y), event.scale)
        self._point_at(grip, 0.0 if frame is None else frame.placement.turn)
        self.lift(document)

    def _point_at(self, grip: Grip | None, turn: float = 0.0) -> None:
        """Show what is under the pointer; the box is turned by `turn` degrees clockwise."""
        self.cursor = _CURSORS[grip] if grip is None or grip in _CURSORS else sizing(grip, turn)
        if grip is not self._hovered:
            self._hovered = grip
            self.changed()

    # what waits in the document

    def waits(self, document: Document) -> bool:
        return not document.placement.rests and not self.busy(document)

    def finish(self, document: Document) -> None:
        self.wanted(document)

    def drop(self, document: Document) -> None:
        """Let the thing stay where it is, in one step."""
        if not document.placement.rests:
            document.history.do(SetPlacement(None, "Reset transform"))

    # what is shown

    def frame(self, document: Document) -> TransformBox | None:
        """The box as it is placed now, also in the middle of a gesture; None while nothing is selected."""
        gesture = self._gesture
        if gesture is not None and gesture.document is document:
            return replace(gesture.frame, placement=gesture.now)
        selection = document.selection
        box = selection.content() if selection is not None else None
        return TransformBox(box, document.placement) if box else None

    def standing(self, document: Document, *, covered: bool) -> PlacementOverlay | None:
        frame = self.frame(document)
        if frame is None or document.selection is None:
            return None
        kept, gesture = self._lifted, self._gesture
        seen = covered or (gesture is None and frame.placement == self.there)
        fits = kept is not None and kept[0].selection is document.selection.identity
        thing = self.instead or (kept[1] if kept is not None and fits else None)
        held = gesture.grip if gesture is not None else self._hovered
        return PlacementOverlay(frame, document.canvas, None if seen else thing, held)

    def lift(self, document: Document) -> None:
        """Have the picture of the selected thing made where there is none of it as it looks now."""
        selection = document.selection
        if selection is None:
            return
        look = _Look(selection.identity, document.layers, self.left_out)
        if any(known is not None and known.same_as(look) for known in (self._asked, self._lifted and self._lifted[0])):
            return
        self._asked, snapshot = look, document.snapshot()

        def done(found: Lifted) -> None:
            if self._asked is look:
                self._asked, self._lifted = None, (look, found)
                self.changed()

        def failed() -> None:
            if self._asked is look:
                self._asked = None

        self.later(document, "", lambda: lifted(snapshot, selection, look.left_out), done, failed)

    def forget(self) -> None:
        """Hold nothing of a picture that was closed."""
        self._lifted = self._asked = None
