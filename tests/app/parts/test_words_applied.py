"""What is painted in the place that words found: apply, one click, cancel, live, and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from app.jobs.bridge import request_of
from app.jobs.engine_thread import EngineThread
from app.main_window import MainWindow
from app.mask_state import Stale, Whose
from editor.commands import SetSelection
from editor.document import Document
from editor.tiles import TiledImage
from tests.app.conftest import act, drag
from tests.app.parts.wording import SLOW, calls, find, flat, over, result_of, run, selected, wording


@pytest.fixture
def engine(window: MainWindow, document: Document, tiny_model: Path) -> Iterator[EngineThread]:
    with wording(window, tiny_model) as made:
        yield made


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
    engine.preview.connect(lambda *_: parts.append("ants" if view._masks.found.bounds else ""))
    run(qtbot, window, engine)
    assert document.selection is None
    assert len(shown) == 1
    assert {"find", "ants", "invert", "paint"} <= set(parts)
    assert "ants" not in parts[: parts.index("invert")]
    assert not view._masks.found.bounds  # gone with the preview
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
    assert not window.workspace.view._masks.found.bounds


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
