"""A stack of layers into premultiplied float32 planes, one cell at a time, only where something is."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import numpy as np

from editor.blending import blend
from editor.geometry import Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer
from editor.planes import Plane, Planes, Workspace, to_float
from editor.tiles import TILE, Array, TiledImage, full_value


def flatten(layers: Sequence[Layer], rect: Rect, space: Workspace, back: Planes | None = None) -> Planes | None:
    """Composite layers onto `back` (None = nothing), which is changed and returned; None while nothing was met.

    Args:
        rect: canvas pixels, at most one cell.
    """
    start = _first_needed(layers, rect)
    if start is not None and back is not None:
        space.give_planes(back)
        back = None
    for layer in layers[start or 0 :]:
        back = put_layer(layer, rect, space, back)
    return back


def put_layer(layer: Layer, rect: Rect, space: Workspace, back: Planes | None) -> Planes | None:
    """Composite one layer onto `back` by its own rules."""
    if not layer.visible or layer.opacity <= 0:
        return back
    if isinstance(layer, GroupLayer):
        source = flatten(layer.children, rect, space)
        source = None if source is None else weighted(source, layer, rect, space)
    else:
        source = _image_source(layer, rect, space)
    return put(source, layer.blend, space, back)


def put(source: Planes | None, mode: BlendMode, space: Workspace, back: Planes | None) -> Planes | None:
    """Blend planes of the workspace onto `back`; where there is no backdrop every mode shows the source itself."""
    if source is None:
        return back
    if back is None:
        return source
    blend(mode, back, source, space)
    space.give_planes(source)
    return back


def weighted(source: Planes, layer: Layer, rect: Rect, space: Workspace) -> Planes | None:
    """Planes of a group under its opacity and mask; None when nothing is left (the planes are given back)."""
    mask = layer.mask if layer.mask_enabled else None
    if mask is None and layer.opacity >= 1:
        return source
    with space.scratch(source.alpha.shape, 1) as (weight,):
        if not _weight(layer, mask, rect, weight):
            space.give_planes(source)
            return None
        source.scale(weight)
    return source


def _weight(layer: Layer, mask: TiledImage | None, rect: Rect, out: Plane) -> bool:
    """opacity * mask; False when that is nothing."""
    if mask is None:
        out.fill(layer.opacity)
        return True
    full = full_value(mask.dtype)
    seen = mask.view(_own(layer, rect))
    if seen is not None:
        to_float(seen[..., 0], layer.opacity / full, out)
    elif mask.default:
        out.fill(layer.opacity * mask.default / full)
    else:
        return False
    return True


def _image_source(layer: Layer, rect: Rect, space: Workspace) -> Planes | None:
    """An image layer's pixels under its opacity and mask, premultiplied; None where it has none."""
    if not isinstance(layer, ImageLayer):
        return None
    pixels = layer.pixels.view(_own(layer, rect))
    if pixels is None:
        return None
    mask = layer.mask if layer.mask_enabled else None
    scale = 1.0 / full_value(layer.pixels.dtype)
    channels = space.split(pixels)
    alpha = channels[3]
    if not alpha.any():
        return None
    planes = space.take_planes(alpha.shape)
    plain = mask is None and layer.opacity >= 1
    if plain and covers(layer.pixels, _own(layer, rect)):
        planes.opaque = True
        planes.alpha.fill(1)
        to_float(channels[:3], scale, planes.colour)
        return planes
    to_float(alpha, scale * (layer.opacity if mask is None else 1.0), planes.alpha)
    with space.scratch(alpha.shape, 1) as (factor,):
        if mask is not None:
            if not _weight(layer, mask, rect, factor):
                space.give_planes(planes)
                return None
            np.multiply(planes.alpha, factor, out=planes.alpha)
        np.multiply(planes.alpha, np.float32(scale), out=factor)
        np.multiply(channels[:3], factor, out=planes.colour, dtype=np.float32)
    return planes


def _own(layer: Layer, rect: Rect) -> Rect:
    return rect.translated(-layer.offset[0], -layer.offset[1])


def _first_needed(layers: Sequence[Layer], rect: Rect) -> int | None:
    """Index of the topmost layer that hides all below it in `rect`; None without one."""
    for index in range(len(layers) - 1, -1, -1):
        layer = layers[index]
        if (
            isinstance(layer, ImageLayer)
            and layer.visible
            and layer.blend is BlendMode.NORMAL
            and layer.opacity >= 1
            and (layer.mask is None or not layer.mask_enabled)
            and covers(layer.pixels, _own(layer, rect))
        ):
            return index
    return None


def covers(pixels: TiledImage, rect: Rect) -> bool:
    """Whether every tile under `rect` is opaque."""
    tiles = pixels.tiles
    for row in range(rect.y // TILE, (rect.bottom - 1) // TILE + 1):
        for column in range(rect.x // TILE, (rect.right - 1) // TILE + 1):
            tile = tiles.get((column, row))
            if tile is None or not _opaque(tile):
                return False
    return True


_known: dict[int, tuple[weakref.ref[Array], bool]] = {}  # by identity: tiles never change


def _opaque(tile: Array) -> bool:
    key = id(tile)
    known = _known.get(key)
    if known is not None and known[0]() is tile:
        return known[1]
    # the corners first: they tell apart nearly all tiles with holes
    full = full_value(tile.dtype)
    opaque = bool(tile[0, 0, 3] == full and tile[-1, -1, 3] == full and (tile[..., 3] == full).all())
    _known[key] = (weakref.ref(tile, lambda _: _known.pop(key, None)), opaque)
    return opaque
