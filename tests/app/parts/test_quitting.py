"""Quit with unsaved work: it is asked about, written first where the artist wants it, and never lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from pytestqt.qtbot import QtBot

from app import dialogs
from app.dialogs import Unsaved
from app.main_window import MainWindow
from editor import files
from editor.document import Document, Snapshot
from tests.app.conftest import act, change, photo

Wait = Callable[[], None]


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Documents are written only once this is set."""
    opened, save = Event(), files.save_snapshot

    def held(snapshot: Snapshot, path: Path) -> None:
        assert opened.wait(10)
        save(snapshot, path)

    monkeypatch.setattr(files, "save_snapshot", held)
    yield opened
    opened.set()


def test_quitting_can_be_called_off(window: MainWindow, document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialogs, "ask_unsaved", lambda *_: Unsaved.CANCEL)
    change(document)
    assert not window.close()
    assert window.isVisible()
    assert document in window.documents


def test_quitting_with_save_ends_when_everything_is_written(
    qtbot: QtBot, window: MainWindow, document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogs, "ask_unsaved", lambda *_: Unsaved.SAVE)
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "work.ora")
    change(document)
    assert not window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert (tmp_path / "work.ora").stat().st_size > 0


def test_quitting_while_a_save_runs_ends_when_it_is_written(
    qtbot: QtBot, window: MainWindow, document: Document, tmp_path: Path, gate: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "work.ora")
    monkeypatch.setattr(dialogs, "ask_unsaved", lambda *_: pytest.fail("asked"))
    change(document)
    act(window, "save")
    assert not window.close()
    assert window.isVisible()
    gate.set()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert (tmp_path / "work.ora").exists()


def test_a_quit_called_off_does_not_come_back_when_a_save_ends(
    window: MainWindow, document: Document, tmp_path: Path, wait: Wait, gate: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "work.ora")
    monkeypatch.setattr(dialogs, "ask_unsaved", lambda *_: Unsaved.CANCEL)
    change(document)
    act(window, "save")
    assert not window.close()
    second = photo(title="second")
    window.documents.add(second)
    change(second)
    assert not window.close()
    gate.set()
    wait()
    assert window.isVisible()


def test_after_a_failed_save_quitting_asks_about_every_document_again(
    window: MainWindow, document: Document, tmp_path: Path, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(_: object, title: str) -> Unsaved:
        asked.append(title)
        return Unsaved.DISCARD if title == "photo" else Unsaved.SAVE

    monkeypatch.setattr(dialogs, "ask_unsaved", ask)
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "no folder" / "work.ora")
    second = photo(title="second")
    window.documents.add(second)
    for one in (document, second):
        change(one)
    assert not window.close()
    wait()
    assert window.isVisible()
    change(document)
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: None)
    assert not window.close()
    assert asked == ["photo", "second"] * 2


def test_work_done_after_close_without_saving_is_asked_about(
    qtbot: QtBot, window: MainWindow, document: Document, tmp_path: Path, gate: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def ask(_: object, title: str) -> Unsaved:
        asked.append(title)
        return Unsaved.SAVE if title == "second" else Unsaved.DISCARD

    monkeypatch.setattr(dialogs, "ask_unsaved", ask)
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "work.ora")
    second = photo(title="second")
    window.documents.add(second)
    for one in (document, second):
        change(one)
    assert not window.close()
    change(document)
    gate.set()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert asked == ["photo", "second", "photo"]


def test_a_save_that_fails_while_another_document_is_asked_about_stops_the_quitting(
    window: MainWindow, document: Document, tmp_path: Path, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(_: object, title: str) -> Unsaved:
        if title == "photo":
            return Unsaved.SAVE
        wait()  # the artist thinks; meanwhile the save fails
        return Unsaved.DISCARD

    monkeypatch.setattr(dialogs, "ask_unsaved", ask)
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "no folder" / "work.ora")
    second = photo(title="second")
    window.documents.add(second)
    for one in (document, second):
        change(one)
    assert not window.close()
    assert window.isVisible()
