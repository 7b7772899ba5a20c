"""One tool at work on one document: press to release, with errors turned into sentences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isfinite

from editor.document import Document, Snapshot
from editor.errors import DocumentError
from editor.events import Phase, PointerEvent
from editor.tools.base import Tool


class ToolGesture:
    """Passes pointer events to the tool; a failing tool is cancelled and its sentence handed to `failed`.

    `finished` gets the tool's id after each gesture that changed the document, or will. A release can get lost (a
    dialog takes the pointer, the pen leaves): then the gesture ends where the pointer was, as soon as it hovers or is
    pressed again.

    Attributes:
        active: between press and release.
    """

    def __init__(self, finished: Callable[[str], None], failed: Callable[[str], None]) -> None:
        self._finished = finished
        self._failed = failed
        self.document: Document | None = None
        self.tool: Tool | None = None
        self.active = False
        self._before: Snapshot | None = None
        self._last: PointerEvent | None = None  # with the button down

    def use(self, document: Document | None, tool: Tool | None) -> None:
        """Work with another document or tool; a gesture going on is cancelled, clicks that wait are forgotten."""
        self.cancel()
        self.abandon()
        self.document, self.tool = document, tool
        self._before = self._last = None  # they would keep a closed document's pixels

    def handle(self, event: PointerEvent) -> None:
        """Pass one event on; whatever goes wrong in the tool, no half-made gesture is left.

        An event without a place counts where the pointer was, if it is the release, and else not at all.
        """
        if self.document is None or self.tool is None:
            return
        if not (isfinite(event.x) and isfinite(event.y)):
            if event.phase is not Phase.RELEASE or self._last is None:
                return
            event = replace(self._last, phase=Phase.RELEASE)
        try:
            self._pass_on(self.document, self.tool, event)
        except DocumentError as error:
            self._drop(self.document, self.tool)
            self._failed(str(error))
        except Exception:
            self._drop(self.document, self.tool)
            raise

    def _pass_on(self, document: Document, tool: Tool, event: PointerEvent) -> None:
        if self.active and self._last is not None and event.phase in (Phase.PRESS, Phase.HOVER):
            self._release(document, tool, replace(self._last, phase=Phase.RELEASE))
        if event.phase is Phase.PRESS:
            self.active, self._last = True, event
            self._before = document.snapshot()
            tool.press(document, event)
        elif event.phase is Phase.MOVE and self.active:
            self._last = event
            tool.move(document, event)
        elif event.phase is Phase.RELEASE and self.active:
            self._release(document, tool, event)
        elif event.phase in (Phase.HOVER, Phase.MOVE):
            tool.move(document, replace(event, phase=Phase.HOVER))

    def _release(self, document: Document, tool: Tool, event: PointerEvent) -> None:
        self.active = False
        deferred = tool.defers and tool.active
        tool.release(document, event)
        if deferred or document.snapshot() is not self._before:
            self._finished(tool.id)

    def cancel(self) -> bool:
        """Drop the gesture and leave the document as it was; False when none was going on."""
        if not self.active or self.document is None or self.tool is None:
            return False
        self.active = False
        self.tool.cancel(self.document)
        return True

    # tools that need several clicks

    @property
    def pending(self) -> bool:
        """Clicks were made that wait for more, or something in the document waits to be carried out."""
        return self.tool is not None and self.document is not None and self.tool.waits(self.document)

    def finish(self) -> None:
        """Make of the clicks what they are enough for."""
        if self.document is None or self.tool is None or self.active:
            return
        before = self.document.snapshot()
        self.tool.finish(self.document)
        if self.document.snapshot() is not before:
            self._finished(self.tool.id)

    def step_back(self) -> None:
        """Forget the last click."""
        if self.tool is not None and not self.active:
            self.tool.step_back()

    def abandon(self) -> bool:
        """Forget all clicks; False when there were none."""
        waited = self.pending
        if self.tool is not None:
            self.tool.abandon()
        return waited

    def drop(self) -> None:
        """Forget all clicks and what they made."""
        if self.tool is not None and self.document is not None and not self.active:
            self.tool.drop(self.document)

    def delete(self) -> None:
        """Take away what the tool made where the pointer is, or made last."""
        if self.tool is None or self.document is None or self.active:
            return
        before = self.document.snapshot()
        self.tool.delete(self.document)
        if self.document.snapshot() is not before:
            self._finished(self.tool.id)

    def nudge(self, dx: float, dy: float) -> None:
        """Move what the tool touched last by so many canvas pixels."""
        if self.tool is None or self.document is None or self.active:
            return
        before = self.document.snapshot()
        self.tool.nudge(self.document, dx, dy)
        if self.document.snapshot() is not before:
            self._finished(self.tool.id)

    def leave(self) -> None:
        """The pointer is elsewhere."""
        if self.tool is not None and not self.active:
            self.tool.leave()

    def choose(self, *, forward: bool) -> bool:
        """Show another result that fits; False where there is no other."""
        if self.tool is None or self.document is None or self.active or self.tool.choices[1] < 2:
            return False
        self.tool.choose(self.document, 1 if forward else -1)
        return True

    def _drop(self, document: Document, tool: Tool) -> None:
        self.active = False
        if tool.active:
            tool.cancel(document)
