"""Changes of the box in which a thing shall stand."""

from __future__ import annotations

from dataclasses import dataclass

from editor import limits
from editor.commands.base import Command
from editor.document import Document
from editor.geometry import Rect


@dataclass(frozen=True)
class SetBox(Command):
    """Have the thing stand in this box, whole pixels; None for no box."""

    box: Rect | None
    title: str = "Box"

    def apply(self, document: Document) -> Command:
        before = document.box
        document.place_box(self.box)
        return SetBox(before, self.title)

    def merged_with(self, later: Command) -> Command | None:
        return later if isinstance(later, SetBox) and later.title == self.title else None

    def check(self, document: Document) -> None:
        if self.box is not None:
            limits.need_box(self.box, document.canvas)
