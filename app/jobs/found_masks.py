"""Found masks as selections are kept: cut into tiles once, by the thread that found them, not by the window's."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from editor.tiles import TiledImage
from engine.request import Found

_masks: WeakKeyDictionary[Found, TiledImage] = WeakKeyDictionary()


def mask_of(found: Found) -> TiledImage:
    """The mask in tiles, always the same one; whoever asks first does the work, which takes long for a large photo."""
    mask = _masks.get(found)
    if mask is None:
        mask = tiled(found.mask)
        _masks[found] = mask
    return mask


def tiled(mask: NDArray[np.uint8]) -> TiledImage:
    """A mask (H, W) in tiles that knows its content already, so that nobody has to look for it later."""
    made = TiledImage.from_array(mask)
    made.content()
    return made
