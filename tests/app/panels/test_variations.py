"""The Variations panel by mouse and keyboard: compare, step through, choose, keep."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.jobs.engine_thread import EngineThread
from app.main_window import MainWindow
from app.panels.variation_tiles import LARGEST, SMALLEST, side_for
from app.panels.variations import TileList, VariationsPanel
from app.theme import colours
from editor.document import Document
from tests.app.conftest import act
from tests.app.daubing import SOON, daubing, wait_for
from tests.app.jobs.conftest import Daubs

NONE, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def engine(window: MainWindow, document: Document, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineThread]:
    with daubing(window, Daubs(), monkeypatch) as made:
        yield made


@pytest.fixture
def panel(qtbot: QtBot, window: MainWindow, engine: EngineThread) -> VariationsPanel:
    """With four variations, seeds 5 to 8."""
    act(window, "variations")
    wait_for(qtbot, window, 5, 6, 7, 8)
    QApplication.processEvents()
    window.activateWindow()
    return window.variations_panel


def click(tiles: TileList, row: int, modifier: Qt.KeyboardModifier = NONE) -> None:
    place = tiles.visualRect(tiles.tiles.index(row)).center()
    assert tiles.indexAt(place).row() == row
    QTest.mouseClick(tiles.viewport(), Qt.MouseButton.LeftButton, modifier, place)


def shown(window: MainWindow) -> int | None:
    """The seed of the one that lies over the picture."""
    own = window.variations.current
    variation = own.get(own.shown)
    return variation.seed if variation is not None else None


def test_clicking_shows_clicking_again_hides(window: MainWindow, panel: VariationsPanel) -> None:
    click(panel.list, 1)
    assert shown(window) == 6
    click(panel.list, 2)
    assert shown(window) == 7
    click(panel.list, 2)
    assert shown(window) is None
    click(panel.list, 2)
    assert shown(window) == 7


def test_arrows_step_through_escape_hides_enter_keeps(
    qtbot: QtBot, window: MainWindow, document: Document, panel: VariationsPanel
) -> None:
    click(panel.list, 0)
    QTest.keyClick(panel.list, Qt.Key.Key_Right)
    assert shown(window) == 6
    QTest.keyClick(panel.list, Qt.Key.Key_Left)
    assert shown(window) == 5
    QTest.keyClick(panel.list, Qt.Key.Key_Escape)
    assert shown(window) is None
    QTest.keyClick(panel.list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: len(document.layers) == 2, timeout=SOON)
    assert document.layers[1].name == "Daub · seed 5"


def test_several_are_chosen_and_kept(
    qtbot: QtBot, window: MainWindow, document: Document, panel: VariationsPanel
) -> None:
    assert not panel.keep.isEnabled()
    click(panel.list, 3)
    assert panel.keep.text() == "Keep"
    click(panel.list, 1, CTRL)
    assert panel.keep.text() == "Keep 2"
    assert shown(window) == 6
    panel.keep.click()
    qtbot.waitUntil(lambda: len(document.layers) == 3, timeout=SOON)
    assert [layer.name for layer in document.layers[1:]] == ["Daub · seed 6", "Daub · seed 8"]
    qtbot.waitUntil(lambda: not panel.keep.isEnabled(), timeout=SOON)  # they are layers now
    act(window, "undo")
    assert panel.keep.isEnabled()
    assert panel.keep.text() == "Keep"


def test_each_tile_says_what_it_is(window: MainWindow, panel: VariationsPanel) -> None:
    model = panel.list.tiles
    assert [model.index(row).data() for row in range(model.rowCount())] == ["Seed 5", "Seed 6", "Seed 7", "Seed 8"]
    click(panel.list, 1)
    said = [model.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in (0, 1)]
    assert said == ["Seed 5: Click to see it in the picture", "Seed 6: Click again to hide it"]


def test_a_tile_is_painted_with_its_picture_and_a_frame_where_it_is_shown(
    window: MainWindow, panel: VariationsPanel
) -> None:
    click(panel.list, 1)
    QApplication.processEvents()
    image = panel.list.viewport().grab().toImage()
    ratio = image.devicePixelRatio()
    found = set()
    for row in (0, 1):
        place = panel.list.visualRect(panel.list.tiles.index(row))
        found.add(image.pixelColor(place.center() * ratio).name())
    assert found == {"#343434", "#3e3e3e"}  # 10 x seed + steps
    place = panel.list.visualRect(panel.list.tiles.index(1))
    middle = place.top() + 4 + panel.list.delegate.side // 2
    assert image.pixelColor(round((place.left() + 4) * ratio), round(middle * ratio)).name() == colours().accent


def test_without_any_it_says_how_to_get_some(window: MainWindow, document: Document) -> None:
    panel = window.variations_panel
    window.docks.show("variations")
    assert panel._empty.isVisible()
    assert not panel.keep.isVisible()
    assert not panel.list.isVisible()


def test_discard_all_empties_it(window: MainWindow, panel: VariationsPanel) -> None:
    click(panel.list, 0)
    panel.discard.click()
    assert panel.list.tiles.rowCount() == 0
    assert shown(window) is None
    assert panel._empty.isVisible()


@pytest.mark.parametrize(
    ("count", "width", "height", "side"),
    [
        (4, 280, 90, 62),  # in one row: 4 x (62 + 8) = 280
        (4, 280, 330, 132),  # two by two: 2 x (132 + 8) = 280
        (8, 280, 90, 64),  # they scroll, a row at a time
        (8, 280, 50, SMALLEST),
        (1, 400, 400, LARGEST),
    ],
)
def test_tiles_are_as_large_as_all_are_seen(count: int, width: int, height: int, side: int) -> None:
    assert side_for(count, QSize(width, height)) == side
