"""Whom the dialog asks what belongs to a thing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import SignalInstance

from app.cutting.cut import Bytes
from editor.geometry import Point, Rect
from editor.masks import Mask
from editor.pointing import Streak

Done = Callable[[Mask], None]
Failed = Callable[[str], None]


class Finder(Protocol):
    """Who tells things from their background: `app.parts.cutouts.Cutouts`."""

    looking: SignalInstance

    @property
    def busy(self) -> bool: ...

    def find_thing(
        self, whole: Bytes, crop: Rect, done: Done, failed: Failed, strokes: Sequence[Streak] = ()
    ) -> None: ...

    def find_part(self, whole: Bytes, at: Point, radius: float, done: Done, failed: Failed) -> None: ...

    def cancel(self) -> None: ...

    def release(self) -> None: ...
