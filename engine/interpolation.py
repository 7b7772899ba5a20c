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

_AROUND = 4  # px from a spot within which a field bends too much to be interpolated
_BENT = 0.9  # px by which it may leave a straight line from one place to the next but one


def interpolated(field: Field, box: Box, spots: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """A field at the pixels of a box, (h, w, 2).

    Args:
        spots: (n, 2), (x, y) in image pixels, around which it is worked out at each pixel.
        step: px between the places at which it is worked out elsewhere; 1 = at each pixel. Where it bends between
            these places it is worked out at each pixel, too.
    """
    if step == 1:
        return field(*centres(box))
    x, y, width, height = box
    wide, tall = (-(-length // step) + 2 for length in (width, height))  # one more on each side: nothing is clamped
    across, down = ((np.arange(count, dtype=np.float32) - np.float32(0.5)) * step for count in (wide, tall))
    coarse = field(across + x, down[:, None] + y)
    fine = cv2.resize(coarse, (wide * step, tall * step), interpolation=cv2.INTER_LINEAR)
    found: NDArray[np.float32] = np.asarray(fine, np.float32)[step : step + height, step : step + width]
    marked = cv2.resize(_bent(coarse), (wide * step, tall * step), interpolation=cv2.INTER_NEAREST)
    marked = marked[step : step + height, step : step + width]
    for column, row in np.floor(spots).astype(int):
        cv2.circle(marked, (int(column) - x, int(row) - y), _AROUND, 1, cv2.FILLED)
    rows, columns = np.nonzero(marked)
    if len(rows):
        places = (line.astype(np.float32)[None] + np.float32(0.5) for line in (columns + x, rows + y))
        found[rows, columns] = field(*places)[0]
    return found


def _bent(coarse: NDArray[np.float32]) -> NDArray[np.uint8]:
    """1 around the places from where to the next one a field (h, w, 2) is not straight: (h, w)."""
    bent = np.zeros(coarse.shape[:2], np.uint8)
    for inner, before, after in (
        (np.s_[:, 1:-1], np.s_[:, :-2], np.s_[:, 2:]),
        (np.s_[1:-1], np.s_[:-2], np.s_[2:]),
    ):
        bend = np.abs(coarse[before] + coarse[after] - 2 * coarse[inner])
        bent[inner] |= np.maximum(bend[..., 0], bend[..., 1]) > _BENT
    return np.asarray(cv2.dilate(bent, np.ones((3, 3), np.uint8)), np.uint8)
