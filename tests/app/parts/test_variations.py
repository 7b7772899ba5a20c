"""Variations: collected beside the document, compared in place, kept as layers, and ended in every way there is."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.canvas.preview import COMPARED
from app.errors import Message
from app.jobs import placement
from app.jobs.bridge import request_of
from app.jobs.engine_thread import EngineThread
from app.main_window import MainWindow
from editor.commands import ResizeCanvas
from editor.composite import composite
from editor.document import Document
from editor.layers import ImageLayer
from engine.errors import BadRequest
from engine.recipe import recipe_bytes
from engine.request import EditRequest
from tests.app.conftest import act, drag, photo
from tests.app.daubing import SOON, daubing, done, wait_for
from tests.app.jobs.conftest import Daubs


@pytest.fixture
def daubs() -> Daubs:
    return Daubs()


@pytest.fixture
def engine(
    window: MainWindow, document: Document, daubs: Daubs, monkeypatch: pytest.MonkeyPatch
) -> Iterator[EngineThread]:
    with daubing(window, daubs, monkeypatch) as made:
        yield made


@pytest.fixture
def gate(daubs: Daubs) -> threading.Semaphore:
    """Released once for each step that may be done."""
    daubs.gate = threading.Semaphore(0)
    return daubs.gate


@pytest.fixture
def four(qtbot: QtBot, window: MainWindow, engine: EngineThread) -> list[int]:
    """Numbers of four variations that are done, seeds 5 to 8."""
    act(window, "variations")
    wait_for(qtbot, window, 5, 6, 7, 8)
    return [variation.number for variation in window.variations.current]


def flat(document: Document) -> np.ndarray:
    return composite(document.snapshot())


def keep(qtbot: QtBot, window: MainWindow, *numbers: int) -> None:
    window.variations.keep(numbers)
    own = window.variations.current
    qtbot.waitUntil(lambda: not any(own.get(n).keeping for n in numbers), timeout=SOON)  # type: ignore[union-attr]


def top(document: Document) -> ImageLayer:
    layer = document.layers[-1]
    assert isinstance(layer, ImageLayer)
    return layer


def test_several_seeds_are_collected_and_the_document_stays_as_it_was(
    window: MainWindow, document: Document, four: list[int], daubs: Daubs
) -> None:
    np.testing.assert_array_equal(flat(document), flat(photo()))
    assert document.history.position == 0
    assert not document.modified
    assert len(document.layers) == 1
    own = list(window.variations.current)
    assert [int(each.result.patch[0, 0, 0]) for each in own if each.result] == [52, 62, 72, 82]  # 10 x seed + steps
    assert [each.result.recipe.seed for each in own if each.result] == [5, 6, 7, 8]
    pictures = {id(each.result.recipe.image) for each in own if each.result}
    assert len(pictures) == 1  # the document was read once, and its pixels are shared
    assert all(max(each.picture.width(), each.picture.height()) == 96 for each in own)
    assert window.docks._docks["variations"].isVisible()
    assert window.options["seed"] == 5


def test_two_that_are_kept_are_layers_as_if_each_had_been_run_alone(
    qtbot: QtBot, window: MainWindow, document: Document, engine: EngineThread, four: list[int]
) -> None:
    before = flat(document)
    keep(qtbot, window, four[1], four[3])
    kept = document.layers[1:]
    assert [layer.name for layer in kept] == ["Daub · seed 6", "Daub · seed 8"]
    assert document.history.position == 2
    assert [step.title for step in document.history.steps] == ["Daub · seed 6", "Daub · seed 8"]
    assert [variation.kept for variation in window.variations.current] == [False, True, False, True]
    assert window.options["seed"] == 5  # of two it is not said which
    act(window, "undo")
    assert [variation.kept for variation in window.variations.current] == [False, True, False, False]
    act(window, "undo")
    np.testing.assert_array_equal(flat(document), before)

    for seed, layer in zip((6, 8), kept, strict=True):
        window.options.set("seed", seed)
        with qtbot.waitSignal(engine.finished, timeout=SOON):
            act(window, "run")
        alone = top(document)
        assert isinstance(layer, ImageLayer)
        np.testing.assert_array_equal(alone.pixels.read(document.canvas), layer.pixels.read(document.canvas))
        assert request_of(alone).digest() == request_of(layer).digest()
        act(window, "undo")


def test_only_what_is_kept_is_packed_and_that_once(
    qtbot: QtBot, window: MainWindow, document: Document, engine: EngineThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[int] = []

    def count(recipe: EditRequest) -> bytes:
        packed.append(recipe.seed)
        return recipe_bytes(recipe)

    monkeypatch.setattr(placement, "recipe_bytes", count)
    act(window, "variations")
    wait_for(qtbot, window, 5, 6, 7, 8)
    assert packed == []
    third = [variation.number for variation in window.variations.current][2]
    keep(qtbot, window, third)
    act(window, "undo")
    keep(qtbot, window, third)
    assert packed == [7]
    assert top(document).name == "Daub · seed 7"


def test_keeping_one_makes_its_seed_the_panels_and_starts_no_live_run(
    qtbot: QtBot, window: MainWindow, document: Document, engine: EngineThread, four: list[int]
) -> None:
    act(window, "live")
    qtbot.waitUntil(lambda: window.runs.may_keep(document), timeout=SOON)
    act(window, "discard")
    keep(qtbot, window, four[2])
    assert window.options["seed"] == 7
    assert top(document).name == "Daub · seed 7"
    qtbot.wait(300)
    assert not engine.busy
    keep(qtbot, window, four[2])  # it is a layer already
    assert document.history.position == 1


def test_cancel_ends_what_is_left_and_what_is_done_stays(
    qtbot: QtBot, window: MainWindow, document: Document, daubs: Daubs, gate: threading.Semaphore, engine: EngineThread
) -> None:
    act(window, "variations")
    gate.release(5)
    qtbot.waitUntil(lambda: done(window) == [5, 6] and len(daubs.steps) == 5, timeout=SOON)
    assert len(window.variations.current) == 4
    assert window.runs.running(document)
    act(window, "cancel")
    assert [variation.seed for variation in window.variations.current] == [5, 6]
    assert not window.runs.running(document)
    assert window.runs.current_job is None
    gate.release(100)
    qtbot.waitUntil(lambda: not engine.busy, timeout=SOON)
    assert done(window) == [5, 6]
    assert {seed for seed, _ in daubs.steps} <= {5, 6, 7}  # the last one never began
    np.testing.assert_array_equal(flat(document), flat(photo()))


def test_stop_here_takes_the_running_one_as_it_is_and_begins_no_other(
    qtbot: QtBot, window: MainWindow, gate: threading.Semaphore, engine: EngineThread
) -> None:
    window.options.set("steps", 9)
    act(window, "variations")
    gate.release(1)
    qtbot.waitUntil(lambda: next(iter(window.variations.current)).state.index == 1, timeout=SOON)
    act(window, "stop")
    gate.release(100)
    qtbot.waitUntil(lambda: not engine.busy, timeout=SOON)
    assert done(window) == [5]
    (only,) = window.variations.current
    assert only.result is not None
    assert only.result.recipe.stop_after == only.result.steps < 9


def test_an_error_in_one_leaves_the_others(
    qtbot: QtBot, window: MainWindow, daubs: Daubs, engine: EngineThread, posted: list[Message]
) -> None:
    failed: list[bool] = []

    def inside() -> None:
        if len(daubs.steps) == 2 and not failed:  # the second one begins
            failed.append(True)
            raise BadRequest("Paint a stroke first.")

    daubs.inside = inside
    act(window, "variations")
    wait_for(qtbot, window, 5, 7, 8)
    assert [message.sentence for message in posted] == ["Paint a stroke first."]
    own = list(window.variations.current)
    assert [variation.sentence for variation in own] == ["", "Paint a stroke first.", "", ""]
    window.variations.show(own[1].number)
    assert window.variations.current.shown is None
    window.variations.keep([own[1].number])
    assert not own[1].keeping


def test_closing_the_document_drops_them(
    qtbot: QtBot,
    window: MainWindow,
    document: Document,
    gate: threading.Semaphore,
    engine: EngineThread,
    posted: list[Message],
) -> None:
    act(window, "variations")
    gate.release(3)
    qtbot.waitUntil(lambda: done(window) == [5], timeout=SOON)
    other = photo(title="other")
    window.documents.add(other)
    assert len(window.variations.current) == 0
    window.documents.choose(document)
    assert len(window.variations.current) == 4
    window.documents.close(document)
    gate.release(100)
    qtbot.waitUntil(lambda: not engine.busy, timeout=SOON)
    assert window.runs.current_job is None
    assert document not in window.variations._of
    assert posted == []
    assert other.history.position == 0


def test_a_new_run_takes_the_place_of_the_old_one_with_its_first_result(
    qtbot: QtBot, window: MainWindow, document: Document, daubs: Daubs, engine: EngineThread, four: list[int]
) -> None:
    daubs.gate = threading.Semaphore(0)
    window.options.set("seed", 2**53 - 1)
    window.variations.set_count(2)
    act(window, "variations")
    assert done(window) == [5, 6, 7, 8]
    assert [variation.seed for variation in window.variations.current][4:] == [
        2**53 - 1,
        0,
    ]  # after the largest comes 0
    window.options.set("seed", 1)
    act(window, "variations")  # the one before has nothing yet, and its results would be replaced anyhow
    assert [variation.seed for variation in window.variations.current] == [5, 6, 7, 8, 1, 2]
    window.variations.show(four[0])
    daubs.gate.release(100)
    wait_for(qtbot, window, 1, 2)
    assert window.variations.current.shown is None
    view = window.workspace.view
    assert view is not None
    assert COMPARED not in view._previews


def test_one_is_shown_in_place_until_the_picture_is_worked_on(
    qtbot: QtBot, window: MainWindow, document: Document, four: list[int]
) -> None:
    view = window.workspace.view
    assert view is not None
    part = window.variations
    part.show(four[1])
    (shown,) = view._previews.pictures
    assert shown.image.pixelColor(3, 3).red() == 62
    part.show(four[2])
    (shown,) = view._previews.pictures
    assert shown.image.pixelColor(3, 3).red() == 72
    act(window, "cancel")
    assert part.current.shown is None
    assert view._previews.pictures == []
    assert not part.hide()

    part.show(four[3])
    window.tools.choose("brush")
    drag(window, (20, 20), (60, 30))
    assert part.current.shown is None
    assert view._previews.pictures == []
    part.show(four[3])
    keep(qtbot, window, four[3])
    assert view._previews.pictures == []


def test_another_run_hides_the_one_that_is_shown(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, four: list[int]
) -> None:
    window.variations.show(four[0])
    with qtbot.waitSignal(engine.finished, timeout=SOON):
        act(window, "run")
    assert window.variations.current.shown is None


def test_on_a_canvas_of_another_size_they_wait(
    qtbot: QtBot, window: MainWindow, document: Document, four: list[int], posted: list[Message]
) -> None:
    document.history.do(ResizeCanvas(120, 64, (0, 0)))
    keep(qtbot, window, four[0])
    assert "another size" in posted[-1].sentence
    assert document.history.position == 1
    posted.clear()
    window.variations.show(four[0])
    assert "another size" in posted[-1].sentence
    assert window.variations.current.shown is None
    assert done(window) == [5, 6, 7, 8]
    act(window, "undo")
    keep(qtbot, window, four[0])
    assert top(document).name == "Daub · seed 5"


def test_an_edit_that_is_run_again_is_replaced_by_the_first_and_joined_by_the_next(
    qtbot: QtBot, window: MainWindow, document: Document, engine: EngineThread, wait: object
) -> None:
    with qtbot.waitSignal(engine.finished, timeout=SOON):
        act(window, "run")
    result = top(document)
    window.recipes.open(result.id)
    qtbot.waitUntil(lambda: window.recipes.replaced_in(document) == result.id, timeout=SOON)
    window.options.set("seed", 9)
    act(window, "variations")
    wait_for(qtbot, window, 9, 10, 11, 12)
    numbers = [variation.number for variation in window.variations.current]
    keep(qtbot, window, numbers[0], numbers[2])
    assert [layer.name for layer in document.layers] == ["Photo", "Daub", "Daub · seed 11"]
    assert [request_of(layer).seed for layer in document.layers[1:]] == [9, 11]
    act(window, "undo")
    act(window, "undo")
    assert request_of(document[result.id]).seed == 5
    keep(qtbot, window, numbers[3])
    assert [request_of(layer).seed for layer in document.layers[1:]] == [12]


def test_discard_all_ends_and_forgets_them(
    qtbot: QtBot, window: MainWindow, gate: threading.Semaphore, engine: EngineThread
) -> None:
    act(window, "variations")
    gate.release(2)
    qtbot.waitUntil(lambda: done(window) == [5], timeout=SOON)
    window.variations.discard_all()
    assert len(window.variations.current) == 0
    gate.release(100)
    qtbot.waitUntil(lambda: not engine.busy, timeout=SOON)
    assert window.runs.current_job is None


def test_how_many_is_remembered_within_limits(window: MainWindow) -> None:
    part = window.variations
    assert part.count == 4
    part.set_count(7)
    assert (part.count, window.settings.variations) == (7, 7)
    part.set_count(99)
    assert part.count == 8
    part.set_count(1)
    assert part.count == 2


def test_without_an_engine_it_says_so(window: MainWindow, document: Document, posted: list[Message]) -> None:
    act(window, "variations")
    assert "starting" in posted[-1].sentence
    assert len(window.variations.current) == 0
