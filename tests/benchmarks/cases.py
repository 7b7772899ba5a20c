"""Edits of scenes with a known outcome, for every benchmark that judges edits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadRequest
from engine.studio.world import Rendered, Scene, captions, changed_object, changed_pixels, edit, render

LEAST_PIXELS = 100  # objects of fewer visible pixels are neither edited, nor asked for, nor counted
_NAMED = ("objects", "ground", "sky", "mountains", "trees")  # what a scene's caption names
_GROUND_ID, _SKY_ID = 1, 0


@dataclass(frozen=True, eq=False)
class Case:
    """One edit with its truth.

    Attributes:
        images: (2, H, W, 3) before and after; ids: (2, H, W), both as `Rendered` gives them.
        index: of the object that changes, None where the ground or the sky does.
    """

    before: Scene
    after: Scene
    instruction: str
    images: NDArray[np.uint8]
    ids: NDArray[np.uint8]
    index: int | None
    kind: str = ""

    @property
    def texts(self) -> tuple[str, str]:
        """Canonical words of the scene before and after: (reference, query)."""
        reference, query = (captions(scene)[0] for scene in (self.before, self.after))
        return reference, query

    @property
    def silhouettes(self) -> NDArray[np.bool_]:
        """Of what changes, before and after, (2, H, W)."""
        backdrop = _SKY_ID if self.before.sky != self.after.sky else _GROUND_ID
        return np.asarray(self.ids == (backdrop if self.index is None else 2 + self.index))

    @cached_property
    def place(self) -> NDArray[np.bool_]:
        """(H, W), what the words name, as it was and as it should be: the object, the ground or the sky."""
        return np.asarray(self.silhouettes.any(0))

    @cached_property
    def changed(self) -> NDArray[np.bool_]:
        """(H, W), all that looks different: shadows and reflections too, and everything under another sky's light."""
        return np.asarray(changed_pixels(self.before, self.after, Rendered(self.images, self.ids)))


def edited(scenes: Iterable[Scene], kinds: Sequence[str], size: int = 256) -> Iterator[Case]:
    """Edits of scenes, the kinds in turn; scenes that do not allow theirs are passed over.

    So are edits of which hardly anything would be seen, and those that change another thing that the caption names (a
    ground on which the trees behind cannot stand).

    Args:
        kinds: of `edit`, those that change what is there.
        size: side of the pictures, px.
    """
    turns = cycle(kinds)
    kind = next(turns)
    for scene in scenes:
        try:
            after, instruction = edit(scene, kind, scene.seed)
        except BadRequest:
            continue
        if sum(getattr(scene, name) != getattr(after, name) for name in _NAMED) != 1:
            continue
        case = case_of(scene, after, instruction, changed_object(scene, after), kind, size)
        if np.count_nonzero(case.silhouettes, (1, 2)).min() >= LEAST_PIXELS:
            yield case
            kind = next(turns)


def case_of(before: Scene, after: Scene, instruction: str, index: int | None, kind: str = "", size: int = 256) -> Case:
    """The two scenes rendered."""
    rendered = render([before, after], size)
    return Case(before, after, instruction, rendered.images, rendered.ids, index, kind)
