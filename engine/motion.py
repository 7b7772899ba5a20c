"""Which way a thing should go and where it has got to, read from a network's features (DragDiffusion, section 3.3).

Places live on a grid of half the working picture's size, as in the paper, and are continuous: cell (column, row) spans
column..column + 1. Coarser features are read between their cells, which gives what enlarging them to that grid would
give, for the few places that are asked for and not for the whole picture.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

FINER = 2  # working pixels along the side of a grid cell


def features_at(features: Tensor, places: Tensor, grid: tuple[int, int]) -> Tensor:
    """Features between their cells.

    Args:
        features: (1, C, h, w), of the whole working picture.
        places: (n, k, 2), (x, y) on the grid; beyond the border the border's features are met.
        grid: its (width, height).

    Returns:
        (n, k, C), float32 at least.
    """
    features = features if features.dtype is torch.float64 else features.float()
    spread = torch.tensor(grid, dtype=features.dtype, device=features.device)
    spots = places.to(features) / spread * 2 - 1
    found = functional.grid_sample(features, spots[None], "bilinear", "border", align_corners=False)
    return found[0].permute(1, 2, 0)


def supervision(features: Tensor, places: Tensor, ways: Tensor, radius: int, grid: tuple[int, int]) -> Tensor:
    """Motion supervision, Σ_i (2r + 1)² · mean |sg F(p_i + Δ) − F(p_i + Δ + d_i)|: a scalar (eq. 3).

    What is at a place now is wanted one step further on the way.

    Args:
        features: (1, C, h, w), differentiable.
        places: (n, 2) where the handles are, on the grid.
        ways: (n, 2) unit vectors d_i to the targets.
        radius: r; Δ runs over the square of 2r + 1 cells.
    """
    around = places[:, None] + _square(radius).to(places)
    here = features_at(features.detach(), around, grid)
    there = features_at(features, around + ways[:, None], grid)
    per_point: Tensor = (here - there).abs().mean((1, 2))
    return (2 * radius + 1) ** 2 * per_point.sum()


def tracked(
    features: Tensor, wanted: Tensor, places: Tensor, radius: int, grid: tuple[int, int], surer: float = 0.0
) -> Tensor:
    """Where the handles are now: within `radius` cells the places whose features are nearest in L1 (eq. 5).

    Args:
        features: (1, C, h, w).
        wanted: (n, C), the features of each handle in the picture as it was.
        places: (n, 2) where the handles were, on the grid.
        surer: part by which a place must be nearer than the old one, or the handle is still there.

    Returns:
        (n, 2), inside the grid.
    """
    limit = torch.tensor(grid, dtype=places.dtype, device=places.device) - 0.5
    around = (places[:, None] + _square(radius).to(places)).clamp(min=0.5).minimum(limit)
    away = (features_at(features, around, grid) - wanted[:, None].to(features.device)).abs().sum(2)
    away[:, 0] *= 1 - surer  # the first is the old place
    best = away.argmin(1)
    return around[torch.arange(len(places), device=best.device), best]


def ways_to(places: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Unit vectors (n, 2) from places to targets, zero where there is no way left, and the distances (n,)."""
    ways = targets - places
    left = ways.norm(dim=1)
    return ways / left.clamp(min=1e-6)[:, None], left


def _square(radius: int) -> Tensor:
    """((2r + 1)², 2) offsets, the nearest first, so that where all is alike a handle stays where it is."""
    line = torch.arange(-radius, radius + 1, dtype=torch.float32)
    offsets = torch.cartesian_prod(line, line)
    return offsets[offsets.square().sum(1).argsort(stable=True)]
