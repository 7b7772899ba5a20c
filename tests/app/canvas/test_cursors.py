"""The pointer's shape: every tool has one, and those that tell a direction turn with the view."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from app.canvas.cursors import cursor_of
from editor.tools import TOOLS, ToolOptions

Shape = Qt.CursorShape


def test_every_tool_has_a_cursor_and_most_stay_as_they_are_in_a_turned_view() -> None:
    for name, make in TOOLS.items():
        tool = make(ToolOptions())
        assert cursor_of(tool, 0.0) == cursor_of(tool, 90.0), name
    assert cursor_of(TOOLS["brush"](ToolOptions()), 0.0) == Shape.BlankCursor


@pytest.mark.parametrize(
    ("rotation", "expected"),
    [(0, Shape.SizeHorCursor), (45, Shape.SizeFDiagCursor), (100, Shape.SizeVerCursor), (-45, Shape.SizeBDiagCursor),
     (180, Shape.SizeHorCursor)],
)  # fmt: skip
def test_a_direction_is_turned_with_the_view(rotation: float, expected: Qt.CursorShape) -> None:
    tool = TOOLS["brush"](ToolOptions())
    tool.cursor = "size_right"
    assert cursor_of(tool, rotation) == expected
