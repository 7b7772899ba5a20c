"""Areas of an edit on maps of every size, and features carried along."""

from __future__ import annotations

import numpy as np
import torch

from engine import placing
from engine.references import Cells, carry, cells_of, tokens


def cells() -> Cells:
    old, new = torch.zeros(2, 1, 1, 8, 12)
    old[..., 2:6, 1:4], new[..., 2:6, 3:6] = 1.0, 1.0
    return Cells(old, new, torch.ones(1, 1, 8, 12))


def test_the_hole_is_what_is_not_covered_again() -> None:
    assert cells().hole.sum() == 8
    assert cells().inside.sum() == 20
    around = cells().around
    assert (around * cells().inside).sum() == 0
    assert around[0, 0, 0].sum() == 8, "two cells above, and to both sides of it as far as the picture goes"


def test_parts_keep_their_share_on_coarser_maps() -> None:
    coarse = cells().sized(torch.zeros(1, 5, 4, 6))
    assert coarse.old.shape == (1, 1, 4, 6)
    assert coarse.old.sum() * 4 == cells().old.sum()
    assert tokens(cells().new, 2).shape == (24,)
    odd = torch.ones(1, 1, 7, 5)
    assert tokens(odd, 2).shape == (12,), "as many as the network's strided convolutions make"


def test_cells_are_the_mean_of_their_pixels() -> None:
    mask = np.zeros((16, 24), np.float32)
    mask[:8, :4] = 1.0
    assert cells_of(mask, 8)[0, 0].tolist() == [[0.5, 0, 0], [0, 0, 0]]


def test_values_are_carried_to_where_the_pixels_go() -> None:
    values = torch.randn(1, 3, 8, 12, generator=torch.Generator().manual_seed(1))
    matrix = np.array([[1.0, 0, 16.0], [0, 1.0, -8.0]])
    for mode in ("nearest", "bilinear"):
        moved = carry(values, matrix, (96, 64), mode)
        assert torch.allclose(moved[..., :7, 2:], values[..., 1:, :10], atol=1e-4)


def test_noise_stays_as_noisy_as_it_is() -> None:
    noise = torch.randn(1, 4, 32, 32, generator=torch.Generator().manual_seed(1))
    for scale, turn in ((1.3, 0.0), (0.7, 40.0)):
        carried = carry(noise, placing.about((128, 128), (3.3, 5.1), scale, turn), (256, 256), "nearest")
        assert abs(float(carried[..., 8:24, 8:24].std()) - 1) < 0.1
