"""Selects the thing that is pointed at, by clicks, strokes or a box; somebody else looks at the picture and answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, floor, hypot

from editor.commands import SetSelection
from editor.document import Document
from editor.errors import DocumentError
from editor.events import Modifier, PointerEvent
from editor.geometry import Point, Rect
from editor.masks import Combine, combined
from editor.pointing import Finder, Found, Pointing, Spot, Streak
from editor.tiles import TiledImage
from editor.tools.options import ToolOptions
from editor.tools.overlay import Overlay, PointingOverlay
from editor.tools.select import CLICK, SelectingTool
from editor.tools.wand import sampled

STREAK = 5.0  # screen pixels: radius of a stroke
STILL = 6.0  # screen pixels that the pointer moves after a click before something is offered again


@dataclass(frozen=True, eq=False)
class _Step:
    """What one click made of the selection."""

    found: Found
    made: TiledImage | None


@dataclass(eq=False)
class _Series:
    """One object, pointed at until it is right.

    Attributes:
        base: the selection before, which the object joins as `how` says.
        asked: everything pointed at, answered or not.
        steps: what was answered and taken.
    """

    document: Document
    base: TiledImage | None
    how: Combine
    asked: Pointing = field(default_factory=Pointing)
    steps: list[_Step] = field(default_factory=list)

    @property
    def made(self) -> TiledImage | None:
        """The selection as it was left."""
        return self.steps[-1].made if self.steps else self.base

    def forget_unanswered(self) -> None:
        self.asked = self.steps[-1].found.pointing if self.steps else Pointing()

    def go_back(self) -> bool:
        """Follow undo: forget the steps that were undone. False when the selection is none that was left here."""
        now, undone = self.document.selection, False
        while self.steps and self.steps[-1].made is not now:
            self.steps.pop()
            undone = True
        if undone:
            self.forget_unanswered()
        return self.made is now and not (undone and not self.steps)


class ClickTool(SelectingTool):
    """A click takes what is shown into the selection; more clicks correct the same object until `finish`.

    In a series Alt says that a place does not belong; the first click says, as with the other selecting tools, how the
    object joins the selection. A drag draws a box around the next object; with Shift or Alt a stroke.
    """

    id, title, shortcut, cursor, keeps = "click", "Select by click", "S", "pick", True

    def __init__(self, options: ToolOptions) -> None:
        super().__init__(options)
        self.finder: Finder | None = None
        self.changed: Callable[[], None] = lambda: None  # what the overlay shows, or the choices
        self._series: _Series | None = None
        self._offered: Found | None = None  # under the hovering pointer
        self._choice = 0  # of the masks offered
        self._still: Point | None = None  # where the last click was
        self._pressed: PointerEvent | None = None
        self._way: tuple[Point, ...] = ()
        self._dragged = False

    # the pointer

    def press(self, document: Document, event: PointerEvent) -> None:
        sampled(document, merged=self.options.settings.sample_merged)  # refused at the press, not at the release
        self.active, self._dragged, self._pressed = True, False, event
        self._way = ((event.x, event.y),)

    def move(self, document: Document, event: PointerEvent) -> None:
        if not self.active:
            self._hover(document, event)
            return
        x, y = self._way[0]
        self._dragged = self._dragged or hypot(event.x - x, event.y - y) * event.scale >= CLICK
        self._way = (*self._way, (event.x, event.y))

    def release(self, document: Document, event: PointerEvent) -> None:
        pressed = self._pressed
        if not self.active or pressed is None:
            return
        self.move(document, event)
        series, at = self._going_on(document), self._way[-1]
        pointing = self._meant(series)
        self.active, self._way = False, ()
        if self._draws_box:
            pointing = Pointing(box=pointing.box.intersected(document.canvas))
        if pointing == Pointing() or not (self._dragged or document.canvas.contains(*at)):
            return
        if series is None or self._draws_box:
            series = self._begin(document, pressed)
        self._still = at
        self._ask(series, pointing)

    def cancel(self, document: Document) -> None:
        self.active, self._way = False, ()

    def leave(self) -> None:
        if self.finder is not None:
            self.finder.leave()
        self._offer(None)

    @property
    def _draws_box(self) -> bool:
        """Whether the gesture is a box, not a stroke or a click."""
        modifiers = self._pressed.modifiers if self._pressed is not None else Modifier.NONE
        return self._dragged and not modifiers & (Modifier.SHIFT | Modifier.ALT)

    def _meant(self, series: _Series | None) -> Pointing:
        """What was pointed at with the gesture so far; a box begins anew."""
        asked, way = series.asked if series is not None else Pointing(), self._way
        if self._draws_box:
            return Pointing(box=_box(way[0], way[-1]))
        pressed = self._pressed
        if pressed is None or not way:
            return asked
        belongs = series is None or Modifier.ALT not in pressed.modifiers
        if self._dragged:
            return asked.with_streak(Streak(way, STREAK / pressed.scale, belongs))
        return asked.with_spot(Spot(*way[0], belongs))

    def _hover(self, document: Document, event: PointerEvent) -> None:
        """Ask what a click would find here."""
        finder, still = self.finder, self._still
        if finder is None:
            return
        if still is not None and hypot(event.x - still[0], event.y - still[1]) * event.scale < STILL:
            return
        self._still = None
        if not finder.hovers or not document.canvas.contains(event.x, event.y):
            self.leave()
            return
        series = self._going_on(document)
        belongs = series is None or Modifier.ALT not in event.modifiers
        asked = series.asked if series is not None else Pointing()
        finder.hover(document, asked.with_spot(Spot(event.x, event.y, belongs)), self._choice, self._offer)

    def _offer(self, found: Found | None) -> None:
        if found is not self._offered and (found is None or self._still is None):
            self._offered = found
            self.changed()

    # series

    @property
    def pending(self) -> bool:
        return self._series is not None

    def finish(self, document: Document) -> None:
        self.abandon()

    def abandon(self) -> None:
        """The object is as it should be; the next click begins another one."""
        self._series, self._offered, self._still, self._choice = None, None, None, 0
        if self.finder is not None:
            self.finder.leave()
        self.changed()

    def forget(self, document: Document) -> None:
        """It was closed: hold nothing of it."""
        if self._series is not None and self._series.document is document:
            self.abandon()
        self._offered = None

    def drop(self, document: Document) -> None:
        """Give up the object: the selection becomes what it was before, in one step."""
        series = self._going_on(document)
        self.abandon()
        if series is not None and series.steps:
            document.history.seal()
            self._select(document, series.base)

    def step_back(self) -> None:
        """Take the last click back."""
        series = self._series
        if series is None or not series.go_back() or not series.steps:
            self.abandon()
            return
        series.steps.pop()
        series.document.history.seal()
        self._select(series.document, series.made)
        if not series.steps:
            self.abandon()
            return
        series.forget_unanswered()
        self.changed()

    def _going_on(self, document: Document) -> _Series | None:
        """The series that further clicks belong to; one whose selection was changed otherwise is over."""
        series = self._series
        if series is not None and (series.document is not document or not series.go_back()):
            self._series = series = None
        return series

    def _begin(self, document: Document, pressed: PointerEvent) -> _Series:
        self._series = _Series(document, document.selection, self._combination(pressed.modifiers))
        return self._series

    def _ask(self, series: _Series, pointing: Pointing) -> None:
        """Take what is offered if it is the answer already, else ask for it."""
        if self.finder is None:
            self._series = None
            raise DocumentError("The engine is still starting. Try again in a moment.")
        offered, choice, feather = self._offered, self._choice, self.options.settings.feather
        series.asked = pointing
        self.finder.leave()
        self._offered, self._choice = None, 0
        wanted = (pointing, choice, feather, False)
        if offered is not None and (offered.pointing, offered.choice, offered.feather, offered.rough) == wanted:
            self._take(series, pointing, offered)
        else:
            self._find(series, pointing, choice)
        self.changed()

    def _find(self, series: _Series, pointing: Pointing, choice: int) -> None:
        if self.finder is not None:
            feather = self.options.settings.feather
            self.finder.find(
                series.document, pointing, choice, feather, lambda found: self._take(series, pointing, found)
            )

    def _take(self, series: _Series, pointing: Pointing, found: Found | None) -> None:
        """Let the found shape join the selection; another choice for the same clicks is one step with them.

        Where nothing was found the series goes on as it was, unless later clicks, which count that one in, still wait.
        """
        if self._series is not series or not series.go_back():
            return
        if found is None:
            if series.asked != pointing:
                return
            series.forget_unanswered()
            self._series = series if series.steps else None
            self.changed()
            return
        document, again = series.document, bool(series.steps) and series.steps[-1].found.pointing == found.pointing
        selection = combined(series.base, found.shape, series.how)
        if again:
            series.steps.pop()
        else:
            document.history.seal()
        document.history.do(SetSelection(selection, self.title), merge=True)
        series.steps.append(_Step(found, document.selection))
        self.changed()

    # choices

    @property
    def _shown(self) -> Found | None:
        """What Tab gives another mask of: what is offered, else what was taken last."""
        if self._offered is not None or self._series is None or not self._series.steps:
            return self._offered
        return self._series.steps[-1].found

    @property
    def choices(self) -> tuple[int, int]:
        return (self._shown.choice, self._shown.choices) if self._shown is not None else (0, 0)

    def choose(self, document: Document, forward: int) -> None:
        shown, finder = self._shown, self.finder
        if shown is None or finder is None:
            return
        choice = (shown.choice + forward) % shown.choices
        series = self._going_on(document)
        if shown is self._offered:
            self._choice = choice
            finder.hover(document, shown.pointing, choice, self._offer)
        elif series is not None:
            self._find(series, shown.pointing, choice)

    # what is shown

    def overlay(self) -> Overlay | None:
        series = self._series
        if self.active and self._dragged:
            return PointingOverlay(self._meant(series))
        asked = series.asked if series is not None else Pointing()
        return PointingOverlay(asked, None if self._offered is None else self._offered.sketch)


def _box(one: Point, other: Point) -> Rect:
    """The whole pixels between two corners."""
    left, top = floor(min(one[0], other[0])), floor(min(one[1], other[1]))
    return Rect(left, top, ceil(max(one[0], other[0])) - left, ceil(max(one[1], other[1])) - top)
