"""Copy and paste of pixels; what is pasted is a strokes layer, ready to be moved and to guide an edit."""

from __future__ import annotations

import numpy as np

from editor.commands import AddLayer
from editor.composite import composite
from editor.document import Document
from editor.errors import DocumentError
from editor.geometry import Rect
from editor.layers import ImageLayer, LayerId, Role
from editor.tiles import TILE, Array, Depth, Key, TiledImage, converted, full_value

NOTHING = "There is nothing to copy here. Choose another layer or select a part with pixels."


def copy_pixels(document: Document) -> tuple[Array, tuple[int, int]]:
    """The selected pixels of the active layer under its mask; of what is seen when it is a group or none is active.

    Returns:
        (h, w, 4) RGBA at the document's depth (alpha times selection), and the (x, y) of its first pixel.

    Raises:
        DocumentError: there is nothing to copy.
    """
    pixels, (x, y) = selected_pixels(document)
    tight = pixels.content()
    if document.selection is None:
        tight = tight.intersected(document.canvas.translated(-x, -y))
    if tight.empty:
        raise DocumentError(NOTHING)
    return pixels.read(tight), (x + tight.x, y + tight.y)


def selected_pixels(document: Document) -> tuple[TiledImage, tuple[int, int]]:
    """As `copy_pixels` but in tiles, shared with the layer where all of them is selected; without a selection all.

    Returns:
        The pixels, and the (x, y) of their (0, 0) on the canvas.

    Raises:
        DocumentError: nothing is there.
    """
    layer = document[document.active] if document.active is not None else None
    selection, offset = document.selection, (0, 0)
    if isinstance(layer, ImageLayer):
        offset, pixels = layer.offset, layer.pixels.astype(document.dtype)
        if layer.mask is not None and layer.mask_enabled:
            pixels = _under(pixels, layer.mask)
    else:
        area = document.canvas if selection is None else selection.content()
        only = None if layer is None else {layer.id}
        pixels = TiledImage.from_array(composite(document.snapshot(), area, only=only), (area.x, area.y))
    if selection is not None:
        pixels = _under(pixels, selection, offset)
    if not pixels.tiles:
        raise DocumentError(NOTHING)
    return pixels, offset


def paste_layer(document: Document, array: Array, origin: tuple[int, int] | None = None) -> LayerId:
    """Add pixels as a strokes layer above the active one; one undo step.

    Args:
        array: (h, w), (h, w, 1), (h, w, 3) or (h, w, 4), uint8 or uint16, in the document's colours.
        origin: (x, y) of its first pixel; None = the middle of the canvas.
    """
    pixels = as_rgba(array, document.dtype)
    height, width = pixels.shape[:2]
    if origin is None:
        origin = ((document.size[0] - width) // 2, (document.size[1] - height) // 2)
    layer = ImageLayer(name="Pasted", role=Role.STROKES, pixels=TiledImage.from_array(pixels), offset=origin)
    parent, index = above_active(document)
    document.history.do(AddLayer(layer, parent, index, "Paste"))
    return layer.id


def above_active(document: Document) -> tuple[LayerId | None, int]:
    """The place right above the active layer: (parent, index); on top when none is active."""
    if document.active is None:
        return None, len(document.layers)
    parent, index = document.place_of(document.active)
    return parent, index + 1


def under_selection(pixels: Array, selected: Array) -> Array:
    """RGBA pixels with alpha scaled by a selection (h, w) of any depth; transparent black where nothing is selected."""
    out, full = pixels.copy(), full_value(selected.dtype)
    out[..., 3] = (pixels[..., 3].astype(np.uint32) * selected + full // 2) // full
    out[out[..., 3] == 0] = 0
    return out


def as_rgba(array: Array, dtype: Depth) -> Array:
    """(h, w, 4) of the depth, from grey or colour with or without alpha."""
    pixels = converted(array if array.ndim == 3 else array[..., None], dtype)
    if pixels.shape[2] == 1:
        pixels = pixels.repeat(3, axis=2)
    if pixels.shape[2] == 4:
        return pixels
    rgba: Array = np.full((*pixels.shape[:2], 4), full_value(dtype), dtype)
    rgba[..., :3] = pixels
    return rgba


def _under(pixels: TiledImage, mask: TiledImage, offset: tuple[int, int] = (0, 0)) -> TiledImage:
    """Pixels whose (0, 0) lies at `offset` in a mask's coordinates, with alpha scaled by it."""
    changed: dict[Key, Array | None] = {}
    full = full_value(mask.dtype)
    for key, tile in pixels.tiles.items():
        shown = mask.view(Rect(key[0] * TILE, key[1] * TILE, TILE, TILE).translated(*offset))
        lowest = mask.default if shown is None else int(shown.min())
        if lowest == full:
            continue
        if not (mask.default if shown is None else shown.any()):
            changed[key] = None
        else:
            selected = np.full((TILE, TILE), lowest, mask.dtype) if shown is None else shown[..., 0]
            changed[key] = under_selection(tile, selected)
    return pixels.with_tiles(changed).pruned() if changed else pixels
