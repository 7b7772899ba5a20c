"""Who finds what is pointed at: as it fits the picture, or as the artist chose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app import dialogs
from app.errors import Message
from app.main_window import MainWindow
from app.parts import segmenters
from editor.document import Document
from tests.app.conftest import drag, photo
from tests.app.parts.pointing import click, resting, selected, take_tool


def test_a_large_picture_is_served_by_grabcut_which_says_so(
    qtbot: QtBot, joined: MainWindow, posted: list[Message]
) -> None:
    large = photo(1200, 800)
    large.replace(large.layers[0].id, pixels=_with_disc(1200, 800))
    joined.documents.add(large)
    take_tool(qtbot, joined)
    page = joined.option_bar.select_page
    assert page.click.model.currentText() == "Automatic: GrabCut"
    assert "a click alone is not enough" in page.click.hint
    click(joined, 600, 400)
    resting(qtbot, joined)
    assert "Draw a box around the thing" in posted[-1].sentence
    assert large.selection is None
    assert not joined.clicks.tool.pending
    drag(joined, (380, 180), (820, 620))
    resting(qtbot, joined)
    inside = selected(large)
    rows, columns = np.ogrid[:800, :1200]
    disc = (rows - 400) ** 2 + (columns - 600) ** 2 <= 180**2
    assert np.logical_and(inside > 0, disc).sum() / np.logical_or(inside > 0, disc).sum() > 0.97


def _with_disc(width: int, height: int) -> Any:
    from editor.tiles import TiledImage

    rows, columns = np.ogrid[:height, :width]
    pixels = np.full((height, width, 4), 255, np.uint8)
    noise = np.random.default_rng(0).integers(0, 20, (height, width, 3))
    disc = (rows - height / 2) ** 2 + (columns - width / 2) ** 2 <= 180**2
    pixels[..., :3] = np.where(disc[..., None], (180, 60, 40), (60, 110, 150)) + noise
    return TiledImage.from_array(pixels)


def test_the_artist_chooses_who_finds(
    qtbot: QtBot, joined: MainWindow, document: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_tool(qtbot, joined)
    model = joined.option_bar.select_page.click.model
    assert model.currentText() == "Automatic: Plain"
    model.activated.emit(model.findData("grabcut"))
    resting(qtbot, joined)
    assert joined.clicks.at_work is not None
    assert joined.clicks.at_work.title.startswith("GrabCut")
    assert joined.settings.segmenter == "grabcut"
    checkpoint = tmp_path / "sam_vit_b.pth"
    checkpoint.write_bytes(b"weights")
    monkeypatch.setattr(dialogs, "ask_open_checkpoint", lambda *_: checkpoint)
    model.activated.emit(model.count() - 1)
    resting(qtbot, joined)
    assert model.currentText() == "sam_vit_b"
    model.activated.emit(0)
    large = photo(1200, 800)
    assert joined.clicks.segmenters.model_for(large.size) == str(checkpoint)
    checkpoint.unlink()
    assert joined.clicks.segmenters.model_for(large.size) == "grabcut"
    assert joined.clicks.segmenters.model_for(document.size) == "studio-sam"


def test_up_to_what_size_the_bundled_network_is_asked() -> None:
    assert segmenters.STUDIO_SIDE == 512  # the samples' size
