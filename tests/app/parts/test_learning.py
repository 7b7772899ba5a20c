"""A picture's looks are learnt ahead, with a real engine and a tiny random model: when, of what, and when no more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.jobs.engine_thread import EngineThread
from app.main_window import MainWindow
from editor.commands import SetSelection
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle
from tests.app.conftest import act, drag

SLOW = 120_000  # ms: the first run imports torch
LESSONS = 3


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.engine.tiny_models import write_sd15

    return write_sd15(tmp_path_factory.mktemp("models") / "sd15")


@pytest.fixture
def loaded() -> list[Any]:
    """The networks that the engine read."""
    return []


@pytest.fixture
def engine(
    qtbot: QtBot, window: MainWindow, document: Document, model: Path, loaded: list[Any]
) -> Iterator[EngineThread]:
    """The window's engine with a tiny model and the faithful drag, which learns three steps here."""

    def load(_: str) -> object:
        from engine.models.loader import load as load_model

        loaded.append(load_model(str(model)))
        return loaded[-1]

    made = EngineThread(load=load, parent=window)  # type: ignore[arg-type]
    window.attach_engine(made)
    with qtbot.waitSignal(made.methods_found, timeout=SLOW):
        made.start()
    window.options.choose("drag_diffusion")
    for name, value in {"identity": LESSONS, "steps": 4, "pulls": 2, "identity_rank": 2}.items():
        window.options.set(name, value)
    window.tools.choose("points")
    yield made
    made.shutdown()


def test_looks_are_learnt_from_the_first_handle_on_and_the_drag_uses_them(
    qtbot: QtBot, window: MainWindow, document: Document, engine: EngineThread, loaded: list[Any]
) -> None:
    from engine.identity import identity_of

    document.history.do(SetSelection(rectangle(document.canvas, Rect(8, 8, 16, 16))))
    told: list[str] = []
    window.learning.told.connect(told.append)
    qtbot.wait(600)
    assert told == []  # nothing was taken hold of
    drag(window, (16, 16), (48, 16))
    qtbot.waitUntil(lambda: told[-1:] == [""], timeout=SLOW)
    assert told == [f"Learning the thing's looks {done} of {LESSONS}" for done in (1, 2, 3)] + [""]
    assert "Learning" not in window.status.text.text()
    assert not engine.busy
    parts: list[str] = []
    engine.job_changed.connect(lambda state: parts.append(state.part))
    with qtbot.waitSignal(window.runs.applied, timeout=SLOW) as applied:
        act(window, "run")
    request = applied.args[1].recipe
    assert identity_of(loaded[0], request).steps == LESSONS
    assert len(loaded) == 1
    assert "identity" not in parts  # all was learnt already
    assert "invert" in parts


def test_learning_waits_for_edits_and_ends_with_its_reason(
    qtbot: QtBot, window: MainWindow, document: Document, engine: EngineThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine import identity

    def endless(*_: object) -> Iterator[identity.Progress]:
        for done in count(1):
            sleep(0.01)
            yield identity.Progress(done, 400, 0.0)

    monkeypatch.setattr(identity, "training", endless)
    told: list[str] = []
    window.learning.told.connect(told.append)
    document.history.do(SetSelection(rectangle(document.canvas, Rect(8, 8, 16, 16))))
    drag(window, (16, 16), (48, 16))
    qtbot.waitUntil(lambda: len(told) >= 2, timeout=SLOW)
    act(window, "points_clear")
    qtbot.waitUntil(lambda: told[-1] == "", timeout=5000)
    heard = len(told)
    qtbot.wait(300)
    assert len(told) == heard
    act(window, "undo")
    qtbot.waitUntil(lambda: len(told) >= heard + 2, timeout=SLOW)
    window.learning._wait.emit(True)  # as an edit does that waits or runs
    qtbot.wait(500)
    heard = len(told)
    qtbot.wait(500)
    assert len(told) == heard
    window.learning._wait.emit(False)
    qtbot.waitUntil(lambda: len(told) > heard, timeout=SLOW)
    window.options.choose("sdedit")
    qtbot.waitUntil(lambda: told[-1] == "", timeout=5000)
