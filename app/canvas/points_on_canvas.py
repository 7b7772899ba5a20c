"""Which drag points are to be seen over the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.canvas.standing import StandingMarks
from editor.document import Document
from editor.geometry import Point
from editor.tools.base import Tool
from editor.tools.overlay import PointsOverlay


class PointsOnCanvas(StandingMarks):
    """The points as the tool in hand shows them, or the document's own."""

    def __init__(self) -> None:
        super().__init__()
        self._trails: tuple[tuple[Point, ...], ...] = ()

    def follow(self, marks: Sequence[Point] | None) -> None:
        """Lengthen every trail to where its handle is now, canvas pixels; None ends them."""
        if marks is None or len(marks) != len(self._trails):
            self._trails = ()
        if marks is not None:
            self._trails = tuple(
                (*trail, mark) for trail, mark in zip(self._trails or ((),) * len(marks), marks, strict=True)
            )

    def overlay(self, tool: Tool | None, document: Document | None) -> PointsOverlay | None:
        """What is to be drawn now; None for nothing."""
        if document is None or self.hidden:
            return None
        shown = tool.points(document) if tool is not None else None
        if shown is None and self.always:
            shown = PointsOverlay(document.points)
        return replace(shown, trails=self._trails) if shown is not None else None
