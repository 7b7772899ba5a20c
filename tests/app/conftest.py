"""A window with its own settings file and, where asked for, an engine; nothing of the user's is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import cli, dialogs
from app.dialogs import Unsaved
from app.errors import Message, Messages
from app.main_window import MainWindow
from app.settings import Settings
from app.theme import apply_theme, colours
from editor.commands import Rename
from editor.document import Document
from editor.layers import ImageLayer
from editor.tiles import TiledImage

Call = Callable[..., tuple[int, str, str]]
"""Words of a command line -> (exit code, stdout, stderr)."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "settings.ini")


@pytest.fixture
def window(qtbot: QtBot, qapp: Any, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """The whole window without an engine; closing asks nothing."""
    if colours().name != "dark":
        apply_theme(qapp, "dark")
    made = MainWindow(settings, Messages())
    made.resize(1280, 800)
    made.show()
    qtbot.waitExposed(made)
    yield made
    monkeypatch.setattr(dialogs, "ask_unsaved", lambda *_: Unsaved.DISCARD)
    made.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(made, QEvent.Type.DeferredDelete)  # or windows pile up until the session ends


@pytest.fixture
def posted(window: MainWindow) -> list[Message]:
    """Every message that the window was told."""
    found: list[Message] = []
    window.messages.posted.connect(found.append)
    return found


def photo(width: int = 96, height: int = 64, title: str = "photo") -> Document:
    """A document with one layer: a grey ramp with a red square."""
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., :3] = np.linspace(40, 200, width, dtype=np.uint8)[None, :, None]
    pixels[8:24, 8:24, :3] = (200, 40, 30)
    pixels[..., 3] = 255
    document = Document(width, height, title=title)
    layer = ImageLayer(name="Photo", pixels=TiledImage.from_array(pixels))
    document.insert(layer, None, 0)
    document.activate(layer.id)
    return document


@pytest.fixture
def document(window: MainWindow) -> Document:
    """A small picture, open in the window."""
    made = photo()
    window.documents.add(made)
    return made


def change(document: Document) -> None:
    """So that there is something to save."""
    document.history.do(Rename(document.layers[0].id, "Renamed"))


def drag(window: MainWindow, *points: tuple[float, float], steps: int = 6) -> None:
    """Press at the first canvas point, go along the others, release."""
    view = window.workspace.view
    assert view is not None
    places = [view.canvas_to_widget(QPointF(*point)).toPoint() for point in points]
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, places[0])
    for start, end in pairwise(places):
        for step in range(1, steps + 1):
            QTest.mouseMove(view, start + (end - start) * step / steps)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, places[-1])


def act(window: MainWindow, action: str) -> None:
    """Trigger an action as a menu would: once the window caught up, and only where it is enabled."""
    QApplication.processEvents()
    assert window.commands[action].isEnabled(), action
    window.commands[action].trigger()


def settled(qtbot: QtBot, window: MainWindow) -> Callable[[], None]:
    """Waits until no worker thread has anything to do for the window."""

    def wait() -> None:
        qtbot.waitUntil(lambda: not window.background.busy, timeout=10_000)

    return wait


@pytest.fixture
def wait(qtbot: QtBot, window: MainWindow) -> Callable[[], None]:
    return settled(qtbot, window)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Run the command line; gives (exit code, stdout, stderr)."""

    def run(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main([str(word) for word in words])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run
