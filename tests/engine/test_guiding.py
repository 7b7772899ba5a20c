"""The led sampler: plain DDIM where nothing leads it, and its liberties where and when they are meant."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from engine.guiding import Liberties, led_ddim, led_steps, turns
from engine.sampling import Sampled, ddim, hold_nothing
from engine.schedule import Schedule

STEPS = 10
INSIDE = torch.zeros(1, 1, 6, 6)
INSIDE[..., 2:4, 2:4] = 1.0


@pytest.fixture
def schedule() -> Schedule:
    return Schedule.from_config({"_class_name": "DDIMScheduler", "beta_schedule": "scaled_linear", "steps_offset": 1})


def noise_of(z: Tensor, t: int, index: int) -> Tensor:
    return 0.3 * z + 0.001 * t


def nothing(z: Tensor, t: int, index: int) -> Tensor:
    return torch.zeros_like(z)


def run(
    schedule: Schedule,
    liberties: Liberties,
    push: Callable[..., Tensor] = nothing,
    seed: int = 0,
    first: int = 0,
    steps: int = STEPS,
) -> list[Sampled]:
    z = torch.randn(1, 4, 6, 6, generator=torch.Generator().manual_seed(5))
    times = schedule.ddim_times(steps, 1.0)
    return list(led_ddim(noise_of, push, schedule, z, times, liberties, INSIDE, seed, hold_nothing, first))


def test_without_leading_it_is_ddim(schedule: Schedule) -> None:
    z = torch.randn(1, 4, 6, 6, generator=torch.Generator().manual_seed(5))
    times = schedule.ddim_times(STEPS, 1.0)
    plain = list(ddim(lambda z, t: noise_of(z, t, 0), schedule, z, times))
    for ours, theirs in zip(run(schedule, Liberties(0.0, 1)), plain, strict=True):
        assert ours.done == theirs.done
        assert torch.equal(ours.latent, theirs.latent)
    late = list(ddim(lambda z, t: noise_of(z, t, 0), schedule, z, times[4:]))
    assert torch.equal(run(schedule, Liberties(0.0, 1), first=4)[-1].latent, late[-1].latent)


def test_fresh_noise_comes_in_only_inside_and_by_the_seed(schedule: Schedule) -> None:
    plain = run(schedule, Liberties(0.0, 1))
    noisy, same, other = (run(schedule, Liberties(0.4, 1), seed=seed) for seed in (1, 1, 2))
    differs = [(one.latent - two.latent).abs() for one, two in zip(noisy, plain, strict=True)]
    middle = differs[3]  # 10/50 < i < 20/50 of ten steps is step 3
    assert all(torch.equal(early, torch.zeros_like(early)) for early in differs[:3])
    assert middle[..., 2:4, 2:4].min() > 0
    assert middle.sum() == middle[..., 2:4, 2:4].sum()
    assert torch.equal(noisy[-1].latent, same[-1].latent)
    assert not torch.equal(noisy[-1].latent, other[-1].latent)


def test_gradients_lead_the_clean_latent_early_on(schedule: Schedule) -> None:
    asked: list[int] = []

    def push(z: Tensor, t: int, index: int) -> Tensor:
        asked.append(index)
        return torch.full_like(z, 0.1)

    led, plain = run(schedule, Liberties(0.0, 1), push), run(schedule, Liberties(0.0, 1))
    assert asked == [0, 1, 2, 4]
    t = schedule.ddim_times(STEPS, 1.0)[0]
    level, after = schedule.level(t), schedule.level(schedule.ddim_times(STEPS, 1.0)[1])
    shift = led[0].clean - plain[0].clean
    assert torch.allclose(shift, torch.full_like(shift, -0.1 * level.noise / level.signal), atol=1e-4)
    # Only the clean part of the next latent is led, its noise is not.
    assert torch.allclose(led[0].latent - plain[0].latent, after.signal * shift, atol=1e-4)


def test_some_steps_are_taken_several_times(schedule: Schedule) -> None:
    assert turns(50, 3) == [3 if 20 < i < 30 and i % 2 == 0 else 1 for i in range(50)]
    assert sum(led_steps(50)) == 20
    assert led_steps(50)[:13] == [True] * 11 + [False, True]
    steps, plain = (run(schedule, Liberties(0.0, repeats), steps=20) for repeats in (4, 1))
    assert [step.done for step in steps] == list(range(1, 24))
    assert torch.equal(steps[9].latent, plain[9].latent)
    # The same noise leads back to where the step began: without anything that leads, nothing is new.
    assert torch.allclose(steps[13].latent, plain[10].latent, atol=1e-4)
