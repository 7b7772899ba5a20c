"""The selection as a whole: computed in worker threads, one undo step each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app import dialogs
from app.errors import Message
from app.main_window import MainWindow
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle
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
    from editor.tiles import TiledImage

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
