"""Pixels taken from where a map says, out of pictures of any size: cv2.remap takes no side above 32766. No torch."""

from __future__ import annotations

from typing import TypeVar, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.grids import Grid

P = TypeVar("P", bound=NDArray[np.generic])

_LONGEST = 32766  # pixels of a side, of the picture and of the map
_REACH = 3  # pixels around a source that a cubic kernel sees, and one for rounding


def resampled(picture: P, grid: Grid, needed: NDArray[np.bool_], interpolation: int, border: int) -> P:
    """The pixels that a map asks for.

    Args:
        picture: (H, W) or (H, W, C), C up to 4, of uint8, uint16 or float32.
        grid: (h, w, 2), in the picture's coordinates.
        needed: (h, w), the pixels that are looked at; of others nothing is promised.
        interpolation, border: as of cv2.remap.
    """
    if max(*picture.shape[:2], *grid.shape[:2]) <= _LONGEST:
        return _remapped(picture, grid, interpolation, border)
    result = np.zeros(grid.shape[:2] + picture.shape[2:], picture.dtype)
    if needed.any():
        parts = _source_slices(grid, needed, picture.shape[:2])
        if max(*grid.shape[:2], *(part.stop - part.start for part in parts)) <= _LONGEST:
            local = grid - np.array([parts[1].start, parts[0].start], np.float32)
            result[:] = _remapped(cast(P, picture[parts]), local, interpolation, border)
        else:
            for half in _halves(grid.shape[:2]):
                result[half] = resampled(picture, grid[half], needed[half], interpolation, border)
    return cast(P, result)


def _remapped(picture: P, grid: Grid, interpolation: int, border: int) -> P:
    return cv2.remap(picture, grid, None, interpolation, borderMode=border)  # type: ignore[call-overload,no-any-return]


def _source_slices(grid: Grid, needed: NDArray[np.bool_], size: tuple[int, ...]) -> tuple[slice, slice]:
    """(rows, columns) of a picture, (H, W), that hold all that is seen from the needed pixels; at least one pixel."""
    sources = grid[needed]
    parts = []
    for places, length in ((sources[:, 1], size[0]), (sources[:, 0], size[1])):
        low, high = int(np.floor(places.min())) - _REACH, int(np.ceil(places.max())) + _REACH
        start = min(max(low, 0), length - 1)
        parts.append(slice(start, max(min(high + 1, length), start + 1)))
    return parts[0], parts[1]


def _halves(size: tuple[int, ...]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """(rows, columns) of both halves of a map, cut across its longer side."""
    whole, middle = slice(None), max(size) // 2
    if size[0] >= size[1]:
        return (slice(None, middle), whole), (slice(middle, None), whole)
    return (whole, slice(None, middle)), (whole, slice(middle, None))
