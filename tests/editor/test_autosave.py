"""What is kept of documents that are not saved, and what is found of it after a crash."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from editor import autosave as module
from editor import commands
from editor.autosave import Autosave
from editor.composite import composite
from editor.document import Document
from editor.errors import FileProblem
from editor.files import open_document, save_document
from editor.geometry import Rect
from editor.leavings import Leavings, autosaved_in, usual_place
from editor.masks import rectangle
from editor.points import PointPair
from tests.editor.builders import photo_document, same_state

CRASHING = """
import os, sys
from pathlib import Path
from tests.editor.test_autosave import keep_three
autosave = keep_three(Path(sys.argv[1]))
(autosave._own[0] / ".3-12345678.part.ora").write_bytes(b"half of a file")
os.kill(os.getpid(), 9)
"""
ROOT = Path(__file__).parents[2]


def keep_three(place: Path) -> Autosave:
    """Three documents, one of which had been saved beside the place."""
    autosave = Autosave(place)
    for key, (title, time) in enumerate([("first", 100.0), ("second", 300.0), ("third", 200.0)], start=1):
        path = place.parent / "second.ora" if title == "second" else None
        autosave.keep(key, photo_document(64, 48, seed=key).snapshot(), title, path, time)
    return autosave


def abandon(place: Path) -> None:
    """As if a program had kept three documents and died: the system lets go of its lock."""
    autosave = keep_three(place)
    assert autosave._own is not None
    autosave._own[1].release()


def assert_same_pixels(one: Document, other: Document) -> None:
    np.testing.assert_array_equal(composite(one.snapshot()), composite(other.snapshot()))


def test_what_a_killed_program_kept_is_found_newest_first_and_opens_equal(tmp_path: Path) -> None:
    place = tmp_path / "autosave"
    done = subprocess.run([sys.executable, "-c", CRASHING, str(place)], cwd=ROOT, check=False)
    assert done.returncode == -9
    leavings = Leavings(place)
    assert [left.title for left in leavings.documents] == ["second", "third", "first"]
    assert [left.time for left in leavings.documents] == [300.0, 200.0, 100.0]
    assert [left.path for left in leavings.documents] == [tmp_path / "second.ora", None, None]
    first = open_document(leavings.documents[2].file)
    assert_same_pixels(first, photo_document(64, 48, seed=1))
    assert first.title == "first"
    for left in leavings.documents:
        left.discard()
    leavings.close()
    assert list(place.iterdir()) == []  # the half-written file went with the folder


def test_selection_points_and_box_are_kept(tmp_path: Path) -> None:
    document = photo_document(64, 48)
    document.history.do(commands.SetSelection(rectangle(Rect(4, 5, 20, 10), document.canvas)))
    document.history.do(commands.SetPoints((PointPair((3.0, 4.0), (20.0, 30.0)),)))
    document.history.do(commands.SetBox(Rect(8, 8, 16, 12)))
    autosave = Autosave(tmp_path)
    autosave.keep(1, document.snapshot(), "a", None, 1.0)
    (folder,) = tmp_path.iterdir()
    assert same_state(open_document(folder / "1.ora").snapshot(), document.snapshot())
    autosave.close()


def test_a_running_program_is_left_alone(tmp_path: Path) -> None:
    autosave = Autosave(tmp_path)
    assert list(tmp_path.iterdir()) == []  # nothing is made before there is something to keep
    autosave.keep(1, photo_document(40, 30).snapshot(), "a", None, 1.0)
    leavings = Leavings(tmp_path)
    assert leavings.documents == ()
    leavings.close()
    (folder,) = tmp_path.iterdir()
    assert [file.name for file in autosaved_in(folder)] == ["1.ora"]
    assert folder.stat().st_mode & 0o077 == 0
    autosave.close()
    assert list(tmp_path.iterdir()) == []


def test_one_file_for_each_document_its_newest_state(tmp_path: Path) -> None:
    autosave, document = Autosave(tmp_path), photo_document(40, 30)
    for turn in range(3):
        document.history.do(commands.Rename(document.layers[0].id, f"turn {turn}"))
        autosave.keep(7, document.snapshot(), "a", None, float(turn))
    autosave.keep(8, photo_document(20, 10).snapshot(), "b", None, 1.0)
    (folder,) = tmp_path.iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["7.ora", "8.ora", "lock"]
    assert open_document(folder / "7.ora").layers[0].name == "turn 2"
    autosave.drop(7)
    autosave.drop(7)
    assert sorted(path.name for path in folder.iterdir()) == ["8.ora", "lock"]
    autosave.close()


def test_leavings_are_held_until_closed_and_offered_again(tmp_path: Path) -> None:
    abandon(tmp_path)
    leavings = Leavings(tmp_path)
    other = Leavings(tmp_path)  # another program starts meanwhile
    assert other.documents == ()
    other.close()
    leavings.documents[0].discard()
    leavings.close()
    again = Leavings(tmp_path)
    assert [left.title for left in again.documents] == ["third", "first"]
    for left in again.documents:
        left.discard()
        left.discard()  # what is gone already is no error
    again.close()
    assert list(tmp_path.iterdir()) == []


def test_what_was_left_is_adopted_without_a_moment_in_which_it_could_be_lost(tmp_path: Path) -> None:
    abandon(tmp_path)
    leavings = Leavings(tmp_path)
    left = leavings.documents[0]
    autosave = Autosave(tmp_path)
    autosave.adopt(left, 5)
    assert not left.file.exists()
    own = next(folder for folder in tmp_path.iterdir() if folder != left.file.parent)
    assert [file.name for file in autosaved_in(own)] == ["5.ora"]
    with zipfile.ZipFile(own / "5.ora") as archive:
        assert b'"second"' in archive.comment
    autosave.close()
    leavings.close()
    assert [left.title for left in Leavings(tmp_path).documents] == ["third", "first"]


def test_a_file_saved_later_is_known(tmp_path: Path) -> None:
    abandon(tmp_path / "autosave")
    leavings = Leavings(tmp_path / "autosave")
    left = leavings.documents[0]
    assert not left.saved_since  # there is no such file
    document = photo_document(40, 30)
    save_document(document, tmp_path / "second.ora")
    os.utime(tmp_path / "second.ora", (299.0, 299.0))
    assert not left.saved_since
    os.utime(tmp_path / "second.ora", (301.0, 301.0))
    assert left.saved_since
    leavings.close()


def test_a_file_without_its_note_is_offered_all_the_same(tmp_path: Path) -> None:
    abandon(tmp_path)
    (folder,) = tmp_path.iterdir()
    for name, comment in (("1.ora", b""), ("2.ora", b'{"title": 3}'), ("3.ora", b"[]")):
        with zipfile.ZipFile(folder / name, "a") as archive:
            archive.comment = comment
    (folder / "4.ora").write_bytes(b"no ZIP at all")
    leavings = Leavings(tmp_path)
    assert {(left.file.name, left.path) for left in leavings.documents} == {(f"{n}.ora", None) for n in (1, 2, 3, 4)}
    assert {left.title for left in leavings.documents} == {"Untitled"}
    leavings.close()


def test_a_full_disk_is_one_sentence_and_the_file_before_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    autosave, document = Autosave(tmp_path), photo_document(40, 30)
    autosave.keep(1, document.snapshot(), "Sunset", None, 1.0)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    document.history.do(commands.ReplacePixels(document.layers[0].id, photo_document(40, 30, seed=9).layers[0].pixels))
    with monkeypatch.context() as patched:
        patched.setattr(module, "save_snapshot", full)
        with pytest.raises(FileProblem) as told:
            autosave.keep(1, document.snapshot(), "Sunset", None, 2.0)
    assert str(told.value) == (
        "“Sunset” could not be autosaved (No space left on device). Save it yourself from time to time."
    )
    (folder,) = tmp_path.iterdir()
    assert sorted(path.name for path in folder.iterdir()) == ["1.ora", "lock"]
    assert_same_pixels(open_document(folder / "1.ora"), photo_document(40, 30))
    autosave.close()


def test_a_place_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    autosave = Autosave(tmp_path / "file" / "autosave")
    with pytest.raises(FileProblem, match=r"“a” could not be autosaved \(.*\)\. Save it yourself"):
        autosave.keep(1, photo_document(20, 10).snapshot(), "a", None, 1.0)
    autosave.drop(1)
    autosave.close()


def test_a_folder_that_was_deleted_is_made_again(tmp_path: Path) -> None:
    autosave = Autosave(tmp_path)
    autosave.keep(1, photo_document(20, 10).snapshot(), "a", None, 1.0)
    (folder,) = tmp_path.iterdir()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    autosave.keep(1, photo_document(20, 10).snapshot(), "a", None, 2.0)
    (folder,) = tmp_path.iterdir()
    assert [file.name for file in autosaved_in(folder)] == ["1.ora"]
    autosave.close()


def test_titles_of_any_length_fit(tmp_path: Path) -> None:
    autosave = Autosave(tmp_path)
    autosave.keep(1, photo_document(20, 10).snapshot(), "ß" * 70_000, None, 1.0)
    (folder,) = tmp_path.iterdir()
    with zipfile.ZipFile(folder / "1.ora") as archive:
        assert len(archive.comment) < 65_535
    autosave.close()


def test_the_users_data_is_the_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    if sys.platform.startswith("linux"):
        assert usual_place() == tmp_path / "pentimento" / "autosave"
