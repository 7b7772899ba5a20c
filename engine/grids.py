"""Boxes of a picture and the maps of their pixels, as cv2.remap wants them. No torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.displacement import Lines
from engine.region import Box

Grid = NDArray[np.float32]
"""(h, w, 2), (x, y) from where each pixel comes; whole numbers are pixel centres."""


def centres(box: Box) -> tuple[Lines, Lines]:
    """(columns, rows): where the centres of a box's pixels are, (w,) and (h, 1)."""
    x, y, width, height = box
    rows = np.arange(y, y + height, dtype=np.float32)[:, None] + np.float32(0.5)
    return np.arange(x, x + width, dtype=np.float32) + np.float32(0.5), rows


def resting(box: Box) -> Grid:
    """The map of a box in which every pixel comes from itself."""
    x, y, width, height = box
    grid: Grid = np.empty((height, width, 2), np.float32)
    grid[..., 0] = np.arange(x, x + width, dtype=np.float32)
    grid[..., 1] = np.arange(y, y + height, dtype=np.float32)[:, None]
    return grid


def slices_of(box: Box) -> tuple[slice, slice]:
    """(rows, columns) of a box."""
    x, y, width, height = box
    return slice(y, y + height), slice(x, x + width)
