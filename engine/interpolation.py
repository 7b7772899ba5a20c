"""Smooth fields that are worked out at a part of the pixels and interpolated between them. No torch."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.displacement import Lines
from engine.grids import centres
from engine.region import Box

Field = Callable[[Lines, Lines], NDArray[np.float32]]
"""(columns, rows) as for `displacement` -> (h, w, 2)."""

_AROUND = 2  # steps: as far from a spot a field bends too much to be interpolated


def interpolated(field: Field, box: Box, spots: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """A field at the pixels of a box, (h, w, 2).

    Args:
        spots: (n, 2), (x, y) in image pixels, around which it is worked out at each pixel.
        step: px between the places at which it is worked out elsewhere; 1 = at each pixel.
    """
    if step == 1:
        return field(*centres(box))
    x, y, width, height = box
    wide, tall = (-(-length // step) + 2 for length in (width, height))  # one more on each side: nothing is clamped
    across, down = ((np.arange(count, dtype=np.float32) - np.float32(0.5)) * step for count in (wide, tall))
    near = _around(spots, box, _AROUND * step)
    nodes = np.broadcast_arrays(across + x, down[:, None] + y)
    columns, rows = (
        np.concatenate([node.ravel(), pixel + np.float32(0.5)]).astype(np.float32)[None]
        for node, pixel in zip(nodes, (near[1] + x, near[0] + y), strict=True)
    )
    values = field(columns, rows)[0]
    coarse = values[: wide * tall].reshape(tall, wide, 2)
    fine = cv2.resize(coarse, (wide * step, tall * step), interpolation=cv2.INTER_LINEAR)
    found: NDArray[np.float32] = np.asarray(fine, np.float32)[step : step + height, step : step + width]
    found[near] = values[wide * tall :]
    return found


def _around(spots: NDArray[np.float32], box: Box, far: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(rows, columns) in the box of the pixels in discs around spots."""
    marked = np.zeros((box[3], box[2]), np.uint8)
    for x, y in np.floor(spots).astype(int):
        cv2.circle(marked, (int(x) - box[0], int(y) - box[1]), far, 1, cv2.FILLED)  # type: ignore[call-overload]
    rows, columns = np.nonzero(marked)
    return rows, columns
