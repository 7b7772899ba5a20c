"""Writes documents in worker threads, those of one document one after the other: two at once could end in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.background import Background
from editor.document import Document

Call = Callable[[], None]


@dataclass
class _Wish:
    """A document is to be written to `path`; `then` is called when it was."""

    path: Path
    then: tuple[Call, ...] = ()


class Saver(QObject):
    """Signals:
    written: (document, path) when a file is on the disk.
    failed: (document, error) when it could not be written; the old file is as it was.
    all_written: the last of what was to be written is on the disk.
    """

    written = Signal(object, object)
    failed = Signal(object, object)
    all_written = Signal()

    def __init__(self, background: Background, parent: QObject) -> None:
        super().__init__(parent)
        self._background = background
        self._wishes: dict[Document, list[_Wish]] = {}  # the first of each is being written, the others wait

    @property
    def busy(self) -> bool:
        """Whether anything is being written."""
        return bool(self._wishes)

    def saving(self, document: Document) -> bool:
        """Whether the document is being written."""
        return document in self._wishes

    def path_of(self, document: Document) -> Path | None:
        """Where the document will lie when all that was asked for is written; None while nothing is."""
        wishes = self._wishes.get(document)
        return wishes[-1].path if wishes else None

    def write(self, document: Document, path: Path, then: Call | None = None) -> None:
        """Write the document as it is when its turn comes; `then` is called when nothing more of it waits."""
        wish = _Wish(path, (then,) if then is not None else ())
        wishes = self._wishes.setdefault(document, [])
        if len(wishes) > 1 and wishes[-1].path == path:
            wishes[-1].then += wish.then
            return
        wishes.append(wish)
        if len(wishes) == 1:
            self._start(document)

    def _start(self, document: Document) -> None:
        path = self._wishes[document][0].path
        snapshot, saved = document.snapshot(), document.history.state

        def write() -> None:
            from editor.files import save_snapshot

            save_snapshot(snapshot, path)

        def written(_: None) -> None:
            document.path, document.title = path, path.stem
            if document.history.state == saved:
                document.history.mark_saved()
            self.written.emit(document, path)
            then = self._wishes[document][0].then
            following = self._next(document)
            if following is not None:
                following.then = then + following.then  # the document must not be closed before
                return
            for call in then:
                call()
            if not self._wishes:
                self.all_written.emit()

        def failed(error: Exception) -> None:
            self.failed.emit(document, error)
            self._next(document)

        self._background.run(self.tr("Saving {}").format(path.name), write, written, failed)

    def _next(self, document: Document) -> _Wish | None:
        """Drop the wish that was dealt with and start the next one, if any."""
        wishes = self._wishes[document]
        del wishes[0]
        if not wishes:
            del self._wishes[document]
            return None
        self._start(document)
        return wishes[0]
