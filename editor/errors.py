"""What can go wrong with a document; str(error) is shown to the artist as it is."""

from __future__ import annotations


class DocumentError(Exception):
    """Base of every error of the editor package: one clear sentence and what to do next."""


class LayerLocked(DocumentError):
    """A change was asked of a locked layer."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The layer “{name}” is locked. Unlock it in the Layers panel to change it.")


class FileProblem(DocumentError):
    """A file could not be read or written; nothing in memory or on disk was changed."""
