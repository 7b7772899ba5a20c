"""The selection as a whole: computed in worker threads, one undo step each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from app import dialogs
from app.errors import Message
from app.main_window import MainWindow
from editor.commands import ReplaceMask
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle
from editor.tiles import TiledImage
from tests.app.conftest import act

Wait = Callable[[], None]


def selected(document: Document) -> np.ndarray:
    assert document.selection is not None
    return document.selection.read(document.canvas)[..., 0]


def test_all_none_invert(window: MainWindow, document: Document, wait: Wait) -> None:
    act(window, "select_all")
    assert (selected(document) == 255).all()
    act(window, "select_none")
    assert document.selection is None
    document.select(rectangle(Rect(10, 10, 20, 20), document.canvas))
    act(window, "select_invert")
    wait()
    assert (selected(document)[10:30, 10:30] == 0).all()
    assert (selected(document) == 255).sum() == 96 * 64 - 400
    act(window, "undo")
    assert (selected(document) == 255).sum() == 400


@pytest.mark.parametrize(("action", "pixels", "area"), [("select_grow", 3, 26), ("select_shrink", 4, 12)])
def test_grow_and_shrink(
    window: MainWindow,
    document: Document,
    wait: Wait,
    action: str,
    pixels: int,
    area: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dialogs, "ask_number", lambda *_: pixels)
    document.select(rectangle(Rect(20, 20, 20, 20), document.canvas))
    act(window, action)
    wait()
    assert document.selection is not None
    assert document.selection.content().width == area


def test_feather_softens(window: MainWindow, document: Document, wait: Wait, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialogs, "ask_number", lambda *_: 8)
    document.select(rectangle(Rect(20, 20, 30, 30), document.canvas))
    act(window, "select_feather")
    wait()
    values = selected(document)
    assert 90 < values[35, 20] < 165
    assert ((values > 0) & (values < 255)).sum() > 300


def test_holes_are_filled(window: MainWindow, document: Document, wait: Wait) -> None:
    ring = np.zeros((64, 96), np.uint8)
    ring[10:40, 10:40] = 255
    ring[20:30, 20:30] = 0
    document.select(TiledImage.from_array(ring))
    act(window, "select_holes")
    wait()
    assert (selected(document)[10:40, 10:40] == 255).all()


def test_from_the_layers_transparency(window: MainWindow, document: Document, wait: Wait) -> None:
    act(window, "select_alpha")
    wait()
    assert (selected(document) == 255).all()


def test_a_layer_mask_from_the_selection(window: MainWindow, document: Document, wait: Wait) -> None:
    document.select(rectangle(Rect(4, 6, 10, 12), document.canvas))
    act(window, "mask_from_selection")
    wait()
    mask = document.layers[0].mask
    assert mask is not None
    assert mask.content() == Rect(4, 6, 10, 12)


def test_shrinking_everything_away_is_told(
    window: MainWindow, document: Document, wait: Wait, posted: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogs, "ask_number", lambda *_: 50)
    document.select(rectangle(Rect(20, 20, 10, 10), document.canvas))
    act(window, "select_shrink")
    wait()
    assert document.selection is None
    assert "Nothing is selected" in posted[-1].sentence


def test_changing_ones_mind_changes_nothing(
    window: MainWindow, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogs, "ask_number", lambda *_: None)
    document.select(rectangle(Rect(20, 20, 10, 10), document.canvas))
    position = document.history.position
    act(window, "select_grow")
    assert document.history.position == position


def masked(window: MainWindow, document: Document) -> Callable[[], np.ndarray]:
    """Give the layer a mask that hides a square, put it in hand, and return what reads it on the canvas."""
    layer = document.layers[0].id
    document.history.do(ReplaceMask(layer, TiledImage(channels=1, default=255).fill(Rect(20, 20, 20, 20), 0)))
    document.paint_on_mask = True
    QApplication.processEvents()

    def values() -> np.ndarray:
        mask = document[layer].mask
        assert mask is not None
        return mask.read(document.canvas)[..., 0]

    return values


@pytest.mark.parametrize(
    ("action", "answer", "hidden"),
    [
        ("select_invert", None, 96 * 64 - 400),
        ("select_grow", 3, 14 * 14),
        ("select_shrink", 3, 26 * 26 - 8),
        ("select_holes", None, 0),
        ("select_smooth", 2, 400),
    ],
)
def test_the_mask_in_hand_is_reshaped_in_one_step_and_the_selection_is_left_alone(
    window: MainWindow,
    document: Document,
    wait: Wait,
    action: str,
    answer: int | None,
    hidden: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def ask(_: object, title: str, *__: object) -> int | None:
        asked.append(title)
        return answer

    monkeypatch.setattr(dialogs, "ask_number", ask)
    document.select(rectangle(Rect(1, 1, 5, 5), document.canvas))
    selection, values = document.selection, masked(window, document)
    before, position = values(), document.history.position
    act(window, action)
    wait()
    now = values()
    assert (now < 128).sum() == pytest.approx(hidden, abs=20)
    assert document.selection is selection
    assert document.history.position == position + 1
    assert document.history.steps[-1].title.endswith("mask")
    assert all("mask of “Photo”" in title for title in asked)
    act(window, "undo")
    assert np.array_equal(values(), before)


def test_specks_go_and_the_rest_stays(
    window: MainWindow, document: Document, wait: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialogs, "ask_number", lambda *_: 30)
    selection = rectangle(Rect(20, 20, 20, 20), document.canvas).fill(Rect(60, 10, 5, 5), 255)
    document.select(selection)
    act(window, "select_specks")
    wait()
    assert document.selection is not None
    assert document.selection.content() == Rect(20, 20, 20, 20)


def test_what_changes_nothing_makes_no_step(
    window: MainWindow, document: Document, wait: Wait, posted: list[Message]
) -> None:
    document.select(rectangle(Rect(20, 20, 20, 20), document.canvas))
    position = document.history.position
    act(window, "select_holes")
    wait()
    assert document.history.position == position
    assert "found nothing to change" in posted[-1].sentence


def test_a_result_never_replaces_a_newer_mask(
    window: MainWindow, document: Document, wait: Wait, posted: list[Message]
) -> None:
    document.select(rectangle(Rect(20, 20, 20, 20), document.canvas))
    act(window, "select_invert")
    newer = rectangle(Rect(1, 1, 5, 5), document.canvas)
    document.select(newer)
    wait()
    assert document.selection is newer
    assert "was changed meanwhile" in posted[-1].sentence


@pytest.mark.parametrize("on_layer", [False, True])
def test_a_mask_is_exported_and_imported_again(
    window: MainWindow,
    document: Document,
    wait: Wait,
    posted: list[Message],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    on_layer: bool,
) -> None:
    path = tmp_path / "mask.png"
    monkeypatch.setattr(dialogs, "ask_export_mask", lambda *_: path)
    monkeypatch.setattr(dialogs, "ask_open_mask", lambda *_: path)
    document.select(rectangle(Rect(30, 8, 20, 20), document.canvas))
    reads = masked(window, document) if on_layer else lambda: selected(document)
    values = reads()
    act(window, "mask_export")
    wait()
    assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), values)
    assert str(path) in posted[-1].sentence
    act(window, "select_invert")
    wait()
    position = document.history.position
    act(window, "mask_import")
    wait()
    assert np.array_equal(reads(), values)
    assert document.history.position == position + 1


@pytest.mark.parametrize("agreed", [False, True])
def test_a_mask_of_another_size_is_scaled_only_if_wanted(
    window: MainWindow,
    document: Document,
    wait: Wait,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    agreed: bool,
) -> None:
    big = np.zeros((128, 192), np.uint8)
    big[20:60, 40:100] = 255
    cv2.imwrite(str(tmp_path / "big.png"), big)
    asked: list[tuple[object, ...]] = []
    monkeypatch.setattr(dialogs, "ask_open_mask", lambda *_: tmp_path / "big.png")
    monkeypatch.setattr(dialogs, "ask_scale_mask", lambda *given: asked.append(given[1:]) or agreed)
    position = document.history.position
    act(window, "mask_import")
    wait()
    wait()
    assert asked == [("big.png", (192, 128), (96, 64))]
    assert document.history.position == position + agreed
    if agreed:
        assert document.selection is not None
        assert document.selection.content() == Rect(20, 10, 30, 20)


def test_a_file_that_is_no_mask_gives_one_sentence(
    window: MainWindow,
    document: Document,
    wait: Wait,
    posted: list[Message],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "mask.png").write_text("no picture")
    monkeypatch.setattr(dialogs, "ask_open_mask", lambda *_: tmp_path / "mask.png")
    act(window, "mask_import")
    wait()
    assert document.selection is None
    assert "mask.png" in posted[-1].sentence


def test_reshaping_is_offered_only_with_a_mask_in_hand(window: MainWindow, document: Document) -> None:
    def offered() -> set[bool]:
        QApplication.processEvents()
        return {window.commands[f"select_{name}"].isEnabled() for name in ("grow", "feather", "smooth", "specks")}

    assert offered() == {False}
    masked(window, document)
    assert offered() == {True}
    document.paint_on_mask = False
    assert offered() == {False}
    document.select(rectangle(Rect(1, 1, 5, 5), document.canvas))
    assert offered() == {True}
