"""Where progress is shown before there is a picture of the edit, and how its result looks in its place."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect

from app import clipboard
from app.parts.asking import edited_area, result_in_place
from editor.commands import SetPlacement, SetSelection
from editor.composite import composite
from editor.geometry import Rect
from editor.masks import rectangle
from editor.placement import Placement
from engine.request import EditResult
from tests.app.conftest import photo
from tests.app.jobs.conftest import daub


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


def test_a_result_is_drawn_in_its_place_with_a_little_around_it() -> None:
    document = photo()
    alpha = np.zeros((40, 60), np.uint8)
    alpha[5:25, 10:50] = 255
    alpha[5:25, 10] = 128
    patch = np.zeros((40, 60, 3), np.uint8)
    patch[..., 1] = 200
    result = EditResult(patch, alpha, (20, 10), daub(), 1)
    image = result_in_place(document.snapshot(), result, 320)
    assert (image.width(), image.height()) == (40 + 2 * 5, 20 + 2 * 5)  # 12 % of 40 pixels, never enlarged
    inside = clipboard.from_image(image)
    under = composite(document.snapshot())[10:40, 25:75]
    np.testing.assert_array_equal(inside[:5], under[:5])
    np.testing.assert_array_equal(inside[8, 6:45, :3], np.broadcast_to((0, 200, 0), (39, 3)))
    assert abs(int(inside[8, 5, 0]) - int(under[8, 5, 0]) * (1 - 128 / 255)) <= 1
    small = result_in_place(document.snapshot(), result, 25)
    assert (small.width(), small.height()) == (25, 15)


def test_nothing_is_drawn_of_a_result_beside_the_canvas() -> None:
    result = EditResult(np.zeros((4, 4, 3), np.uint8), np.full((4, 4), 255, np.uint8), (200, 0), daub(), 1)
    assert result_in_place(photo().snapshot(), result, 320).isNull()


def test_what_a_result_takes_the_place_of_is_not_seen_below_it() -> None:
    document = photo()
    result = EditResult(np.zeros((20, 20, 3), np.uint8), np.full((20, 20), 255, np.uint8), (40, 30), daub(), 1)
    around = clipboard.from_image(result_in_place(document.snapshot(), result, 320, document.layers[0].id))
    assert (around[0, :, :3] == 255).all()  # white paper
