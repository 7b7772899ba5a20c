"""Examples in the window: dropped, pasted, chosen, out of a layer or selection; asked for once, part of the request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from app import clipboard, dialogs
from app.errors import Message
from app.jobs.bridge import request_of
from app.jobs.engine_thread import EngineThread
from app.main_window import MainWindow
from app.parts.asking import asked
from editor.commands import SetSelection
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle
from editor.placement import Placement
from engine.request import EditRequest
from tests.app.conftest import act

Wait = Callable[[], None]
LEAF = (30, 160, 50)
SQUARE = Rect(8, 8, 16, 16)  # the red one in the photo


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.new("RGB", (30, 20), LEAF).save(tmp_path / "leaf.png")
    return tmp_path / "leaf.png"


def select(document: Document, rect: Rect = SQUARE) -> None:
    document.history.do(SetSelection(rectangle(rect, document.canvas)))


def drop(window: MainWindow, *paths: Path) -> None:
    assert window.workspace.view is not None
    window.workspace.view.files_dropped.emit(list(paths), window.workspace.view.mapToGlobal(QPoint(40, 40)))


def choose(window: MainWindow, entry: str) -> list[str]:
    """Choose an entry of the menu that asks; returns all of them."""
    menus = [menu for menu in window.findChildren(QMenu, "exampleUses") if menu.isVisible()]
    assert len(menus) == 1
    texts = [action.text().replace("&", "") for action in menus[0].actions()]
    menus[0].actions()[texts.index(entry)].trigger()
    menus[0].close()
    return texts


def asked_request(window: MainWindow, document: Document) -> EditRequest:
    return asked(document, window.options, window.recipes, window.options.parameters()).build()


def test_a_dropped_picture_is_asked_about_and_becomes_part_of_the_request(
    window: MainWindow, document: Document, carrying: EngineThread, picture: Path, wait: Wait
) -> None:
    select(document)
    drop(window, picture)
    uses = ["Add as layer", "Paste into the scene", "Give the selection its looks"]
    assert choose(window, "Paste into the scene") == uses
    wait()
    assert len(document.layers) == 1
    assert not document.history.can_redo
    assert window.options.method is not None
    assert window.options.method.id == "dragon"
    assert window.options["task"] == "paste"
    request = asked_request(window, document)
    assert request.exemplar is not None
    assert request.exemplar.shape == (20, 30, 4)
    assert (request.exemplar == (*LEAF, 255)).all()
    without = replace(request, exemplar=None)
    other = replace(request, exemplar=request.exemplar[::-1] // 2)
    assert len({request.digest(), without.digest(), other.digest()}) == 3
    box = window.method_panel.exemplar
    assert box.isVisible()
    assert box.name.accessibleName() == "leaf.png"
    assert "30" in box.facts.text()
    window.options.set("task", "move")
    assert not box.isVisible()
    assert asked_request(window, document).exemplar is None


def test_its_looks_or_a_layer(
    window: MainWindow, document: Document, carrying: EngineThread, picture: Path, wait: Wait
) -> None:
    select(document)
    drop(window, picture)
    choose(window, "Give the selection its looks")
    wait()
    assert window.options["task"] == "appearance"
    drop(window, picture)
    choose(window, "Add as layer")
    wait()
    assert document.history.steps[-1].title == "Paste"
    assert len(document.layers) == 2


def test_nothing_is_asked_where_only_a_layer_can_be_meant(
    window: MainWindow, document: Document, carrying: EngineThread, picture: Path, wait: Wait
) -> None:
    drop(window, picture)  # nothing is selected, and the method is another one
    wait()
    assert len(document.layers) == 2
    select(document)
    drop(window, picture, picture)
    wait()
    assert len(document.layers) == 4
    window.options.set_methods([info for info in window.options.methods if info.id != "dragon"])
    drop(window, picture)
    wait()
    assert len(document.layers) == 5
    assert not any(menu.isVisible() for menu in window.findChildren(QMenu, "exampleUses"))


def test_without_a_selection_it_says_to_select_the_place(
    window: MainWindow, document: Document, carrying: EngineThread, picture: Path, wait: Wait
) -> None:
    window.options.choose("dragon", {"task": "paste"})
    hints: list[str] = []
    window.exemplars.hint.connect(hints.append)
    drop(window, picture)
    choose(window, "Paste into the scene")
    wait()
    assert hints == ["Select the place for it, then Run."]


def test_a_broken_file_is_one_sentence_and_the_example_stays(
    window: MainWindow,
    document: Document,
    carrying: EngineThread,
    picture: Path,
    tmp_path: Path,
    wait: Wait,
    posted: list[Message],
) -> None:
    window.exemplars.use_file(picture)
    wait()
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(60))
    window.exemplars.use_file(tmp_path / "bad.png")
    wait()
    assert len(posted) == 1
    assert "bad.png" in posted[0].sentence
    exemplar = window.options.exemplars.of(document)
    assert exemplar is not None
    assert exemplar.name == "leaf.png"


def test_the_clipboard_is_asked_about_only_while_an_example_is_of_use(
    window: MainWindow, document: Document, carrying: EngineThread, wait: Wait
) -> None:
    clipboard.copy(np.full((6, 9, 4), 255, np.uint8), (0, 0))
    act(window, "paste")
    wait()
    assert len(document.layers) == 2
    window.options.choose("dragon", {"task": "appearance"})
    act(window, "paste")
    choose(window, "Paste into the scene")
    wait()
    assert window.options["task"] == "paste"
    exemplar = window.options.exemplars.of(document)
    assert exemplar is not None
    assert exemplar.pixels.shape == (6, 9, 4)
    act(window, "paste")
    choose(window, "Add as layer")
    wait()
    assert len(document.layers) == 3


def test_a_layer_or_what_is_selected_can_be_the_example(
    window: MainWindow, document: Document, carrying: EngineThread, wait: Wait
) -> None:
    act(window, "example_layer")
    wait()
    whole = window.options.exemplars.of(document)
    assert whole is not None
    assert (whole.pixels.shape, whole.name) == ((64, 96, 4), "Photo")
    assert window.options["task"] == "paste"  # the method was another one
    window.options.set("task", "appearance")
    select(document)
    act(window, "example_selected")
    wait()
    part = window.options.exemplars.of(document)
    assert part is not None
    assert part.pixels.shape == (16, 16, 4)
    assert (part.pixels == (200, 40, 30, 255)).all()
    assert window.options["task"] == "appearance"


def test_remove_and_choose_in_the_panel(
    window: MainWindow,
    document: Document,
    carrying: EngineThread,
    picture: Path,
    wait: Wait,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    window.options.choose("dragon", {"task": "paste"})
    box = window.method_panel.exemplar
    assert "Drop a picture here" in box.facts.text()
    assert not box.remove.isVisible()
    monkeypatch.setattr(dialogs, "ask_example", lambda *_: picture)
    box.choose.click()
    wait()
    assert box.remove.isVisible()
    assert box.thumbnail.accessibleName() == "Example: leaf.png, 30 by 20 pixels"
    box.remove.click()
    assert window.options.exemplars.of(document) is None
    assert "Drop a picture here" in box.facts.text()


def test_what_is_pasted_is_shown_in_the_box_where_it_will_stand(
    window: MainWindow, document: Document, carrying: EngineThread, picture: Path, wait: Wait
) -> None:
    select(document, Rect(40, 10, 30, 40))
    window.options.choose("dragon", {"task": "paste"})
    window.exemplars.use_file(picture)
    wait()
    thing = window.regions.tool.instead
    assert thing is not None
    assert thing.area == Rect(40, 30, 30, 20)  # as wide as the selection, standing on its lower edge
    act(window, "transform")
    window.option_bar.transform_page.across.setValue(5.0)
    assert window.options["task"] == "paste"  # it is placed, not what is selected
    window.options.set("task", "move")
    assert window.regions.tool.instead is None
    assert document.placement == Placement((5.0, 0.0))
    drop(window, picture)
    choose(window, "Paste into the scene")
    wait()
    assert document.placement.rests  # what is brought in now stands where it was selected


def test_an_example_comes_back_with_the_layer_and_can_be_exchanged(
    qtbot: QtBot, window: MainWindow, document: Document, carrying: EngineThread, picture: Path, wait: Wait
) -> None:
    select(document)
    window.options.choose("dragon", {"task": "paste"})
    window.exemplars.use_file(picture)
    wait()
    with qtbot.waitSignal(window.runs.applied, timeout=60_000):
        act(window, "run")
    result = document.active
    assert result is not None
    window.exemplars.remove()
    act(window, "edit_again")
    wait()
    exemplar = window.options.exemplars.of(document)
    assert exemplar is not None
    assert exemplar.restored == result
    assert exemplar.name.startswith("From the layer")
    again, own = asked_request(window, document), request_of(document[result])
    assert again.digest() == own.digest()
    act(window, "example_selected")
    wait()
    changed = asked_request(window, document)
    assert changed.exemplar is not None
    assert changed.exemplar.shape == (16, 16, 4)
    window.exemplars.remove()
    assert asked_request(window, document).exemplar is None
