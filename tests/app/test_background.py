"""Worker threads: results and errors come back in the window's thread."""

from __future__ import annotations

import threading
import time

import pytest
from pytestqt.qtbot import QtBot

from app.background import Background


@pytest.fixture
def background(qtbot: QtBot) -> Background:
    return Background()


def test_work_is_done_elsewhere_and_told_here(qtbot: QtBot, background: Background) -> None:
    found: list[tuple[int, int]] = []
    here = threading.get_ident()
    background.run("Working", threading.get_ident, lambda there: found.append((there, threading.get_ident())))
    assert background.busy
    qtbot.waitUntil(lambda: bool(found))
    assert found[0][0] != here
    assert found[0][1] == here
    assert not background.busy


def test_the_window_goes_on_meanwhile(qtbot: QtBot, background: Background) -> None:
    gate, done = threading.Event(), []
    started = time.perf_counter()
    background.run("Waiting", lambda: gate.wait(10), done.append)
    assert time.perf_counter() - started < 0.05
    gate.set()
    qtbot.waitUntil(lambda: done == [True])


def test_what_is_busy_is_told(qtbot: QtBot, background: Background) -> None:
    told: list[str] = []
    background.busy_changed.connect(told.append)
    with qtbot.waitSignal(background.busy_changed, check_params_cb=lambda what: what == ""):
        background.run("Opening a.png", lambda: None, lambda _: None)
    assert told[0] == "Opening a.png"
    assert told[-1] == ""


def test_an_error_goes_to_the_one_who_asked_or_to_the_signal(qtbot: QtBot, background: Background) -> None:
    errors: list[Exception] = []
    background.run("", lambda: 1 / 0, lambda _: pytest.fail("no result"), errors.append)
    qtbot.waitUntil(lambda: len(errors) == 1)
    assert isinstance(errors[0], ZeroDivisionError)
    with qtbot.waitSignal(background.failed) as failed:
        background.run("", lambda: 1 / 0, lambda _: None)
    assert failed.args is not None
    assert isinstance(failed.args[0], ZeroDivisionError)


def test_shutdown_finishes_what_was_begun(background: Background) -> None:
    done: list[int] = []
    background.run("", lambda: (time.sleep(0.1), done.append(1)), lambda _: done.append(2))
    background.shutdown()
    assert done == [1]
