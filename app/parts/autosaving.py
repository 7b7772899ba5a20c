"""Autosave: every minute, and before each edit, what changed goes to the disk, so that a crash costs no more than that.

The window's thread only takes snapshots, which are references. A thread of its own writes them: it does one thing after
the other and never keeps a file that the artist opens or saves waiting. It has the usual priority: a thread that gives
way is stopped while it holds Python's lock, and the window waits for both (on two busy cores 136 ms instead of 17).
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from app import dialogs
from app.background import Background
from app.documents import Documents
from app.settings import AUTOSAVE_LIMIT, Settings
from editor.document import Document, Snapshot

if TYPE_CHECKING:
    from editor.autosave import Autosave
    from editor.leavings import Left

MINUTE = 60_000  # ms
_log = logging.getLogger(__name__)


def _nothing() -> Snapshot | None:
    return None


@dataclass
class _Kept:
    """A document of which something is on the disk, or about to be.

    Attributes:
        state: gives what was written last, or is being written, while that still exists; None = nothing was.
        again: it is to be written once more when what is being written is done.
    """

    key: int
    state: Callable[[], Snapshot | None] = _nothing
    writing: bool = False
    again: bool = False


class AutosavingPart(QObject):
    """Nothing is written before `begin`.

    Signals:
        trouble: why a document could not be autosaved; "" when all goes well again.
        kept: (Document, Snapshot) that is on the disk.
    """

    trouble = Signal(str)
    kept = Signal(object, object)

    def __init__(self, documents: Documents, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._documents, self._settings, self._window = documents, settings, window
        self._writer = Background(self, 1)
        self._place: Path | None = None
        self._begun = False
        self._autosave: Autosave | None = None  # touched by the writer's thread only
        self._keys = count(1)
        self._kept: dict[Document, _Kept] = {}
        self._trouble = ""
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.autosave)
        documents.removed.connect(self.drop)

    def begin(self, place: Path | None = None) -> None:
        """Autosave from now on.

        Args:
            place: where all running programs have their folders; None = the user's data.
        """
        self._place, self._begun = place, True
        self._set_timer()

    def end(self) -> None:
        """The program ends as it should: nothing needs to be kept."""
        self._timer.stop()
        self._begun = False
        self._writer.shutdown()
        if self._autosave is not None:
            self._autosave.close()

    def ask_minutes(self) -> None:
        """Ask how often."""
        minutes = dialogs.ask_number(
            self._window,
            self.tr("Autosave"),
            self.tr("Every so many minutes (0: never)"),
            self._settings.autosave_minutes,
            0,
            AUTOSAVE_LIMIT,
            self.tr("min"),
        )
        if minutes is not None:
            self._settings.autosave_minutes = minutes
            self._set_timer()

    def autosave(self) -> None:
        """Write every document that is not saved and has changed since it was last written."""
        for document in self._documents:
            self.keep(document)

    def keep(self, document: Document) -> None:
        """Write the document, unless what is on the disk already, saved or autosaved, is the same."""
        if not self._begun or not self._settings.autosave_minutes:
            return
        if not document.modified:
            self.drop(document)
            return
        kept = self._kept.get(document)
        if kept is None:
            kept = self._kept[document] = _Kept(next(self._keys))
        snapshot = document.snapshot()
        if kept.state() is snapshot:
            return
        if kept.writing:
            kept.again = True
            return
        kept.state, kept.writing = weakref.ref(snapshot), True
        key, title, path, now = kept.key, document.title, document.path, time()
        self._write(
            lambda autosave: autosave.keep(key, snapshot, title, path, now),
            lambda _: self._written(document, kept, snapshot),
            lambda error: self._failed(document, kept, error),
        )

    def adopt(self, document: Document, left: Left) -> None:
        """The document was opened from what a dead program left, which is deleted with it from now on."""
        key = next(self._keys)
        self._kept[document] = _Kept(key, weakref.ref(document.snapshot()))

        def failed(error: Exception) -> None:
            _log.warning("“%s” stays in %s: %s", left.title, left.file, error)
            self._kept.pop(document, None)
            self.keep(document)

        self._write(lambda autosave: autosave.adopt(left, key), lambda _: None, failed)

    def drop(self, document: Document) -> None:
        """The document was saved or closed."""
        kept = self._kept.pop(document, None)
        if kept is not None:
            self._write(lambda autosave: autosave.drop(kept.key), lambda _: None, self._told)

    def note_saved(self, document: Document) -> None:
        """The document was saved as it was when that was asked for."""
        if not document.modified:
            self.drop(document)
        elif document in self._kept:
            self._kept[document].state = _nothing  # what changed meanwhile must not look older than the saved file
            self.keep(document)

    # the writer

    def _write(
        self, work: Callable[[Autosave], None], done: Callable[[None], None], failed: Callable[[Exception], None]
    ) -> None:
        self._writer.run("", lambda: work(self._opened()), done, failed)

    def _opened(self) -> Autosave:
        """In the writer's thread: the folder on the disk."""
        if self._autosave is None:
            from editor.autosave import Autosave  # brings the encoders along

            self._autosave = Autosave(self._place)
        return self._autosave

    def _written(self, document: Document, kept: _Kept, snapshot: Snapshot) -> None:
        self._tell("")
        self.kept.emit(document, snapshot)
        self._go_on(document, kept)

    def _failed(self, document: Document, kept: _Kept, error: Exception) -> None:
        kept.state = _nothing  # so that it is tried again next time
        self._told(error)
        self._go_on(document, kept)

    def _go_on(self, document: Document, kept: _Kept) -> None:
        again, kept.writing, kept.again = kept.again, False, False
        if again and self._kept.get(document) is kept:
            self.keep(document)

    def _told(self, error: Exception) -> None:
        if str(error) != self._trouble:
            _log.warning("%s", error, exc_info=error)
        self._tell(str(error))

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            self._trouble = trouble
            self.trouble.emit(trouble)

    def _set_timer(self) -> None:
        minutes = self._settings.autosave_minutes
        self._timer.stop()
        if self._begun and minutes:
            self._timer.start(minutes * MINUTE)
