"""DDIM inversion: the noisy latents from which the sampler comes back to a given picture.

Plain inversion asks the network at the wrong place: the step from t⁻ to t needs the noise of the latent at t, which is
not there yet, so it takes that of the latent at t⁻. The refined way guesses the noise from the steps before it (a
straight line over log-SNR), goes to where that leads, and asks the network there: one call a step as before, but at
nearly the right latent. It is one fixed-point iteration (AIDI, Pan et al., ICCV 2023) with a start that costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log

import torch
from torch import Tensor

from engine.sampling import Predict, Sampled
from engine.schedule import Level, Schedule, noised


@dataclass(frozen=True, eq=False)
class Trajectory:
    """A picture's latents on their way from clean to noisy.

    Attributes:
        latents: (K + 1, C, h, w) float32: the source, then one for each time, rising.
    """

    latents: Tensor

    @property
    def source(self) -> Tensor:
        """(1, C, h, w), exactly the latent that was inverted."""
        return self.latents[:1]

    @property
    def bytes(self) -> int:
        """Memory it takes."""
        return self.latents.numel() * self.latents.element_size()

    def at(self, steps: int) -> Tensor:
        """(1, C, h, w): the latent that a sampler which follows the trajectory down has after `steps` steps."""
        index = len(self.latents) - 1 - steps
        return self.latents[index : index + 1]


def invert(
    predict: Predict, schedule: Schedule, z: Tensor, times: Sequence[int], refined: bool = True
) -> Iterator[Sampled]:
    """Go the way of `sampling.ddim` backwards, from clean up to times[0].

    Args:
        predict: with the words that describe z (or none), guided or not; the same must be used to come back.
        z: clean latent, (1, C, h, w), scaled.
        times: falling training times, as for `sampling.ddim`.
        refined: guess the noise ahead; False = plain DDIM inversion.

    Yields:
        after each network call the latent at the next higher time, and the clean latent that it implies.
    """
    rising = list(reversed(times))
    levels = [schedule.final, *(schedule.level(t) for t in rising)]
    earlier: list[tuple[float, Tensor]] = []  # (log-SNR, ε), the last two
    for index, t in enumerate(rising):
        low, high = levels[index], levels[index + 1]
        place = _log_snr(high)
        there = _risen(z, _ahead(earlier, place), low, high) if refined and earlier else z
        noise = predict(there, t)
        clean = _clean(z, noise, low)
        z = noised(clean, noise, high)
        earlier = [*earlier[-1:], (place, noise)]
        yield Sampled(index + 1, z, clean)


def trajectory(source: Tensor, steps: Sequence[Sampled]) -> Trajectory:
    """What `invert` yielded, with the latent it started from."""
    return Trajectory(torch.cat([source, *(step.latent for step in steps)]))


def _ahead(earlier: Sequence[tuple[float, Tensor]], place: float) -> Tensor:
    """The noise at `place` (log-SNR), on the straight line through the last two that are known."""
    last, noise = earlier[-1]
    if len(earlier) < 2:
        return noise
    before, noise_before = earlier[-2]
    return noise + (noise - noise_before) * ((place - last) / (last - before))


def _risen(z: Tensor, noise: Tensor, low: Level, high: Level) -> Tensor:
    """z at the level `low`, taken to `high` along ε."""
    return noised(_clean(z, noise, low), noise, high)


def _clean(z: Tensor, noise: Tensor, level: Level) -> Tensor:
    return (z - level.noise * noise) / level.signal


def _log_snr(level: Level) -> float:
    return log(level.signal / level.noise)
