"""Inversion: exact bookkeeping, and nearer to the way back than the plain one at the same number of calls."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from engine.backbone import Backbone
from engine.inversion import Trajectory, invert, trajectory
from engine.sampling import Predict, ddim


def latent(backbone: Backbone) -> Tensor:
    side = backbone.native // backbone.factor
    return torch.randn(1, backbone.channels, side, side, generator=torch.Generator().manual_seed(3))


def predictor(backbone: Backbone, guidance: float = 1.0) -> Predict:
    words = backbone.embed("a red ball", "")
    return torch.no_grad()(lambda z, t: backbone.predict(z, t, words, guidance))


def there_and_back(backbone: Backbone, predict: Predict, refined: bool, steps: int = 20) -> tuple[Trajectory, Tensor]:
    z, times = latent(backbone), backbone.schedule.ddim_times(steps, 0.8)
    way = trajectory(z, list(invert(predict, backbone.schedule, z, times, refined)))
    *_, last = ddim(predict, backbone.schedule, way.at(0), times)
    return way, last.latent


def error(first: Tensor, second: Tensor) -> float:
    return float((first - second).square().mean())


def test_one_call_a_step_and_every_latent_is_kept(backbone: Backbone) -> None:
    z, times, calls = latent(backbone), backbone.schedule.ddim_times(10, 0.8), backbone.calls
    steps = list(invert(predictor(backbone), backbone.schedule, z, times))
    assert backbone.calls - calls == len(times) == 8
    assert [step.done for step in steps] == list(range(1, 9))
    way = trajectory(z, steps)
    assert torch.equal(way.source, z)
    assert torch.equal(way.at(len(times)), z)
    assert torch.equal(way.at(0), steps[-1].latent)
    assert way.bytes == 9 * z.numel() * 4


def test_plain_inversion_asks_at_the_higher_time_with_the_lower_latent(sd15: Backbone) -> None:
    asked: list[tuple[int, Tensor]] = []

    def predict(z: Tensor, t: int) -> Tensor:
        asked.append((t, z))
        return torch.ones_like(z)

    z, times = latent(sd15), sd15.schedule.ddim_times(10, 0.5)
    steps = list(invert(predict, sd15.schedule, z, times, refined=False))
    assert [t for t, _ in asked] == times[::-1]
    for (_, seen), below in zip(asked, [z, *(step.latent for step in steps)], strict=False):
        assert torch.equal(seen, below)


@pytest.mark.parametrize("refined", [True, False])
def test_a_network_that_always_says_the_same_is_inverted_exactly(sd15: Backbone, refined: bool) -> None:
    noise = torch.randn(latent(sd15).shape, generator=torch.Generator().manual_seed(5))
    way, back = there_and_back(sd15, lambda z, t: noise, refined)
    assert error(back, way.source) < 1e-9


@pytest.mark.parametrize("guidance", [1.0, 3.0])
def test_refined_comes_back_nearer_than_plain(backbone: Backbone, guidance: float) -> None:
    """Random networks are rough, so a smooth one stands in: ε that follows z and the time."""
    direction = torch.randn(latent(backbone).shape, generator=torch.Generator().manual_seed(6))

    def predict(z: Tensor, t: int) -> Tensor:
        level = backbone.schedule.level(t)
        return torch.tanh(z * guidance + direction) * level.noise + 0.2 * z

    errors = []
    for refined in (False, True):
        way, back = there_and_back(backbone, predict, refined)
        errors.append(error(back, way.source))
    assert errors[1] < 0.5 * errors[0]
