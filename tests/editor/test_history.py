from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from editor.commands import (
    Command,
    RemoveLayer,
    Rename,
    ReplacePixels,
    ReplaceResult,
    Sequence,
    SetOpacity,
    SetVisible,
)
from editor.composite import composite
from editor.document import Change, Document, Snapshot, What
from editor.errors import DocumentError
from editor.history import History
from editor.tiles import TiledImage
from tests.editor.builders import noise, photo_document, same_state

PICTURE = 300 * 280 * 4


def with_history(document: Document, limit: int, folder: Path | None = None) -> History:
    document.history = History(document, limit, folder)
    return document.history


def repainted(document: Document, seed: int) -> ReplacePixels:
    return ReplacePixels(document.layers[0].id, TiledImage.from_array(noise(280, 300, document.dtype, seed)))


def test_steps_titles_and_position() -> None:
    document = photo_document()
    layer, history = document.layers[0].id, document.history
    told: list[Change] = []
    document.subscribe(lambda change: told.append(change) if change.what is What.HISTORY else None)
    history.do(SetOpacity(layer, 0.5))
    history.do(Rename(layer, "Sky"))
    assert [step.title for step in history.steps] == ["Layer opacity", "Rename layer"]
    assert (history.position, history.can_undo, history.can_redo) == (2, True, False)
    history.undo()
    assert (document[layer].name, history.position, history.can_redo) == ("Photo", 1, True)
    history.do(SetVisible(layer, False))
    assert [step.title for step in history.steps] == ["Layer opacity", "Hide layer"]
    history.go_to(0)
    history.undo()
    assert (history.position, document[layer].opacity, document[layer].visible) == (0, 1.0, True)
    history.go_to(99)
    history.redo()
    assert (history.position, document[layer].opacity, document[layer].visible) == (2, 0.5, False)
    assert len({step.id for step in history.steps}) == 2
    assert len(told) == 8


def test_a_slider_drag_is_one_step_until_it_is_sealed() -> None:
    document = photo_document()
    layer, history = document.layers[0].id, document.history
    for value in (0.9, 0.7, 0.5):
        history.do(SetOpacity(layer, value), merge=True)
    assert len(history.steps) == 1
    history.seal()
    history.do(SetOpacity(layer, 0.2), merge=True)
    history.do(Rename(layer, "x"), merge=True)
    history.do(SetOpacity(layer, 0.1), merge=True)
    assert len(history.steps) == 4
    history.undo()
    history.undo()
    assert document[layer].opacity == 0.2
    history.undo()
    assert document[layer].opacity == 0.5
    history.undo()
    assert document[layer].opacity == 1.0
    history.redo()
    assert document[layer].opacity == 0.5
    history.do(SetOpacity(layer, 0.4), merge=True)
    assert [step.title for step in history.steps] == ["Layer opacity"] * 2


def test_modified_follows_the_saved_step() -> None:
    document = photo_document()
    layer, history = document.layers[0].id, document.history
    assert not document.modified
    history.do(SetOpacity(layer, 0.5), merge=True)
    assert document.modified
    history.mark_saved()
    assert not document.modified
    history.do(SetOpacity(layer, 0.6), merge=True)
    assert document.modified
    history.undo()
    assert not document.modified
    history.undo()
    assert document.modified
    history.do(Rename(layer, "y"))
    history.undo()
    history.redo()
    assert document.modified


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_spilled_steps_come_back_exact_and_memory_stays_bounded(dtype: type, tmp_path: Path) -> None:
    document = photo_document(dtype=dtype)
    tile_bytes = 4 * 256 * 256 * 4 * np.dtype(dtype).itemsize  # the picture is four tiles
    history = with_history(document, 2 * tile_bytes, tmp_path)
    states = [document.snapshot()]
    for seed in range(12):
        history.do(repainted(document, seed))
        states.append(document.snapshot())
        assert history.memory <= 2 * history.memory_limit
    history.wait()
    assert history.memory <= history.memory_limit
    (folder,) = tmp_path.iterdir()
    files = list(folder.iterdir())
    assert len(files) == 10
    assert folder.stat().st_mode & 0o077 == 0
    for position in [*range(11, -1, -1), *range(13), 3, 9, 0, 12]:
        history.go_to(position)
        assert same_state(document.snapshot(), states[position])
    history.close()
    assert not folder.exists()
    assert history.steps == []


def test_spilling_packs_painted_tiles(tmp_path: Path) -> None:
    document = photo_document(1024, 1024)
    history = with_history(document, 1, tmp_path)
    flat = TiledImage.from_array(np.full((1024, 1024, 4), 77, np.uint8))
    history.do(ReplacePixels(document.layers[0].id, flat))
    history.do(ReplacePixels(document.layers[0].id, TiledImage()))
    history.wait()
    assert sorted(path.stat().st_size < 100_000 for path in tmp_path.rglob("0*")) == [False, True]
    history.close()


def test_a_full_disk_costs_memory_but_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = photo_document()
    history = with_history(document, PICTURE, tmp_path)

    def full(self: Path, *args: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", full)
    states = [document.snapshot()]
    for seed in range(5):
        history.do(repainted(document, seed))
        states.append(document.snapshot())
    history.wait()
    for position in (0, 5, 2):
        history.go_to(position)
        assert same_state(document.snapshot(), states[position])
    history.close()


def test_dropped_steps_leave_no_files(tmp_path: Path) -> None:
    document = photo_document()
    history = with_history(document, 1, tmp_path)
    for seed in range(4):
        history.do(repainted(document, seed))
    history.wait()
    (folder,) = tmp_path.iterdir()
    assert len(list(folder.iterdir())) == 4
    history.go_to(0)
    history.do(Rename(document.layers[0].id, "z"))
    history.wait()
    assert list(folder.iterdir()) == []


@dataclass(frozen=True)
class Fails(Command):
    def apply(self, document: Document) -> Command:
        raise DocumentError("no")


def test_a_command_that_fails_leaves_everything_as_it_was() -> None:
    document = photo_document()
    layer = document.layers[0].id
    before, picture = document.snapshot(), composite(document.snapshot())
    command = Sequence((Rename(layer, "a"), repainted(document, 3), Fails()))
    with pytest.raises(DocumentError):
        document.history.do(command)
    assert same_state(document.snapshot(), before)
    assert np.array_equal(composite(document.snapshot()), picture)
    assert document.history.steps == []
    assert not document.modified


def test_a_document_that_is_closed_modified_stays_so() -> None:
    document = photo_document()
    document.history.do(Rename(document.layers[0].id, "q"))
    document.history.close()
    assert document.modified
    document.history.close()


def spilled(tmp_path: Path) -> tuple[Document, History, list[Snapshot]]:
    """Six repaintings, all in files."""
    document = photo_document()
    history = with_history(document, 1, tmp_path)
    states: list[Snapshot] = [document.snapshot()]
    for seed in range(6):
        history.do(repainted(document, seed))
        states.append(document.snapshot())
    history.wait()
    return document, history, states


@pytest.mark.parametrize("damage", ["gone", "cut", "empty"])
def test_a_step_that_is_lost_on_the_disk_is_dropped_with_those_beyond_it(damage: str, tmp_path: Path) -> None:
    document, history, states = spilled(tmp_path)
    history.mark_saved()
    history.go_to(4)
    history.wait()
    files = sorted(next(tmp_path.iterdir()).iterdir())
    lost = files[2]  # undoes step 3
    if damage == "gone":
        lost.unlink()
    else:
        lost.write_bytes(lost.read_bytes()[: 1000 if damage == "cut" else 0])
    with pytest.raises(DocumentError, match=r"could not be read back"):
        history.go_to(0)
    assert document.snapshot() is not states[3]
    assert same_state(document.snapshot(), states[3])
    assert (history.position, len(history.steps), history.can_undo) == (0, 3, False)
    assert document.modified
    history.undo()
    history.go_to(3)
    assert same_state(document.snapshot(), states[6])
    assert not document.modified
    history.close()


def test_a_lost_step_that_was_undone_is_dropped_with_those_after_it(tmp_path: Path) -> None:
    document, history, states = spilled(tmp_path)
    history.go_to(0)
    history.wait()
    for path in next(tmp_path.iterdir()).iterdir():
        path.unlink()
    with pytest.raises(DocumentError, match="could not be read back"):
        history.redo()
    assert same_state(document.snapshot(), states[0])
    assert (history.steps, history.position, document.modified) == ([], 0, False)
    history.do(repainted(document, 9))
    history.undo()
    assert same_state(document.snapshot(), states[0])


def test_too_little_memory_to_read_a_step_back_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document, history, states = spilled(tmp_path)

    def fail(path: Path, kept: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr("editor.history.SpillFolder.read", fail)
        with pytest.raises(DocumentError, match="not enough memory"):
            history.undo()
    assert (history.position, len(history.steps)) == (6, 6)
    history.go_to(0)
    assert same_state(document.snapshot(), states[0])


def test_no_place_for_the_folder_is_like_a_full_disk(tmp_path: Path) -> None:
    document = photo_document()
    history = with_history(document, 1, tmp_path / "not" / "there")
    states = [document.snapshot()]
    for seed in range(3):
        history.do(repainted(document, seed))
        states.append(document.snapshot())
    for position in (0, 3, 1):
        history.go_to(position)
        assert same_state(document.snapshot(), states[position])


def test_an_error_of_any_kind_while_writing_keeps_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, value: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("editor.history.SpillFolder.write", fail)
    document, history, states = spilled(tmp_path)
    history.go_to(0)
    assert same_state(document.snapshot(), states[0])


def test_the_bytes_of_recipes_count() -> None:
    document = photo_document()
    layer = document.layers[0].id
    for number in range(3):
        document.history.do(ReplaceResult(layer, TiledImage(), None, bytes(20_000 + number)))
    document.history.do(RemoveLayer(layer))
    assert document.history.memory >= 20_000 + 20_001 + 20_002 + 4 * 256 * 256 * 4


def test_a_state_has_one_name_and_saved_can_be_taken_back() -> None:
    document = photo_document(40, 30)
    first = document.history.state
    document.history.do(Rename(document.layers[0].id, "changed"))
    assert document.history.state != first
    document.history.undo()
    assert document.history.state == first
    assert not document.modified
    document.history.mark_unsaved()
    assert document.modified
    document.history.redo()
    document.history.undo()
    assert document.modified  # no state is the saved one
    document.history.mark_saved()
    assert not document.modified
