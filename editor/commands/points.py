"""Changes of the drag points."""

from __future__ import annotations

from dataclasses import dataclass

from editor import limits
from editor.commands.base import Command
from editor.document import Document
from editor.points import PointPair


@dataclass(frozen=True)
class SetPoints(Command):
    """Have these drag points, in this order, instead of those there are."""

    points: tuple[PointPair, ...]
    title: str = "Drag points"

    def apply(self, document: Document) -> Command:
        before = document.points
        document.place_points(self.points)
        return SetPoints(before, self.title)

    def merged_with(self, later: Command) -> Command | None:
        return later if isinstance(later, SetPoints) and later.title == self.title else None

    def check(self, document: Document) -> None:
        limits.need_points(self.points, document.canvas)
