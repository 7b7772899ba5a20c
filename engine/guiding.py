"""A sampler that is led by gradients (DragonDiffusion), with the liberties that DiffEditor gives it inside the mask.

DiffEditor (Mou et al., CVPR 2024, arXiv 2402.02583), section 3.3: in the middle of the way fresh noise inside the mask
("regional SDE"), after that each second step is taken several times ("time travel"), and the gradients are asked for at
every step at first, at each second one then. The published numbers count 50 steps; here they are parts of the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.sampling import Hold, Sampled
from engine.schedule import Level, Schedule, noised

_EVERY_STEP = 10 / 50  # of the way: gradients at every step until here, at each second one after
_LED = 30 / 50  # gradients until here
_NOISED = 10 / 50, 20 / 50  # regional SDE
_TRAVELLED = 20 / 50, 30 / 50  # time travel

Predict = Callable[[Tensor, int, int], Tensor]
"""(z, t, i) -> ε at the i-th step."""


@dataclass(frozen=True)
class Liberties:
    """DiffEditor's settings.

    Attributes:
        eta: of the noise inside the mask, 0 = none.
        repeats: how often a step of the travelled part is taken, 1 = once.
    """

    eta: float = 0.4
    repeats: int = 3


def led_steps(count: int) -> list[bool]:
    """Which of `count` steps are led."""
    return [i < _EVERY_STEP * count or (i < _LED * count and i % 2 == 0) for i in range(count)]


def turns(count: int, repeats: int) -> list[int]:
    """How often each of `count` steps is taken."""
    first, last = (share * count for share in _TRAVELLED)
    return [repeats if first < i < last and i % 2 == 0 else 1 for i in range(count)]


def led_ddim(
    predict: Predict,
    push: Predict,
    schedule: Schedule,
    z: Tensor,
    times: Sequence[int],
    liberties: Liberties,
    inside: Tensor,
    seed: int,
    hold: Hold,
    first: int = 0,
) -> Iterator[Sampled]:
    """DDIM from times[first] down to clean, its predicted clean latents led by `push`.

    Args:
        push: what to add to ε for the clean latent (not for the way on); asked for at the led steps only.
        z: latent at times[first], (1, C, h, w), scaled.
        times: falling training times of the whole way.
        inside: (1, 1, h, w), above 0 where fresh noise may come in.
        seed: of the fresh noise, a CPU generator's.
    """
    levels = [*(schedule.level(t) for t in times), schedule.final]
    generator = torch.Generator("cpu").manual_seed((seed + 1) % 2**63)
    led, taken = led_steps(len(times)), turns(len(times), liberties.repeats)
    noisy = [_NOISED[0] * len(times) < i < _NOISED[1] * len(times) for i in range(len(times))]
    done = 0
    for index in range(first, len(times)):
        t, level = times[index], levels[index + 1]
        for turn in range(taken[index]):
            noise = predict(z, t, index)
            clean = schedule.clean(z, noise + push(z, t, index) if led[index] else noise, t)
            z_next = noised(clean, noise, level)
            if noisy[index] and liberties.eta > 0:
                fresh = torch.randn(z.shape, generator=generator, dtype=torch.float32).to(z.device)
                changed = _renoised(clean, noise, fresh, levels[index], level, liberties.eta)
                z_next = torch.where(inside > 0, changed, z_next)
            done += 1
            if turn < taken[index] - 1:
                z = hold(noised(clean, noise, levels[index]), index - 1, levels[index])
                yield Sampled(done, z, clean)
            else:
                z = hold(z_next, index, level)
                yield Sampled(done, z, clean)


def _renoised(clean: Tensor, noise: Tensor, fresh: Tensor, high: Level, low: Level, eta: float) -> Tensor:
    """A DDIM step with a part of its noise new (Song et al., ICLR 2021, eq. 12 and 16)."""
    share = max(1 - (high.signal / low.signal) ** 2, 0.0)
    sigma = eta * low.noise / high.noise * share**0.5
    kept: float = max(low.noise**2 - sigma**2, 0.0) ** 0.5
    renoised: Tensor = low.signal * clean + kept * noise + sigma * fresh
    return renoised
