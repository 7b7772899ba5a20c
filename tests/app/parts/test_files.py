"""Open, save, export, close: in worker threads, with nothing lost and every problem told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from app import dialogs
from app.dialogs import Unsaved
from app.errors import Message
from app.main_window import MainWindow
from editor import files
from editor.commands import Rename
from editor.document import Document, Snapshot
from tests.app.conftest import act, change, photo

Wait = Callable[[], None]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "cat.png"
    Image.fromarray(np.full((30, 50, 3), (10, 120, 200), np.uint8)).save(path)
    return path


def test_a_picture_opens_in_a_tab_of_its_own(window: MainWindow, picture: Path, wait: Wait) -> None:
    window.files.open_paths([picture])
    assert window.documents.current is None  # the window is not held up by reading
    wait()
    document = window.documents.current
    assert document is not None
    assert (document.title, document.size, document.modified) == ("cat", (50, 30), False)
    assert window.workspace.tabs.tabText(0) == "cat"
    assert window.workspace.view is not None
    assert window.settings.recent == [picture]


def test_a_missing_file_becomes_one_sentence(
    window: MainWindow, tmp_path: Path, wait: Wait, posted: list[Message]
) -> None:
    window.files.open_paths([tmp_path / "gone.png"])
    wait()
    assert window.documents.current is None
    assert len(posted) == 1
    assert "gone.png" in posted[0].sentence
    assert window.workspace.messages.isVisible()


def test_save_asks_where_once_and_marks_the_document_saved(
    window: MainWindow, document: Document, tmp_path: Path, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Path] = []

    def ask(_: object, suggestion: Path) -> Path:
        asked.append(suggestion)
        return tmp_path / "work.ora"

    monkeypatch.setattr(dialogs, "ask_save", ask)
    change(document)
    assert window.workspace.tabs.tabText(0) == "photo •"
    act(window, "save")
    wait()
    assert not document.modified
    assert window.workspace.tabs.tabText(0) == "work"
    change_again = document.layers[0].id
    document.history.do(Rename(change_again, "Again"))
    act(window, "save")
    wait()
    assert not document.modified
    assert [path.name for path in asked] == ["photo.ora"]


def test_a_change_made_while_saving_stays_unsaved(
    window: MainWindow, document: Document, tmp_path: Path, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "work.ora")
    change(document)
    act(window, "save")
    document.history.do(Rename(document.layers[0].id, "Meanwhile"))
    wait()
    assert document.path == tmp_path / "work.ora"
    assert document.modified


def test_an_unwritable_target_is_told_and_loses_nothing(
    window: MainWindow,
    document: Document,
    tmp_path: Path,
    wait: Wait,
    posted: list[Message],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "no folder" / "work.ora")
    change(document)
    act(window, "save")
    wait()
    assert document.modified
    assert document.path is None
    assert posted[-1].level == "error"


@pytest.mark.parametrize("name", ["out.png", "out.jpg", "out.webp", "out.tif"])
def test_export_writes_a_flat_picture(
    window: MainWindow, document: Document, tmp_path: Path, wait: Wait, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogs, "ask_export", lambda *_: tmp_path / name)
    act(window, "export")
    wait()
    with Image.open(tmp_path / name) as written:
        assert written.size == document.size


@pytest.mark.parametrize(
    ("answer", "open_after"), [(Unsaved.DISCARD, False), (Unsaved.CANCEL, True), (Unsaved.SAVE, False)]
)
def test_closing_asks_about_unsaved_changes(
    window: MainWindow,
    document: Document,
    tmp_path: Path,
    wait: Wait,
    answer: Unsaved,
    open_after: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dialogs, "ask_unsaved", lambda *_: answer)
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "work.ora")
    change(document)
    act(window, "close")
    wait()
    assert (document in window.documents) is open_after
    assert (tmp_path / "work.ora").exists() is (answer is Unsaved.SAVE)


def test_closing_an_unchanged_document_asks_nothing(
    window: MainWindow, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogs, "ask_unsaved", lambda *_: pytest.fail("asked"))
    act(window, "close")
    assert len(window.documents) == 0
    assert window.workspace.view is None


def test_saves_of_one_document_follow_each_other(
    window: MainWindow, document: Document, tmp_path: Path, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    running, most, written = 0, 0, list[tuple[str, str]]()
    gate, save = Event(), files.save_snapshot

    def held(snapshot: Snapshot, path: Path) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        assert gate.wait(10)
        save(snapshot, path)
        written.append((path.name, snapshot.layers[0].name))
        running -= 1

    targets = iter([tmp_path / "a.ora", tmp_path / "b.ora"])
    monkeypatch.setattr(files, "save_snapshot", held)
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: next(targets))
    change(document)
    act(window, "save")  # asks: a.ora
    document.history.do(Rename(document.layers[0].id, "Later"))
    act(window, "save")  # where it is being saved already
    act(window, "save")  # the same wish again
    act(window, "save_as")  # asks: b.ora
    gate.set()
    wait()
    assert most == 1
    assert written == [("a.ora", "Renamed"), ("a.ora", "Later"), ("b.ora", "Later")]
    assert document.path == tmp_path / "b.ora"
    assert not document.modified


def test_a_waiting_save_starts_after_one_that_failed(
    window: MainWindow, document: Document, tmp_path: Path, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = iter([tmp_path / "no folder" / "a.ora", tmp_path / "b.ora"])
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: next(targets))
    change(document)
    act(window, "save")
    window.files.save_as()
    wait()
    assert document.path == tmp_path / "b.ora"
    assert not document.modified


def test_a_file_is_known_by_its_whole_path(
    window: MainWindow, picture: Path, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(picture.parent)
    window.files.open_paths([Path("cat.png")])
    wait()
    assert window.settings.recent == [picture]
    assert window.settings.folder == picture.parent


@pytest.mark.parametrize("spelling", ["work.ora", "../{folder}/work.ora"])
def test_an_open_document_is_known_by_a_relative_path(
    window: MainWindow,
    document: Document,
    tmp_path: Path,
    wait: Wait,
    spelling: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "work.ora")
    act(window, "save")
    wait()
    monkeypatch.chdir(tmp_path)
    window.files.open_paths([Path(spelling.format(folder=tmp_path.name))])
    wait()
    assert len(window.documents) == 1


def test_files_dropped_on_the_window_are_opened(window: MainWindow, picture: Path, wait: Wait) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(picture))])
    event = QDropEvent(
        QPointF(10, 10), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    window.dropEvent(event)
    wait()
    assert window.documents.current is not None
    assert window.documents.current.title == "cat"


def test_a_picture_dropped_on_the_canvas_becomes_a_layer(
    window: MainWindow, document: Document, picture: Path, wait: Wait
) -> None:
    assert window.workspace.view is not None
    window.workspace.view.files_dropped.emit([picture], QPoint())
    wait()
    assert len(window.documents) == 1
    assert len(document.layers) == 2
    assert document.history.steps[-1].title == "Paste"


def test_layers_go_to_photoshop_and_come_back_where_they_are_dropped(
    window: MainWindow, document: Document, tmp_path: Path, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    document.history.do(Rename(document.layers[0].id, "Ünder \N{CAT}"))
    monkeypatch.setattr(dialogs, "ask_export", lambda *_: tmp_path / "study.psd")
    act(window, "export")
    wait()
    assert window.workspace.view is not None
    window.workspace.view.files_dropped.emit([tmp_path / "study.psd"], QPoint())
    wait()
    assert len(document.layers) == 1
    assert len(window.documents) == 2
    found = window.documents.current
    assert found is not None
    assert ([layer.name for layer in found.layers], found.title, found.path) == (["Ünder \N{CAT}"], "study", None)


def test_several_documents_are_tabs(window: MainWindow, document: Document) -> None:
    second = photo(40, 30, "second")
    window.documents.add(second)
    assert window.workspace.tabs.count() == 2
    assert window.documents.current is second
    act(window, "next_document")
    assert window.documents.current is document
    window.workspace.tabs.setCurrentIndex(1)
    assert window.documents.current is second
    assert window.layers_panel.document is second
    window.documents.close(second)
    assert window.documents.current is document
    assert window.workspace.tabs.count() == 1


def test_an_open_document_is_not_opened_twice(
    window: MainWindow, document: Document, tmp_path: Path, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "work.ora")
    act(window, "save")
    wait()
    window.documents.add(photo(title="other"))
    window.files.open_paths([tmp_path / "work.ora"])
    wait()
    assert len(window.documents) == 2
    assert window.documents.current is document


@pytest.mark.parametrize(("paper", "bits"), [("white", 8), ("transparent", 16)])
def test_new_canvas(window: MainWindow, paper: str, bits: int) -> None:
    document = window.files.add_empty((32, 20), paper, bits)
    assert document.size == (32, 20)
    assert document.dtype.itemsize * 8 == bits
    pixels = document.layers[0].pixels.read(document.canvas)  # type: ignore[attr-defined]
    assert pixels.min() == (255 if paper == "white" else 0)
    assert not document.modified
