"""Cyclic garbage is collected when it is due, and only by the timer's thread."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.collector import Collector


class Knot:
    """Refers to itself and notes the thread that destroys it."""

    def __init__(self, seen: list[str]) -> None:
        self.me, self.seen = self, seen

    def __del__(self) -> None:
        self.seen.append(threading.current_thread().name)


@pytest.fixture
def automatic() -> Iterator[None]:
    yield
    gc.enable()


@pytest.mark.usefixtures("automatic")
def test_garbage_made_in_a_thread_is_collected_in_the_windows_thread(qtbot: QtBot) -> None:
    parent, seen = QObject(), list[str]()
    collector = Collector(parent)

    def work() -> None:
        for _ in range(5000):
            Knot(seen)

    thread = threading.Thread(target=work, name="engine")
    thread.start()
    thread.join()
    assert seen == []
    assert collector.collect_due() >= 0
    assert seen
    assert set(seen) == {threading.current_thread().name}


@pytest.mark.usefixtures("automatic")
def test_nothing_is_collected_before_it_is_due(qtbot: QtBot) -> None:
    parent = QObject()
    collector = Collector(parent)
    gc.collect()
    assert collector.collect_due() == -1
