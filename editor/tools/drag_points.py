"""Places, moves and deletes drag points: where to take hold of the picture, and where to drag it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import atan2, cos, hypot, pi, sin

from editor import limits
from editor.commands import SetPoints
from editor.document import Document
from editor.events import Modifier, PointerEvent
from editor.geometry import Point, Rect
from editor.points import End, PointPair, clamped, drawn_in
from editor.tools.base import Tool
from editor.tools.options import ToolOptions
from editor.tools.overlay import PointsOverlay
from editor.tools.select import CLICK

REACH = 10.0  # screen pixels from a mark's middle within which it is taken
TURN = pi / 4  # between the directions that Shift keeps to

Pairs = tuple[PointPair, ...]


@dataclass(frozen=True, eq=False)
class _Gesture:
    """One end of a pair that follows the pointer.

    Attributes:
        pair: as it was at the press.
        others: the pairs before and after it; a new pair comes last.
        end: which end follows.
        pressed: where the pointer was; the end keeps its distance from it.
        new: the pair is not in the document yet.
        moved: where the pair is now; None until the pointer has left the place where it was pressed.
    """

    document: Document
    pair: PointPair
    others: tuple[Pairs, Pairs]
    end: End
    pressed: Point
    title: str
    new: bool = False
    moved: PointPair | None = None

    @property
    def pairs(self) -> Pairs:
        """All pairs as they are now; a new one counts when it has a target."""
        own = self.moved or (None if self.new else self.pair)
        return (*self.others[0], *(() if own is None else (own,)), *self.others[1])


class DragPointsTool(Tool):
    """A press on the picture is a handle, the drag from it draws its arrow, the release is one step.

    After a click without a drag the handle waits, and the next press places its target. A press on a handle or target
    moves it, with Alt it deletes the pair; Shift keeps the arrow to eight directions. Delete takes away the pair under
    the pointer, or else the one that was touched last; the arrow keys move the end that was touched last.

    Attributes:
        placed: told of a new pair once it is in the document, with the screen pixels per canvas pixel.
        changed: called when the pairs, or what is shown of them, are others though the document may be the same;
            whoever previews the drag asks `pairs` then.
    """

    id, title, shortcut, deletes, nudges = "points", "Drag points", "A", True, True

    def __init__(self, options: ToolOptions) -> None:
        super().__init__(options)
        self.changed: Callable[[], None] = lambda: None
        self.placed: Callable[[Document, PointPair, float], None] = lambda *_: None
        self._gesture: _Gesture | None = None
        self._waiting: tuple[Document, Point] | None = None  # a handle without a target
        self._aim: Point | None = None  # where its target would be
        self._hovered: tuple[PointPair, End] | None = None
        self._chosen: PointPair | None = None
        self._end = End.TARGET  # which end of the chosen pair was touched last

    def pairs(self, document: Document) -> Pairs:
        """The document's pairs, as the gesture going on has them now."""
        gesture = self._gesture
        return document.points if gesture is None or gesture.document is not document else gesture.pairs

    # the pointer

    def press(self, document: Document, event: PointerEvent) -> None:
        at, handle = (event.x, event.y), self._waiting_in(document)
        if handle is not None:
            self._place(document, handle, event, aimed=not _near(event, handle))
        elif (found := _mark_at(document.points, event)) is not None:
            self._take(document, *found, event)
        elif document.canvas.contains(*at) and Modifier.ALT not in event.modifiers:
            handle = clamped(at, document.canvas)
            limits.need_points((*document.points, PointPair(handle, handle)), document.canvas)
            self._waiting = (document, handle)
            self._place(document, handle, event, aimed=False)
        self.changed()

    def move(self, document: Document, event: PointerEvent) -> None:
        if self._gesture is None:
            self._hover(document, event)
        else:
            self._gesture = _followed(self._gesture, document.canvas, event)
            self.changed()

    def release(self, document: Document, event: PointerEvent) -> None:
        if self._gesture is None:
            return
        self.move(document, event)
        gesture = self._gesture
        self.active, self._gesture = False, None
        if gesture.moved is not None or not gesture.new:
            self._waiting, self._chosen, self._end = None, gesture.moved or gesture.pair, gesture.end
            self._set(document, gesture.pairs, gesture.title)
            document.history.seal()  # arrow keys begin another step with it
            if gesture.new:
                self.placed(document, self._chosen, event.scale)
        self._hover(document, event)
        self.changed()

    def cancel(self, document: Document) -> None:
        """A target that is being placed is forgotten with its handle."""
        self.abandon()

    def leave(self) -> None:
        self._show_hover(None, None)

    def _take(self, document: Document, index: int, end: End, event: PointerEvent) -> None:
        pairs = document.points
        if Modifier.ALT in event.modifiers:
            self._remove(document, pairs[index])
        else:
            others = (pairs[:index], pairs[index + 1 :])
            self._begin(_Gesture(document, pairs[index], others, end, (event.x, event.y), "Move drag point"))

    def _place(self, document: Document, handle: Point, event: PointerEvent, *, aimed: bool) -> None:
        """Draw the arrow of a new pair; where the press is the target already (`aimed`), it needs no drag."""
        at = (event.x, event.y)
        pair = PointPair(handle, at if aimed else handle)
        gesture = _Gesture(document, pair, (document.points, ()), End.TARGET, at, "Place drag point", new=True)
        self._begin(_moved(gesture, document.canvas, event) if aimed else gesture)

    def _begin(self, gesture: _Gesture) -> None:
        self.active, self._gesture, self._hovered, self._aim = True, gesture, None, None

    def _hover(self, document: Document, event: PointerEvent) -> None:
        found = _mark_at(document.points, event)
        aims = self._waiting_in(document) is not None
        self._show_hover(
            (document.points[found[0]], found[1]) if found is not None and not aims else None,
            clamped((event.x, event.y), document.canvas) if aims else None,
        )

    def _show_hover(self, hovered: tuple[PointPair, End] | None, aim: Point | None) -> None:
        if (hovered, aim) != (self._hovered, self._aim):
            self._hovered, self._aim = hovered, aim
            self.changed()

    # what is forgotten and deleted

    @property
    def pending(self) -> bool:
        return self._waiting is not None and not self.active

    def finish(self, document: Document) -> None:
        self.abandon()

    def step_back(self) -> None:
        self.abandon()

    def abandon(self) -> None:
        """Forget the handle that waits, and what the gesture going on has made."""
        self.active, self._gesture = False, None
        self._waiting = self._aim = self._hovered = None
        self.changed()

    def delete(self, document: Document) -> None:
        hovered = self._hovered[0] if self._hovered is not None else None
        for pair in (hovered, self._chosen):
            if pair is not None and pair in document.points and not self.active:
                self._remove(document, pair)
                self.changed()
                return

    def _remove(self, document: Document, pair: PointPair) -> None:
        index = document.points.index(pair)
        self._hovered = self._chosen = None
        self._set(document, (*document.points[:index], *document.points[index + 1 :]), "Delete drag point")

    def nudge(self, document: Document, dx: float, dy: float) -> None:
        pair = self._chosen
        if pair is None or pair not in document.points or self.active:
            return
        (x, y), index = pair.at(self._end), document.points.index(pair)
        moved = pair.with_end(self._end, clamped((x + dx, y + dy), document.canvas))
        if moved != pair:
            pairs = (*document.points[:index], moved, *document.points[index + 1 :])
            document.history.do(SetPoints(pairs, "Nudge drag point"), merge=True)
            self._chosen = moved
            self._hovered = (moved, self._end)  # seen as the one that moves
            self.changed()

    def _set(self, document: Document, pairs: Pairs, title: str) -> None:
        if pairs != document.points:
            document.history.do(SetPoints(pairs, title))

    # what is shown

    def points(self, document: Document) -> PointsOverlay:
        pairs, gesture, waiting = self.pairs(document), self._gesture, self._waiting_in(document)
        held, chosen = self._hovered, self._chosen if waiting is None else None
        if gesture is not None and gesture.document is document:
            chosen = gesture.moved or gesture.pair
            held, waiting = (chosen, gesture.end), waiting if gesture.moved is None else None
        return PointsOverlay(
            pairs,
            chosen=pairs.index(chosen) if chosen in pairs else None,
            held=(pairs.index(held[0]), held[1]) if held is not None and held[0] in pairs else None,
            waiting=waiting,
            aim=self._aim if waiting is not None else None,
        )

    def _waiting_in(self, document: Document) -> Point | None:
        return self._waiting[1] if self._waiting is not None and self._waiting[0] is document else None


def _followed(gesture: _Gesture, canvas: Rect, event: PointerEvent) -> _Gesture:
    """The gesture as far as the pointer has come; a hand that only trembles moves nothing."""
    dragged = gesture.moved is not None or _distance(event, gesture.pressed) * event.scale >= CLICK
    return _moved(gesture, canvas, event) if dragged else gesture


def _moved(gesture: _Gesture, canvas: Rect, event: PointerEvent) -> _Gesture:
    """Let the end follow the pointer, as far as the canvas goes."""
    pair, end = gesture.pair, gesture.end
    start, other = pair.at(end), pair.at(End.TARGET if end is End.HANDLE else End.HANDLE)
    at = (start[0] + event.x - gesture.pressed[0], start[1] + event.y - gesture.pressed[1])
    if Modifier.SHIFT in event.modifiers:
        at = drawn_in(PointPair(other, _straightened(other, at)), canvas)
    return replace(gesture, moved=pair.with_end(end, clamped(at, canvas)))


def _mark_at(pairs: Pairs, event: PointerEvent) -> tuple[int, End] | None:
    """The nearest mark within reach; of several at one place the one that is painted last."""
    marks = [(index, end) for index in range(len(pairs)) for end in (End.HANDLE, End.TARGET)]
    near = [mark for mark in marks if _near(event, pairs[mark[0]].at(mark[1]))]
    return min(reversed(near), key=lambda mark: _distance(event, pairs[mark[0]].at(mark[1])), default=None)


def _near(event: PointerEvent, mark: Point) -> bool:
    return _distance(event, mark) * event.scale < REACH


def _distance(event: PointerEvent, mark: Point) -> float:
    return hypot(event.x - mark[0], event.y - mark[1])


def _straightened(origin: Point, at: Point) -> Point:
    """The nearest place to `at` that lies from `origin` in one of eight directions."""
    dx, dy = at[0] - origin[0], at[1] - origin[1]
    angle = round(atan2(dy, dx) / TURN) * TURN
    length = dx * cos(angle) + dy * sin(angle)
    return (origin[0] + length * cos(angle), origin[1] + length * sin(angle))
