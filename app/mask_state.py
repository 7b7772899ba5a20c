"""Whose mask the next edit runs in, and whether it still fits what is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Whose(Enum):
    """Where the selection comes from."""

    NOBODY = auto()  # nothing is selected: Run finds the place by itself
    FOUND = auto()  # found, and as it was cut
    CHANGED = auto()  # found, then changed by hand
    HAND = auto()  # made by hand


class Stale(Enum):
    """What a mask was found for, where that is no longer so."""

    NO = auto()
    WORDS = auto()
    PICTURE = auto()
    APPLIED = auto()  # only the results of this very mask came into the picture since


@dataclass(frozen=True)
class MaskState:
    """One rule holds for all of them: what is selected is the artist's, and Run changes only that."""

    whose: Whose = Whose.NOBODY
    stale: Stale = Stale.NO

    @property
    def found(self) -> bool:
        """Whether it goes back to a mask that was found."""
        return self.whose in (Whose.FOUND, Whose.CHANGED)

    @property
    def outdated(self) -> bool:
        """Whether the artist should be warned before it is used."""
        return self.found and self.stale in (Stale.WORDS, Stale.PICTURE)
