"""The pointer's shape over the canvas: which one the tool in hand asks for."""

from __future__ import annotations

from PySide6.QtCore import Qt

from editor.tools.base import SIZINGS, Tool

_CURSORS = {
    "cross": Qt.CursorShape.CrossCursor,
    "pick": Qt.CursorShape.PointingHandCursor,
    "move": Qt.CursorShape.SizeAllCursor,
    "none": Qt.CursorShape.BlankCursor,
}
_SIZINGS = (  # in the order of the tools' names for them, 45° on from each other as they are seen
    Qt.CursorShape.SizeHorCursor,
    Qt.CursorShape.SizeFDiagCursor,
    Qt.CursorShape.SizeVerCursor,
    Qt.CursorShape.SizeBDiagCursor,
)


def cursor_of(tool: Tool, rotation: float) -> Qt.CursorShape:
    """The tool's cursor; one that tells a direction is turned with the view.

    Args:
        rotation: of the view, degrees clockwise.
    """
    if tool.cursor in SIZINGS:
        return _SIZINGS[(SIZINGS.index(tool.cursor) + round(rotation / 45)) % len(_SIZINGS)]
    return _CURSORS[tool.cursor]
