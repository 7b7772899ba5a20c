"""Copy and paste of pixels; what is pasted is a strokes layer, ready to be moved and to guide an edit."""

from __future__ import annotations

from typing import cast

import numpy as np

from editor.commands import AddLayer
from editor.composite import composite
from editor.document import Document
from editor.errors import DocumentError
from editor.geometry import EMPTY, Rect
from editor.layers import ImageLayer, Layer, LayerId, Role
from editor.masks import Mask
from editor.tiles import Array, Depth, TiledImage, converted, full_value


def copy_pixels(document: Document) -> tuple[Array, tuple[int, int]]:
    """The selected pixels of the active layer, of what is seen when the active layer is a group or none.

    Returns:
        (h, w, 4) RGBA at the document's depth (alpha times selection), and the (x, y) of its first pixel.

    Raises:
        DocumentError: there is nothing to copy.
    """
    layer = document[document.active] if document.active is not None else None
    area = document.canvas if document.selection is None else document.selection.content()
    pixels = _pixels_of(document, layer, area)
    if document.selection is not None and not area.empty:
        pixels = under_selection(pixels, cast(Mask, document.selection.read(area)[..., 0]))
    tight = TiledImage.from_array(pixels).content() if pixels.size else EMPTY
    if tight.empty:
        raise DocumentError("There is nothing to copy here. Choose another layer or select a part with pixels.")
    return pixels[tight.slices()].copy(), (area.x + tight.x, area.y + tight.y)


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


def under_selection(pixels: Array, selected: Mask) -> Array:
    """RGBA pixels with alpha scaled by a selection (h, w); transparent black where nothing is selected."""
    out = pixels.copy()
    out[..., 3] = (pixels[..., 3].astype(np.uint32) * selected + 127) // 255
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


def _pixels_of(document: Document, layer: Layer | None, area: Rect) -> Array:
    if isinstance(layer, ImageLayer):
        return converted(layer.pixels.read(area.translated(-layer.offset[0], -layer.offset[1])), document.dtype)
    only = None if layer is None else {layer.id}
    return composite(document.snapshot(), area, only=only)
