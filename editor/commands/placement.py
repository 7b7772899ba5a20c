"""Changes of where the selected thing shall go."""

from __future__ import annotations

from dataclasses import dataclass

from editor.commands.base import Command
from editor.document import Document
from editor.errors import DocumentError
from editor.placement import Placed, Placement

TITLE = "Transform region"
NOTHING = (
    "Nothing is selected, so there is nothing to transform. Click the thing with “Select by click” (S), "
    "or select it with any other selection tool."
)


@dataclass(frozen=True)
class SetPlacement(Command):
    """Let what is selected go somewhere else; None lets everything stay."""

    placed: Placed | None
    title: str = TITLE

    @classmethod
    def in_document(cls, document: Document, placement: Placement, title: str = TITLE) -> SetPlacement:
        """The command that places what is selected now.

        Raises:
            DocumentError: nothing is selected.
        """
        if document.selection is None:
            raise DocumentError(NOTHING)
        return cls(None if placement.rests else Placed(document.selection.identity, placement), title)

    def apply(self, document: Document) -> Command:
        before = document.placed
        document.place(self.placed)
        return SetPlacement(before, self.title)

    def merged_with(self, later: Command) -> Command | None:
        return later if isinstance(later, SetPlacement) and later.title == self.title else None
