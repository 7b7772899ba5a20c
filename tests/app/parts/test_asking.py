"""Where progress is shown before there is a picture of the edit."""

from __future__ import annotations

from PySide6.QtCore import QRect

from app.parts.asking import edited_area
from editor.commands import SetPlacement, SetSelection
from editor.geometry import Rect
from editor.masks import rectangle
from editor.placement import Placement
from tests.app.conftest import photo


def test_progress_covers_the_whole_canvas_where_nothing_is_selected() -> None:
    assert edited_area(photo()) == QRect(0, 0, 96, 64)


def test_progress_covers_the_old_place_and_the_new_one() -> None:
    document = photo()
    document.history.do(SetSelection(rectangle(Rect(8, 8, 16, 16), document.canvas)))
    assert edited_area(document) == QRect(8, 8, 16, 16)
    document.history.do(SetPlacement.in_document(document, Placement((40.0, 10.5))))
    assert edited_area(document) == QRect(8, 8, 56, 27)
    document.history.do(SetPlacement.in_document(document, Placement((200.0, 0.0))))
    assert edited_area(document) == QRect(8, 8, 88, 16)  # as far as the canvas goes
    assert edited_area(document, find=True) == QRect(0, 0, 96, 64)
