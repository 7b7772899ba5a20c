"""Layers that Photoshop clips to the one below them, as a group with a mask, which looks the same."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from editor.composite import composite_layers
from editor.geometry import Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer
from editor.tiles import Array, Depth, TiledImage, full_value


def clipped_group(base: Layer, clipped: tuple[Layer, ...], canvas: Rect, dtype: Depth) -> GroupLayer:
    """A group that looks as `base` does with layers clipped to it, and has its name, blend mode and opacity.

    The shape of a layer of pixels becomes the mask of the group, and the layer itself opaque: so its soft edges are
    exact. A group has no such colours under its edges; there each clipped layer gets the shape as its own mask.
    """
    plain = replace(base, visible=True, opacity=1.0, blend=BlendMode.NORMAL)
    if isinstance(plain, ImageLayer):
        shape = _shape(plain)
        inside: tuple[Layer, ...] = (replace(plain, pixels=_opaque(plain.pixels), mask=None), *clipped)
        mask, offset = shape, base.offset
    else:
        alpha = composite_layers((plain,), canvas, dtype)[..., 3]
        inside, mask, offset = (plain, *(_masked(layer, alpha, canvas) for layer in clipped)), None, (0, 0)
    return GroupLayer(
        name=base.name,
        visible=base.visible,
        opacity=base.opacity,
        blend=base.blend,
        offset=offset,
        mask=mask,
        children=inside,
    )


def _shape(layer: ImageLayer) -> TiledImage:
    """Alpha under the mask, in the layer's own coordinates."""
    rect = layer.pixels.bounds()
    alpha = layer.pixels.read(rect)[..., 3:]
    return TiledImage.from_array(_product(alpha, layer, rect), (rect.x, rect.y))


def _masked(layer: Layer, alpha: Array, canvas: Rect) -> Layer:
    """The layer with `alpha` (canvas' height and width) multiplied into its mask."""
    own = canvas.translated(-layer.offset[0], -layer.offset[1])
    return replace(layer, mask=TiledImage.from_array(_product(alpha[..., None], layer, own), (own.x, own.y)))


def _product(alpha: Array, layer: Layer, rect: Rect) -> Array:
    """(h, w, 1) alpha times the layer's mask in `rect` of its own coordinates."""
    if layer.mask is None or not layer.mask_enabled:
        return alpha
    mask = layer.mask.read(rect).astype(np.float32) / full_value(layer.mask.dtype)
    return cast(Array, np.rint(alpha * mask).astype(alpha.dtype))


def _opaque(pixels: TiledImage) -> TiledImage:
    changed: dict[tuple[int, int], Array | None] = {}
    for key in pixels.tiles:
        tile = pixels.tile_copy(key)
        tile[..., 3] = full_value(pixels.dtype)
        changed[key] = tile
    return pixels.with_tiles(changed)
