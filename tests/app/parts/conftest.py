"""A window whose engine can carry things, without a network, and one whose engine says what is under the pointer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.jobs import method_info, segment_worker
from app.jobs.engine_thread import EngineThread
from app.jobs.method_info import describe
from app.main_window import MainWindow
from editor.document import Document
from engine.request import Input
from engine.segmentation import open_segmenter
from tests.app.carrying import CARRY
from tests.app.jobs.conftest import Daubs, nothing
from tests.app.jobs.test_segment_worker import Plain


@pytest.fixture
def carrying(window: MainWindow, document: Document, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineThread]:
    """The window's engine with the plain method that carries pixels, and another one chosen."""
    others = (info for info in window.options.methods if not info.takes(Input.EXEMPLAR))
    infos = [*others, describe(CARRY)]  # the only one that has a use for an example
    monkeypatch.setattr(method_info, "cached_methods", lambda: infos)
    made = EngineThread(lambda: {CARRY.id: CARRY}, lambda model: model, lambda: None, parent=window)  # type: ignore[arg-type, return-value]
    window.attach_engine(made)
    made.methods_found.disconnect(window.options.set_methods)
    window.options.set_methods(infos)
    window.options.choose("sdedit")
    yield made
    made.shutdown()


@pytest.fixture
def plain() -> Plain:
    return Plain()


@pytest.fixture
def joined(
    qtbot: QtBot, window: MainWindow, document: Document, plain: Plain, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    """The window with an engine thread in which `plain` stands for the bundled network; GrabCut is the real one."""
    monkeypatch.setattr(
        segment_worker.SegmentWorker.__init__,
        "__defaults__",
        (lambda model: open_segmenter(model) if model == "grabcut" else plain,),
    )
    daubs = Daubs()
    engine = EngineThread(daubs.methods, daubs.load, nothing, parent=window)
    window.attach_engine(engine)
    engine.start()
    yield window
    if plain.gate is not None:
        plain.gate.release(1000)
    engine.shutdown()
