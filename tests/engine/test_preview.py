"""The cheap picture of a latent."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from engine.backbone import Backbone
from engine.preview import colour_card, enlarged, fit, latent_colours


class Mixing:
    """An autoencoder whose latent is a fixed mix of the mean colours: the map can be recovered exactly."""

    factor = 8
    mix = torch.tensor([[0.5, 0.2, 0.1], [0.1, -0.7, 0.3], [0.0, 0.2, 0.9], [0.3, 0.3, 0.3]])

    def encode(self, image: torch.Tensor) -> torch.Tensor:
        return torch.einsum("cr,nrhw->nchw", self.mix, functional.avg_pool2d(image, 8)) + 0.25


def test_the_map_is_the_least_squares_one() -> None:
    mixing = Mixing()
    picture = colour_card(64).flip(3)
    shown = fit(mixing).picture(mixing.encode(picture))  # type: ignore[arg-type]
    truth = ((functional.avg_pool2d(picture, 8)[0].permute(1, 2, 0) + 1) * 127.5).numpy()
    assert shown.shape == (8, 8, 3)
    assert np.abs(shown - truth).max() <= 1


def test_it_is_fitted_once_and_never_fails(backbone: Backbone) -> None:
    colours = latent_colours(backbone)
    assert latent_colours(backbone) is colours
    broken = torch.full((1, 4, 2, 3), float("nan"))
    assert colours.picture(broken).tolist() == np.zeros((2, 3, 3)).tolist()
    assert colours.picture(torch.randn(1, 4, 5, 7) * 100).dtype == np.uint8


@pytest.mark.parametrize("times", [1, 4])
def test_enlarging_keeps_flat_colours(times: int) -> None:
    flat = np.full((3, 5, 3), 77, np.uint8)
    assert (enlarged(flat, times) == 77).all()
    assert enlarged(flat, times).shape == (3 * times, 5 * times, 3)
