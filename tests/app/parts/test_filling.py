"""Remove and fill what is selected, with a real engine and a tiny random model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.jobs.bridge import request_of
from app.jobs.engine_thread import EngineThread
from app.main_window import MainWindow
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle
from tests.app.conftest import act
from tests.app.parts.wording import SLOW, over, result_of, wording


@pytest.fixture
def engine(window: MainWindow, document: Document, tiny_model: Path) -> Iterator[EngineThread]:
    with wording(window, tiny_model) as made:
        yield made


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
