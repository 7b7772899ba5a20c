"""The mask in hand as a whole: read from a snapshot, reshaped, and put back as one step.

Everything here may run in a worker thread on a snapshot; only the command of `replacement` goes to the document.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
from numpy.typing import NDArray

from editor import tree
from editor.commands import Command, ReplaceMask, SetSelection
from editor.document import Document, Snapshot
from editor.errors import DocumentError
from editor.geometry import Rect
from editor.layers import Layer, LayerId
from editor.masks import Mask, invert
from editor.tiles import UINT8, Array, TiledImage, converted, full_value

Reshape = Callable[[NDArray[np.uint8]], NDArray[np.uint8]] | Callable[[NDArray[np.uint16]], NDArray[np.uint16]]
NOTHING = TiledImage(channels=1)
MARGIN = 4  # pixels around what a change can reach: an empty rim to work from, and the touch of blur after smoothing


def mask_of(snapshot: Snapshot, owner: LayerId | None) -> TiledImage | None:
    """A layer's mask in its own coordinates, or (owner None) the selection; None where there is none.

    Raises:
        DocumentError: the layer is gone.
    """
    return snapshot.selection if owner is None else _layer(snapshot, owner).mask


def reshaped(snapshot: Snapshot, owner: LayerId | None, change: Reshape, reach: int) -> TiledImage | None:
    """The mask after a change of its values; tiles that stay equal are shared with the one there was.

    Only the rectangle around what is in the mask is worked on; of one that is full by default, the whole canvas.

    Args:
        change: (H, W) -> (H, W) of the same depth.
        reach: how many pixels further than a value lies it can have an effect.

    Returns:
        None for a selection with nothing in it.

    Raises:
        DocumentError: there is no such mask.
    """
    mask = mask_of(snapshot, owner)
    if mask is None:
        raise DocumentError("There is no mask to change. Select something or add a mask to the layer first.")
    content = mask.content()
    if not content:
        return mask
    area = content.united(_canvas_in(snapshot, owner))
    if mask.default == 0:
        area = content.grown(reach + MARGIN).intersected(area)
    values = change(mask.read(area)[..., 0])  # type: ignore[arg-type]
    return _tidy(mask.write(area, cast(Array, np.ascontiguousarray(values))).sharing(mask), owner)


def inverted(snapshot: Snapshot, owner: LayerId | None) -> TiledImage | None:
    """What the mask leaves out: of a selection on the canvas (all where nothing is selected), of a layer everywhere.

    Raises:
        DocumentError: the layer is gone or has no mask.
    """
    mask = mask_of(snapshot, owner)
    if owner is None:
        values = invert(cast(Mask, (mask or NOTHING).read(snapshot.canvas)[..., 0]))
        return _tidy(TiledImage.from_array(values), owner)
    if mask is None:
        raise DocumentError("There is no mask to invert. Add one to the layer first.")
    full = full_value(mask.dtype)
    tiles = {key: cast(Array, np.bitwise_not(tile)) for key, tile in mask.tiles.items()}
    return TiledImage(1, mask.dtype, full - mask.default, tiles)


def on_canvas(snapshot: Snapshot, owner: LayerId | None) -> Array:
    """The mask as (H, W) values where the canvas is, at its own depth.

    Raises:
        DocumentError: there is no such mask.
    """
    mask = mask_of(snapshot, owner)
    if mask is None:
        raise DocumentError("There is no mask to export. Select something or add a mask to the layer first.")
    return mask.read(_canvas_in(snapshot, owner))[..., 0]


def from_canvas(snapshot: Snapshot, owner: LayerId | None, values: Array) -> TiledImage | None:
    """(H, W) values of the canvas' size as a layer's mask (0 elsewhere, the document's depth) or as the selection."""
    area = _canvas_in(snapshot, owner)
    pixels = converted(values, UINT8 if owner is None else snapshot.dtype)
    return _tidy(TiledImage.from_array(cast(Array, np.ascontiguousarray(pixels)), (area.x, area.y)), owner)


def replacement(owner: LayerId | None, mask: TiledImage | None, title: str) -> Command:
    """The command that makes `mask` the layer's mask, or (owner None) the selection."""
    return SetSelection(mask, title) if owner is None else ReplaceMask(owner, mask, title)


def still_is(document: Document, snapshot: Snapshot, owner: LayerId | None) -> bool:
    """Whether the mask that was worked on is the one that is there now, on a canvas of the same size."""
    if document.size != snapshot.size or (owner is not None and owner not in document):
        return False
    now = document.snapshot()
    return mask_of(now, owner) is mask_of(snapshot, owner) and _canvas_in(now, owner) == _canvas_in(snapshot, owner)


def _tidy(mask: TiledImage, owner: LayerId | None) -> TiledImage | None:
    """A selection with nothing in it is none; a layer's mask may hide everything."""
    return None if owner is None and not mask.tiles else mask


def _canvas_in(snapshot: Snapshot, owner: LayerId | None) -> Rect:
    """The canvas in the mask's own coordinates."""
    if owner is None:
        return snapshot.canvas
    x, y = _layer(snapshot, owner).offset
    return snapshot.canvas.translated(-x, -y)


def _layer(snapshot: Snapshot, layer: LayerId) -> Layer:
    path = tree.path_to(snapshot.layers, layer)
    if not path:
        raise DocumentError("This layer is no longer in the document. Choose another one in the Layers panel.")
    return path[-1]
