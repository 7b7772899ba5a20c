"""What is under a handle becomes the selection: found by the segmenter, one step after the point, never stolen."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.errors import Message
from app.main_window import MainWindow
from editor.commands import SetPoints, SetSelection
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle
from editor.points import PointPair
from tests.app.conftest import act, drag, photo
from tests.app.jobs.test_segment_worker import Plain

SQUARE = np.zeros((64, 96), bool)
SQUARE[8:24, 8:24] = True  # the red square of `photo`
OTHER = np.zeros((64, 96), bool)
OTHER[40:60, 60:90] = True


@pytest.fixture
def document(window: MainWindow) -> Document:
    """A ramp with a red square and a green one."""
    made = photo()
    layer = made.active
    assert layer is not None
    pixels = made[layer].pixels.read(made.canvas)  # type: ignore[union-attr]
    pixels[OTHER, :3] = (20, 180, 60)
    made.replace(layer, pixels=made[layer].pixels.write(made.canvas, pixels))  # type: ignore[union-attr]
    window.documents.add(made)
    return made


@pytest.fixture
def joined(joined: MainWindow) -> MainWindow:
    """With the points tool in hand."""
    joined.tools.choose("points")
    return joined


def settle(qtbot: QtBot, window: MainWindow) -> None:
    """No question waits, and what was answered has landed."""
    for _ in range(2):
        qtbot.waitUntil(lambda: window.clicks.queue.idle and not window.background.busy, timeout=60_000)
        QApplication.processEvents()


def selected(document: Document) -> np.ndarray:
    if document.selection is None:
        return np.zeros((64, 96), bool)
    return document.selection.read(document.canvas)[..., 0] > 127


def test_the_first_handle_selects_its_thing_and_another_adds(
    qtbot: QtBot, joined: MainWindow, document: Document
) -> None:
    drag(joined, (15, 15), (40, 15))
    settle(qtbot, joined)
    np.testing.assert_array_equal(selected(document), SQUARE)
    drag(joined, (20, 20), (44, 20))  # on the same thing: nothing to add
    drag(joined, (70, 50), (50, 50))
    settle(qtbot, joined)
    np.testing.assert_array_equal(selected(document), SQUARE | OTHER)
    assert [step.title for step in document.history.steps] == [
        "Place drag point",
        "Select what is under the handle",
        "Place drag point",
        "Place drag point",
        "Select what is under the handle",
    ]
    act(joined, "undo")
    np.testing.assert_array_equal(selected(document), SQUARE)
    assert len(document.points) == 3


def test_two_handles_placed_before_the_answer_both_count(
    qtbot: QtBot, joined: MainWindow, document: Document, plain: Plain
) -> None:
    plain.gate = threading.Semaphore(0)
    drag(joined, (15, 15), (40, 15))
    drag(joined, (70, 50), (50, 50))
    plain.gate.release(100)
    settle(qtbot, joined)
    np.testing.assert_array_equal(selected(document), SQUARE | OTHER)


def test_a_selection_of_the_artist_is_never_touched(qtbot: QtBot, joined: MainWindow, document: Document) -> None:
    own = rectangle(Rect(0, 30, 10, 10), document.canvas)
    document.history.do(SetSelection(own))
    before = selected(document)
    drag(joined, (15, 15), (40, 15))
    settle(qtbot, joined)
    np.testing.assert_array_equal(selected(document), before)


def test_deselecting_on_purpose_is_kept_by_the_second_handle(
    qtbot: QtBot, joined: MainWindow, document: Document
) -> None:
    drag(joined, (15, 15), (40, 15))
    settle(qtbot, joined)
    act(joined, "select_none")
    drag(joined, (70, 50), (50, 50))
    settle(qtbot, joined)
    assert document.selection is None


def test_a_point_that_is_undone_before_the_answer_selects_nothing(
    qtbot: QtBot, joined: MainWindow, document: Document, plain: Plain
) -> None:
    plain.gate = threading.Semaphore(0)
    drag(joined, (15, 15), (40, 15))
    act(joined, "undo")
    plain.gate.release(100)
    settle(qtbot, joined)
    assert document.selection is None
    assert document.points == ()


def test_the_option_is_remembered_and_off_means_off(qtbot: QtBot, joined: MainWindow, document: Document) -> None:
    finds = joined.option_bar.points_page.finds
    assert finds.isChecked()
    finds.click()
    drag(joined, (15, 15), (40, 15))
    settle(qtbot, joined)
    assert document.selection is None
    joined.tools.remember()
    assert joined.settings.tool_values()["select_under_handle"] is False


def test_what_is_nearly_everything_is_no_thing(
    qtbot: QtBot, joined: MainWindow, document: Document, posted: list[Message]
) -> None:
    layer = document.active
    assert layer is not None
    grey = np.full((64, 96, 4), 255, np.uint8)
    document.replace(layer, pixels=document[layer].pixels.write(document.canvas, grey))  # type: ignore[union-attr]
    drag(joined, (15, 15), (40, 15))
    settle(qtbot, joined)
    assert document.selection is None
    assert [message.sentence for message in posted] == [
        "No single thing was found under the handle, so everything may move. Select the thing to move it alone."
    ]


def test_without_a_network_grabcut_takes_the_handle_for_a_stroke(
    qtbot: QtBot, joined: MainWindow, document: Document
) -> None:
    joined.settings.segmenter = "grabcut"
    drag(joined, (15, 15), (40, 15))
    settle(qtbot, joined)
    found = selected(document)
    assert np.count_nonzero(found & SQUARE) / np.count_nonzero(found | SQUARE) > 0.9


def test_the_button_selects_what_is_under_all_points_in_one_step(
    qtbot: QtBot, joined: MainWindow, document: Document
) -> None:
    document.history.do(SetPoints((PointPair((15.0, 15.0), (40.0, 15.0)), PointPair((70.0, 50.0), (50.0, 50.0)))))
    act(joined, "points_select")
    settle(qtbot, joined)
    np.testing.assert_array_equal(selected(document), SQUARE | OTHER)
    assert len(document.history.steps) == 2
