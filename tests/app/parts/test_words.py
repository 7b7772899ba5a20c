"""Words in the window, with a real engine and a tiny random model: find, cut anew, change by hand, apply, again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.errors import Message
from app.jobs.bridge import request_of
from app.jobs.engine_thread import EngineThread
from app.main_window import MainWindow
from app.mask_state import MaskState, Stale, Whose
from app.widgets import NumberControl
from editor.commands import SetSelection
from editor.composite import composite
from editor.document import Document
from editor.geometry import Rect
from editor.layers import ImageLayer, Role
from editor.masks import rectangle
from editor.tiles import TiledImage
from tests.app.conftest import act, drag

SLOW = 120_000  # ms: the first run imports torch


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.engine.tiny_models import write_sd15

    return write_sd15(tmp_path_factory.mktemp("models") / "sd15")


@pytest.fixture
def engine(window: MainWindow, document: Document, model: Path) -> Iterator[EngineThread]:
    """The window's engine with a tiny model, and the method of words with few steps chosen."""

    def load(_: str) -> object:
        from engine.models.loader import load as load_model

        return load_model(str(model))

    made = EngineThread(load=load, parent=window)  # type: ignore[arg-type]
    window.attach_engine(made)
    window.options.choose("diffedit")
    values = {"prompt": "a blue cube", "reference_prompt": "a red ball", "noises": 4, "steps": 4, "seed": 3}
    for name, value in values.items():
        window.options.set(name, value)
    yield made
    made.shutdown()


def flat(document: Document) -> np.ndarray:
    return composite(document.snapshot())


def selected(document: Document) -> np.ndarray:
    assert document.selection is not None
    return document.selection.read(document.canvas)[..., 0]


def calls(engine: EngineThread) -> int:
    """Network calls that the models have made."""
    return sum(backbone.calls for backbone in engine._worker._models._kept.values())


def over(qtbot: QtBot, engine: EngineThread) -> Callable[[], None]:
    return lambda: qtbot.waitUntil(lambda: not engine.busy, timeout=SLOW)


def find(qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document) -> None:
    """Find the place and wait until it is selected and said."""
    before = document.selection
    act(window, "find")
    over(qtbot, engine)()
    qtbot.waitUntil(lambda: document.selection is not before, timeout=5000)
    qtbot.waitUntil(lambda: window.words.state.whose is Whose.FOUND, timeout=5000)


def run(qtbot: QtBot, window: MainWindow, engine: EngineThread) -> None:
    with qtbot.waitSignal(engine.finished, timeout=SLOW):
        act(window, "run")
    over(qtbot, engine)()


def result_of(document: Document) -> ImageLayer:
    layer = document.layers[-1]
    assert isinstance(layer, ImageLayer)
    assert layer.role is Role.RESULT
    return layer


def threshold(window: MainWindow) -> NumberControl:
    control = window.method_panel.control("threshold")
    assert isinstance(control, NumberControl)
    return control


def test_the_found_mask_is_the_selection_and_undo_takes_it_back(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    before, position = flat(document), document.history.position
    assert window.words.state.whose is Whose.NOBODY
    assert window.method_panel.run.text() == "Run"
    find(qtbot, window, engine, document)
    assert 0 < (selected(document) == 255).sum() < 96 * 64
    assert document.history.position == position + 1
    assert document.history.steps[-1].title == "Find the place"
    np.testing.assert_array_equal(flat(document), before)
    assert window.method_panel.run.text() == "Apply"
    assert window.method_panel.steps.find.text() == "Find again"
    assert window.workspace.bar.selection.text.text() == "Inside the found mask"
    assert window.workspace.view is not None
    assert window.workspace.view._selection._tinted

    act(window, "undo")
    assert document.selection is None
    qtbot.waitUntil(lambda: window.words.state.whose is Whose.NOBODY, timeout=5000)
    act(window, "redo")
    qtbot.waitUntil(lambda: window.words.state.whose is Whose.FOUND, timeout=5000)


def test_the_threshold_cuts_anew_without_the_network(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    find(qtbot, window, engine, document)
    made, position, first = calls(engine), document.history.position, selected(document)
    for value in (0.4, 0.3, 0.1):
        before = document.selection
        threshold(window).slider.setValue(round(value * threshold(window).slider.maximum()))
        qtbot.waitUntil(lambda before=before: document.selection is not before, timeout=5000)
    assert calls(engine) == made
    assert not engine.busy
    assert document.history.position == position + 1  # one step for the whole drag
    assert (selected(document) >= first).all()
    assert (selected(document) > 0).sum() > (first > 0).sum()
    act(window, "undo")
    np.testing.assert_array_equal(selected(document), first)
    assert window.options["threshold"] == pytest.approx(0.5)  # the slider shows where this mask was cut
    qtbot.wait(100)
    np.testing.assert_array_equal(selected(document), first)


def test_a_threshold_that_leaves_nothing_keeps_the_mask(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    find(qtbot, window, engine, document)
    first = document.selection
    assert first is not None
    window.words._origins[first.identity].found.difference[:] = 0
    hints: list[str] = []
    window.words.hint.connect(hints.append)
    window.options.set("threshold", 0.9)
    qtbot.waitUntil(lambda: bool(hints), timeout=5000)
    assert "Nothing reaches this threshold" in hints[0]
    assert document.selection is first
    qtbot.wait(150)
    assert len(hints) == 1


def test_a_mask_changed_by_hand_is_left_alone_by_the_threshold(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    find(qtbot, window, engine, document)
    window.tools.choose("mask_brush")
    window.tools.set_brush(size=9.0, pressure_size=False)
    drag(window, (20, 20), (70, 40))
    qtbot.waitUntil(lambda: window.words.state.whose is Whose.CHANGED, timeout=5000)
    assert not threshold(window).isEnabled()
    assert "by hand" in threshold(window).toolTip()
    mine, position = selected(document), document.history.position
    window.options.set("threshold", 0.1)
    qtbot.wait(150)
    np.testing.assert_array_equal(selected(document), mine)
    assert document.history.position == position
    act(window, "undo")
    qtbot.waitUntil(lambda: window.words.state.whose is Whose.FOUND, timeout=5000)
    assert threshold(window).isEnabled()


def deselect_and_undo(window: MainWindow, document: Document) -> None:
    act(window, "select_none")
    assert document.selection is None
    act(window, "undo")
    assert document.selection is not None


def test_a_mask_changed_by_hand_keeps_its_warning_when_undo_brings_it_back(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    find(qtbot, window, engine, document)
    window.tools.choose("mask_brush")
    window.tools.set_brush(size=9.0, pressure_size=False)
    drag(window, (20, 20), (70, 40))
    window.options.set("prompt", "a green cone")
    deselect_and_undo(window, document)
    qtbot.waitUntil(lambda: window.words.state.whose is Whose.CHANGED, timeout=5000)
    assert window.words.state.stale is Stale.WORDS
    assert window.words.state.outdated


def test_what_a_mask_goes_back_to_is_known_after_its_step_was_on_the_disk(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document, tmp_path: Path
) -> None:
    history = document.history
    history.memory_limit, history._parent = 1, tmp_path
    find(qtbot, window, engine, document)
    first, as_found = document.selection, selected(document)
    window.tools.choose("mask_brush")
    window.tools.set_brush(size=9.0, pressure_size=False)
    drag(window, (20, 20), (70, 40))
    deselect_and_undo(window, document)
    history.wait()
    qtbot.waitUntil(lambda: window.words.state == MaskState(Whose.CHANGED, Stale.NO), timeout=5000)
    act(window, "undo")
    qtbot.waitUntil(lambda: window.words.state == MaskState(Whose.FOUND, Stale.NO), timeout=5000)
    assert document.selection is not first, "it was read back from the disk"
    np.testing.assert_array_equal(selected(document), as_found)
    made, before = calls(engine), document.selection
    window.options.set("threshold", 0.2)
    qtbot.waitUntil(lambda: document.selection is not before, timeout=5000)
    assert calls(engine) == made
    window.options.set("prompt", "a green cone")
    qtbot.waitUntil(lambda: window.words.state == MaskState(Whose.FOUND, Stale.WORDS), timeout=5000)


def test_a_selection_elsewhere_is_nobodys_but_the_artists(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    document.select(rectangle(Rect(0, 0, 5, 5), document.canvas))
    qtbot.waitUntil(lambda: window.words.state.whose is Whose.HAND, timeout=5000)
    assert not threshold(window).isEnabled()
    find(qtbot, window, engine, document)  # replaces it, wherever it was
    assert (selected(document)[:, 5:] > 0).any() or (selected(document)[5:] > 0).any()


def test_a_stale_mask_is_said(qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document) -> None:
    find(qtbot, window, engine, document)
    steps, bar = window.method_panel.steps, window.workspace.bar.selection
    window.options.set("prompt", "a green cone")
    qtbot.waitUntil(lambda: window.words.state.stale is Stale.WORDS, timeout=5000)
    assert "other words" in steps.text.text()
    assert bar.text.text() == "The mask is out of date"
    assert steps.find.text() == "Find again"
    window.options.set("prompt", "  A blue   cube ")
    qtbot.waitUntil(lambda: window.words.state.stale is Stale.NO, timeout=5000)
    assert bar.text.text() == "Inside the found mask"

    window.tools.choose("brush")
    drag(window, (10, 10), (40, 40))
    qtbot.waitUntil(lambda: window.words.state.stale is Stale.PICTURE, timeout=5000)
    assert "picture has changed" in steps.text.text()
    act(window, "undo")
    qtbot.waitUntil(lambda: window.words.state.stale is Stale.NO, timeout=5000)


def test_apply_changes_only_the_mask_and_is_edited_again_with_it(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document, wait: Callable[[], None]
) -> None:
    window.options.set("grow", 0)
    window.options.set("feather", 0)
    find(qtbot, window, engine, document)
    window.tools.choose("mask_brush")
    window.tools.set_brush(size=12.0, hardness=1.0, pressure_size=False)
    drag(window, (20, 20), (60, 40))
    mask, before = selected(document), flat(document)
    run(qtbot, window, engine)
    layer = result_of(document)
    request = request_of(layer)
    assert (request.prompt, request.reference_prompt) == ("a blue cube", "a red ball")
    assert request.parameters.task == "edit"  # type: ignore[attr-defined]
    np.testing.assert_array_equal(request.mask, mask)
    changed = (flat(document) != before).any(axis=2)
    assert changed.any()
    assert not changed[mask == 0].any()
    qtbot.waitUntil(lambda: window.words.state.stale is Stale.APPLIED, timeout=5000)
    assert not window.words.state.outdated

    act(window, "select_none")
    window.options.set("prompt", "something else")
    window.options.set("reference_prompt", "nothing")
    window.options.set("steps", 9)
    window.layers_panel.delegate.opened.emit(layer)
    wait()
    assert window.options["prompt"] == "a blue cube"
    assert window.method_panel.reference.toPlainText() == "a red ball"
    assert window.options["steps"] == 4
    np.testing.assert_array_equal(selected(document), mask)
    qtbot.waitUntil(lambda: window.words.state.whose is not Whose.NOBODY, timeout=5000)
    assert window.workspace.bar.selection.isVisible()

    smaller = mask.copy()
    smaller[:, 50:] = 0
    document.history.do(SetSelection(TiledImage.from_array(smaller), "Mine"))
    layers = len(document.layers)
    run(qtbot, window, engine)
    assert len(document.layers) == layers
    np.testing.assert_array_equal(request_of(result_of(document)).mask, smaller)


def test_one_click_shows_the_mask_while_it_paints_and_remembers_it(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document, wait: Callable[[], None]
) -> None:
    shown: list[np.ndarray] = []
    parts: list[str] = []
    view = window.workspace.view
    assert view is not None
    window.runs.located.connect(lambda _d, _j, found: shown.append(found.read(document.canvas)[..., 0]))
    engine.job_changed.connect(lambda state: parts.append(state.part))
    engine.preview.connect(lambda *_: parts.append("ants" if view._found.bounds else ""))
    run(qtbot, window, engine)
    assert document.selection is None
    assert len(shown) == 1
    assert {"find", "ants", "invert", "paint"} <= set(parts)
    assert "ants" not in parts[: parts.index("invert")]
    assert not view._found.bounds  # gone with the preview
    layer = result_of(document)
    assert layer.mask is not None
    inside = layer.mask.read(document.canvas)[..., 0]
    assert (inside[shown[0] == 255] > 0).all()

    window.layers_panel.delegate.opened.emit(layer)
    wait()
    np.testing.assert_array_equal(selected(document), shown[0])
    qtbot.waitUntil(lambda: window.words.state.whose is Whose.FOUND, timeout=5000)
    assert window.words.state.stale is Stale.NO
    made, before = calls(engine), document.selection
    window.options.set("threshold", 0.2)
    qtbot.waitUntil(lambda: document.selection is not before, timeout=5000)
    assert calls(engine) == made


@pytest.mark.parametrize("part", ["find", "invert", "paint"])
def test_cancel_leaves_the_document_as_it_was(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document, part: str
) -> None:
    before, position = flat(document), document.history.position
    for name, value in {"find": ("noises", 64), "invert": ("steps", 150), "paint": ("steps", 60)}.items():
        if name == part:
            window.options.set(*value)
    seen: list[str] = []
    engine.job_changed.connect(lambda state: seen.append(state.part))
    act(window, "run")
    qtbot.waitUntil(lambda: part in seen, timeout=SLOW)
    act(window, "cancel")
    assert not window.runs.running(document)
    over(qtbot, engine)()
    np.testing.assert_array_equal(flat(document), before)
    assert document.history.position == position
    assert document.selection is None
    assert window.workspace.view is not None
    assert not window.workspace.view._found.bounds


def test_stopping_the_search_keeps_the_mask_so_far(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    window.options.set("noises", 64)
    act(window, "run")
    seen: list[str] = []
    engine.job_changed.connect(lambda state: seen.append(state.part))
    qtbot.waitUntil(lambda: "find" in seen, timeout=SLOW)
    QApplication.processEvents()
    window.runs.stop()
    over(qtbot, engine)()
    qtbot.waitUntil(lambda: document.selection is not None, timeout=5000)
    assert len(document.layers) == 1


def test_live_follows_the_words_and_keep_makes_a_layer(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    act(window, "live")
    window.options.set("prompt", "a green cone")
    qtbot.waitUntil(lambda: window.runs.may_keep(document), timeout=SLOW)
    assert len(document.layers) == 1
    assert document.selection is None
    qtbot.waitUntil(window.commands["keep"].isEnabled, timeout=5000)
    act(window, "keep")
    layer = result_of(document)
    assert request_of(layer).prompt == "a green cone"
    assert window.recipes._masks[layer.id].content()  # what was found is there when the layer is edited again


def test_words_that_change_nothing_are_a_message(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document, posted: list[Message]
) -> None:
    for prompt, sentence in (("", "There are no words to go by"), ("A red ball", "Both texts are the same")):
        window.options.set("prompt", prompt)
        act(window, "find")
        over(qtbot, engine)()
        assert sentence in posted[-1].sentence
        assert document.selection is None


def test_remove_and_fill_what_is_selected(
    qtbot: QtBot, window: MainWindow, engine: EngineThread, document: Document
) -> None:
    QApplication.processEvents()
    assert not window.commands["remove_selected"].isEnabled()
    document.select(rectangle(Rect(8, 8, 16, 16), document.canvas))
    window.options.choose("inpaint", {"steps": 3, "resampling": 1, "prompt": "a cat"})
    window.options.choose("diffedit")
    with qtbot.waitSignal(engine.finished, timeout=SLOW):
        act(window, "remove_selected")
    over(qtbot, engine)()
    request = request_of(result_of(document))
    assert (request.method, request.prompt, request.reference_prompt) == ("inpaint", "", "")
    assert window.method_panel.prompt.placeholderText() == "What should be there; empty: remove it"
    assert not window.method_panel.steps.isVisible()
    assert not window.commands["find"].isEnabled()

    window.options.choose("diffedit")
    window.activateWindow()
    act(window, "fill_selected")
    assert window.options.method is not None
    assert window.options.method.id == "inpaint"
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.workspace.bar.words, timeout=5000)
