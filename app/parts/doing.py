"""Makes changes of the current document that can be undone; what is refused becomes a message."""

from __future__ import annotations

from app.documents import Documents
from app.errors import Messages
from editor.commands import Command
from editor.document import Document
from editor.errors import DocumentError
from editor.layers import Layer


class Doer:
    """What the parts that change layers have in common."""

    def __init__(self, documents: Documents, messages: Messages) -> None:
        self._documents, self._messages = documents, messages

    @property
    def document(self) -> Document | None:
        return self._documents.current

    @property
    def layer(self) -> Layer | None:
        """The active layer of the current document."""
        document = self.document
        return document[document.active] if document is not None and document.active is not None else None

    def do(self, command: Command, document: Document | None = None, *, merge: bool = False) -> bool:
        """Make a change in the current (or another) document; False when it was refused.

        Args:
            merge: it may be one step with the same change before it.
        """
        document = document or self.document
        if document is None:
            return False
        try:
            document.history.do(command, merge=merge)
        except DocumentError as error:
            self._messages.report(error)
            return False
        return True
