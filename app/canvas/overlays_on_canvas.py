"""What is drawn over the picture and its masks: the tool's overlay, drag points and box; and what changes with them."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QPainter, QRegion, QTransform

from app.canvas.box_on_canvas import BoxOnCanvas
from app.canvas.overlays import overlay_bounds, paint_overlay
from app.canvas.points_on_canvas import PointsOnCanvas
from editor.document import Document
from editor.tools.base import Tool
from editor.tools.overlay import Overlay


class OverlaysOnCanvas:
    """Gathers the widget pixels that look different, until the picture under them is painted again, too.

    Attributes:
        points: the drag points.
        box: the box in which a thing shall stand.
    """

    def __init__(self) -> None:
        self.points, self.box = PointsOnCanvas(), BoxOnCanvas()
        self._outdated = QRegion()
        self._of_tool = QRect()  # widget pixels that the tool's overlay touched last

    def hide_marks(self, hidden: bool) -> None:
        """Leave out points and box, whatever else is said: the picture is compared with what it was."""
        self.points.hidden = self.box.hidden = hidden

    def look(
        self, tool: Tool | None, document: Document | None, overlay: Overlay | None, to_widget: QTransform
    ) -> None:
        """See what is to be drawn now.

        Args:
            tool: in hand.
            overlay: what it wants to be drawn besides points and box.
            to_widget: from canvas pixels to widget coordinates.
        """
        touched = overlay_bounds(overlay, to_widget).toAlignedRect() if overlay is not None else QRect()
        self._outdated = self._outdated.united(self._of_tool).united(touched)
        for marks in (self.points, self.box):
            self._outdated = self._outdated.united(marks.look(tool, document, to_widget))
        self._of_tool = touched

    def take_outdated(self) -> QRegion:
        """The widget pixels that overlays left and entered since the last call."""
        outdated, self._outdated = self._outdated, QRegion()
        return outdated

    def paint(
        self,
        painter: QPainter,
        tool: Tool | None,
        document: Document | None,
        overlay: Overlay | None,
        to_widget: QTransform,
    ) -> None:
        """Draw on the widget, the tool's overlay last; see `look`."""
        standing = (marks.overlay(tool, document) for marks in (self.box, self.points))
        for shown in (*standing, overlay):
            if shown is not None:
                paint_overlay(painter, shown, to_widget)
