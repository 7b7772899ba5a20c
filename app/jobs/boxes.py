"""The box of a document as that of an edit, and back."""

from __future__ import annotations

from dataclasses import replace

from editor import limits
from editor.geometry import Rect
from engine.request import EditRequest

Box = tuple[int, int, int, int]
"""(x, y, width, height), canvas pixels."""


def box_of(rect: Rect | None) -> Box | None:
    """The box as an edit takes it."""
    return None if rect is None else (rect.x, rect.y, rect.width, rect.height)


def rect_of(box: Box | None, canvas: Rect) -> Rect | None:
    """An edit's box as a document of this canvas can have it; None where it would lie beside it."""
    if box is None:
        return None
    rect = Rect(*box)
    return rect if limits.box_fits(rect, canvas) else rect.intersected(canvas) or None


def with_box(request: EditRequest, box: Box | None) -> EditRequest:
    """The same edit with the box as it is now; the very same where that has not changed."""
    return request if box == request.box else replace(request, box=box)
