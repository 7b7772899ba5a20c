"""How large an example may be: it is decoded whole before anything of it is used. No torch."""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import BadRequest

MOST_PIXELS = 2**24  # 16 megapixels, as of 4096 × 4096; far more than any model draws
LONGEST_SIDE = 32766  # pixels; OpenCV carries no picture with a longer one


def fits(width: int, height: int) -> bool:
    """Whether an example may have this size, pixels."""
    return width * height <= MOST_PIXELS and max(width, height) <= LONGEST_SIDE


def check_exemplar(exemplar: Any) -> None:
    """Raise BadRequest unless it is (h, w, 4) uint8 or uint16, of a size that fits, and something of it is opaque."""
    if exemplar.ndim != 3 or exemplar.shape[2] != 4 or exemplar.dtype not in (np.uint8, np.uint16):
        raise BadRequest("The example must be a picture with colour and alpha. Choose it again.")
    height, width = exemplar.shape[:2]
    if not fits(width, height):
        raise BadRequest(
            f"The example has {width} × {height} pixels; it can have up to {MOST_PIXELS // 2**20} megapixels and "
            f"{LONGEST_SIDE} pixels on a side. Make it smaller, or cut out the part that is wanted."
        )
    if not exemplar[..., 3].any():
        raise BadRequest("Nothing of the example is marked. Mark what should be taken from it.")
