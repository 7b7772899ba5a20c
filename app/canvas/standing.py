"""Marks of the document that stay over the picture, and what of the canvas changes with them."""

from __future__ import annotations

from abc import ABC, abstractmethod

from PySide6.QtCore import QRect
from PySide6.QtGui import QRegion, QTransform

from app.canvas.overlays import overlay_bounds
from editor.document import Document
from editor.tools.base import Tool
from editor.tools.overlay import Overlay


class StandingMarks(ABC):
    """One kind of marks.

    Attributes:
        always: they are seen also while the tool in hand has nothing to do with them.
        hidden: none are seen, whatever else is said: the picture is compared with what it was.
    """

    def __init__(self) -> None:
        self.always = self.hidden = False
        self._seen: Overlay | None = None
        self._area = QRect()

    @abstractmethod
    def overlay(self, tool: Tool | None, document: Document | None) -> Overlay | None:
        """What is to be drawn now; None for nothing."""

    def look(self, tool: Tool | None, document: Document | None, to_widget: QTransform) -> QRegion:
        """The widget pixels that look different since the last look, for other marks or another view of them."""
        now = self.overlay(tool, document)
        area = overlay_bounds(now, to_widget).toAlignedRect() if now is not None else QRect()
        before, self._area = self._area, area
        if now == self._seen and area == before:
            return QRegion()
        self._seen = now
        return QRegion(before).united(area)
