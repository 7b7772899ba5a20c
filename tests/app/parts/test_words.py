"""Words in the window, with a real engine and a tiny random model: find, cut anew, change by hand, out of date."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.errors import Message
from app.jobs.engine_thread import EngineThread
from app.main_window import MainWindow
from app.mask_state import MaskState, Stale, Whose
from app.widgets import NumberControl
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle
from tests.app.conftest import act, drag
from tests.app.parts.wording import SLOW, calls, find, flat, over, selected, wording


@pytest.fixture
def engine(window: MainWindow, document: Document, tiny_model: Path) -> Iterator[EngineThread]:
    with wording(window, tiny_model) as made:
        yield made


def threshold(window: MainWindow) -> NumberControl:
    control = window.method_panel.control("threshold")
    assert isinstance(control, NumberControl)
    return control


def test_the_found_mask_is_the_selection_and_undo_takes_it_back(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    before, position = flat(document), document.history.position
    assert window.words.state.whose is Whose.NOBODY
    assert window.method_panel.run.text() == "Run"
    find(qtbot, window, engine, document)
    assert 0 < (selected(document) == 255).sum() < 96 * 64
    assert document.history.position == position + 1
    assert document.history.steps[-1].title == "Find the place"
    np.testing.assert_array_equal(flat(document), before)
    assert window.method_panel.run.text() == "Apply"
    assert window.method_panel.steps.find.text() == "Find again"
    assert window.workspace.bar.selection.text.text() == "Inside the found mask"
    assert window.workspace.view is not None
    assert window.workspace.view._masks.selection._tinted

    act(window, "undo")
    assert document.selection is None
    qtbot.waitUntil(lambda: window.words.state.whose is Whose.NOBODY, timeout=5000)
    act(window, "redo")
    qtbot.waitUntil(lambda: window.words.state.whose is Whose.FOUND, timeout=5000)


def test_the_threshold_cuts_anew_without_the_network(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    find(qtbot, window, engine, document)
    made, position, first = calls(engine), document.history.position, selected(document)
    for value in (0.4, 0.3, 0.1):
        before = document.selection
        threshold(window).slider.setValue(round(value * threshold(window).slider.maximum()))
        qtbot.waitUntil(lambda before=before: document.selection is not before, timeout=5000)
    assert calls(engine) == made
    assert not engine.busy
    assert document.history.position == position + 1  # one step for the whole drag
    assert (selected(document) >= first).all()
    assert (selected(document) > 0).sum() > (first > 0).sum()
    act(window, "undo")
    np.testing.assert_array_equal(selected(document), first)
    assert window.options["threshold"] == pytest.approx(0.5)  # the slider shows where this mask was cut
    qtbot.wait(100)
    np.testing.assert_array_equal(selected(document), first)


def test_a_threshold_that_leaves_nothing_keeps_the_mask(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    find(qtbot, window, engine, document)
    first = document.selection
    assert first is not None
    window.words._origins[first.identity].found.difference[:] = 0
    hints: list[str] = []
    window.words.hint.connect(hints.append)
    window.options.set("threshold", 0.9)
    qtbot.waitUntil(lambda: bool(hints), timeout=5000)
    assert "Nothing reaches this threshold" in hints[0]
    assert document.selection is first
    qtbot.wait(150)
    assert len(hints) == 1


def test_a_mask_changed_by_hand_is_left_alone_by_the_threshold(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    find(qtbot, window, engine, document)
    window.tools.choose("mask_brush")
    window.tools.set_brush(size=9.0, pressure_size=False)
    drag(window, (20, 20), (70, 40))
    qtbot.waitUntil(lambda: window.words.state.whose is Whose.CHANGED, timeout=5000)
    assert not threshold(window).isEnabled()
    assert "by hand" in threshold(window).toolTip()
    mine, position = selected(document), document.history.position
    window.options.set("threshold", 0.1)
    qtbot.wait(150)
    np.testing.assert_array_equal(selected(document), mine)
    assert document.history.position == position
    act(window, "undo")
    qtbot.waitUntil(lambda: window.words.state.whose is Whose.FOUND, timeout=5000)
    assert threshold(window).isEnabled()


def deselect_and_undo(window: MainWindow, document: Document) -> None:
    act(window, "select_none")
    assert document.selection is None
    act(window, "undo")
    assert document.selection is not None


def test_a_mask_changed_by_hand_keeps_its_warning_when_undo_brings_it_back(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    find(qtbot, window, engine, document)
    window.tools.choose("mask_brush")
    window.tools.set_brush(size=9.0, pressure_size=False)
    drag(window, (20, 20), (70, 40))
    window.options.set("prompt", "a green cone")
    deselect_and_undo(window, document)
    qtbot.waitUntil(lambda: window.words.state.whose is Whose.CHANGED, timeout=5000)
    assert window.words.state.stale is Stale.WORDS
    assert window.words.state.outdated


def test_what_a_mask_goes_back_to_is_known_after_its_step_was_on_the_disk(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document, tmp_path: Path
) -> None:
    history = document.history
    history.memory_limit, history._parent = 1, tmp_path
    find(qtbot, window, engine, document)
    first, as_found = document.selection, selected(document)
    window.tools.choose("mask_brush")
    window.tools.set_brush(size=9.0, pressure_size=False)
    drag(window, (20, 20), (70, 40))
    deselect_and_undo(window, document)
    history.wait()
    qtbot.waitUntil(lambda: window.words.state == MaskState(Whose.CHANGED, Stale.NO), timeout=5000)
    act(window, "undo")
    qtbot.waitUntil(lambda: window.words.state == MaskState(Whose.FOUND, Stale.NO), timeout=5000)
    assert document.selection is not first, "it was read back from the disk"
    np.testing.assert_array_equal(selected(document), as_found)
    made, before = calls(engine), document.selection
    window.options.set("threshold", 0.2)
    qtbot.waitUntil(lambda: document.selection is not before, timeout=5000)
    assert calls(engine) == made
    window.options.set("prompt", "a green cone")
    qtbot.waitUntil(lambda: window.words.state == MaskState(Whose.FOUND, Stale.WORDS), timeout=5000)


def test_a_selection_elsewhere_is_nobodys_but_the_artists(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    document.select(rectangle(Rect(0, 0, 5, 5), document.canvas))
    qtbot.waitUntil(lambda: window.words.state.whose is Whose.HAND, timeout=5000)
    assert not threshold(window).isEnabled()
    find(qtbot, window, engine, document)  # replaces it, wherever it was
    assert (selected(document)[:, 5:] > 0).any() or (selected(document)[5:] > 0).any()


def test_a_stale_mask_is_said(qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document) -> None:
    find(qtbot, window, engine, document)
    steps, bar = window.method_panel.steps, window.workspace.bar.selection
    window.options.set("prompt", "a green cone")
    qtbot.waitUntil(lambda: window.words.state.stale is Stale.WORDS, timeout=5000)
    assert "other words" in steps.text.text()
    assert bar.text.text() == "The mask is out of date"
    assert steps.find.text() == "Find again"
    window.options.set("prompt", "  A blue   cube ")
    qtbot.waitUntil(lambda: window.words.state.stale is Stale.NO, timeout=5000)
    assert bar.text.text() == "Inside the found mask"

    window.tools.choose("brush")
    drag(window, (10, 10), (40, 40))
    qtbot.waitUntil(lambda: window.words.state.stale is Stale.PICTURE, timeout=5000)
    assert "picture has changed" in steps.text.text()
    act(window, "undo")
    qtbot.waitUntil(lambda: window.words.state.stale is Stale.NO, timeout=5000)


def test_stopping_the_search_keeps_the_mask_so_far(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    window.options.set("noises", 64)
    act(window, "run")
    seen: list[str] = []
    engine.job_changed.connect(lambda state: seen.append(state.part))
    qtbot.waitUntil(lambda: "find" in seen, timeout=SLOW)
    QApplication.processEvents()
    window.runs.stop()
    over(qtbot, engine)()
    qtbot.waitUntil(lambda: document.selection is not None, timeout=5000)
    assert len(document.layers) == 1


def test_words_that_change_nothing_are_a_message(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document, posted: list[Message]
) -> None:
    for prompt, sentence in (("", "There are no words to go by"), ("A red ball", "Both texts are the same")):
        window.options.set("prompt", prompt)
        act(window, "find")
        over(qtbot, engine)()
        assert sentence in posted[-1].sentence
        assert document.selection is None
