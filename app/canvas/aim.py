"""Where on the widget the next edit aims: around the selection, where it is placed, and the box that is seen."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPolygonF, QTransform

from editor.geometry import Rect
from editor.placement import Placement, TransformBox


class Aim:
    """The rectangles that were told last.

    Attributes:
        selection: widget coordinates around the selection and its place; None without one.
        whole: the same with the box that is seen; None where there is neither.
    """

    def __init__(self) -> None:
        self.selection: QRectF | None = None
        self.whole: QRectF | None = None

    def look(self, selection: Rect, placement: Placement | None, box: Rect | None, to_widget: QTransform) -> bool:
        """See where it is now.

        Args:
            selection: canvas pixels that hold it; empty for none.
            placement: where it is placed; None without a document.
            box: canvas pixels of the box that is seen.
            to_widget: from canvas pixels to widget coordinates.

        Returns:
            whether it is elsewhere than before.
        """
        rect = _upright(selection, to_widget) if selection else None
        if rect is not None and placement is not None and not placement.rests:
            corners = [QPointF(*corner) for corner in TransformBox(selection, placement).corners]
            rect = rect.united(to_widget.map(QPolygonF(corners)).boundingRect())
        whole = rect
        if box is not None:
            area = _upright(box, to_widget)
            whole = area if rect is None else rect.united(area)
        if (rect, whole) == (self.selection, self.whole):
            return False
        self.selection, self.whole = rect, whole
        return True


def _upright(rect: Rect, to_widget: QTransform) -> QRectF:
    return to_widget.mapRect(QRectF(rect.x, rect.y, rect.width, rect.height))
