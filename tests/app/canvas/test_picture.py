from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.canvas.picture import Picture, merged
from editor.commands import AddLayer, SetOpacity, SetVisible
from editor.geometry import Rect
from editor.layers import ImageLayer
from tests.app.canvas.scenes import stacked_document


def finish(picture: Picture) -> None:
    while picture.busy:
        QApplication.processEvents()


def test_merging_covers_everything_and_saves_rectangles() -> None:
    rects = [Rect(0, 0, 10, 10), Rect(5, 5, 10, 10), Rect(8, 0, 10, 10), Rect(500, 500, 5, 5)]
    fewer = merged(rects)
    assert len(fewer) == 2
    for rect in rects:
        assert any(other.intersected(rect) == rect for other in fewer)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_after_any_changes_the_levels_equal_those_of_a_fresh_picture(qtbot: QtBot, level: int) -> None:
    document = stacked_document(1536)
    random = np.random.default_rng(level)
    picture = Picture(document)
    visible = document.canvas if level else Rect(300, 200, 800, 600)
    picture.look_at(level, visible)
    finish(picture)
    layer = document.layers[5]
    assert isinstance(layer, ImageLayer)
    for turn in range(12):
        side = (40, 300, 1400)[turn % 3]
        x, y = (int(value) for value in random.integers(0, 1536 - side, 2))
        now = document[layer.id]
        assert isinstance(now, ImageLayer)
        pixels = random.integers(0, 256, (side, side, 4), np.uint8)
        document.replace(layer.id, pixels=now.pixels.write(Rect(x, y, side, side), pixels))
        if turn % 4 == 1:
            document.history.do(SetOpacity(document.layers[turn % 10].id, 0.6))
        if turn % 4 == 3:
            document.history.undo()
        if turn % 2:
            QApplication.processEvents()
        if turn == 7:
            document.history.do(SetVisible(document.layers[3].id, False))
            document.history.do(AddLayer(ImageLayer(pixels=layer.pixels), None, 4))
    finish(picture)
    fresh = Picture(document)
    fresh.look_at(level, visible)
    finish(fresh)
    for upto in range(level + 1):
        part = picture.pyramid.at_level(upto, visible).slices()
        shown, expected = picture.pyramid.levels[upto][part].astype(int), fresh.pyramid.levels[upto][part]
        assert np.abs(shown - expected).max() <= 1  # the compositor may round runs of layers together
    picture.close()
    fresh.close()


def test_a_large_change_is_seen_coarsely_at_once_and_then_exactly(qtbot: QtBot) -> None:
    document = stacked_document(2048)
    picture = Picture(document)
    picture.look_at(2, document.canvas)
    finish(picture)
    before = picture.pyramid.levels[2].copy()
    seen: list[Rect] = []
    picture.changed.connect(seen.append)
    document.history.do(SetVisible(document.layers[1].id, False))
    while not seen:
        QApplication.processEvents()
    first = picture.pyramid.levels[2].astype(int)
    finish(picture)
    last = picture.pyramid.levels[2]
    change = np.abs(last.astype(int) - before).mean()
    assert change > 10.0
    assert np.abs(first - last).mean() < 0.25 * change
    picture.close()


def test_many_small_changes_are_merged_once_not_every_turn(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    document = stacked_document(1536)
    picture = Picture(document)
    picture.look_at(0, document.canvas)
    finish(picture)
    sizes: list[int] = []
    monkeypatch.setattr("app.canvas.picture.merged", lambda rects: sizes.append(len(rects)) or merged(rects))
    monkeypatch.setattr("app.canvas.picture.LONGEST", 0.002)
    layer = document.layers[5]
    assert isinstance(layer, ImageLayer)
    pixels = layer.pixels
    for at in range(0, 1536, 128):  # no two squares touch
        pixels = pixels.write(Rect(at, at, 9, 9), np.full((9, 9, 4), 200, np.uint8))
    turns: list[None] = []
    picture.worked.connect(lambda: turns.append(None))
    document.replace(layer.id, pixels=pixels)
    finish(picture)
    assert len(turns) > 2
    assert [size for size in sizes if size > 2] == [12]
    picture.close()


def test_nothing_seen_is_nothing_done(qtbot: QtBot) -> None:
    document = stacked_document(1024)
    picture = Picture(document)
    document.history.do(SetVisible(document.layers[1].id, False))
    finish(picture)
    assert not any(states.max() == 2 for states in picture.pyramid._states)
    picture.close()
