"""Autosave in the window: what is written when, what is taken away, and what is said when it does not work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app import dialogs
from app.main_window import MainWindow
from editor import autosave
from editor.commands import Rename
from editor.document import Document
from editor.errors import FileProblem
from editor.files import open_document
from editor.leavings import autosaved_in
from tests.app.conftest import act, change, photo
from tests.app.daubing import SOON, daubing
from tests.app.jobs.conftest import Daubs

Wait = Callable[[], None]


@pytest.fixture
def place(window: MainWindow, tmp_path: Path) -> Path:
    """Autosave works, into this folder."""
    window.autosaving.begin(tmp_path / "autosave")
    return tmp_path / "autosave"


@pytest.fixture
def written(qtbot: QtBot, window: MainWindow) -> Wait:
    """Waits until the writer has nothing to do."""
    return lambda: qtbot.waitUntil(lambda: not window.autosaving._writer.busy, timeout=20_000)


def kept(place: Path) -> list[str]:
    """What the names of the lowest layers say, of all documents that are kept."""
    if not place.exists():
        return []
    return [open_document(file).layers[0].name for folder in place.iterdir() for file in autosaved_in(folder)]


def rename(document: Document, name: str) -> None:
    document.history.do(Rename(document.layers[0].id, name))


def test_only_what_is_not_saved_is_written_each_document_once(
    window: MainWindow, document: Document, place: Path, written: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = photo(40, 30, "other")
    window.documents.add(other)
    window.autosaving.autosave()
    assert kept(place) == []
    rename(document, "one")
    rename(other, "two")
    window.autosaving.autosave()
    written()
    assert sorted(kept(place)) == ["one", "two"]
    calls: list[int] = []
    keep = autosave.Autosave.keep
    monkeypatch.setattr(autosave.Autosave, "keep", lambda self, key, *rest: (calls.append(key), keep(self, key, *rest)))
    window.autosaving.autosave()
    written()
    assert calls == []  # nothing has changed since
    rename(other, "three")
    window.autosaving.autosave()
    written()
    assert len(calls) == 1
    assert sorted(kept(place)) == ["one", "three"]


def test_the_windows_thread_waits_for_nothing(
    window: MainWindow, document: Document, place: Path, written: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, keep = threading.Event(), autosave.Autosave.keep
    threads: list[int] = []

    def held(self: autosave.Autosave, *rest: Any) -> None:
        threads.append(threading.get_ident())
        assert gate.wait(20)
        keep(self, *rest)

    monkeypatch.setattr(autosave.Autosave, "keep", held)
    for name in ("one", "two", "three"):  # two of them while the first is being written
        rename(document, name)
        window.autosaving.autosave()
    gate.set()
    written()
    assert kept(place) == ["three"]
    assert len(threads) == 2  # what came meanwhile was written once
    assert threading.get_ident() not in threads


def test_an_edit_begins_with_an_autosave_a_live_one_does_not(
    qtbot: QtBot,
    window: MainWindow,
    document: Document,
    place: Path,
    written: Wait,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with daubing(window, Daubs(), monkeypatch) as engine:
        rename(document, "one")
        with qtbot.waitSignal(engine.finished, timeout=SOON):
            act(window, "run")
        written()
        assert kept(place) == ["one"]
        rename(document, "two")
        with qtbot.waitSignal(engine.finished, timeout=SOON):
            window.options.live = True
        written()
        assert kept(place) == ["one"]


def test_saving_and_closing_take_away_what_was_kept(
    window: MainWindow,
    document: Document,
    place: Path,
    written: Wait,
    wait: Wait,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "work.ora")
    rename(document, "one")
    window.autosaving.autosave()
    written()
    act(window, "save")
    wait()
    written()
    assert kept(place) == []
    rename(document, "two")
    window.autosaving.autosave()
    written()
    assert kept(place) == ["two"]
    window.documents.close(document)
    written()
    assert kept(place) == []


def test_what_changed_while_it_was_saved_is_kept_as_newer_than_the_file(
    window: MainWindow,
    document: Document,
    place: Path,
    written: Wait,
    wait: Wait,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "work.ora")
    rename(document, "one")
    window.autosaving.autosave()
    act(window, "save")
    rename(document, "two")
    wait()
    written()
    assert document.modified
    assert kept(place) == ["two"]


def test_undoing_to_what_is_saved_needs_no_autosave_any_more(
    window: MainWindow, document: Document, place: Path, written: Wait
) -> None:
    rename(document, "one")
    window.autosaving.autosave()
    document.history.undo()
    written()
    assert kept(place) == ["one"]  # a redo before the next autosave must not find it gone
    window.autosaving.autosave()
    written()
    assert kept(place) == []


def test_a_failure_is_one_quiet_line_until_it_works_again(
    window: MainWindow,
    document: Document,
    place: Path,
    written: Wait,
    posted: list[object],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise FileProblem("“photo” could not be autosaved (No space left on device). Save it yourself.")

    change(document)
    with monkeypatch.context() as patched:
        patched.setattr(autosave.Autosave, "keep", full)
        for _ in range(3):
            window.autosaving.autosave()
            written()
    assert window.status.text.text() == "“photo” could not be autosaved (No space left on device). Save it yourself."
    assert posted == []
    assert [record.levelname for record in caplog.records] == ["WARNING"]  # once, not each minute
    window.autosaving.autosave()
    written()
    assert "autosaved" not in window.status.text.text()
    assert len(kept(place)) == 1


def test_how_often_is_asked_and_remembered(
    window: MainWindow, document: Document, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    timer = window.autosaving._timer
    assert timer.isActive()
    assert timer.interval() == 60_000
    monkeypatch.setattr(dialogs, "ask_number", lambda *_: 5)
    act(window, "autosave")
    assert window.settings.autosave_minutes == 5
    assert timer.interval() == 300_000
    monkeypatch.setattr(dialogs, "ask_number", lambda *_: 0)
    act(window, "autosave")
    assert not timer.isActive()
    change(document)
    window.autosaving.autosave()
    assert not window.autosaving._writer.busy
    monkeypatch.setattr(dialogs, "ask_number", lambda *_: None)
    act(window, "autosave")
    assert window.settings.autosave_minutes == 0


def test_nothing_is_written_before_it_has_begun(window: MainWindow, document: Document) -> None:
    change(document)
    window.autosaving.autosave()
    assert not window.autosaving._writer.busy


def test_a_clean_end_leaves_nothing(window: MainWindow, document: Document, place: Path, written: Wait) -> None:
    change(document)
    window.autosaving.autosave()
    written()
    assert len(kept(place)) == 1
    window.autosaving.end()
    assert list(place.iterdir()) == []
