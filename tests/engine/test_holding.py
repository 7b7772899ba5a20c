"""When cells join."""

from __future__ import annotations

import numpy as np
import torch

from engine.holding import Holding

CELLS = np.array([[1.0, 0.5], [0.25, 0.0]], np.float32)


def free(holding: Holding, step: int) -> list[bool]:
    mixed = holding.mixed(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2), step)
    return [bool(value) for value in mixed.flatten()]


def test_cells_join_when_as_much_is_left_as_the_mask_says() -> None:
    holding = Holding(CELLS, 8)
    assert (holding.skipped, holding.total) == (0, 8)
    assert [free(holding, step) for step in (0, 3, 4, 5, 6, 7)] == [
        [True, False, False, False],
        [True, False, False, False],
        [True, True, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, False],
    ]


def test_without_a_mask_everything_is_free() -> None:
    holding = Holding(None, 3)
    assert free(holding, 0) == [True] * 4
    assert holding.faintest == 1 / 3


def test_steps_in_which_nothing_is_free_are_skipped() -> None:
    holding = Holding(CELLS * 0.5, 8)
    assert (holding.skipped, holding.total) == (4, 4)
    assert free(holding, 0) == [True, False, False, False]
    changed = holding.changing(torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2))
    assert changed.flatten().tolist() == [1, 1, 1, 0]
