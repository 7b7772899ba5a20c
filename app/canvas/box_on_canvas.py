"""When the box in which a thing shall stand is to be seen over the picture."""

from __future__ import annotations

from app.canvas.standing import StandingMarks
from editor.document import Document
from editor.placement import TransformBox
from editor.tools.base import Tool
from editor.tools.box import BoxTool
from editor.tools.overlay import BoxOverlay


class BoxOnCanvas(StandingMarks):
    """The document's box while another tool is in hand; its own tool shows it itself."""

    def overlay(self, tool: Tool | None, document: Document | None) -> BoxOverlay | None:
        """What is to be drawn now; None for nothing."""
        if document is None or document.box is None or self.hidden or not self.always or isinstance(tool, BoxTool):
            return None
        return BoxOverlay(TransformBox(document.box, turns=False), grips=False)
