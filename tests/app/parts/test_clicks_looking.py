"""Select by click: when the picture is looked at, what is asked about it, and what is let go of."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.jobs.queue import JobState
from app.jobs.segment_queue import RESTING, Asked
from app.jobs.segments import Find
from app.main_window import MainWindow
from editor.document import Document
from editor.tools.overlay import PointingOverlay
from tests.app.conftest import act, photo
from tests.app.jobs.test_segment_worker import Plain
from tests.app.parts.pointing import NO_KEY, click, hover, resting, selected, take_tool


def test_choosing_the_tool_looks_at_the_picture_once(
    qtbot: QtBot, joined: MainWindow, plain: Plain, document: Document
) -> None:
    take_tool(qtbot, joined)
    assert len(plain.looks) == 1
    assert plain.looks[0].shape == (64, 96, 3)
    joined.tools.choose("brush")
    take_tool(qtbot, joined)
    assert len(plain.looks) == 1


def test_of_many_places_only_the_newest_is_answered(qtbot: QtBot, joined: MainWindow, plain: Plain) -> None:
    take_tool(qtbot, joined)
    plain.asked.clear()
    view = joined.workspace.view
    assert view is not None
    no_button = Qt.MouseButton.NoButton
    for x in range(10, 90, 2):  # the window's event loop does not run meanwhile, so no answer arrives
        place = view.canvas_to_widget(QPointF(x + 0.5, 40.5))
        there = view.mapToGlobal(place)
        event = QMouseEvent(QEvent.Type.MouseMove, place, there, no_button, no_button, NO_KEY)
        QApplication.sendEvent(view, event)
    resting(qtbot, joined)
    assert [prompts.clicks[0].x for prompts in plain.asked] == pytest.approx([10.5, 88.5, 88.5])  # roughly, finely


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
