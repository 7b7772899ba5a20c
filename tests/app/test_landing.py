"""Results of worker threads come into documents that are open, between two gestures."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.errors import Message
from app.landing import Landing
from app.main_window import MainWindow
from editor.document import Document
from editor.errors import DocumentError
from tests.app.conftest import photo

Wait = Callable[[], None]


def landing(window: MainWindow) -> Landing:
    return Landing(window.documents, window.background, window.messages, window._in_gesture, window)


def test_a_result_waits_for_the_end_of_the_gesture(
    window: MainWindow, document: Document, wait: Wait, qtbot: QtBot
) -> None:
    view, landed = window.workspace.view, list[int]()
    assert view is not None
    place = view.canvas_to_widget(QPointF(40, 30)).toPoint()
    QTest.mousePress(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    landing(window)(document, "Counting", lambda: 7, landed.append)
    wait()
    qtbot.wait(100)
    assert landed == []
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place)
    qtbot.waitUntil(lambda: landed == [7], timeout=5000)


def test_a_result_for_a_closed_picture_is_dropped(window: MainWindow, document: Document, wait: Wait) -> None:
    landed = list[int]()
    window.documents.add(photo(title="other"))
    landing(window)(document, "Counting", lambda: 7, landed.append)
    window.documents.close(document)
    wait()
    assert landed == []


def test_refusals_are_told(window: MainWindow, document: Document, wait: Wait, posted: list[Message]) -> None:
    def refuse(*_: object) -> None:
        raise DocumentError("Not now. Try again later.")

    landing(window)(document, "Counting", refuse, lambda _: None)
    landing(window)(document, "Counting", lambda: 1, refuse)
    wait()
    assert [message.sentence for message in posted] == ["Not now. Try again later."] * 2


def test_whoever_waits_hears_of_a_failure(
    window: MainWindow, document: Document, wait: Wait, posted: list[Message]
) -> None:
    def refuse() -> int:
        raise DocumentError("Not now. Try again later.")

    heard, landed = list[str](), list[int]()
    landing(window)(document, "Counting", refuse, landed.append, lambda: heard.append("failed"))
    wait()
    assert (heard, landed) == (["failed"], [])
    assert [message.sentence for message in posted] == ["Not now. Try again later."]
