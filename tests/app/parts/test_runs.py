"""The window with a real engine and a tiny random model: paint, run, keep, undo, save, run again, live, cancel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app import dialogs
from app.errors import Message
from app.jobs.bridge import PreparedEdit
from app.jobs.engine_thread import EngineThread
from app.main_window import MainWindow
from app.parts import asking
from editor.composite import composite
from editor.document import Document
from editor.files import open_document
from editor.layers import ImageLayer, Role
from engine.errors import BadRequest
from tests.app.conftest import act, drag

SLOW = 60_000  # ms: the first run imports torch


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.engine.tiny_models import write_sd15

    return write_sd15(tmp_path_factory.mktemp("models") / "sd15")


@pytest.fixture
def engine(window: MainWindow, model: Path) -> Iterator[EngineThread]:
    """The window's engine, with the tiny model whatever is asked for."""

    def load(_: str) -> object:
        from engine.models.loader import load as load_model

        return load_model(str(model))

    made = EngineThread(load=load, parent=window)  # type: ignore[arg-type]
    window.attach_engine(made)
    yield made
    made.shutdown()


def flat(document: Document) -> np.ndarray:
    return composite(document.snapshot())


def paint(window: MainWindow) -> None:
    window.tools.choose("brush")
    window.tools.set_brush(size=14.0, pressure_size=False)
    window.tools.set_colour((0.1, 0.3, 0.9, 1.0))
    drag(window, (20, 30), (60, 40))


def run(qtbot: QtBot, window: MainWindow, engine: EngineThread) -> None:
    with qtbot.waitSignal(engine.finished, timeout=SLOW):
        act(window, "run")


def test_paint_run_preview_layer_undo_redo_save_reopen(
    qtbot: QtBot,
    window: MainWindow,
    engine: EngineThread,
    document: Document,
    wait: Callable[[], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = flat(document)
    paint(window)
    painted = flat(document)
    assert (painted != before).any()
    strokes = document.layers[-1]
    assert isinstance(strokes, ImageLayer)
    assert strokes.role is Role.STROKES
    window.options.set("prompt", "a blue ball")
    window.options.set("steps", 4)

    shown: list[float] = []
    window.runs.preview_shown.connect(lambda _d, _j, image, _a, done: shown.append(0.0 if image.isNull() else done))
    run(qtbot, window, engine)

    assert len([fraction for fraction in shown if fraction > 0]) >= 2
    assert window.workspace.view is not None
    result = document.layers[-1]
    assert isinstance(result, ImageLayer)
    assert result.role is Role.RESULT
    assert result.recipe
    assert "a blue ball" in result.recipe_title
    after = flat(document)
    assert (after != painted).mean() > 0.1

    steps = document.history.position
    act(window, "undo")
    np.testing.assert_array_equal(flat(document), painted)
    act(window, "redo")
    np.testing.assert_array_equal(flat(document), after)
    assert document.history.position == steps

    monkeypatch.setattr(dialogs, "ask_save", lambda *_: tmp_path / "mine.ora")
    act(window, "save")
    wait()
    assert not document.modified
    assert document.path == tmp_path / "mine.ora"
    reopened = open_document(tmp_path / "mine.ora")
    np.testing.assert_array_equal(flat(reopened), after)
    assert [layer.name for layer in reopened.layers] == [layer.name for layer in document.layers]
    assert reopened.layers[-1].recipe == result.recipe  # type: ignore[attr-defined]


def test_outside_the_selection_nothing_changes(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    paint(window)
    before = flat(document)
    window.tools.choose("rectangle")
    drag(window, (40, 24), (72, 56))
    window.options.set("steps", 3)
    window.options.set("grow", 0)
    window.options.set("feather", 0)
    run(qtbot, window, engine)
    changed = (flat(document) != before).any(axis=2)
    assert changed.any()
    columns = np.nonzero(changed)[1]
    assert columns.min() >= 24
    assert columns.max() < 88
    assert not changed[:, :16].any()


def test_a_recipe_is_opened_changed_and_replaces_its_layer(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document, wait: Callable[[], None]
) -> None:
    paint(window)
    window.options.set("prompt", "a blue ball")
    window.options.set("seed", 5)
    window.options.set("steps", 3)
    run(qtbot, window, engine)
    result = document.layers[-1]
    first = flat(document)
    window.options.set("prompt", "something else")
    window.options.set("seed", 77)

    window.layers_panel.delegate.opened.emit(result)
    wait()
    assert window.options["prompt"] == "a blue ball"
    assert window.options["seed"] == 5
    assert window.method_panel.prompt.toPlainText() == "a blue ball"
    assert window.recipes.replaced_in(document) == result.id
    assert "a blue ball" in window.method_panel.replacing.text()

    layers, steps = len(document.layers), document.history.position
    window.options.set("seed", 6)
    run(qtbot, window, engine)
    assert len(document.layers) == layers
    assert document.history.position == steps + 1
    assert (flat(document) != first).any()
    act(window, "undo")
    np.testing.assert_array_equal(flat(document), first)

    window.documents.current and document.activate(document.layers[0].id)
    assert window.recipes.replaced_in(document) is None


def test_live_runs_after_a_stroke_and_keep_makes_a_layer(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    window.options.set("steps", 30)
    act(window, "live")
    assert window.options.live
    steps: list[int] = []
    engine.job_changed.connect(lambda state: steps.append(state.total))
    with qtbot.waitSignal(engine.finished, timeout=SLOW):
        paint(window)
    qtbot.waitUntil(lambda: window.runs.may_keep(document), timeout=SLOW)
    assert max(steps) <= 8
    assert len(document.layers) == 2  # photo and strokes: nothing was kept yet
    qtbot.waitUntil(window.commands["keep"].isEnabled)
    assert window.workspace.bar.keep.isVisible()

    act(window, "keep")
    result = document.layers[-1]
    assert isinstance(result, ImageLayer)
    assert result.role is Role.RESULT
    assert not window.runs.may_keep(document)
    assert document.history.steps[-1].title == result.recipe_title
    qtbot.wait(300)
    assert not engine.busy  # keeping is no reason to run again


@pytest.mark.parametrize("refused", [True, False])
def test_a_live_run_that_fails_takes_the_earlier_result_with_it(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document, posted: list[Message], refused: bool
) -> None:
    window.options.set("steps", 4)
    act(window, "live")
    with qtbot.waitSignal(engine.finished, timeout=SLOW):
        paint(window)
    qtbot.waitUntil(lambda: window.runs.may_keep(document), timeout=SLOW)
    waiting = window.runs._live._waiting[document].number
    ended: list[int] = []
    window.runs.preview_ended.connect(lambda _, job: ended.append(job))
    posted.clear()

    def build() -> object:
        raise BadRequest("There is nothing to go by.") if refused else ZeroDivisionError

    def broken(document: Document, *_: object, **__: object) -> PreparedEdit:
        return PreparedEdit("Broken", document.snapshot(), build)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch, qtbot.waitSignal(engine.failed, timeout=SLOW):
        patch.setattr(asking, "prepare", broken)
        window.options.set("prompt", "something else")
    assert not window.runs.may_keep(document)
    assert waiting in ended
    assert [message.level for message in posted] == ["info" if refused else "error"]
    assert bool(posted[0].details) is not refused


def test_a_live_run_refused_before_it_began_is_a_hint(
    window: MainWindow, engine: EngineThread, document: Document, posted: list[Message], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> PreparedEdit:
        raise BadRequest("There is no such method.")

    monkeypatch.setattr(asking, "prepare", refuse)
    window.options.live = True
    window.runs._run_live()
    assert [(message.level, message.details) for message in posted] == [("info", "")]
    act(window, "run")
    assert posted[-1].level == "error"


def test_discard_leaves_the_document_alone(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    window.options.set("steps", 4)
    act(window, "live")
    with qtbot.waitSignal(engine.finished, timeout=SLOW):
        paint(window)
    painted, position = flat(document), document.history.position
    qtbot.waitUntil(lambda: window.runs.may_keep(document), timeout=SLOW)
    act(window, "discard")
    assert not window.runs.may_keep(document)
    np.testing.assert_array_equal(flat(document), painted)
    assert document.history.position == position


def test_a_variation_of_strokes_is_what_its_seed_gives_alone(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    paint(window)
    painted, position = flat(document), document.history.position
    window.options.set("steps", 3)
    window.options.set("seed", 11)
    window.variations.set_count(2)
    act(window, "variations")
    own = window.variations.current
    qtbot.waitUntil(lambda: not engine.busy and not window.background.busy, timeout=SLOW)
    first, second = own
    assert first.result is not None
    assert second.result is not None
    assert (first.result.patch != second.result.patch).mean() > 0.1
    np.testing.assert_array_equal(flat(document), painted)
    assert document.history.position == position
    window.variations.keep([second.number])
    qtbot.waitUntil(lambda: second.kept, timeout=SLOW)
    kept, layer = flat(document), document.layers[-1]
    assert window.options["seed"] == 12
    act(window, "undo")
    np.testing.assert_array_equal(flat(document), painted)
    run(qtbot, window, engine)
    np.testing.assert_array_equal(flat(document), kept)
    assert document.layers[-1].recipe == layer.recipe  # type: ignore[attr-defined]


def test_escape_cancels_and_leaves_everything_as_it_was(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    paint(window)
    painted, position = flat(document), document.history.position
    window.options.set("steps", 150)
    window.options.set("strength", 1.0)
    act(window, "run")
    assert window.runs.running(document)
    with qtbot.waitSignal(engine.preview, timeout=SLOW):
        pass
    act(window, "cancel")
    assert not window.runs.running(document)
    qtbot.waitUntil(lambda: not engine.busy, timeout=SLOW)
    np.testing.assert_array_equal(flat(document), painted)
    assert document.history.position == position
    assert not window.status.cancel.isVisible()


def test_stop_here_keeps_what_there_is(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    paint(window)
    window.options.set("steps", 150)
    window.options.set("strength", 1.0)
    act(window, "run")
    with qtbot.waitSignal(engine.preview, timeout=SLOW):
        pass
    window._refresh_state()
    assert window.workspace.bar.stop.isEnabled()
    with qtbot.waitSignal(engine.finished, timeout=SLOW) as finished:
        window.workspace.bar.stop.click()
    assert finished.args is not None
    assert finished.args[1].steps < 150
    assert document.layers[-1].role is Role.RESULT  # type: ignore[attr-defined]


def test_an_edit_that_fails_becomes_a_message(
    qtbot: QtBot, window: MainWindow, document: Document, posted: list[Message]
) -> None:
    from engine.errors import ModelMissing

    def load(_: str) -> object:
        raise ModelMissing("The model “studio” is not there. Open Models to install it.")

    made = EngineThread(load=load, parent=window)  # type: ignore[arg-type]
    window.attach_engine(made)
    paint(window)
    position = document.history.position
    with qtbot.waitSignal(made.failed, timeout=SLOW):
        act(window, "run")
    assert posted[-1].sentence == "The model “studio” is not there. Open Models to install it."
    assert posted[-1].level == "error"
    assert window.workspace.messages.isVisible()
    assert document.history.position == position
    assert not window.runs.running(document)
    made.shutdown()


def test_a_result_for_a_closed_picture_is_dropped(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    paint(window)
    window.options.set("steps", 150)
    act(window, "run")
    window.documents.close(document)
    qtbot.waitUntil(lambda: not engine.busy, timeout=SLOW)
    assert window.runs.current_job is None


def test_without_an_engine_run_says_so(window: MainWindow, document: Document, posted: list[Message]) -> None:
    act(window, "run")
    assert "starting" in posted[-1].sentence
