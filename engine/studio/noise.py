"""Smooth value noise without seams, filtered by the size of a pixel."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from torch import Tensor


@cache
def _table(device: torch.device) -> Tensor:
    """256 x 256 random numbers, flat."""
    return torch.from_numpy(np.random.default_rng(7).random(65536, dtype=np.float32)).to(device)


def hashed(cell_u: Tensor, cell_v: Tensor) -> Tensor:
    """A fixed random number 0..1 for each integer cell."""
    table = _table(cell_u.device)
    return table[((cell_u.long() & 255) << 8) | (cell_v.long() & 255)]


def value_noise(u: Tensor, v: Tensor) -> Tensor:
    """Noise 0..1 with features about one unit wide; it repeats after 256 units."""
    table = _table(u.device)
    floor_u, floor_v = u.floor(), v.floor()
    fu, fv = u - floor_u, v - floor_v
    fu, fv = fu * fu * (3 - 2 * fu), fv * fv * (3 - 2 * fv)
    iu, iv = floor_u.long(), floor_v.long()
    row, next_row = (iu & 255) << 8, ((iu + 1) & 255) << 8
    column, next_column = iv & 255, (iv + 1) & 255
    near = torch.lerp(table[row | column], table[next_row | column], fu)
    far = torch.lerp(table[row | next_column], table[next_row | next_column], fu)
    return torch.lerp(near, far, fv)


def visible(cells_per_pixel: Tensor) -> Tensor:
    """Weight 1..0 of a pattern: it fades out before its cells become smaller than two pixels."""
    return (1.5 - 2.6 * cells_per_pixel).clamp(0.0, 1.0)


def cloudy_noise(u: Tensor, v: Tensor, footprint: Tensor, octaves: int = 3) -> Tensor:
    """Fractal noise around 0, about -0.5..0.5. footprint: units of (u, v) that one pixel covers."""
    total = torch.zeros_like(u)
    for octave in range(octaves):
        rate = 2.0**octave
        weight = 0.55 * 0.5**octave * visible(footprint * rate)
        total += weight * (value_noise(u * rate + 17.3 * octave, v * rate + 9.1 * octave) - 0.5) * 2
    return total
