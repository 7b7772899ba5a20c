"""What every tool is: press, move, release; one gesture is one undo step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import atan2, degrees
from typing import Any, ClassVar, Protocol

from editor.document import Document
from editor.events import PointerEvent
from editor.placement import Grip
from editor.tools.options import ToolOptions
from editor.tools.overlay import BoxOverlay, Overlay, PlacementOverlay, PointsOverlay

SIZINGS = ("size_right", "size_right_down", "size_down", "size_left_down")  # there and back; each 45° clockwise on


def sizing(grip: Grip, turn: float = 0.0) -> str:
    """The cursor that tells in which direction a handle of a box, turned by `turn` degrees, resizes it."""
    across, down = grip.value
    angle = degrees(atan2(down - 0.5, across - 0.5)) + turn
    return SIZINGS[round(angle / 45) % len(SIZINGS)]


class Later(Protocol):
    """Who does what takes long: calls `work` (maybe in another thread), then `done` with its result in this one.

    Where `work` fails, `failed` is called instead, and the error reaches the artist.
    """

    def __call__(
        self,
        document: Document,
        title: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[], None] = ...,
    ) -> None: ...


def nothing() -> None:
    """What most have to do when their work failed."""


def at_once(
    document: Document,
    title: str,
    work: Callable[[], Any],
    done: Callable[[Any], None],
    failed: Callable[[], None] = nothing,
) -> None:
    """Do it here and now."""
    try:
        found = work()
    except Exception:
        failed()
        raise
    done(found)


class Tool(ABC):
    """Turns what the pointer does into one change of the document.

    A gesture is press, moves, release (or cancel, which leaves the document as it was). Between gestures `move` gets
    the hovering pointer. Where the tool cannot work `press` raises a DocumentError, or, where that shows only on the
    way, `move` or `release` does; no gesture is then going on and the document is as it was.

    A tool that needs several clicks for one thing (a polygon) is `pending` in between. Unless it `keeps` what each
    click made, nothing of the document has changed until `finish`.

    Attributes:
        cursor: "cross", "pick", "move", one of `SIZINGS`, or "none" (the overlay shows where it works).
        tints: softness of the selection is to be seen while the tool is in hand.
        defers: a gesture changes the document some time after its release.
        keeps: each click has changed the document already, while more may come.
        deletes: while the tool is in hand Delete and Backspace are its own, see `delete`.
        nudges: while the tool is in hand the arrow keys are its own, see `nudge`.
        active: a gesture is going on.
        later: does what takes long.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    shortcut: ClassVar[str]
    cursor: str = "cross"
    tints: ClassVar[bool] = False
    keeps: ClassVar[bool] = False
    deletes: ClassVar[bool] = False
    nudges: ClassVar[bool] = False
    defers: ClassVar[bool] = False

    def __init__(self, options: ToolOptions) -> None:
        self.options = options
        self.active = False
        self.later: Later = at_once

    @abstractmethod
    def press(self, document: Document, event: PointerEvent) -> None:
        """The button or pen went down."""

    @abstractmethod
    def move(self, document: Document, event: PointerEvent) -> None:
        """The pointer moved, with the button down or (not active) hovering."""

    @abstractmethod
    def release(self, document: Document, event: PointerEvent) -> None:
        """The gesture is done: record it as one step."""

    @abstractmethod
    def cancel(self, document: Document) -> None:
        """Leave the document as it was before the press."""

    def overlay(self) -> Overlay | None:
        """What to draw over the picture now."""
        return None

    def standing(self, document: Document, *, covered: bool) -> PlacementOverlay | BoxOverlay | None:
        """What to draw over the document as long as the tool is in hand, wherever the pointer is.

        Args:
            covered: the picture of a running edit lies over the document.
        """
        return None

    def waits(self, document: Document) -> bool:
        """Whether something in the document waits for `finish` or `drop`."""
        return self.pending

    def points(self, document: Document) -> PointsOverlay | None:
        """The drag points as they are to be seen while the tool is in hand; None = it has nothing to do with them."""
        return None

    @property
    def pending(self) -> bool:
        """Clicks were made that wait for more."""
        return False

    def finish(self, document: Document) -> None:
        """Make of the clicks what they are enough for."""
        return

    def step_back(self) -> None:
        """Forget the last click."""
        return

    def abandon(self) -> None:
        """Forget all clicks."""
        return

    def drop(self, document: Document) -> None:
        """Give up what the clicks were for, and what they made of the document."""
        self.abandon()

    def delete(self, document: Document) -> None:
        """Take away what is under the pointer, or else was touched last; one step."""
        return

    def nudge(self, document: Document, dx: float, dy: float) -> None:
        """Move what was touched last by so many canvas pixels; presses of the arrow keys in a row are one step."""
        return

    def leave(self) -> None:
        """The pointer is elsewhere."""
        return

    @property
    def choices(self) -> tuple[int, int]:
        """Where several results fit what was clicked: (which one is shown, how many there are)."""
        return (0, 0)

    def choose(self, document: Document, forward: int) -> None:
        """Show the next of the results that fit, or (-1) the one before."""
        return
