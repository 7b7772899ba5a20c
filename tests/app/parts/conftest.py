"""A window whose engine can carry things, without a network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.jobs import method_info
from app.jobs.engine_thread import EngineThread
from app.jobs.method_info import describe
from app.main_window import MainWindow
from editor.document import Document
from tests.app.carrying import CARRY


@pytest.fixture
def carrying(window: MainWindow, document: Document, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineThread]:
    """The window's engine with the plain method that carries pixels, and another one chosen."""
    infos = [*(info for info in window.options.methods if info.id != CARRY.id), describe(CARRY)]
    monkeypatch.setattr(method_info, "cached_methods", lambda: infos)
    made = EngineThread(lambda: {CARRY.id: CARRY}, lambda model: model, lambda: None, parent=window)  # type: ignore[arg-type, return-value]
    window.attach_engine(made)
    made.methods_found.disconnect(window.options.set_methods)
    window.options.set_methods(infos)
    window.options.choose("sdedit")
    yield made
    made.shutdown()
