"""Models that were read, kept for the next edit as far as they leave room for another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.backbone import Backbone

ROOM = 2**30  # bytes that models in rest may take while another one is read


class Shelf:
    """The models in use. Small ones, as those that come with the program, stay beside each other; a large one goes
    before another is read, since two may not fit into memory together."""

    def __init__(self, load: Callable[[str], Backbone], room: int = ROOM) -> None:
        """`load` reads a model by its id or folder."""
        self._load, self._room = load, room
        self._kept: dict[str, Backbone] = {}  # the one used last is the last

    def take(self, model: str) -> Backbone:
        """A model by its id or folder, read unless it is there. Raises ModelMissing, ModelBroken, OutOfMemory."""
        if model not in self._kept:
            self._make_room()
            self._kept[model] = self._load(model)
        self._kept[model] = self._kept.pop(model)
        return self._kept[model]

    def clear(self) -> None:
        """Let go of all."""
        self._kept.clear()

    def _make_room(self) -> None:
        """Let go of the models that were not used for longest, until the others are small together."""
        while sum(backbone.bytes for backbone in self._kept.values()) > self._room:
            del self._kept[next(iter(self._kept))]
