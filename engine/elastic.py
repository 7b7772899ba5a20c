"""A picture without a mask is elastic: drag points pull along what lies around them. No torch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.displacement import SPOT, Lines, displacement
from engine.interpolation import interpolated
from engine.region import Box

_REACH = 2.5  # a handle carries along what lies within so many times its way


def elastic(
    targets: NDArray[np.float32], ways: NDArray[np.float32], size: tuple[int, int], step: int = 1
) -> tuple[Box, NDArray[np.float32]]:
    """The part of the picture that moves, and how far its pixels are carried, (h, w, 2).

    Each target pulls along what lies around it, less with the distance.

    At 2.5 times its way from a target nothing moves, which is far enough for the picture not to fold over itself, and
    near the picture's border everything comes to rest, as far as the targets let it. Nothing is torn: no holes.

    Args:
        targets, ways: (n, 2), (x, y) in image pixels.
        size: (width, height) of the picture.
        step: px, see `interpolated`.
    """
    reach = np.maximum(np.hypot(*ways.T) * _REACH, 2 * SPOT)
    box = _around(targets, reach, size)

    def carried(columns: Lines, rows: Lines) -> NDArray[np.float32]:
        share = np.ones((len(rows), columns.shape[-1]), np.float32)  # of the way to where the nearest target's end
        for (x, y), far in zip(targets, reach, strict=True):
            apart = np.sqrt(np.square(columns - x) + np.square(rows - y)) - np.float32(SPOT)
            np.minimum(share, apart / far, out=share)
        fade = np.square(1 - np.square(np.maximum(share, 0)))
        fade *= _rest_at_the_border(targets, reach, columns, rows, size)
        return np.asarray(displacement(targets, ways, columns, rows) * fade[..., None], np.float32)

    return box, interpolated(carried, box, targets, step)


def _rest_at_the_border(
    targets: NDArray[np.float32], reach: NDArray[np.float32], columns: Lines, rows: Lines, size: tuple[int, int]
) -> NDArray[np.float32]:
    """0 at the picture's border, 1 from where the outermost target lies: (h, w)."""
    to_border = np.minimum(targets, np.array(size, np.float32) - targets).min() - np.float32(SPOT)
    margin = min(float(to_border), float(reach.max()))
    if margin <= SPOT:  # a target at the border itself: there it cannot rest
        return np.ones((1, 1), np.float32)
    across, down = (
        np.minimum(line - 0.5, length - 0.5 - line) for line, length in zip((columns, rows), size, strict=True)
    )
    return np.asarray(np.clip(np.minimum(across, down) / np.float32(margin), 0, 1), np.float32)


def _around(targets: NDArray[np.float32], reach: NDArray[np.float32], size: tuple[int, int]) -> Box:
    """The part of the picture that discs around the targets reach."""
    low = np.floor((targets - reach[:, None] - SPOT).min(0))
    high = np.ceil((targets + reach[:, None] + SPOT).max(0))
    x, y = (int(place) for place in np.clip(low, 0, np.array(size) - 1))
    right, bottom = (int(place) for place in np.clip(high, (x + 1, y + 1), size))
    return x, y, right - x, bottom - y
