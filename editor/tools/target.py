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
    """Where a gesture paints. Planned first, which changes nothing; `begin` makes the layer or mask that is missing.

    Attributes:
        mask: on the layer's mask.
        before: the picture painted on, as it was.
        new: the layer is made for this gesture; `active_before` was active then.
        mask_added: so is the mask; `mask_was_enabled` is what its switch said while there was none.
    """

    layer: LayerId
    mask: bool
    before: TiledImage
    new: ImageLayer | None = None
    active_before: LayerId | None = None
    mask_added: bool = False
    mask_was_enabled: bool = True

    def begin(self, document: Document) -> Target:
        """Make what is missing."""
        if self.new is not None:
            parent, index = above_active(document)
            document.insert(self.new, parent, index)
            document.activate(self.layer)
        elif self.mask_added:
            document.replace(self.layer, mask=self.before, mask_enabled=True)
        return self

    def same_place(self, other: Target) -> bool:
        """Whether what was painted for the one may be put into the other."""
        if (self.new is None, self.mask, self.mask_added) != (other.new is None, other.mask, other.mask_added):
            return False
        if self.new is not None:
            return self.before.same_kind(other.before)
        return self.layer == other.layer and (self.mask_added or self.before is other.before)

    def show(self, document: Document, now: TiledImage, dirty: Rect | None = None) -> None:
        """Put the picture as it is now into the document; `dirty` in canvas pixels."""
        seen = None if dirty is None or not document[self.layer].visible else dirty
        changes: dict[str, Any] = {self.plane: now}
        document.replace(self.layer, dirty=seen, **changes)

    def record(self, document: Document, now: TiledImage, title: str, area: Rect | None = None) -> None:
        """The gesture is done: one undo step, or none where nothing changed; `area` in own coordinates."""
        self.record_shared(document, now.sharing(self.before), title, area)

    def record_shared(
        self, document: Document, now: TiledImage, title: str, area: Rect | None = None, dirty: Rect | None = EMPTY
    ) -> None:
        """The same for a picture that shares its equal tiles with `before` already; `dirty` as for `show`."""
        if not now.changed_tiles(self.before):
            self.take_back(document)
            return
        self.show(document, now, dirty)
        document.history.record(title, self._undo(now, title, area))

    def take_back(self, document: Document) -> None:
        """As if the gesture had never begun; what else happened meanwhile stays."""
        if self.layer not in document:
            return
        if self.new is None:
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
        if self.new is not None:
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
    """Where colour goes, made where it is missing; see `planned_target`."""
    return planned_target(document).begin(document)


def planned_target(document: Document) -> Target:
    """Where colour goes: the active strokes layer, or a new one above a photo, a result, a group or nothing.

    Raises:
        LayerLocked, DocumentError: it may not be painted on.
    """
    if document.paint_on_mask and document.active is not None:
        return _planned_mask(document, document.active)
    if document.active is None or not takes_colour(document, document.active):
        return _planned_layer(document)
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
    return _planned_mask(document, layer).begin(document)


def _planned_mask(document: Document, layer: LayerId) -> Target:
    need_unlocked(document, layer)
    need_seen(document, layer)
    found = document[layer]
    if found.mask is None:
        mask = TiledImage(channels=1, default=255)
        return Target(layer, True, mask, mask_added=True, mask_was_enabled=found.mask_enabled)
    if not found.mask_enabled:
        raise DocumentError(
            f"The mask of “{found.name}” is switched off. Switch it on in the Layers panel to paint on it."
        )
    return Target(layer, True, found.mask)


def new_target(document: Document) -> Target:
    """A new strokes layer right above the active one; becomes active."""
    return _planned_layer(document).begin(document)


def _planned_layer(document: Document) -> Target:
    parent, _ = above_active(document)
    if parent is not None:
        for group in document.path_to(parent):
            if group.locked:
                raise LayerLocked(group.name)
        need_seen(document, parent)
    layer = ImageLayer(name=_free_name(document), role=Role.STROKES, pixels=TiledImage(dtype=document.dtype))
    return Target(layer.id, False, layer.pixels, new=layer, active_before=document.active)


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
