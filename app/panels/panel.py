"""What the panels share: they show one document at a time and change it only through its history."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from editor.commands import Command
from editor.document import Change, Document
from editor.errors import DocumentError


class Panel(QWidget):
    """Base of a panel bound to a document.

    Signals:
        failed: a DocumentError that a change ran into; nothing was changed.
    """

    failed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document: Document | None = None
        self._unsubscribe: Callable[[], None] | None = None

    def set_document(self, document: Document | None) -> None:
        """Show another document, or none."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        self.document = document
        self._unsubscribe = document.subscribe(self.document_changed) if document is not None else None
        self.setEnabled(document is not None)
        self.refresh()

    def document_changed(self, change: Change) -> None:
        """Called after every change of the document."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Show everything anew."""
        raise NotImplementedError

    def do(self, command: Command, *, merge: bool = False) -> bool:
        """Make a change that can be undone; False when it was refused."""
        if self.document is None:
            return False
        try:
            self.document.history.do(command, merge=merge)
        except DocumentError as error:
            self.failed.emit(error)
            return False
        return True
