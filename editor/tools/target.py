"""What a tool may paint on: photos and results are never painted over, colour goes to a strokes layer above them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from editor.clipboard import above_active
from editor.commands import (
    Command,
    RemoveLayer,
    ReplaceMask,
    Sequence,
    SetMaskEnabled,
    SetSelection,
    SwapTiles,
    need_image,
    need_unlocked,
)
from editor.document import Document
from editor.errors import DocumentError, LayerLocked
from editor.geometry import EMPTY, Rect
from editor.layers import GroupLayer, ImageLayer, LayerId, Role
from editor.tiles import TiledImage


@dataclass(frozen=True)
class Target:
    """Where a gesture paints.

    Attributes:
        mask: on the layer's mask.
        before: the picture painted on, as it was.
        added: the layer was made for this gesture; `active_before` was active then.
        mask_added: so was the mask; `mask_was_enabled` is what its switch said while there was none.
    """

    layer: LayerId
    mask: bool
    before: TiledImage
    added: bool = False
    active_before: LayerId | None = None
    mask_added: bool = False
    mask_was_enabled: bool = True

    def show(self, document: Document, now: TiledImage, dirty: Rect | None = None) -> None:
        """Put the picture as it is now into the document; `dirty` in canvas pixels."""
        seen = None if dirty is None or not document[self.layer].visible else dirty
        changes: dict[str, Any] = {self.plane: now}
        document.replace(self.layer, dirty=seen, **changes)

    def record(self, document: Document, now: TiledImage, title: str, area: Rect | None = None) -> None:
        """The gesture is done: one undo step, or none where nothing changed; `area` in own coordinates."""
        now = now.sharing(self.before)
        if not now.changed_tiles(self.before):
            self.take_back(document)
            return
        self.show(document, now, EMPTY)
        document.history.record(title, self._undo(now, title, area))

    def take_back(self, document: Document) -> None:
        """As if the gesture had never begun; what else happened meanwhile stays."""
        if self.layer not in document:
            return
        if not self.added:
            self._restore(document)
            return
        was_active = document.active == self.layer
        document.remove(self.layer)
        if was_active and (self.active_before is None or self.active_before in document):
            document.activate(self.active_before)

    @property
    def plane(self) -> str:
        return "mask" if self.mask else "pixels"

    def _restore(self, document: Document) -> None:
        back: dict[str, Any] = {self.plane: self.before}
        if self.mask_added:
            back = {"mask": None, "mask_enabled": self.mask_was_enabled}
        document.replace(self.layer, **back)

    def _undo(self, now: TiledImage, title: str, area: Rect | None) -> Command:
        if self.added:
            return RemoveLayer(self.layer, title, self.active_before)
        if self.mask_added:
            undo = (ReplaceMask(self.layer, None, title), SetMaskEnabled(self.layer, self.mask_was_enabled))
            return Sequence(undo, title)
        return SwapTiles.between(self.layer, "mask" if self.mask else "pixels", now, self.before, title, area)


@dataclass(frozen=True)
class SelectionTarget:
    """The document's selection, painted on like a layer's mask.

    Attributes:
        selected: the selection as it was.
    """

    selected: TiledImage | None

    @property
    def before(self) -> TiledImage:
        return self.selected or TiledImage(channels=1)

    def show(self, document: Document, now: TiledImage, dirty: Rect | None = None) -> None:
        """Select what is painted so far."""
        document.select(now, dirty)

    def record(self, document: Document, now: TiledImage, title: str, area: Rect | None = None) -> None:
        """The gesture is done: one undo step, or none where nothing was painted."""
        if area is not None and area.empty:
            return
        document.select(now.pruned())
        document.history.record(title, SetSelection(self.selected, title))

    def take_back(self, document: Document) -> None:
        """As if the gesture had never begun."""
        document.select(self.selected)


def paint_target(document: Document) -> Target:
    """Where colour goes: the active strokes layer, or a new one above a photo, a result, a group or nothing.

    Raises:
        LayerLocked, DocumentError: it may not be painted on.
    """
    if document.paint_on_mask and document.active is not None:
        return mask_target(document, document.active)
    if document.active is None or not takes_colour(document, document.active):
        return new_target(document)
    return _pixel_target(document, document.active)


def erase_target(document: Document) -> Target:
    """Where pixels are taken away: only ever the active layer, and never a photo or a result."""
    if document.active is None:
        raise DocumentError("No layer is active. Choose the one to erase on in the Layers panel.")
    if document.paint_on_mask:
        return mask_target(document, document.active)
    layer = need_image(document, document.active)
    if not takes_colour(document, layer.id):
        raise DocumentError(
            f"“{layer.name}” is kept as it is. To hide parts of it paint on its mask, or choose a strokes layer."
        )
    return _pixel_target(document, layer.id)


def mask_target(document: Document, layer: LayerId) -> Target:
    """A layer's mask; one that shows everything is made where there is none."""
    need_unlocked(document, layer)
    need_seen(document, layer)
    found = document[layer]
    if found.mask is None:
        mask = TiledImage(channels=1, default=255)
        document.replace(layer, mask=mask, mask_enabled=True)
        return Target(layer, True, mask, mask_added=True, mask_was_enabled=found.mask_enabled)
    if not found.mask_enabled:
        raise DocumentError(
            f"The mask of “{found.name}” is switched off. Switch it on in the Layers panel to paint on it."
        )
    return Target(layer, True, found.mask)


def new_target(document: Document) -> Target:
    """A new strokes layer right above the active one; becomes active."""
    before, (parent, index) = document.active, above_active(document)
    if parent is not None:
        for group in document.path_to(parent):
            if group.locked:
                raise LayerLocked(group.name)
        need_seen(document, parent)
    layer = ImageLayer(name=_free_name(document), role=Role.STROKES, pixels=TiledImage(dtype=document.dtype))
    document.insert(layer, parent, index)
    document.activate(layer.id)
    return Target(layer.id, False, layer.pixels, added=True, active_before=before)


def takes_colour(document: Document, layer: LayerId) -> bool:
    """Whether it is a layer to paint on: strokes; pictures and results are kept, wherever they lie."""
    found = document[layer]
    return isinstance(found, ImageLayer) and found.role is Role.STROKES


def need_seen(document: Document, layer: LayerId) -> None:
    """Refuse to work where nothing of it would be seen.

    Raises:
        DocumentError: the layer or a group around it is hidden.
    """
    for part in document.path_to(layer):
        if not part.visible:
            kind = "group" if isinstance(part, GroupLayer) else "layer"
            raise DocumentError(f"The {kind} “{part.name}” is hidden. Show it in the Layers panel to work on it.")


def _pixel_target(document: Document, layer: LayerId) -> Target:
    need_unlocked(document, layer)
    found = need_image(document, layer)
    need_seen(document, layer)
    return Target(layer, False, found.pixels)


def _free_name(document: Document) -> str:
    taken = {layer.name for layer in document.walk()}
    number = 1
    while f"Strokes {number}" in taken:
        number += 1
    return f"Strokes {number}"
