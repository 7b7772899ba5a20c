"""Drags in the window: the sketch under the pen, handles on their way, stop, continue, other targets, other tiers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from pytestqt.wait_signal import SignalBlocker

from app.jobs import method_info
from app.jobs.bridge import request_of
from app.jobs.engine_thread import EngineThread
from app.jobs.method_info import describe
from app.main_window import MainWindow
from app.parts.dragging import SKETCH
from editor.commands import SetPoints, SetSelection
from editor.composite import composite
from editor.document import Document
from editor.geometry import Rect
from editor.layers import ImageLayer, LayerId
from editor.masks import rectangle
from editor.points import PointPair
from editor.tiles import TiledImage
from engine.points import Leg
from tests.app.conftest import act, drag
from tests.app.tugs import Tugs

FIRST, SECOND = (52.0, 16.0), (52.0, 40.0)  # targets
HANDLE = (16.0, 16.0)
SLOW = 60_000  # ms: the first run loads libraries


@pytest.fixture
def tugs(monkeypatch: pytest.MonkeyPatch) -> Tugs:
    made = Tugs()
    infos = [describe(method) for method in made.methods().values()]
    monkeypatch.setattr(method_info, "cached_methods", lambda: infos)
    return made


@pytest.fixture
def engine(window: MainWindow, document: Document, tugs: Tugs) -> Iterator[EngineThread]:
    """The window with a drag without a network, and its points tool in hand."""
    made = EngineThread(tugs.methods, tugs.load, lambda: None, parent=window)
    window.options.set_methods([describe(method) for method in tugs.methods().values()])
    window.options.choose("tug")
    window.attach_engine(made)
    window.tools.choose("points")
    yield made
    if tugs.gate is not None:
        tugs.gate.release(1000)
    made.shutdown()


def place(document: Document, *targets: tuple[float, float]) -> None:
    """One pair per target, with handles below each other."""
    pairs = [PointPair((HANDLE[0], HANDLE[1] + 4 * i), target) for i, target in enumerate(targets)]
    document.history.do(SetPoints(tuple(pairs)))


def run(qtbot: QtBot, window: MainWindow, engine: EngineThread, action: str = "run") -> LayerId:
    with qtbot.waitSignal(window.runs.applied, timeout=SLOW) as applied:
        act(window, action)
    return applied.args[2]


@contextmanager
def under_way(qtbot: QtBot, window: MainWindow, tugs: Tugs, engine: EngineThread) -> Iterator[SignalBlocker]:
    """A drag that has taken its first step, and takes none while one is inside; afterwards it has ended.

    Yields:
        what `runs.applied` says in the end.
    """
    tugs.gate = threading.Semaphore(0)
    with qtbot.waitSignal(window.runs.applied, timeout=SLOW) as applied:
        act(window, "run")
        with qtbot.waitSignal(engine.led):
            tugs.gate.release()
        yield applied
        QApplication.processEvents()
        tugs.gate.release(30)


def value(document: Document, layer: LayerId) -> int:
    found = document[layer]
    assert isinstance(found, ImageLayer)
    return int(found.pixels.read(Rect(5, 5, 1, 1))[0, 0, 0])


def sketches(window: MainWindow) -> list[tuple[QImage, QRect]]:
    shown: list[tuple[QImage, QRect]] = []
    window.dragging.preview_shown.connect(lambda _d, job, image, area, _f: shown.append((image, area)))
    return shown


# the sketch


def test_the_sketch_follows_the_pen_before_it_is_lifted(
    window: MainWindow, document: Document, engine: EngineThread, wait: Callable[[], None]
) -> None:
    document.history.do(SetSelection(rectangle(document.canvas, Rect(8, 8, 16, 16))))
    shown = sketches(window)
    drag(window, HANDLE, (56, 20))  # from the press on the picture is made ready in a worker thread
    wait()
    drag(window, (56, 20), (56, 16), steps=8)
    assert len(shown) >= 6
    image, area = shown[-1]
    assert area == QRect(8, 8, 56, 16)
    colours = np.array([[image.pixelColor(x, 8).getRgb() for x in range(56)]])[0]
    assert (abs(colours[40:56, :3] - (200, 40, 30)) <= 3).mean() > 0.9  # the red square, 40 px to the right
    assert (colours[40:56, 3] == 255).all()
    assert (colours[20:36, 3] == 0).all()  # in between nothing changes
    hole = colours[:16]
    assert (hole[:, 3] == 255).all()
    assert {tuple(colour) for colour in hole[:, :3]} == {(92, 92, 98), (158, 158, 164)}


def test_without_a_selection_the_sketch_has_no_holes(
    window: MainWindow, document: Document, engine: EngineThread, wait: Callable[[], None]
) -> None:
    shown = sketches(window)
    drag(window, HANDLE, (30, 20))
    wait()
    drag(window, (30, 20), (36, 24))
    image, _ = shown[-1]
    greys = {image.pixelColor(x, y).getRgb()[:3] for x in range(image.width()) for y in range(image.height())}
    assert not greys & {(92, 92, 98), (158, 158, 164)}


def test_what_ends_the_sketch(
    qtbot: QtBot, window: MainWindow, document: Document, engine: EngineThread, wait: Callable[[], None]
) -> None:
    view = window.workspace.view
    assert view is not None

    def show() -> None:
        drag(window, HANDLE, (40, 16))
        wait()
        assert SKETCH in view._previews

    show()
    act(window, "points_clear")
    assert SKETCH not in view._previews
    show()
    act(window, "undo")
    assert SKETCH not in view._previews
    show()
    window.options.set_methods([*window.options.methods, method_info.from_json(method_info.to_json([DAUB]))[0]])
    window.options.choose("daub")
    assert SKETCH not in view._previews
    window.options.choose("tug")
    drag(window, (40, 16), (44, 20))
    wait()
    assert SKETCH in view._previews
    run(qtbot, window, engine)
    assert SKETCH not in view._previews


DAUB = method_info.MethodInfo("daub", "Daub", "", ("strokes",), ())


def test_a_large_picture_is_sketched_small(window: MainWindow, engine: EngineThread, wait: Callable[[], None]) -> None:
    from tests.app.conftest import photo

    large = photo(2000, 1500)
    window.documents.add(large)
    shown = sketches(window)
    large.history.do(SetSelection(rectangle(large.canvas, Rect(400, 400, 300, 300))))
    drag(window, (500, 500), (900, 500))
    wait()
    image, area = shown[-1]
    assert image.width() * image.height() <= 512 * 512
    assert area.width() == image.width() * 4  # 2000 x 1500 is four times too long for a quarter of a million pixels
    assert abs(area.x() - 400) <= 4
    assert abs(area.right() - 1099) <= 5


# a drag under way


def test_handles_are_shown_on_their_way_and_the_distance_is_told(
    qtbot: QtBot, window: MainWindow, document: Document, tugs: Tugs, engine: EngineThread
) -> None:
    place(document, FIRST)
    led: list[object] = []
    texts: list[str] = []
    window.dragging.led.connect(lambda _, marks: led.append(marks))
    window.runs.job_changed.connect(lambda _: texts.append(window.status.text.text()))
    run(qtbot, window, engine)
    assert led[:3] == [((19.0, 16.0),), ((22.0, 16.0),), ((25.0, 16.0),)]
    assert led[-1] is None
    assert "Tug: Dragging · 2 of 20 · 30 px left" in texts


def test_what_to_do_next_is_told_as_long_as_there_is_a_drag_to_do_it_with(
    qtbot: QtBot, window: MainWindow, document: Document, tugs: Tugs, engine: EngineThread
) -> None:
    def told() -> bool:
        QApplication.processEvents()
        return "Move a target and run again" in window.status.text.text()

    place(document, FIRST)
    run(qtbot, window, engine)
    assert told()
    document.history.do(SetPoints((PointPair(HANDLE, SECOND),)))
    assert told()
    while document.history.can_undo:
        document.history.undo()
    assert not told()
    while document.history.can_redo:
        document.history.redo()
    assert not told(), "the next run makes a layer of its own"


def test_stop_here_keeps_the_state_and_continue_goes_on_from_it_in_one_step(
    qtbot: QtBot, window: MainWindow, document: Document, tugs: Tugs, engine: EngineThread
) -> None:
    place(document, FIRST)
    with under_way(qtbot, window, tugs, engine) as applied:
        act(window, "stop")
    layer = applied.args[2]
    stopped = request_of(document[layer])
    assert stopped.stop_after is not None
    assert value(document, layer) == round(16 + 3 * stopped.stop_after)
    assert stopped.stop_after <= 3
    QApplication.processEvents()
    assert window.commands["go_on"].isEnabled()
    assert window.workspace.bar.go_on.isVisible()
    steps = document.history.position

    assert run(qtbot, window, engine, "go_on") == layer
    asked = tugs.asked[-1]
    assert asked.legs == (Leg((FIRST,), stopped.stop_after),)
    assert asked.stop_after is None
    assert value(document, layer) == round(FIRST[0])
    assert document.history.position == steps + 1
    QApplication.processEvents()
    assert not window.commands["go_on"].isEnabled()  # it has arrived
    act(window, "undo")
    assert request_of(document[layer]).stop_after == stopped.stop_after


def test_moving_a_target_leads_a_running_drag_elsewhere(
    qtbot: QtBot, window: MainWindow, document: Document, tugs: Tugs, engine: EngineThread
) -> None:
    place(document, FIRST)
    with under_way(qtbot, window, tugs, engine) as applied:
        drag(window, FIRST, SECOND)
        assert document.points[0].target == pytest.approx(SECOND, abs=0.5)
    recipe = request_of(document[applied.args[2]])
    assert recipe.points is not None
    assert tuple(recipe.points[0, 1]) == document.points[0].target
    assert recipe.legs[0].targets == (FIRST,)
    assert 1 <= recipe.legs[0].steps <= 3


def test_another_target_goes_on_from_there_or_starts_anew(
    qtbot: QtBot, window: MainWindow, document: Document, tugs: Tugs, engine: EngineThread
) -> None:
    place(document, FIRST)
    layer = run(qtbot, window, engine)
    count = len(document.layers)
    drag(window, FIRST, SECOND)
    assert run(qtbot, window, engine) == layer
    assert len(document.layers) == count
    assert tugs.asked[-1].legs == (Leg((FIRST,), 20),)
    window.recipes.set_lead_on(False)
    drag(window, SECOND, FIRST)
    assert run(qtbot, window, engine) == layer
    assert tugs.asked[-1].legs == ()
    drag(window, HANDLE, (20, 20))  # another handle is another drag
    run(qtbot, window, engine)
    assert tugs.asked[-1].legs == ()


def test_another_tier_is_tried_in_the_place_of_the_first(
    qtbot: QtBot, window: MainWindow, document: Document, tugs: Tugs, engine: EngineThread
) -> None:
    before = composite(document.snapshot())
    place(document, FIRST, SECOND)
    window.options.choose("push")
    layer = run(qtbot, window, engine)
    window.options.choose("tug")
    assert window.recipes.replaced_in(document) == layer
    assert not window.recipes.leads_on
    assert run(qtbot, window, engine) == layer
    asked = tugs.asked[-1]
    assert (asked.method, asked.legs) == ("tug", ())
    np.testing.assert_array_equal(asked.image, before[..., :3])  # not what the first one made of it
    assert window.recipes.leads_on


def test_edit_again_brings_points_and_selection_back_as_one_step(
    qtbot: QtBot, window: MainWindow, document: Document, engine: EngineThread, wait: Callable[[], None]
) -> None:
    document.history.do(SetSelection(rectangle(document.canvas, Rect(8, 8, 24, 24))))
    place(document, FIRST)
    layer = run(qtbot, window, engine)
    points = document.points
    act(window, "points_clear")
    act(window, "select_none")
    window.recipes.end_replacing()
    steps = document.history.position
    act(window, "edit_again")
    wait()
    assert document.points == points
    assert document.selection is not None
    assert document.selection.content() == Rect(8, 8, 24, 24)
    assert document.history.position == steps + 1
    assert window.recipes.replaced_in(document) == layer
    assert isinstance(document.selection, TiledImage)


def test_a_live_drag_is_short(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document, tugs: Tugs
) -> None:
    window.options.set("pulls", 40)
    place(document, FIRST)
    act(window, "live")
    qtbot.waitUntil(lambda: window.runs.may_keep(document), timeout=SLOW)
    assert tugs.asked[-1].parameters.pulls == 8  # type: ignore[attr-defined]
    assert window.options["pulls"] == 40
    act(window, "live")
