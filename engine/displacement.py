"""How far drag points carry the pixels around them: inverse distance weights of the nearest handles. No torch.

A pixel is carried by the displacements of its four nearest handles, weighted by 1/distance (Inpaint4Drag, Lu and Han,
ICCV 2025). Two details differ from the paper: a handle is a spot of about a pixel, all of which goes where it was
dragged; and with more than four, a weight fades to nothing on the way to where a nearer handle takes its place
(w = 1/d − 1/d₅), since the picture would tear there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Lines = NDArray[np.float32]
"""Places along one axis: columns and rows broadcast to the (h, w) of what is asked for; rows are two-dimensional."""

SPOT = 0.75  # px: the pixel in which a handle lies has its centre within this
_NEAREST = 4  # handles that carry a pixel
_TOUCHING = 1e-4  # px: least distance to the rim of that spot
_TIES = 1e-3  # of a weight that stays where more than four handles are equally near
_BAND = 1 << 15  # pixels whose weights are found at once: a few planes of them fit into the processor's cache


def weights(spots: NDArray[np.float32], columns: Lines, rows: Lines) -> NDArray[np.float32]:
    """How much each spot says about each pixel: (n, h, w), they add up to 1.

    Args:
        spots: (n, 2), (x, y) in image pixels.
        columns, rows: places of the pixels' centres, (w,) and (h, 1) for a grid, (1, w) both for single places.
    """
    across, down = np.square(columns - spots[:, :1, None]), np.square(rows - spots[:, 1:, None])
    width = columns.shape[-1]
    found: NDArray[np.float32] = np.empty((len(spots), len(rows), width), np.float32)
    band = max(_BAND // width, 1)
    for first in range(0, len(rows), band):
        near = found[:, first : first + band]
        np.add(down[:, first : first + band], across, out=near)
        np.sqrt(near, out=near)
        np.subtract(near, np.float32(SPOT), out=near)
        np.maximum(near, np.float32(_TOUCHING), out=near)
        np.reciprocal(near, out=near)
        if len(spots) > _NEAREST:
            np.subtract(near, _next_nearest(near) * np.float32(1 - _TIES), out=near)
            np.maximum(near, np.float32(0), out=near)
        np.divide(near, near.sum(0), out=near)
    return found


def displacement(
    spots: NDArray[np.float32], ways: NDArray[np.float32], columns: Lines, rows: Lines
) -> NDArray[np.float32]:
    """How far each pixel is carried, (h, w, 2), by ways (n, 2) of the spots; args as for `weights`."""
    width = columns.shape[-1]
    carried: NDArray[np.float32] = np.empty((len(rows), width, 2), np.float32)
    if len(spots) == 1:
        carried[:] = ways[0]
        return carried
    band = max(_BAND // width, 1)
    for first in range(0, len(rows), band):
        part = rows[first : first + band]
        carried[first : first + band] = added(weights(spots, columns, part), ways)
    return carried


def added(shares: NDArray[np.float32], ways: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, h, w) shares of (n, 2) ways, added up to (h, w, 2)."""
    total: NDArray[np.float32] = (shares.reshape(len(shares), -1).T @ ways).reshape(*shares.shape[1:], 2)
    return total


def _next_nearest(near: NDArray[np.float32]) -> NDArray[np.float32]:
    """The fifth largest of (n, h, w), by keeping the five best in order: much faster than sorting."""
    best = np.zeros((_NEAREST + 1, *near.shape[1:]), np.float32)
    left = np.empty_like(near[0])
    for plane in near:
        left[:] = plane
        for kept in best:
            smaller = np.minimum(kept, left)
            np.maximum(kept, left, out=kept)
            left = smaller
    return np.asarray(best[_NEAREST], np.float32)
