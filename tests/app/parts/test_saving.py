from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.background import Background
from app.parts.saving import Saver
from editor import commands
from editor.files import open_document
from tests.editor.builders import photo_document


def test_one_document_is_written_in_the_order_that_was_asked_for(qtbot: QtBot, tmp_path: Path) -> None:
    parent = QObject()
    background = Background(parent)
    saver = Saver(background, parent)
    document = photo_document(40, 30)
    document.history.do(commands.Rename(document.layers[0].id, "first"))
    done: list[object] = []
    saver.written.connect(lambda _, path: done.append(path.name))
    saver.write(document, tmp_path / "a.ora", lambda: done.append("then a"))
    document.history.do(commands.Rename(document.layers[0].id, "second"))
    saver.write(document, tmp_path / "b.ora", lambda: done.append("then b"))
    saver.write(document, tmp_path / "b.ora", lambda: done.append("then b again"))  # one writing serves both
    assert saver.saving(document)
    assert saver.path_of(document) == tmp_path / "b.ora"
    with qtbot.waitSignal(saver.all_written, timeout=30_000):
        pass
    assert done == ["a.ora", "b.ora", "then a", "then b", "then b again"]
    assert not saver.busy
    assert not document.modified
    assert [open_document(tmp_path / name).layers[0].name for name in ("a.ora", "b.ora")] == ["first", "second"]
    background.shutdown()


def test_what_cannot_be_written_is_told_and_the_next_one_is(qtbot: QtBot, tmp_path: Path) -> None:
    parent = QObject()
    background = Background(parent)
    saver = Saver(background, parent)
    document = photo_document(40, 30)
    document.history.do(commands.Rename(document.layers[0].id, "changed"))
    failed: list[str] = []
    saver.failed.connect(lambda _, error: failed.append(str(error)))
    saver.write(document, tmp_path / "nowhere" / "a.ora", lambda: failed.append("must not be called"))
    saver.write(document, tmp_path / "b.ora")
    with qtbot.waitSignal(saver.all_written, timeout=30_000):
        pass
    assert len(failed) == 1
    assert "is not there" in failed[0]
    assert document.path == tmp_path / "b.ora"
    assert not document.modified
    background.shutdown()
