"""Weights of the nearest handles."""

from __future__ import annotations

import numpy as np
import pytest

from engine.displacement import displacement, weights

COLUMNS, ROWS = np.arange(40, dtype=np.float32) + 0.5, np.arange(25, dtype=np.float32)[:, None] + 0.5


@pytest.mark.parametrize("count", [1, 4, 9, 30])
def test_weights_add_up_to_one_and_at_most_four_count(count: int) -> None:
    spots = np.random.default_rng(3).uniform(2, 23, (count, 2)).astype(np.float32)
    found = weights(spots, COLUMNS, ROWS)
    assert found.shape == (count, 25, 40)
    assert np.abs(found.sum(0) - 1).max() < 1e-5
    assert found.min() >= 0
    at_most_four = np.count_nonzero(found > 0.005, axis=0) <= 4
    assert at_most_four.mean() > 0.99, "only where more are equally near the fifth counts"


def test_many_handles_at_one_place_share_it() -> None:
    spots = np.full((7, 2), 12.5, np.float32)
    ways = np.arange(14, dtype=np.float32).reshape(7, 2)
    assert np.abs(displacement(spots, ways, COLUMNS, ROWS) - ways.mean(0)).max() < 1e-3


def test_bands_do_not_show() -> None:
    """A picture is worked on in bands of rows: any part of it is the same alone."""
    rng = np.random.default_rng(5)
    spots, ways = (rng.uniform(0, 300, (6, 2)).astype(np.float32) for _ in range(2))
    columns, rows = np.arange(301, dtype=np.float32) + 0.5, np.arange(299, dtype=np.float32)[:, None] + 0.5
    whole = displacement(spots, ways, columns, rows)
    assert np.abs(whole[100:180] - displacement(spots, ways, columns, rows[100:180])).max() < 1e-3
