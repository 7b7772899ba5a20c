"""Samplers: short functions over one network call, each step yielded so that it can be watched and stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from diffusers import DPMSolverMultistepScheduler
from torch import Tensor

from engine.schedule import CLEAN, Level, Schedule, betas, noised

Predict = Callable[[Tensor, int], Tensor]
"""(z, t) -> ε; z and ε are (1, C, h, w)."""

Hold = Callable[[Tensor, int, Level], Tensor]
"""(z after step i, i, the level z now has) -> z with the parts put back that this step must not change."""


class Sampled(NamedTuple):
    """What a sampler yields after each step."""

    done: int  # steps, this one included
    latent: Tensor  # (1, C, h, w) at the next level
    clean: Tensor  # (1, C, h, w) predicted clean latent of this step


def hold_nothing(z: Tensor, index: int, level: Level) -> Tensor:
    """Everything may change."""
    return z


def ddim(
    predict: Predict, schedule: Schedule, z: Tensor, times: Sequence[int], hold: Hold = hold_nothing
) -> Iterator[Sampled]:
    """Deterministic DDIM from times[0] down to clean (Song et al., ICLR 2021, eq. 12 with sigma = 0).

    Args:
        z: latent at times[0], (1, C, h, w), scaled.
        times: falling training times.
    """
    levels = [*(schedule.level(t) for t in times), schedule.final]
    for index, (t, level) in enumerate(zip(times, levels[1:], strict=True)):
        noise = predict(z, t)
        clean = schedule.clean(z, noise, t)
        z = hold(noised(clean, noise, level), index, level)
        yield Sampled(index + 1, z, clean)


def resampled_ddim(
    predict: Predict,
    schedule: Schedule,
    z: Tensor,
    times: Sequence[int],
    repeats: int,
    seed: int,
    hold: Hold = hold_nothing,
) -> Iterator[Sampled]:
    """DDIM in which each step but the last is taken `repeats` times, noised back in between (RePaint, Alg. 1).

    Args and yields as for `ddim`, one item per network call; with `repeats` 1 it is `ddim`.
        seed: that z's own noise came from; what is added on the way back comes from the next one.
    """
    levels = [*(schedule.level(t) for t in times), schedule.final]
    generator = torch.Generator("cpu").manual_seed((seed + 1) % 2**63)
    done = 0
    for index, (t, level) in enumerate(zip(times, levels[1:], strict=True)):
        turns = repeats if index < len(times) - 1 else 1
        for turn in range(turns):
            noise = predict(z, t)
            clean = schedule.clean(z, noise, t)
            z = hold(noised(clean, noise, level), index, level)
            done += 1
            yield Sampled(done, z, clean)
            if turn < turns - 1:
                fresh = torch.randn(z.shape, generator=generator, dtype=torch.float32)
                z = _noised_back(z, fresh.to(z.device), level, levels[index])


def _noised_back(z: Tensor, noise: Tensor, low: Level, high: Level) -> Tensor:
    """z at the level `low`, with as much fresh noise as leads to `high` (DDPM's forward step)."""
    share = high.signal / low.signal
    added: float = max(high.noise**2 - (share * low.noise) ** 2, 0.0) ** 0.5
    return share * z + added * noise


def dpm_solver(
    predict: Predict, schedule: Schedule, z: Tensor, times: Sequence[int], hold: Hold = hold_nothing
) -> Iterator[Sampled]:
    """DPM-Solver++ 2M from times[0] down to clean: good pictures in few steps (Lu et al., 2022, arXiv 2211.01095).

    Args and yields as for `ddim`. The solver starts at times[0], so a partial run (image to image) is an ordinary one.
    """
    solver = DPMSolverMultistepScheduler(
        num_train_timesteps=schedule.length,
        trained_betas=betas(schedule.alphas),
        solver_order=2,
        algorithm_type="dpmsolver++",
        prediction_type="epsilon",
        final_sigmas_type="zero",
    )
    solver.set_timesteps(timesteps=list(times))
    solver.set_begin_index(0)
    levels = [*(schedule.level(t) for t in times), CLEAN]
    for index, (t, level) in enumerate(zip(times, levels[1:], strict=True)):
        noise = predict(z, t)
        clean = schedule.clean(z, noise, t)
        z = hold(solver.step(noise, t, z, return_dict=False)[0], index, level)
        yield Sampled(index + 1, z, clean)


class Plan(NamedTuple):
    """A sampler with the times it visits."""

    sampler: Callable[..., Iterator[Sampled]]
    times: list[int]


SAMPLERS = ("ddim", "fast")


def plan(name: str, schedule: Schedule, steps: int, strength: float) -> Plan:
    """The sampler of that name and the times of a run of `steps` that starts at `strength` (0..1, above 0).

    "ddim" counts its steps as diffusers' image to image does; "fast" starts exactly at strength · T.
    """
    if name == "ddim":
        return Plan(ddim, schedule.ddim_times(steps, strength))
    return Plan(dpm_solver, schedule.karras_times(steps, strength))


def seeded_noise(shape: Sequence[int], seed: int) -> Tensor:
    """Float32 noise from a CPU generator: the same on every machine.

    Args:
        shape: of the latent, (1, C, h, w).
    """
    return torch.randn(tuple(shape), generator=torch.Generator("cpu").manual_seed(seed), dtype=torch.float32)
