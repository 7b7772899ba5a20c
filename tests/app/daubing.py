"""A window whose engine daubs, without a network: one value all over, told by the seed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pytestqt.qtbot import QtBot

from app.jobs import method_info
from app.jobs.engine_thread import EngineThread
from app.jobs.method_info import describe
from app.main_window import MainWindow
from tests.app.jobs.conftest import Daubs, nothing

SOON = 60_000  # ms


@contextmanager
def daubing(window: MainWindow, daubs: Daubs, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineThread]:
    """The window's engine with the plain method, which is chosen with 2 steps and seed 5."""
    infos = [describe(method) for method in daubs.methods().values()]
    monkeypatch.setattr(method_info, "cached_methods", lambda: infos)
    made = EngineThread(daubs.methods, daubs.load, nothing, parent=window)
    window.attach_engine(made)
    window.options.set_methods(infos)
    window.options.choose("daub")
    window.options.set("steps", 2)
    window.options.set("seed", 5)
    yield made
    if daubs.gate is not None:
        daubs.gate.release(10_000)
    made.shutdown()


def done(window: MainWindow) -> list[int]:
    """Seeds of the current document's variations that have a result."""
    return [variation.seed for variation in window.variations.current if variation.result is not None]


def wait_for(qtbot: QtBot, window: MainWindow, *seeds: int) -> None:
    """Until these are done, and drawn."""
    qtbot.waitUntil(lambda: done(window) == list(seeds) and not window.background.busy, timeout=SOON)
