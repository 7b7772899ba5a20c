"""The open documents, and which of them the artist looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, Signal

from editor.document import Change, Document, What


class Documents(QObject):
    """Signals:
    added, removed: a Document.
    current_changed: the Document that is looked at now, or None.
    changed: a Document whose title, path, history or active layer changed.
    """

    added = Signal(object)
    removed = Signal(object)
    current_changed = Signal(object)
    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open: dict[Document, Callable[[], None]] = {}
        self._current: Document | None = None

    def __iter__(self) -> Iterator[Document]:
        return iter(tuple(self._open))

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, document: object) -> bool:
        return document in self._open

    @property
    def current(self) -> Document | None:
        """The document that is looked at; None on the start page."""
        return self._current

    def add(self, document: Document) -> None:
        """Open a document and look at it."""
        self._open[document] = document.subscribe(lambda change: self._heard(document, change))
        self.added.emit(document)
        self.choose(document)

    def choose(self, document: Document | None) -> None:
        """Look at another document, or at none."""
        if document is not self._current:
            self._current = document
            self.current_changed.emit(document)

    def close(self, document: Document) -> None:
        """Close a document, saved or not; its neighbour is looked at next."""
        order = list(self._open)
        place = order.index(document)
        rest = order[:place] + order[place + 1 :]
        self._open.pop(document)()
        if document is self._current:
            self.choose(rest[min(place, len(rest) - 1)] if rest else None)
        self.removed.emit(document)
        document.history.close()

    def tell_changed(self, document: Document) -> None:
        """Its title or path was set."""
        self.changed.emit(document)

    def _heard(self, document: Document, change: Change) -> None:
        if change.what is not What.PIXELS:
            self.changed.emit(document)
