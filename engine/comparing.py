"""How much two texts disagree about each cell of a picture (DiffEdit, Couairon et al., ICLR 2023, section 3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from engine.backbone import Backbone
from engine.schedule import noised
from engine.words import Conditioning


class Compared(NamedTuple):
    """What is known after some noises."""

    done: int  # noises so far
    difference: NDArray[np.float32]  # (h, w) mean of |ε(prompt) − ε(negative)| over noises and channels


def compare(
    backbone: Backbone,
    z: Tensor,
    words: Conditioning,
    noise: Tensor,
    times: Sequence[int],
    at_once: int | None = None,
) -> Iterator[Compared]:
    """Both texts' predictions for the same noisy latents, noise by noise.

    Guidance would only multiply the map: (u + g·(a − u)) − (u + g·(b − u)) = g·(a − b). So it is left out, and a noise
    costs two evaluations where diffusers' pipeline spends four.

    Args:
        z: clean latent, (1, C, h, w).
        words: the prompt and, as the negative prompt, the text it is compared with.
        noise: (N, C, h, w).
        times: training time at which each noise is added, (N,).
        at_once: noises of the same time per network call; changes memory and speed only. None = what suits the device.
    """
    if at_once is None:
        # On a CPU more are no faster, and one noise makes the batch of two that guidance needs later: oneDNN keeps
        # kernels for every size of batch, 13 to 16 MB each with the bundled model.
        at_once = 1 if backbone.device.type == "cpu" else 2
    total = np.zeros(z.shape[2:], np.float64)
    for some, t in _calls(times, at_once):
        hazy = noised(z, noise[some].to(z.device), backbone.schedule.level(t))
        maps = backbone.disagreement(hazy, t, words).abs().mean(1)
        for each in maps.double().cpu().numpy():  # one after the other: the sum does not depend on at_once
            total += each
        done = some.stop
        yield Compared(done, (total / done).astype(np.float32))


def _calls(times: Sequence[int], at_once: int) -> Iterator[tuple[slice, int]]:
    """Neighbours of the same time, at most `at_once` of them."""
    start = 0
    while start < len(times):
        end = start + 1
        while end < min(start + at_once, len(times)) and times[end] == times[start]:
            end += 1
        yield slice(start, end), times[start]
        start = end
