"""Results of one edit with several seeds, waiting to be chosen among; no part of the document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from PySide6.QtGui import QImage

from app.jobs.queue import JobState
from app.jobs.under_way import Job
from editor.document import Document
from editor.layers import LayerId
from engine.request import EditResult

FEWEST, MOST = 2, 8  # seeds of one run


@dataclass(eq=False)
class Variation:
    """One seed's result, or what is to become it.

    Attributes:
        number: of its job.
        state: of its job, as the engine told it last.
        result: None until the job is done.
        picture: small: how far it is, or the edited area with the result in place; null at first.
        sentence: why it failed, for the artist; "" = it did not.
        layer: what it became when it was kept, with the layer's recipe title; None = it was not.
        keeping: it is being made a layer.
    """

    number: int
    seed: int
    job: Job
    state: JobState
    result: EditResult | None = None
    picture: QImage = field(default_factory=QImage)
    sentence: str = ""
    layer: tuple[LayerId, str] | None = None
    keeping: bool = False

    @property
    def under_way(self) -> bool:
        return self.result is None and not self.sentence

    @property
    def kept(self) -> bool:
        """Whether it is a layer now; not after undo."""
        if self.layer is None:
            return False
        layer, title = self.layer
        document = self.job.document
        return layer in document and getattr(document[layer], "recipe_title", "") == title


class Variations:
    """Those of one document, in the order in which they were asked for.

    A new run takes the place of the one before as soon as it has a result of its own, so never more than two runs' are
    there.

    Attributes:
        shown: the number of the one that lies over the picture to be compared; None = none.
    """

    def __init__(self) -> None:
        self._all: dict[int, Variation] = {}
        self.shown: int | None = None

    def __iter__(self) -> Iterator[Variation]:
        return iter(tuple(self._all.values()))

    def __len__(self) -> int:
        return len(self._all)

    def get(self, number: int | None) -> Variation | None:
        return self._all.get(number) if number is not None else None

    def under_way(self) -> list[int]:
        """Numbers of those that are not done yet, the last first."""
        return [number for number, variation in reversed(self._all.items()) if variation.under_way]

    def begin(self, variations: Sequence[Variation]) -> None:
        """Add a new run's; what failed in earlier ones goes."""
        for variation in self:
            if variation.sentence:
                self.remove(variation.number)
        self._all.update({variation.number: variation for variation in variations})

    def finish(self, number: int, result: EditResult) -> bool:
        """Note a result.

        Returns:
            Whether it is the first of its run; earlier runs' are gone now.
        """
        arrived = self._all[number]
        first = all(other.result is None for other in self if other.job.group == arrived.job.group)
        arrived.result = result
        if first:
            for other in self:
                if other.job.group < arrived.job.group:
                    self.remove(other.number)
        return first

    def remove(self, number: int) -> None:
        self._all.pop(number, None)
        if self.shown == number:
            self.shown = None

    def replaced_by(self, variation: Variation) -> LayerId | None:
        """The layer in whose place a variation goes when it is kept; None = it becomes a new layer.

        An edit that was run again goes where its result was, but only one of its variations can: a further one, or one
        whose layer is gone by now, is a layer of its own, so that nothing that was kept is lost.
        """
        layer = variation.job.replaces
        if layer is None or layer not in variation.job.document:
            return None
        taken = any(other.kept and other.layer is not None and other.layer[0] == layer for other in self)
        return None if taken else layer


def fits(variation: Variation, document: Document) -> bool:
    """Whether the document still has the size that it had for the edit."""
    return variation.job.snapshot.size == document.size
