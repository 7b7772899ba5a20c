"""What every command is: one change that gives back the change which undoes it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass

from editor import limits
from editor.document import Document
from editor.errors import DocumentError, LayerLocked
from editor.layers import GroupLayer, ImageLayer, Layer, LayerId
from editor.tiles import TiledImage


class Command(ABC):
    """One change of a document.

    A command is a value: it names layers by id and holds the pixels it needs, so it can be written to disk.
    """

    @property
    def title(self) -> str:
        """What the History panel calls it; most commands give a plain attribute."""
        return "Change"

    @abstractmethod
    def apply(self, document: Document) -> Command:
        """Make the change and return the command that undoes it exactly."""

    def check(self, document: Document) -> None:
        """Raise a DocumentError where the change may not be made now; undo and redo do not ask."""
        return

    def merged_with(self, later: Command) -> Command | None:
        """One command for both, where `later` overwrites everything that this one changed; else None."""
        return None

    @property
    def nbytes(self) -> int:
        """Bytes of the pixels and recipes that this command keeps alive."""
        return 0


@dataclass(frozen=True, eq=False)
class Sequence(Command):
    """Several commands as one step; when one fails, those before it are taken back."""

    commands: tuple[Command, ...]
    title: str = "Change"

    def apply(self, document: Document) -> Command:
        undo: list[Command] = []
        try:
            for command in self.commands:
                undo.append(command.apply(document))
        except Exception:
            for command in reversed(undo):
                command.apply(document)
            raise
        return Sequence(tuple(reversed(undo)), self.title)

    def check(self, document: Document) -> None:
        for command in self.commands:
            command.check(document)

    @property
    def nbytes(self) -> int:
        return sum(command.nbytes for command in self.commands)


def need_unlocked(document: Document, layer: LayerId) -> None:
    """Refuse to touch the pixels or the place of a locked layer.

    Raises:
        LayerLocked: the layer, a group around it or a layer inside it is locked.
        DocumentError: the layer is gone.
    """
    for part in (*need_path(document, layer), *_inside(document[layer])):
        if part.locked:
            raise LayerLocked(part.name)


def need_open(document: Document, parent: LayerId | None) -> None:
    """Refuse to put a layer into, or take it out of, a locked group; None stands for the root, which is never locked.

    Raises:
        LayerLocked: the group or one around it is locked.
        DocumentError: the group is gone, or is no group.
    """
    for group in () if parent is None else need_path(document, parent):
        if not isinstance(group, GroupLayer):
            raise DocumentError("Layers can only be moved into a group. Drop the layer between two others instead.")
        if group.locked:
            raise LayerLocked(group.name)


def need_room(document: Document, layer: Layer, parent: LayerId | None, count: int | None = None) -> None:
    """Refuse what could not be saved: too many layers, or groups too deep in each other.

    Args:
        count: how many layers would be added; None = the layer with all it holds.

    Raises:
        DocumentError: more than the limits.
    """
    limits.need_count(sum(map(limits.count_of, document.layers)) + (limits.count_of(layer) if count is None else count))
    around = 0 if parent is None else len(document.path_to(parent))
    limits.need_depth(around + limits.depth_of(layer))


def need_path(document: Document, layer: LayerId) -> tuple[Layer, ...]:
    """The groups around a layer and the layer itself; DocumentError when it is gone."""
    path = document.path_to(layer)
    if not path:
        raise DocumentError("This layer is no longer in the document. Choose another one in the Layers panel.")
    return path


def need_image(document: Document, layer: LayerId) -> ImageLayer:
    """The layer, which must hold pixels; DocumentError for a group."""
    found = need_path(document, layer)[-1]
    if not isinstance(found, ImageLayer):
        raise DocumentError(f"“{found.name}” is a group. Choose a layer with pixels in the Layers panel.")
    return found


def image_bytes(images: Iterable[TiledImage | None]) -> int:
    """Bytes of several pictures together."""
    return sum(image.nbytes for image in images if image is not None)


def layer_bytes(layer: Layer) -> int:
    """Bytes of all pixels and recipes in a layer or group."""
    own = image_bytes((layer.mask,))
    if isinstance(layer, ImageLayer):
        own += layer.pixels.nbytes + len(layer.recipe or b"")
    return own + sum(layer_bytes(child) for child in _children(layer))


def _children(layer: Layer) -> tuple[Layer, ...]:
    return layer.children if isinstance(layer, GroupLayer) else ()


def _inside(layer: Layer) -> Iterable[Layer]:
    for child in _children(layer):
        yield child
        yield from _inside(child)
