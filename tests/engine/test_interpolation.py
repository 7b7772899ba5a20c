"""A warp worked out every few pixels: as good as the exact one, also where it bends."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.warp import SKETCHED, Warper

WIDTH, HEIGHT = 300, 220  # not square


def gesture(count: int, spread: float) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.uint8]]:
    """Handles on a disc, targets to the right of them and apart from that at random; the disc."""
    rng = np.random.default_rng(count)
    angle, far = rng.uniform(0, 2 * np.pi, count), 60 * np.sqrt(rng.uniform(0, 1, count))
    handles = np.stack([110 + far * np.cos(angle), 110 + far * np.sin(angle)], 1)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    disc = np.where(np.hypot(columns - 110, rows - 110) <= 70, np.uint8(255), np.uint8(0))
    return handles, handles + rng.uniform(-spread, spread, (count, 2)) + (50, -12), disc


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize(("count", "spread"), [(1, 0), (2, 10), (8, 20), (30, 5)])
def test_a_sketch_is_within_half_a_pixel_and_exact_at_the_handles(count: int, spread: float, masked: bool) -> None:
    handles, targets, disc = gesture(count, spread)
    mask = disc if masked else None
    exact, sketch = (Warper(handles, mask, (WIDTH, HEIGHT), step).to(targets) for step in (1, SKETCHED))
    both = exact.moved & sketch.moved
    apart = np.hypot(*np.moveaxis(exact.map - sketch.map, 2, 0))
    assert apart[both].max() <= 0.5
    columns, rows = targets.astype(int).T
    assert apart[rows, columns][both[rows, columns]].max() <= 0.1
    assert (exact.moved ^ sketch.moved).sum() <= 0.03 * exact.moved.sum()
    assert (exact.holes ^ sketch.holes).sum() <= 0.03 * exact.moved.sum()
