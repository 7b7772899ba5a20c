"""Layers are frozen values; the document swaps whole layers, so undo and snapshots are references."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import Enum
from typing import NewType
from uuid import uuid4

from editor.foreign import Attributes
from editor.geometry import EMPTY, Rect
from editor.tiles import TiledImage

LayerId = NewType("LayerId", str)
_UNSEEN = {"foreign", "name", "locked", "alpha_locked", "role", "recipe", "recipe_title", "expanded", "id"}


def new_layer_id() -> LayerId:
    return LayerId(uuid4().hex[:12])


class BlendMode(Enum):
    """W3C compositing modes; the value is the name OpenRaster writes."""

    NORMAL = "svg:src-over"
    MULTIPLY = "svg:multiply"
    SCREEN = "svg:screen"
    OVERLAY = "svg:overlay"
    DARKEN = "svg:darken"
    LIGHTEN = "svg:lighten"
    COLOR_DODGE = "svg:color-dodge"
    COLOR_BURN = "svg:color-burn"
    HARD_LIGHT = "svg:hard-light"
    SOFT_LIGHT = "svg:soft-light"
    DIFFERENCE = "svg:difference"
    EXCLUSION = "svg:exclusion"
    HUE = "svg:hue"
    SATURATION = "svg:saturation"
    COLOR = "svg:color"
    LUMINOSITY = "svg:luminosity"
    PLUS = "svg:plus"


class Role(Enum):
    """What an image layer is for; strokes are the guide of the next edit."""

    IMAGE = "image"
    STROKES = "strokes"
    RESULT = "result"


@dataclass(frozen=True, eq=False, kw_only=True)
class Layer:
    """What every layer has.

    Attributes:
        opacity: 0..1.
        offset: (x, y) of the layer's own (0, 0) in canvas pixels; moving a layer changes only this. A group's offset
            places its mask; its children keep offsets of their own, and moving the group moves them too.
        mask: one channel in the layer's own coordinates, full = shown; None = all shown.
        foreign: what another program wrote beside it, for that program to find again.
    """

    id: LayerId = field(default_factory=new_layer_id)
    name: str = "Layer"
    visible: bool = True
    opacity: float = 1.0
    blend: BlendMode = BlendMode.NORMAL
    locked: bool = False
    offset: tuple[int, int] = (0, 0)
    mask: TiledImage | None = None
    mask_enabled: bool = True
    foreign: Attributes = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class ImageLayer(Layer):
    """Pixels.

    Attributes:
        pixels: RGBA in the layer's own coordinates (canvas position = own + offset).
        alpha_locked: painting keeps the alpha.
        recipe: for Role.RESULT the edit that made it, as the bytes of a recipe file, opaque to the editor.
        recipe_title: one line for the history and the layer's tooltip, e.g. "Paint with strokes · a red ball · seed 7".
    """

    pixels: TiledImage = field(default_factory=TiledImage)
    alpha_locked: bool = False
    role: Role = Role.IMAGE
    recipe: bytes | None = None
    recipe_title: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class GroupLayer(Layer):
    """Layers that are composited together first (isolated).

    Attributes:
        children: bottom to top.
        expanded: open in the panel.
    """

    children: tuple[Layer, ...] = ()
    expanded: bool = True


def layer_bounds(layer: Layer) -> Rect:
    """Tile-aligned rectangle in canvas pixels outside which the layer paints nothing."""
    if isinstance(layer, GroupLayer):
        bounds = EMPTY
        for child in layer.children:
            bounds = bounds.united(layer_bounds(child))
    elif isinstance(layer, ImageLayer):
        bounds = layer.pixels.bounds().translated(*layer.offset)
    else:
        return EMPTY
    if layer.mask is not None and layer.mask_enabled and layer.mask.default == 0:
        bounds = bounds.intersected(layer.mask.bounds().translated(*layer.offset))
    return bounds


def seen_change(before: Layer, after: Layer, names: AbstractSet[str]) -> Rect:
    """Canvas rectangle in which replacing one layer by the other can be seen; tile-aligned to the layer."""
    if names <= _UNSEEN or not (before.visible or after.visible):
        return EMPTY
    if not names <= {"pixels", "mask"}:
        return layer_bounds(before).united(layer_bounds(after))
    rect = EMPTY
    for name in names:
        old, new = getattr(before, name), getattr(after, name)
        if old is None or new is None or not old.same_kind(new):
            return layer_bounds(before).united(layer_bounds(after))
        rect = rect.united(new.difference(old).translated(*after.offset))
    return rect
