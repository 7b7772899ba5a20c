"""Changes of what the Layers panel shows: opacity, visibility, blend mode, locks, name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from editor.commands.base import Command, need_image, need_path
from editor.document import Document
from editor.layers import BlendMode, LayerId


@dataclass(frozen=True)
class SetProperty(Command):
    """Base: sets one field of one layer; a later one for the same field and layer may take its place."""

    layer: LayerId
    value: Any
    field: ClassVar[str]

    def apply(self, document: Document) -> Command:
        before = getattr(document[self.layer], self.field)
        document.replace(self.layer, **{self.field: self.value})
        return type(self)(self.layer, before)

    def check(self, document: Document) -> None:
        need_path(document, self.layer)

    def merged_with(self, later: Command) -> Self | None:
        return later if isinstance(later, type(self)) and later.layer == self.layer else None


@dataclass(frozen=True)
class SetOpacity(SetProperty):
    """Opacity 0..1."""

    value: float
    field = "opacity"
    title = "Layer opacity"

    def __post_init__(self) -> None:
        if not 0.0 <= self.value <= 1.0:
            raise ValueError(f"opacity must lie between 0 and 1, not {self.value}")


@dataclass(frozen=True)
class SetVisible(SetProperty):
    value: bool
    field = "visible"

    @property
    def title(self) -> str:
        return "Show layer" if self.value else "Hide layer"


@dataclass(frozen=True)
class SetBlend(SetProperty):
    value: BlendMode
    field = "blend"
    title = "Blend mode"


@dataclass(frozen=True)
class SetLocked(SetProperty):
    value: bool
    field = "locked"

    @property
    def title(self) -> str:
        return "Lock layer" if self.value else "Unlock layer"


@dataclass(frozen=True)
class SetAlphaLocked(SetProperty):
    """Painting then keeps the layer's alpha."""

    value: bool
    field = "alpha_locked"
    title = "Lock transparency"

    def check(self, document: Document) -> None:
        need_image(document, self.layer)


@dataclass(frozen=True)
class SetMaskEnabled(SetProperty):
    value: bool
    field = "mask_enabled"

    @property
    def title(self) -> str:
        return "Use mask" if self.value else "Ignore mask"


@dataclass(frozen=True)
class Rename(SetProperty):
    value: str
    field = "name"
    title = "Rename layer"


@dataclass(frozen=True)
class SetRecipe(SetProperty):
    """The edit that made a result layer: (bytes of a recipe file or None, its one-line title)."""

    value: tuple[bytes | None, str]
    field = "recipe"
    title = "Recipe"

    def apply(self, document: Document) -> Command:
        before = need_image(document, self.layer)
        document.replace(self.layer, recipe=self.value[0], recipe_title=self.value[1])
        return SetRecipe(self.layer, (before.recipe, before.recipe_title))

    @property
    def nbytes(self) -> int:
        return len(self.value[0] or b"")
