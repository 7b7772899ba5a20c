"""Live: when a change is to start a short run, and the results of such runs that wait to be kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from app.documents import Documents
from app.edit_options import EditOptions
from app.jobs.method_info import PULLS
from app.jobs.under_way import Job
from editor.document import Change, Document, What
from engine.request import EditResult

MOST = {"steps": 8, PULLS: 8}  # parameters that a live run bounds: denoising steps, and steps of a drag
DELAY = 120  # ms after the last change


@dataclass(frozen=True, eq=False)
class Waiting:
    """A live result that the artist may keep."""

    number: int
    job: Job
    result: EditResult


class Live(QObject):
    """Attributes:
        muted: what changes now was not changed by the artist.

    Signals:
        due: time for a short run of the current document.
        dropped: (Document, job): its result is let go of.
    """

    due = Signal()
    dropped = Signal(object, int)

    def __init__(self, documents: Documents, options: EditOptions, parent: QObject) -> None:
        super().__init__(parent)
        self._documents, self._options = documents, options
        self.muted = False
        self._waiting: dict[Document, Waiting] = {}
        self._unsubscribe: Callable[[], None] = lambda: None
        self._timer = QTimer(self, singleShot=True, interval=DELAY)
        self._timer.timeout.connect(self.due)
        options.changed.connect(lambda _: self.want())
        options.exemplars.changed.connect(lambda _: self.want())
        documents.current_changed.connect(self._follow)
        documents.removed.connect(lambda document: self._waiting.pop(document, None))

    def want(self) -> None:
        """Something is different now."""
        if self._options.live and not self.muted and self._documents.current is not None:
            self._timer.start()

    def pause(self) -> None:
        """No run until the next change."""
        self._timer.stop()

    def parameters(self) -> dict[str, Any]:
        """The Method panel's, made short."""
        values = self._options.parameters()
        return {**values, **{name: min(values[name], most) for name, most in MOST.items() if name in values}}

    def waits(self, document: Document | None) -> bool:
        """Whether a document has a result that may be kept."""
        return document in self._waiting

    def put(self, waiting: Waiting) -> None:
        """A result may be kept, in the place of the one before."""
        self.drop(waiting.job.document)
        self._waiting[waiting.job.document] = waiting

    def take(self, document: Document) -> Waiting | None:
        """The result that waits, which no longer does."""
        return self._waiting.pop(document, None)

    def drop(self, document: Document) -> None:
        """Let go of the result that waits, if any."""
        waiting = self.take(document)
        if waiting is not None:
            self.dropped.emit(document, waiting.number)

    def _follow(self, document: Document | None) -> None:
        self._unsubscribe()
        self._unsubscribe = document.subscribe(self._document_changed) if document is not None else lambda: None
        self.pause()

    def _document_changed(self, change: Change) -> None:
        if change.what is What.HISTORY:
            self.want()
