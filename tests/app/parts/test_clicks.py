"""Select by click in the window: from the pointer through the engine thread into the selection, and what is told."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.errors import Message
from app.jobs import segment_worker
from app.main_window import MainWindow
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle, softened
from editor.tools.overlay import PointingOverlay
from tests.app.conftest import act
from tests.app.jobs.test_segment_worker import Plain
from tests.app.parts.pointing import NO_KEY, click, hover, press_key, resting, selected, take_tool


def test_the_hovering_pointer_is_offered_what_a_click_takes(
    qtbot: QtBot, joined: MainWindow, plain: Plain, document: Document
) -> None:
    take_tool(qtbot, joined)
    hover(joined, 15.5, 15.5)
    resting(qtbot, joined)
    overlay = joined.clicks.tool.overlay()
    assert isinstance(overlay, PointingOverlay)
    assert overlay.offered is not None
    assert document.selection is None
    asked = len(plain.asked)
    click(joined, 15.5, 15.5)
    assert (selected(document) == 255).sum() == 256
    assert document.selection.content() == Rect(8, 8, 16, 16)  # type: ignore[union-attr]
    assert len(plain.asked) == asked
    act(joined, "undo")
    assert document.selection is None
    act(joined, "redo")
    assert (selected(document) == 255).sum() == 256


def test_clicks_are_never_passed_over(qtbot: QtBot, joined: MainWindow, plain: Plain, document: Document) -> None:
    take_tool(qtbot, joined)
    plain.asked.clear()
    for x in (10, 40, 70):
        click(joined, x + 0.5, 40.5)
        hover(joined, x + 8.5, 50.5)
    resting(qtbot, joined)
    counts = [len(prompts.clicks) for prompts in plain.asked]
    assert {1, 2, 3} <= set(counts)
    assert len(document.history.steps) == 3


def test_the_edge_is_softened_in_the_engine_thread(
    qtbot: QtBot, joined: MainWindow, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []

    def noted(*arguments: Any) -> Any:
        threads.append(threading.get_ident())
        return softened(*arguments)

    monkeypatch.setattr(segment_worker, "softened", noted)
    take_tool(qtbot, joined)
    joined.tools.options.change(feather=6.0)
    hover(joined, 15.5, 15.5)
    resting(qtbot, joined)
    click(joined, 15.5, 15.5)
    resting(qtbot, joined)
    values = selected(document)
    assert 80 < values[16, 8] < 175
    assert values[16, 16] > 240
    assert threading.get_ident() not in threads


def test_tab_shows_the_other_masks_and_leaves_the_canvas_when_there_are_none(
    qtbot: QtBot, joined: MainWindow, document: Document
) -> None:
    take_tool(qtbot, joined)
    page = joined.option_bar.select_page.click
    assert not page.choice.isEnabled()
    click(joined, 15.5, 15.5)
    resting(qtbot, joined)
    assert page.choice.text() == "Mask 1 of 2"
    press_key(joined, Qt.Key.Key_Tab)
    resting(qtbot, joined)
    assert page.choice.text() == "Mask 2 of 2"
    assert (selected(document) == 255).sum() == 96 * 64 - 256
    page.choice.click()
    resting(qtbot, joined)
    assert (selected(document) == 255).sum() == 256
    assert len(document.history.steps) == 1
    view = joined.workspace.view
    assert view is not None
    press_key(joined, Qt.Key.Key_Return)
    assert not view.focusNextPrevChild(True) or not view.hasFocus()


def test_enter_ends_a_series_and_escape_drops_it(qtbot: QtBot, joined: MainWindow, document: Document) -> None:
    take_tool(qtbot, joined)
    click(joined, 15.5, 15.5)
    resting(qtbot, joined)
    press_key(joined, Qt.Key.Key_Return)
    assert not joined.clicks.tool.pending
    assert (selected(document) == 255).sum() == 256
    click(joined, 50.5, 50.5)
    resting(qtbot, joined)
    press_key(joined, Qt.Key.Key_Escape)
    assert (selected(document) == 255).sum() == 256
    assert document.selection.content() == Rect(8, 8, 16, 16)  # type: ignore[union-attr]


def test_delete_clears_the_picture_not_the_clicks(qtbot: QtBot, joined: MainWindow, document: Document) -> None:
    take_tool(qtbot, joined)
    click(joined, 15.5, 15.5)
    resting(qtbot, joined)
    assert joined.workspace.view is not None
    assert not joined.workspace.view._for_clicks(_key(Qt.Key.Key_Delete))
    assert joined.workspace.view._for_clicks(_key(Qt.Key.Key_Backspace))
    press_key(joined, Qt.Key.Key_Backspace)
    assert document.selection is None


def _key(key: Qt.Key) -> Any:
    return QKeyEvent(QEvent.Type.KeyPress, key, NO_KEY)


def test_refine_snaps_the_selection(
    qtbot: QtBot, joined: MainWindow, plain: Plain, document: Document, posted: list[Message]
) -> None:
    from tests.app.jobs.test_segment_worker import PlainChoices

    def red(seen: Any, prompts: Any) -> PlainChoices:
        return PlainChoices(np.where((seen == (200, 40, 30)).all(axis=2), np.uint8(255), np.uint8(0)))

    plain.answer = red  # type: ignore[method-assign]
    document.select(rectangle(Rect(5, 6, 20, 20), document.canvas))
    act(joined, "select_refine")
    qtbot.waitUntil(lambda: len(document.history.steps) == 1, timeout=60_000)
    assert document.selection.content() == Rect(8, 8, 16, 16)  # type: ignore[union-attr]
    assert document.history.steps[0].title == "Refine selection"
    act(joined, "undo")
    assert document.selection.content() == Rect(5, 6, 20, 20)  # type: ignore[union-attr]


def test_without_an_engine_a_click_says_that_it_is_starting(
    window: MainWindow, document: Document, posted: list[Message]
) -> None:
    window.tools.choose("click")
    hover(window, 15.5, 15.5)
    click(window, 15.5, 15.5)
    QApplication.processEvents()
    assert "still starting" in posted[-1].sentence
    assert document.selection is None
    assert not window.clicks.tool.pending
