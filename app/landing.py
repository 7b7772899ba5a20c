"""Brings what worker threads found into documents: never into a closed one, never into the middle of a gesture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QTimer

from app.background import Background
from app.documents import Documents
from app.errors import Messages
from editor.document import Document
from editor.errors import DocumentError
from editor.tools.base import nothing

PATIENCE = 30  # ms between two looks whether the gesture is over


class Landing(QObject):
    """Args:
    in_gesture: whether a tool is at work on the document.
    """

    def __init__(
        self,
        documents: Documents,
        background: Background,
        messages: Messages,
        in_gesture: Callable[[Document], bool],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._documents, self._background, self._messages = documents, background, messages
        self._in_gesture = in_gesture

    def __call__(
        self,
        document: Document,
        title: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[], None] = nothing,
    ) -> None:
        """Call `work` in a worker thread, then `done` with its result in this one; a refusal becomes a message.

        Args:
            title: shown while it is worked on.
            failed: called before the message.
        """

        def report(error: Exception) -> None:
            failed()
            self._messages.report(error)

        self._background.run(title, work, lambda found: self._land(document, done, found), report)

    def _land(self, document: Document, done: Callable[[Any], None], found: Any) -> None:
        if document not in self._documents:
            return
        if self._in_gesture(document):
            QTimer.singleShot(PATIENCE, lambda: self._land(document, done, found))
            return
        try:
            done(found)
        except DocumentError as error:
            self._messages.report(error)
