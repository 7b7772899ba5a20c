"""Every error becomes a sentence in the bar and a line in the log; the program goes on."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.errors import Message, MessageBar, Messages, start_log
from editor.errors import FileProblem, LayerLocked
from engine.errors import OutOfMemory


@pytest.fixture
def page(qtbot: QtBot) -> QWidget:
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(600, 400)
    made.show()
    return made


@pytest.fixture
def bar(page: QWidget, tmp_path: Path) -> MessageBar:
    return MessageBar(tmp_path / "pentimento.log", page)


@pytest.fixture
def messages() -> Messages:
    return Messages()


@pytest.fixture
def posted(messages: Messages) -> list[Message]:
    found: list[Message] = []
    messages.posted.connect(found.append)
    return found


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    path = start_log(tmp_path / "logs" / "pentimento.log")
    assert path is not None
    yield path
    root = logging.getLogger()
    for handler in [h for h in root.handlers if getattr(h, "baseFilename", "") == str(path)]:
        root.removeHandler(handler)
        handler.close()


@pytest.mark.parametrize("error", [LayerLocked("Photo"), FileProblem("It is damaged."), OutOfMemory("Too large.")])
def test_our_own_errors_are_shown_as_they_are(messages: Messages, posted: list[Message], error: Exception) -> None:
    messages.report(error)
    assert posted[0].sentence == str(error)
    assert posted[0].level == "error"
    assert type(error).__name__ in posted[0].details


def test_other_errors_get_a_general_sentence_and_a_traceback(messages: Messages, posted: list[Message]) -> None:
    try:
        {}["missing"]
    except KeyError as error:
        messages.report(error)
    assert "KeyError" in posted[0].sentence
    assert "Traceback" in posted[0].details
    messages.report(MemoryError())
    assert "not enough memory" in posted[1].sentence


def test_errors_are_logged(messages: Messages, log: Path) -> None:
    messages.report(FileProblem("“cat.png” is damaged."))
    text = log.read_text(encoding="utf-8")
    assert "“cat.png” is damaged." in text
    assert "ERROR" in text


def test_no_log_where_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert start_log(tmp_path / "file" / "pentimento.log") is None


def test_an_exception_in_a_slot_is_shown_and_the_program_goes_on(
    qtbot: QtBot, messages: Messages, posted: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    with qtbot.captureExceptions():
        messages.catch_everything()
        QTimer.singleShot(0, lambda: 1 / 0)
        qtbot.waitUntil(lambda: bool(posted))
    assert "ZeroDivisionError" in posted[0].sentence


def test_the_bar_shows_one_message_and_keeps_the_ones_before(bar: MessageBar) -> None:
    assert not bar.isVisible()
    bar.post(Message("error", "First.", "trace"))
    bar.post(Message("warning", "Second."))
    assert bar.isVisible()
    assert bar._text.text() == "Second."
    assert bar._more.text() == "1 more"
    assert not bar.details_button.isVisible()
    bar.close_button.click()
    assert bar._text.text() == "First."
    bar.close_button.click()
    assert not bar.isVisible()


def test_details_on_demand_with_the_log_files_place(bar: MessageBar, tmp_path: Path) -> None:
    bar.post(Message("error", "First.", "the trace"))
    assert not bar._details.isVisible()
    bar.details_button.click()
    assert bar._details.isVisible()
    assert bar._details.toPlainText() == "the trace"
    assert str(tmp_path / "pentimento.log") in bar._log_link.text()


def test_the_same_message_twice_is_shown_once(bar: MessageBar) -> None:
    for _ in range(3):
        bar.post(Message("error", "First."))
    bar.close_button.click()
    assert not bar.isVisible()


def test_a_long_sentence_is_wrapped_and_nothing_is_cut_off(bar: MessageBar) -> None:
    bar.post(Message("error", "Short."))
    low = bar.height()
    bar.post(Message("error", "A longer sentence that says what happened and what to do next. " * 4))
    assert bar.height() > low
    assert bar._text.height() >= bar._text.heightForWidth(bar._text.width())
    parent = bar.parentWidget()
    assert parent is not None
    assert parent.rect().contains(bar.geometry())


def test_information_goes_by_itself(qtbot: QtBot, bar: MessageBar) -> None:
    bar._timer.setInterval(20)
    bar.post(Message("info", "Saved."))
    qtbot.waitUntil(lambda: not bar.isVisible())
    bar.post(Message("error", "Stays."))
    qtbot.wait(60)
    assert bar.isVisible()
