"""A window in which words say what is to change: an artist who finds the place and lets it be painted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from pytestqt.qtbot import QtBot

from app.jobs.engine_thread import EngineThread
from app.main_window import MainWindow
from app.mask_state import Whose
from editor.composite import composite
from editor.document import Document
from editor.layers import ImageLayer, Role
from tests.app.conftest import act

SLOW = 120_000  # ms: the first run imports torch


@contextmanager
def wording(window: MainWindow, model: Path) -> Iterator[EngineThread]:
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
