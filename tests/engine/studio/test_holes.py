"""Holes around objects: boxes that fit, outlines that hide the shape."""

from __future__ import annotations

import numpy as np
import pytest

from engine.studio.holes import _box, _outline, hole_around


def ring(size: int = 128, centre: tuple[int, int] = (60, 70)) -> np.ndarray:
    y, x = np.mgrid[:size, :size]
    away = np.hypot(x - centre[0], y - centre[1])
    return (away < 24) & (away > 12)


def test_boxes_leave_a_pixel_and_an_eighth_at_most() -> None:
    silhouette = ring()
    areas = []
    for seed in range(60):
        hole = _box(silhouette, np.random.default_rng(seed))
        rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
        assert hole.sum() == len(rows) * len(columns)
        assert 41 <= rows[0] <= 46  # the ring begins at row 47, its twelfth is 5 px
        assert 95 <= rows[-1] + 1 <= 101
        areas.append(hole.sum())
    assert 47 * 47 / np.mean(areas) > 0.75  # overlap of a painted object that fills as much of its box


def test_outlines_cover_the_rim_and_waver() -> None:
    silhouette = ring()
    rim = silhouette.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            rim |= np.roll(silhouette, step, axis)
    holes = [_outline(silhouette, np.random.default_rng(seed)) for seed in range(20)]
    assert all(hole[rim].all() for hole in holes)
    assert len({int(hole.sum()) for hole in holes}) > 15
    assert max(hole.sum() for hole in holes) < 5 * silhouette.sum()


@pytest.mark.parametrize("spot", [(0, 0), (31, 31), (5, 31)])
def test_an_object_at_the_border_and_of_one_pixel(spot: tuple[int, int]) -> None:
    silhouette = np.zeros((32, 32), bool)
    silhouette[spot] = True
    for seed in range(10):
        hole = hole_around(silhouette, np.random.default_rng(seed))
        assert hole.shape == (32, 32)
        assert hole[spot]
        assert hole.sum() < 100
