"""How much signal and how much noise a latent holds at each time, and the algebra between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from diffusers import DDIMScheduler
from numpy.typing import NDArray
from torch import Tensor

_SMALLEST = 2.0**-24  # keeps 1/√ᾱ finite for models trained down to zero signal
_KARRAS = 7.0  # rho of Karras et al., NeurIPS 2022, eq. 5


class Level(NamedTuple):
    """z = signal · clean + noise · ε, with signal² + noise² = 1."""

    signal: float  # √ᾱ
    noise: float  # √(1 − ᾱ)


CLEAN = Level(1.0, 0.0)


@dataclass(frozen=True, eq=False)
class Schedule:
    """The noise schedule of one model, read from its scheduler's config.

    Attributes:
        alphas: (T,) float64, cumulative ᾱ_t; t = 0 is nearly clean.
        final: level after the last DDIM step (`set_alpha_to_one` decides it).
        prediction: what the network predicts: "epsilon", "v_prediction" or "sample".
        config: the scheduler's config as it was read.
    """

    alphas: NDArray[np.float64]
    final: Level
    prediction: str
    config: Mapping[str, Any]

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Schedule:
        """Read betas, offsets and prediction type from any diffusers scheduler config of the DDPM family.

        Raises:
            ValueError: the config asks for a beta schedule or prediction type that is not known.
        """
        scheduler = DDIMScheduler.from_config(dict(config))
        prediction = str(scheduler.config.prediction_type)
        if prediction not in ("epsilon", "v_prediction", "sample"):
            raise ValueError(f"the prediction type {prediction!r} is not known")
        alphas = np.maximum(scheduler.alphas_cumprod.double().numpy(), _SMALLEST)
        return cls(alphas, _level(float(scheduler.final_alpha_cumprod)), prediction, dict(config))

    @property
    def length(self) -> int:
        """Number of training times T; t runs from 0 to T − 1."""
        return len(self.alphas)

    def level(self, t: int) -> Level:
        """Signal and noise of a latent at time t."""
        return _level(float(self.alphas[t]))

    def clean(self, z: Tensor, noise: Tensor, t: int) -> Tensor:
        """The clean latent that z (at time t) and its noise ε imply."""
        level = self.level(t)
        return (z - level.noise * noise) / level.signal

    def epsilon(self, output: Tensor, z: Tensor, t: int) -> Tensor:
        """The noise ε that a network's raw output means for z at time t, whatever it was trained to predict."""
        if self.prediction == "epsilon":
            return output
        level = self.level(t)
        if self.prediction == "v_prediction":
            return level.signal * output + level.noise * z
        return (z - level.signal * output) / level.noise

    def ddim_times(self, steps: int, strength: float) -> list[int]:
        """The last max(1, int(steps · strength)) of `steps` evenly spaced times, as diffusers' img2img counts them."""
        scheduler = DDIMScheduler.from_config(dict(self.config))
        scheduler.set_timesteps(steps)
        times = [int(t) for t in scheduler.timesteps]
        return times[len(times) - run_length(steps, strength) :]

    def karras_times(self, steps: int, strength: float) -> list[int]:
        """At most max(1, int(steps · strength)) times from strength · T down, dense where little noise is left."""
        count, first = run_length(steps, strength), max(round(strength * self.length) - 1, 0)
        sigmas = np.sqrt((1 - self.alphas) / self.alphas)  # rises with t
        roots = np.linspace(sigmas[first] ** (1 / _KARRAS), sigmas[0] ** (1 / _KARRAS), count)
        times = np.interp(_KARRAS * np.log(roots), np.log(sigmas), np.arange(self.length))
        return [first, *sorted({int(t) for t in times.round()} - {first}, reverse=True)]


def noised(clean: Tensor, noise: Tensor, level: Level) -> Tensor:
    """The clean latent with noise ε at the given level."""
    return level.signal * clean + level.noise * noise


def run_length(steps: int, strength: float) -> int:
    """Network steps of an edit that starts at `strength` of a run of `steps`: at least one."""
    return max(1, min(int(steps * strength), steps))


def betas(alphas: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Per-step betas whose cumulative product gives `alphas`, (T,)."""
    cumulative = np.asarray(alphas, dtype=np.float64)
    steps: NDArray[np.float64] = 1.0 - cumulative / np.concatenate([[1.0], cumulative[:-1]])
    return steps


def _level(alpha: float) -> Level:
    return Level(alpha**0.5, (1.0 - alpha) ** 0.5)
