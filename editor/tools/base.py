"""What every tool is: press, move, release; one gesture is one undo step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from editor.document import Document
from editor.events import PointerEvent
from editor.tools.options import ToolOptions
from editor.tools.overlay import Overlay


class Tool(ABC):
    """Turns what the pointer does into one change of the document.

    A gesture is press, moves, release (or cancel, which leaves the document as it was). Between gestures `move` gets
    the hovering pointer. Where the tool cannot work `press` raises a DocumentError, or, where that shows only on the
    way, `move` or `release` does; no gesture is then going on and the document is as it was.

    Attributes:
        cursor: "cross", "pick", "move" or "none" (the overlay shows where it works).
        active: a gesture is going on.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    shortcut: ClassVar[str]
    cursor: ClassVar[str] = "cross"

    def __init__(self, options: ToolOptions) -> None:
        self.options = options
        self.active = False

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
