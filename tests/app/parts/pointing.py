"""An artist who selects by click in a window."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from editor.document import Document

NO_KEY, LEFT = Qt.KeyboardModifier.NoModifier, Qt.MouseButton.LeftButton


def take_tool(qtbot: QtBot, window: MainWindow) -> None:
    window.tools.choose("click")
    assert window.workspace.view is not None
    window.workspace.view.setFocus()
    resting(qtbot, window)


def resting(qtbot: QtBot, window: MainWindow) -> None:
    """No question is with the engine, none waits, and the picture is not about to be looked at."""
    part = window.clicks
    qtbot.waitUntil(lambda: part.queue.idle and not part.settling.isActive(), timeout=60_000)


def hover(window: MainWindow, x: float, y: float) -> None:
    view = window.workspace.view
    assert view is not None
    QTest.mouseMove(view, view.canvas_to_widget(QPointF(x, y)).toPoint())


def click(window: MainWindow, x: float, y: float, keys: Qt.KeyboardModifier = NO_KEY) -> None:
    view = window.workspace.view
    assert view is not None
    QTest.mouseClick(view, LEFT, keys, view.canvas_to_widget(QPointF(x, y)).toPoint())


def press_key(window: MainWindow, key: Qt.Key) -> None:
    assert window.workspace.view is not None
    QTest.keyClick(window.workspace.view, key)


def selected(document: Document) -> np.ndarray:
    assert document.selection is not None
    return document.selection.read(document.canvas)[..., 0]
