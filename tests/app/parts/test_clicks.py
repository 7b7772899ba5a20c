"""Select by click in the window: from the pointer through the engine thread into the selection, and what is told."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import dialogs
from app.errors import Message
from app.jobs import segment_worker
from app.jobs.queue import JobState
from app.jobs.segment_queue import RESTING, Asked
from app.jobs.segments import Find
from app.main_window import MainWindow
from app.parts import clicks
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle, softened
from editor.tools.overlay import PointingOverlay
from tests.app.conftest import act, drag, photo
from tests.app.jobs.test_segment_worker import Plain

NO_KEY, ALT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.AltModifier
LEFT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton


def take_tool(qtbot: QtBot, window: MainWindow) -> None:
    window.tools.choose("click")
    assert window.workspace.view is not None
    window.workspace.view.setFocus()
    resting(qtbot, window)


def resting(qtbot: QtBot, window: MainWindow) -> None:
    """No question is with the engine, none waits, and the picture is not about to be looked at."""
    part = window.clicks
    qtbot.waitUntil(lambda: part.queue.idle and not part.settling.isActive(), timeout=60_000)


def hover(window: MainWindow, x: float, y: float) -> None:
    view = window.workspace.view
    assert view is not None
    QTest.mouseMove(view, view.canvas_to_widget(QPointF(x, y)).toPoint())


def click(window: MainWindow, x: float, y: float, keys: Qt.KeyboardModifier = NO_KEY) -> None:
    view = window.workspace.view
    assert view is not None
    QTest.mouseClick(view, LEFT, keys, view.canvas_to_widget(QPointF(x, y)).toPoint())


def press_key(window: MainWindow, key: Qt.Key) -> None:
    assert window.workspace.view is not None
    QTest.keyClick(window.workspace.view, key)


def selected(document: Document) -> np.ndarray:
    assert document.selection is not None
    return document.selection.read(document.canvas)[..., 0]


def test_choosing_the_tool_looks_at_the_picture_once(
    qtbot: QtBot, joined: MainWindow, plain: Plain, document: Document
) -> None:
    take_tool(qtbot, joined)
    assert len(plain.looks) == 1
    assert plain.looks[0].shape == (64, 96, 3)
    joined.tools.choose("brush")
    take_tool(qtbot, joined)
    assert len(plain.looks) == 1


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


def test_of_many_places_only_the_newest_is_answered(qtbot: QtBot, joined: MainWindow, plain: Plain) -> None:
    take_tool(qtbot, joined)
    plain.asked.clear()
    view = joined.workspace.view
    assert view is not None
    for x in range(10, 90, 2):  # the window's event loop does not run meanwhile, so no answer arrives
        place = view.canvas_to_widget(QPointF(x + 0.5, 40.5))
        there = view.mapToGlobal(place)
        event = QMouseEvent(QEvent.Type.MouseMove, place, there, NO_BUTTON, NO_BUTTON, NO_KEY)
        QApplication.sendEvent(view, event)
    resting(qtbot, joined)
    assert [prompts.clicks[0].x for prompts in plain.asked] == pytest.approx([10.5, 88.5, 88.5])  # roughly, finely


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


def test_a_changed_picture_is_looked_at_again_and_never_answered_from_memory(
    qtbot: QtBot, joined: MainWindow, plain: Plain, document: Document
) -> None:
    take_tool(qtbot, joined)
    hover(joined, 15.5, 15.5)
    resting(qtbot, joined)
    document.replace(document.layers[0].id, visible=False)
    overlay = joined.clicks.tool.overlay()
    assert isinstance(overlay, PointingOverlay)
    assert overlay.offered is None
    click(joined, 15.5, 15.5)
    resting(qtbot, joined)
    assert len(plain.looks) == 2
    assert (selected(document) == 255).all()  # everything is white


def test_a_picture_that_changes_while_it_is_looked_at_is_looked_at_anew(
    qtbot: QtBot, joined: MainWindow, plain: Plain, document: Document
) -> None:
    plain.gate = threading.Semaphore(0)
    joined.tools.choose("click")
    qtbot.waitUntil(lambda: len(plain.looks) == 1, timeout=60_000)
    click(joined, 15.5, 15.5)
    document.replace(document.layers[0].id, visible=False)
    plain.gate.release(1000)
    resting(qtbot, joined)
    assert plain.closed == 1
    assert (plain.looks[-1] == 255).all()
    assert (selected(document) == 255).all()


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


def test_after_cancelling_the_resting_pointer_asks_nothing_more(
    qtbot: QtBot, joined: MainWindow, plain: Plain, document: Document
) -> None:
    take_tool(qtbot, joined)
    queue = joined.clicks.queue
    plain.asked.clear()
    hover(joined, 40.5, 40.5)
    qtbot.waitUntil(queue._resting.isActive, timeout=5000)
    refused: list[bool] = []
    queue.ask(
        Asked(
            document,
            lambda number, source: Find(number, source, "studio-sam"),
            lambda _: None,
            lambda: refused.append(True),
        )
    )
    asked = len(plain.asked)
    assert joined.clicks.cancel()
    assert refused == [True]
    assert queue.idle, "nothing is about to be asked"
    qtbot.wait(3 * RESTING)
    assert len(plain.asked) == asked


@pytest.mark.parametrize("how", ["answered", "offered", "given up", "under way"])
def test_a_closed_document_is_let_go_of(qtbot: QtBot, joined: MainWindow, plain: Plain, how: str) -> None:
    joined.documents.add(photo())
    joined.documents.add(document := photo(title="other"))
    if how in ("given up", "under way"):
        plain.gate = threading.Semaphore(0)
        joined.tools.choose("click")
        qtbot.waitUntil(lambda: bool(plain.looks), timeout=60_000)
        if how == "given up":
            joined.clicks.cancel()
    else:
        take_tool(qtbot, joined)
        hover(joined, 15.5, 15.5)
        resting(qtbot, joined)
        if how == "answered":
            click(joined, 15.5, 15.5)
            resting(qtbot, joined)
    pixels, alive = weakref.ref(document.layers[0]), weakref.ref(document)
    joined.tools.choose("brush")  # so that no question about the other one takes its place
    joined.documents.close(document)
    del document
    if plain.gate is not None:
        plain.gate.release(1000)

    def gone() -> None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.unfreeze()  # opening a model exempts what exists then, and the document is in cycles
        gc.collect()
        assert alive() is None, "the document is held by somebody"
        assert pixels() is None, "its layers are held by somebody"

    qtbot.waitUntil(gone, timeout=5000)  # until nothing in it fails


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


def test_a_long_look_shows_progress_and_can_be_cancelled(
    qtbot: QtBot, joined: MainWindow, plain: Plain, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    states: list[JobState | None] = []
    joined.clicks.looking.connect(states.append)
    joined.clicks.queue.slow.setInterval(0)
    plain.gate = threading.Semaphore(0)
    joined.tools.choose("click")
    qtbot.waitUntil(lambda: len(plain.looks) == 1 and not joined.clicks.queue.slow.isActive(), timeout=60_000)
    plain.gate.release(2)
    qtbot.waitUntil(lambda: any(state is not None and state.index == 2 for state in states), timeout=60_000)
    assert joined.status.text.text() == "Looking at the picture: Step 2 of 4"
    assert joined.status.cancel.isVisible()
    act(joined, "cancel")
    assert states[-1] is None
    assert not joined.status.cancel.isVisible()
    plain.gate.release(1)
    qtbot.waitUntil(lambda: plain.closed == 1, timeout=60_000)
    hover(joined, 15.5, 15.5)
    assert joined.clicks.queue.idle  # not looked at again before the artist clicks
    plain.gate.release(100)
    click(joined, 15.5, 15.5)
    resting(qtbot, joined)
    assert (selected(document) == 255).sum() == 256


def test_a_large_picture_is_served_by_grabcut_which_says_so(
    qtbot: QtBot, joined: MainWindow, posted: list[Message]
) -> None:
    large = photo(1200, 800)
    large.replace(large.layers[0].id, pixels=_with_disc(1200, 800))
    joined.documents.add(large)
    take_tool(qtbot, joined)
    page = joined.option_bar.select_page
    assert page.click.model.currentText() == "Automatic: GrabCut"
    assert "a click alone is not enough" in page.click.hint
    click(joined, 600, 400)
    resting(qtbot, joined)
    assert "Draw a box around the thing" in posted[-1].sentence
    assert large.selection is None
    assert not joined.clicks.tool.pending
    drag(joined, (380, 180), (820, 620))
    resting(qtbot, joined)
    inside = selected(large)
    rows, columns = np.ogrid[:800, :1200]
    disc = (rows - 400) ** 2 + (columns - 600) ** 2 <= 180**2
    assert np.logical_and(inside > 0, disc).sum() / np.logical_or(inside > 0, disc).sum() > 0.97


def _with_disc(width: int, height: int) -> Any:
    from editor.tiles import TiledImage

    rows, columns = np.ogrid[:height, :width]
    pixels = np.full((height, width, 4), 255, np.uint8)
    noise = np.random.default_rng(0).integers(0, 20, (height, width, 3))
    disc = (rows - height / 2) ** 2 + (columns - width / 2) ** 2 <= 180**2
    pixels[..., :3] = np.where(disc[..., None], (180, 60, 40), (60, 110, 150)) + noise
    return TiledImage.from_array(pixels)


def test_the_artist_chooses_who_finds(
    qtbot: QtBot, joined: MainWindow, document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_tool(qtbot, joined)
    model = joined.option_bar.select_page.click.model
    assert model.currentText() == "Automatic: Plain"
    model.activated.emit(model.findData("grabcut"))
    resting(qtbot, joined)
    assert joined.clicks.at_work is not None
    assert joined.clicks.at_work.title.startswith("GrabCut")
    assert joined.settings.segmenter == "grabcut"
    checkpoint = tmp_path / "sam_vit_b.pth"
    checkpoint.write_bytes(b"weights")
    monkeypatch.setattr(dialogs, "ask_open_checkpoint", lambda *_: checkpoint)
    model.activated.emit(model.count() - 1)
    resting(qtbot, joined)
    assert model.currentText() == "sam_vit_b"
    model.activated.emit(0)
    large = photo(1200, 800)
    assert joined.clicks.model_for(large.size) == str(checkpoint)
    checkpoint.unlink()
    assert joined.clicks.model_for(large.size) == "grabcut"
    assert joined.clicks.model_for(document.size) == "studio-sam"


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


def test_up_to_what_size_the_bundled_network_is_asked() -> None:
    assert clicks.STUDIO_SIDE == 512  # the samples' size
