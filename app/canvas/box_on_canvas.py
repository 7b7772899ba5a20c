"""When the box in which a thing shall stand is to be seen over the picture."""

from __future__ import annotations

from app.canvas.standing import StandingMarks
from editor.document import Document
from editor.geometry import Rect
from editor.placement import TransformBox
from editor.tools.base import Tool
from editor.tools.box import BoxTool
from editor.tools.overlay import BoxOverlay


class BoxOnCanvas(StandingMarks):
    """The document's box while another tool is in hand; its own tool shows it itself."""

    def overlay(self, tool: Tool | None, document: Document | None) -> BoxOverlay | None:
        """What is to be drawn now; None for nothing."""
        box = None if isinstance(tool, BoxTool) else self.shown(tool, document)
        return BoxOverlay(TransformBox(box, turns=False), grips=False) if box is not None else None

    def shown(self, tool: Tool | None, document: Document | None) -> Rect | None:
        """The document's box where it is seen, whoever shows it."""
        seen = isinstance(tool, BoxTool) or (self.always and not self.hidden)
        return document.box if document is not None and seen else None
