"""The example in the window: its background removed, cut out by hand, put back; the tray; all in the real threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import clipboard
from app.errors import Message
from app.exemplar import LARGEST, Exemplar
from app.jobs import method_info, segment_worker
from app.jobs.engine_thread import EngineThread
from app.jobs.method_info import describe
from app.main_window import MainWindow
from app.parts.exemplars import From
from app.settings import Settings
from editor.commands import SetSelection
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle
from engine.request import Input
from engine.segmentation import open_segmenter
from tests.app.carrying import CARRY
from tests.app.conftest import act, settled
from tests.app.jobs.test_segment_worker import Plain

Wait = Callable[[], None]
WIDTH, HEIGHT = 240, 160
THING = (slice(50, 160), slice(80, 160))  # rows, columns: stands on the lower edge, in the middle


@pytest.fixture
def joined(
    window: MainWindow, document: Document, plain: Plain, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    """The window with an engine thread; GrabCut is the real one, `plain` stands for any network."""
    monkeypatch.setattr(
        segment_worker.SegmentWorker.__init__,
        "__defaults__",
        (lambda model: open_segmenter(model) if model == "grabcut" else plain,),
    )
    infos = [*(info for info in window.options.methods if not info.takes(Input.EXEMPLAR)), describe(CARRY)]
    monkeypatch.setattr(method_info, "cached_methods", lambda: infos)
    engine = EngineThread(lambda: {CARRY.id: CARRY}, lambda model: model, lambda: None, parent=window)  # type: ignore[arg-type, return-value]
    window.attach_engine(engine)
    engine.methods_found.disconnect(window.options.set_methods)
    engine.start()
    window.options.set_methods(infos)
    window.options.choose(CARRY.id, {"task": "paste"})
    window.clicks.choose("grabcut")
    yield window
    engine.shutdown()


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A red thing on green grain."""
    noise = np.random.default_rng(3)
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    pixels[:] = (40, 140, 60)
    pixels[THING] = (200, 40, 30)
    pixels += noise.integers(0, 20, pixels.shape, np.uint8)
    Image.fromarray(pixels).save(tmp_path / "thing.png")
    return tmp_path / "thing.png"


def example(window: MainWindow) -> Exemplar:
    found = window.options.exemplars.of(window.documents.current)
    assert found is not None
    return found


def overlap(alpha: np.ndarray) -> float:
    truth = np.zeros((HEIGHT, WIDTH), bool)
    truth[THING] = True
    return float(np.count_nonzero((alpha > 127) & truth) / np.count_nonzero((alpha > 127) | truth))


def test_one_click_removes_the_background_and_reset_brings_it_back(
    qtbot: QtBot, joined: MainWindow, picture: Path, wait: Wait, posted: list[Message]
) -> None:
    joined.exemplars.use_file(picture)
    wait()
    box, before = joined.method_panel.exemplar, example(joined)
    assert (box.background.text(), box.reset.isVisible()) == ("Remove background", False)
    box.background.click()
    assert "Stop" in box.background.text()
    assert not box.edit.isEnabled()
    qtbot.waitUntil(lambda: example(joined) is not before, timeout=30_000)
    after = example(joined).pixels
    assert overlap(after[..., 3]) > 0.95
    assert np.array_equal(after[..., :3], before.pixels[..., :3])  # the colours stay, so that it can be undone
    assert not box.background.isVisible()
    box.reset.click()
    wait()
    assert np.array_equal(example(joined).pixels, before.pixels)
    assert box.background.isVisible()
    assert posted == []


def test_stop_and_another_example_end_the_look(
    qtbot: QtBot, joined: MainWindow, picture: Path, wait: Wait, posted: list[Message]
) -> None:
    joined.exemplars.use_file(picture)
    wait()
    box, before = joined.method_panel.exemplar, example(joined)
    box.background.click()
    box.background.click()
    assert box.background.text() == "Remove background"
    box.background.click()
    act(joined, "example_layer")
    wait()
    qtbot.waitUntil(lambda: joined.clicks.queue.idle, timeout=30_000)
    assert example(joined).name == "Photo"
    assert before.opaque
    assert box.background.text() == "Remove background"
    assert posted == []


def test_a_network_is_asked_for_the_middle_and_a_box_and_what_is_all_of_it_is_not_believed(
    qtbot: QtBot, joined: MainWindow, plain: Plain, wait: Wait, posted: list[Message], tmp_path: Path
) -> None:
    joined.clicks.choose("studio-sam")
    Image.new("RGB", (200, 100), (9, 9, 9)).save(tmp_path / "even.png")
    joined.exemplars.use_file(tmp_path / "even.png")
    wait()
    joined.method_panel.exemplar.background.click()
    qtbot.waitUntil(lambda: bool(posted), timeout=30_000)
    asked = plain.asked[-1]
    assert asked.box == (6, 6, 188, 94)
    assert [(click.x, click.y) for click in asked.clicks] == [(100, 53)]
    assert "could not be told from its background" in posted[0].sentence
    assert example(joined).opaque


def test_without_an_engine_it_says_so(
    window: MainWindow, document: Document, picture: Path, wait: Wait, posted: list[Message]
) -> None:
    window.exemplars.use_file(picture)
    wait()
    window.cutting.remove_background()
    assert [message.sentence for message in posted] == ["The engine is still starting. Try again in a moment."]


def test_edit_crops_picks_and_gives_one_example(qtbot: QtBot, joined: MainWindow, picture: Path, wait: Wait) -> None:
    joined.exemplars.use_file(picture)
    wait()
    thumbnail = joined.method_panel.exemplar.thumbnail
    QTest.mouseDClick(thumbnail, Qt.MouseButton.LeftButton)
    dialog = joined.cutting.dialog
    assert dialog is not None
    dialog.cutting.crop = Rect(60, 30, 120, 130)
    dialog.cutting.finish()
    dialog.background.click()
    qtbot.waitUntil(lambda: not joined.cutting.busy, timeout=30_000)
    assert overlap(dialog.cutting.mask) > 0.95
    dialog._set_size(12)
    dialog.canvas.picked.emit(120.0, 100.0, False)  # of the thing itself
    qtbot.waitUntil(lambda: not joined.cutting.busy, timeout=30_000)
    assert dialog.cutting.cut.empty or overlap(dialog.cutting.mask) < 0.1
    dialog.undo.click()
    dialog.ok.click()
    wait()
    found = example(joined)
    assert found.pixels.shape == (130, 120, 4)
    assert found.cut is not None
    assert found.cut.whole.shape == (HEIGHT, WIDTH, 4)
    assert joined.cutting.dialog is None
    joined.cutting.edit()
    assert joined.cutting.dialog is not None
    assert joined.cutting.dialog.cutting.crop == Rect(60, 30, 120, 130)
    joined.cutting.dialog.reject()
    assert example(joined) is found


def test_a_stroke_says_what_belongs_to_the_thing_though_it_looks_like_the_background(
    qtbot: QtBot, joined: MainWindow, picture: Path, wait: Wait
) -> None:
    pixels = np.array(Image.open(picture))
    pixels[:, :30] = pixels[20:50, 100:140] = (30, 40, 190)  # a hat in the colour of the left rim
    Image.fromarray(pixels).save(picture)
    joined.exemplars.use_file(picture)
    wait()
    joined.cutting.edit()
    dialog = joined.cutting.dialog
    assert dialog is not None
    hat = (slice(20, 50), slice(100, 140))
    dialog.background.click()
    qtbot.waitUntil(lambda: not joined.cutting.busy, timeout=30_000)
    assert dialog.cutting.mask[hat].mean() < 30
    dialog.cutting.paint((110, 35), (130, 35), 4, keep=True)
    dialog.cutting.finish()
    dialog.background.click()
    qtbot.waitUntil(lambda: not joined.cutting.busy, timeout=30_000)
    assert dialog.cutting.mask[hat].mean() > 240
    assert dialog.cutting.mask[:, :30].mean() < 10
    dialog.reject()


def test_a_small_part_of_a_large_picture_is_still_sharp(joined: MainWindow, tmp_path: Path, wait: Wait) -> None:
    Image.effect_noise((3000, 1500), 60).convert("RGB").save(tmp_path / "large.png")
    joined.exemplars.use_file(tmp_path / "large.png")
    wait()
    assert example(joined).pixels.shape[:2] == (LARGEST // 2, LARGEST)
    joined.cutting.edit()
    dialog = joined.cutting.dialog
    assert dialog is not None
    dialog.cutting.crop = Rect(100, 100, 800, 600)
    dialog.cutting.finish()
    dialog.ok.click()
    wait()
    assert example(joined).pixels.shape[:2] == (600, 800)


def test_the_sources_say_why_they_are_not_there(joined: MainWindow, document: Document, wait: Wait) -> None:
    box = joined.method_panel.exemplar
    clipboard.copy(np.full((5, 5, 4), 255, np.uint8), (0, 0))
    assert {source for source, button in box.sources.items() if button.isEnabled()} == {
        From.FILE, From.CLIPBOARD, From.LAYER,
    }  # fmt: skip
    assert box.sources[From.SELECTION].toolTip() == "Use what is selected as the example: nothing is selected"
    document.history.do(SetSelection(rectangle(Rect(8, 8, 16, 16), document.canvas)))
    assert box.sources[From.SELECTION].isEnabled()
    for source, shape in ((From.CLIPBOARD, (5, 5)), (From.LAYER, (64, 96)), (From.SELECTION, (16, 16))):
        box.sources[source].click()
        wait()
        assert example(joined).pixels.shape[:2] == shape
    document.activate(None)
    assert "layer with pixels" in box.sources[From.LAYER].toolTip()
    for button in box.sources.values():
        assert button.accessibleName()


def test_what_lies_around_a_selection_can_be_brought_back(joined: MainWindow, document: Document, wait: Wait) -> None:
    corner = rectangle(Rect(8, 8, 16, 8), document.canvas).fill(Rect(8, 16, 8, 8), 255)
    document.history.do(SetSelection(corner))
    joined.exemplars.use_selection()
    wait()
    pixels = example(joined).pixels
    assert pixels[12, 12].tolist() == [200, 40, 30, 0]
    assert np.count_nonzero(pixels[..., 3]) == 16 * 8 + 8 * 8


def test_the_tray_shows_what_was_used_and_brings_it_back_in_the_next_session(
    qtbot: QtBot, joined: MainWindow, picture: Path, settings: Settings, wait: Wait
) -> None:
    row = joined.method_panel.exemplar.tray
    assert not row.isVisible()
    joined.exemplars.use_file(picture)
    wait()
    act(joined, "example_layer")
    wait()
    joined.exemplars.use_file(picture)
    wait()
    assert [button.toolTip() for button in row.buttons] == ["thing.png", "Photo"]
    assert row.isVisible()
    row.buttons[1].click()
    wait()
    assert example(joined).name == "Photo"
    assert row.buttons[0].toolTip() == "Photo"
    assert settings.examples_folder.parent == settings.path.parent
    other = MainWindow(settings, joined.messages)
    qtbot.addWidget(other)
    other.tray.load()
    settled(qtbot, other)()
    assert [button.toolTip() for button in other.method_panel.exemplar.tray.buttons] == ["Photo", "thing.png"]
    other.background.shutdown()


def test_only_the_last_cut_of_a_picture_stays_beside_it(joined: MainWindow, picture: Path, wait: Wait) -> None:
    row = joined.method_panel.exemplar.tray
    joined.exemplars.use_file(picture)
    wait()
    for x in (10, 20, 30):
        joined.cutting.edit()
        dialog = joined.cutting.dialog
        assert dialog is not None
        dialog.cutting.crop = Rect(x, 0, 50, 50)
        dialog.cutting.finish()
        dialog.ok.click()
        wait()
    assert len(row.buttons) == 2
    row.remove_wanted.emit(row.kept[1].key)
    wait()
    assert len(row.buttons) == 1
    menu = row.menu(row.kept[0].key)
    menu.actions()[1].trigger()
    wait()
    assert not row.isVisible()
    assert example(joined).pixels.shape == (50, 50, 4)  # what is in use stays


def test_in_a_low_window_the_example_takes_the_place_of_the_help(joined: MainWindow) -> None:
    panel = joined.method_panel
    joined.resize(960, 600)
    QApplication.processEvents()
    assert not panel.help.isVisible()
    for part in (panel.exemplar.thumbnail, *panel.exemplar.sources.values()):
        assert not part.visibleRegion().isEmpty()
    joined.options.set("task", "move")
    assert panel.help.isVisible()
    assert not panel.exemplar.isVisible()
