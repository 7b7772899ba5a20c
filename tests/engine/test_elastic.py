"""A picture in which everything may move: what lies around a drag follows, the rest rests."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.warp import warp

WIDTH, HEIGHT = 96, 64
SIZE = WIDTH, HEIGHT


def pairs(*values: tuple[tuple[float, float], tuple[float, float]]) -> NDArray[np.float64]:
    return np.array(values, float).reshape(-1, 2, 2)


def test_without_a_mask_everything_is_elastic_and_the_border_rests() -> None:
    found = warp(pairs(((40, 30), (52, 34))), None, SIZE)
    assert not found.holes.any()
    assert found.moved.any()
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    moved = np.hypot(found.map[..., 0] - columns, found.map[..., 1] - rows)
    for edge in (moved[0], moved[-1], moved[:, 0], moved[:, -1]):
        assert edge.max() < 1e-3
    assert moved.max() <= np.hypot(12, 4) + 1e-3
    assert not moved[np.hypot(columns + 0.5 - 52, rows + 0.5 - 34) > 2.5 * np.hypot(12, 4) + 1].any()
    assert (np.diff(found.map[..., 0], axis=1) > 0).all(), "nothing is folded over"
    assert (np.diff(found.map[..., 1], axis=0) > 0).all()


def test_a_target_at_the_border_is_reached_all_the_same() -> None:
    found = warp(pairs(((80, 30), (96, 30))), None, SIZE)
    assert np.abs(found.map[30, 95] - (79.5, 30)).max() <= 1
    assert found.map.min() >= 0
    assert (found.map.reshape(-1, 2).max(0) <= (WIDTH - 1, HEIGHT - 1)).all()


@pytest.mark.parametrize("size", [(3, 3), (1, 40)])
def test_a_tiny_picture_is_no_trouble(size: tuple[int, int]) -> None:
    found = warp(pairs(((0.5, 0.5), (size[0] - 0.5, size[1] - 0.5))), None, size)
    assert found.map.shape == (*size[::-1], 2)
    assert (found.map >= 0).all()
    assert (found.map <= np.array(size) - 1).all()
