"""The box in the window: drawn, typed, locked, shown, asked for, run, and the layer again with its box."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.errors import Message
from app.exemplar import Exemplar
from app.jobs import method_info
from app.jobs.bridge import request_of
from app.jobs.engine_thread import EngineThread
from app.jobs.method_info import describe
from app.main_window import MainWindow
from app.parts.asking import asked, edited_area
from editor.commands import SetBox, SetSelection
from editor.composite import composite
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle
from engine.request import EditRequest
from tests.app.conftest import act, drag, photo
from tests.app.putting import PUT

BOX = Rect(40, 20, 30, 24)
LEAF = (30, 160, 50)
Wait = Callable[[], None]


@pytest.fixture
def putting(window: MainWindow, document: Document, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineThread]:
    """The window's engine with the plain method that puts a colour into a box, and an example twice as wide as high."""
    infos = [*window.options.methods, describe(PUT)]
    monkeypatch.setattr(method_info, "cached_methods", lambda: infos)
    made = EngineThread(lambda: {PUT.id: PUT}, lambda model: model, lambda: None, parent=window)  # type: ignore[arg-type, return-value]
    window.attach_engine(made)
    made.methods_found.disconnect(window.options.set_methods)
    window.options.set_methods(infos)
    window.options.choose("put")
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[10:30] = (*LEAF, 255)  # what is transparent around it is not meant
    window.options.exemplars.put(document, Exemplar(pixels, "leaf"))
    yield made
    made.shutdown()


def titles(document: Document) -> list[str]:
    return [step.title for step in document.history.steps]


def select(document: Document, rect: Rect) -> None:
    document.history.do(SetSelection(rectangle(rect, document.canvas)))


def asked_request(window: MainWindow, document: Document) -> EditRequest:
    return asked(document, window.options, window.recipes, window.options.parameters()).build()


def shown(window: MainWindow) -> tuple[int, int, int, int]:
    page = window.option_bar.box_page
    return (page.x_field.value(), page.y_field.value(), page.width_field.value(), page.height_field.value())


def test_a_box_is_drawn_shown_in_numbers_and_part_of_the_request(
    window: MainWindow, document: Document, putting: EngineThread
) -> None:
    assert window.workspace.view is not None
    window.activateWindow()
    QTest.keyClick(window.workspace.view, Qt.Key.Key_U)
    assert window.tools.current == "box"
    page = window.option_bar.box_page
    assert page.isVisible()
    assert not page.width_field.isEnabled()
    drag(window, (40, 20), (70, 44))
    assert document.box == BOX
    assert shown(window) == (40, 20, 30, 24)
    assert page.width_field.isEnabled()
    assert asked_request(window, document).box == (40, 20, 30, 24)
    assert {field.accessibleName() for field in page._fields} == {"Left edge", "Upper edge", "Width", "Height"}
    window.options.choose("sdedit")
    assert asked_request(window, document).box is None
    act(window, "undo")
    assert shown(window) == (0, 0, 1, 1)
    assert not page.width_field.isEnabled()


def test_numbers_are_typed_and_the_lock_keeps_the_example_s_proportion(
    window: MainWindow, document: Document, putting: EngineThread, posted: list[Message]
) -> None:
    document.history.do(SetBox(BOX, "Draw box"))
    act(window, "box")
    page = window.option_bar.box_page
    page.x_field.setValue(-5)
    page.width_field.setValue(50)
    assert document.box == Rect(-5, 20, 50, 24)
    assert titles(document) == ["Draw box", "Set box"]
    page.locked.click()
    page.width_field.setValue(60)
    assert document.box == Rect(-5, 20, 60, 30)
    page.height_field.setValue(20)
    assert document.box == Rect(-5, 20, 40, 20)
    window.options.exemplars.put(document, None)
    page.height_field.setValue(10)
    assert document.box == Rect(-5, 20, 20, 10), "else the box's own"
    page.x_field.setValue(96)
    assert posted[-1].sentence.startswith("The box does not lie on the picture. Draw it")
    assert shown(window) == (-5, 20, 20, 10)
    assert window.tools.options.settings.box_locked
    act(window, "box_remove")
    assert document.box is None
    QApplication.processEvents()
    assert not window.commands["box_remove"].isEnabled()


def test_shift_draws_it_like_the_example(window: MainWindow, document: Document, putting: EngineThread) -> None:
    assert window.box.tool.kept_proportion(document) == 2.0
    window.tools.options.change(box_locked=True)
    act(window, "box")
    drag(window, (20, 10), (60, 15))
    assert document.box == Rect(20, 10, 40, 20)


def test_where_nothing_says_the_place_a_hint_does(
    window: MainWindow, document: Document, putting: EngineThread
) -> None:
    note = window.method_panel.place
    assert note.isVisible()
    assert note.text() == "Draw a box where it shall stand (U), or select the place."
    document.history.do(SetBox(BOX))
    assert not note.isVisible()
    act(window, "undo")
    assert note.isVisible()
    select(document, BOX)
    assert not note.isVisible()
    act(window, "undo")
    window.options.choose("sdedit")
    assert not note.isVisible()
    window.options.choose("put")
    assert note.isVisible()
    other = photo(40, 30, "other")
    other.place_box(Rect(1, 2, 3, 4))
    window.documents.add(other)
    assert not note.isVisible()
    assert shown(window) == (1, 2, 3, 4)


def test_without_a_place_or_where_box_and_selection_do_not_meet_run_says_so(
    qtbot: QtBot, window: MainWindow, document: Document, putting: EngineThread, posted: list[Message]
) -> None:
    for prepare, words in (
        (lambda: None, "There is no place to fill. Draw a box"),
        (lambda: document.history.do(SetBox(BOX)) or select(document, Rect(0, 0, 9, 9)), "do not meet"),
    ):
        prepare()
        told = len(posted)
        act(window, "run")
        qtbot.waitUntil(lambda told=told: len(posted) > told, timeout=30_000)
        assert words in posted[-1].sentence
    assert len(document.layers) == 1


def test_run_fills_the_box_and_the_layer_can_be_edited_again_with_its_box(
    qtbot: QtBot, window: MainWindow, document: Document, putting: EngineThread, wait: Wait
) -> None:
    act(window, "box")
    drag(window, (40, 20), (70, 44))
    before = composite(document.snapshot())
    with qtbot.waitSignal(window.runs.applied, timeout=60_000):
        act(window, "run")
    after = composite(document.snapshot())
    inside = np.zeros((64, 96), bool)
    inside[BOX.slices()] = True
    assert np.array_equal(after[~inside], before[~inside])
    result = document.active
    assert result is not None
    colour = after[30, 50, :3]
    act(window, "box_remove")
    select(document, Rect(0, 0, 5, 5))
    steps = len(titles(document))
    act(window, "edit_again")
    wait()
    assert document.box == BOX
    assert document.selection is None, "as the edit had it"
    assert len(titles(document)) == steps + 1
    act(window, "undo")
    assert document.box is None
    assert document.selection is not None
    act(window, "redo")
    assert shown(window) == (40, 20, 30, 24)
    drag(window, (55, 32), (35, 32))
    with qtbot.waitSignal(window.runs.applied, timeout=60_000):
        act(window, "run")
    assert request_of(document[result]).box == (20, 20, 30, 24)
    seen = composite(document.snapshot())
    assert (seen[30, 25, :3] == colour).all()
    assert np.array_equal(seen[30, 60], before[30, 60])
    assert len(document.layers) == 2


def test_an_edit_in_a_selection_takes_the_box_away_when_it_is_shown_again(
    qtbot: QtBot, window: MainWindow, document: Document, putting: EngineThread, wait: Wait
) -> None:
    select(document, BOX)
    with qtbot.waitSignal(window.runs.applied, timeout=60_000):
        act(window, "run")
    document.history.do(SetBox(Rect(0, 0, 9, 9)))
    act(window, "edit_again")
    wait()
    assert document.box is None
    assert request_of(document[document.active]).digest() == asked_request(window, document).digest()  # type: ignore[index]
    act(window, "undo")
    assert document.box == Rect(0, 0, 9, 9)


def test_a_moved_box_starts_a_live_run(
    qtbot: QtBot, window: MainWindow, document: Document, putting: EngineThread
) -> None:
    document.history.do(SetBox(BOX))
    with qtbot.waitSignal(window.runs.preview_shown, timeout=60_000):
        window.options.live = True
    qtbot.waitUntil(lambda: window.runs.may_keep(document), timeout=60_000)
    areas: list[QRect] = []
    window.runs.preview_shown.connect(lambda *told: areas.append(told[3]))
    act(window, "box")
    drag(window, (55, 32), (45, 32))
    qtbot.waitUntil(lambda: bool(areas), timeout=60_000)
    act(window, "keep")
    assert request_of(document[document.active]).box == (30, 20, 30, 24)  # type: ignore[index]


def test_progress_covers_the_box_of_an_edit_that_takes_one() -> None:
    document = photo()
    document.place_box(Rect(80, 20, 30, 24))
    assert edited_area(document) == QRect(0, 0, 96, 64)
    assert edited_area(document, boxed=True) == QRect(80, 20, 16, 24)
    select(document, Rect(0, 30, 90, 90))
    assert edited_area(document, boxed=True) == QRect(80, 30, 10, 14)
    assert edited_area(document) == QRect(0, 30, 90, 34)
    document.place_box(None)
    assert edited_area(document, boxed=True) == QRect(0, 30, 90, 34)
