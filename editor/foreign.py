"""What other programs put into a document that means nothing here: kept as it is, and written back."""

from __future__ import annotations

from dataclasses import dataclass

Attributes = tuple[tuple[str, str], ...]
"""(name, value) pairs; a name of a namespace stands as {namespace}name."""


@dataclass(frozen=True)
class Foreign:
    """Of the whole document.

    Attributes:
        attributes: of the picture.
        entries: (name, content) of further files in it.
    """

    attributes: Attributes = ()
    entries: tuple[tuple[str, bytes], ...] = ()


NOTHING = Foreign()
