"""A thing carried in the picture and in latent cells."""

from __future__ import annotations

import numpy as np
import torch

from engine.carrying import carried, composed, share
from engine.warp import warp

SIZE = 64, 48


def square() -> np.ndarray:
    mask = np.zeros(SIZE[::-1], np.uint8)
    mask[8:24, 8:24] = 255
    return mask


def led(by: tuple[float, float]) -> np.ndarray:
    return np.array([[[16.0, 16.0], [16.0 + by[0], 16.0 + by[1]]]])


def test_cells_go_along_whole_and_unmixed() -> None:
    latent = torch.randn(1, 4, 6, 8, generator=torch.Generator().manual_seed(1))
    for by, cells in (((24.0, 16.0), (2, 3)), ((22.0, 18.0), (2, 3))):
        found = carried(latent, warp(led(by), square(), SIZE), 8)
        down, across = cells
        assert torch.equal(found[..., 1 + down : 3 + down, 1 + across : 3 + across], latent[..., 1:3, 1:3])
        assert torch.count_nonzero(found) == 4 * 4


def test_the_picture_has_the_thing_there_and_its_surroundings_where_it_was() -> None:
    picture = np.full((48, 64, 3), 0.25, np.float32)
    picture[8:24, 8:24] = (1.0, 0.5, 0.0)
    found = composed(picture, square() > 0, warp(led((24.0, 16.0)), square(), SIZE))
    assert np.allclose(found[26:38, 34:46], (1.0, 0.5, 0.0), atol=1e-3)
    assert np.allclose(found[8:24, 8:24], 0.25, atol=0.01)
    assert np.allclose(found[:, 50:], 0.25, atol=1e-3)


def test_shares_are_means_of_cells() -> None:
    flags = np.zeros((16, 16), bool)
    flags[:8, :4] = True
    assert share(flags, 8).tolist() == [[0.5, 0.0], [0.0, 0.0]]
