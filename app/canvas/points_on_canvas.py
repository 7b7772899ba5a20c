"""Which drag points are to be seen over the picture, and what of the canvas changes with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QRect
from PySide6.QtGui import QRegion, QTransform

from app.canvas.overlays import overlay_bounds
from editor.document import Document
from editor.geometry import Point
from editor.tools.base import Tool
from editor.tools.overlay import PointsOverlay


class PointsOnCanvas:
    """The points as the tool in hand shows them, or the document's own.

    Attributes:
        always: the document's are seen also while the tool in hand has nothing to do with them.
        hidden: none are seen, whatever else is said: the picture is compared with what it was.
    """

    def __init__(self) -> None:
        self.always = self.hidden = False
        self._trails: tuple[tuple[Point, ...], ...] = ()
        self._seen: PointsOverlay | None = None
        self._area = QRect()

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

    def look(self, tool: Tool | None, document: Document | None, to_widget: QTransform) -> QRegion:
        """The widget pixels that look different since the last look, for other points or another view of them."""
        now = self.overlay(tool, document)
        area = overlay_bounds(now, to_widget).toAlignedRect() if now is not None else QRect()
        before, self._area = self._area, area
        if now == self._seen and area == before:
            return QRegion()
        self._seen = now
        return QRegion(before).united(area)
