"""Where the legs of a drag begin and end: latents that are remembered, and carried on to where the next leg leads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import inversion
from engine.backbone import Backbone
from engine.cache import cache_of, content
from engine.calling import Patch
from engine.carrying import carried, composed, share
from engine.course import Course, Spots
from engine.masking import distance_to
from engine.original import Original
from engine.points import Leg
from engine.sampling import Sampled, seeded_noise
from engine.schedule import noised
from engine.words import Conditioning
from engine.workpiece import to_tensor

_STRIDE = 3  # of the times, those that a carried picture is inverted over: where it ends is what counts
_THERE = 4.0  # working pixels from its goal at which a handle need not be carried
_RIM = 4.0  # working pixels around a thing that still show it: soft edges, and what the autoencoder smears


@dataclass(frozen=True, eq=False)
class State:
    """A noisy latent under way.

    Attributes:
        z: (1, C, h, w).
        base: (1, C, h, w), what it was before it was pulled.
        noise: (1, C, h, w), the ε in `base`, for previews.
        marks: (n, 2), where the handles are, working pixels.
    """

    z: Tensor
    base: Tensor
    noise: Tensor
    marks: Spots

    @property
    def bytes(self) -> int:
        """Memory it takes."""
        return 3 * self.z.numel() * self.z.element_size()


class Legs:
    """The latents between the legs of one picture's drags."""

    def __init__(
        self,
        backbone: Backbone,
        course: Course,
        original: Original,
        words: Conditioning,
        patches: Sequence[Patch],
        key: str,
        seed: int,
    ) -> None:
        """
        Args:
            words, patches: with which the original was inverted.
            key: stands for everything that the end of a leg depends on, besides the legs, their handles and the mask.
        """
        self._backbone, self._course, self._original, self._seed = backbone, course, original, seed
        self._words, self._patches = words, patches
        self._times = _sparse(original.times)
        self._level = backbone.schedule.level(self._times[0])
        mask = np.zeros(0) if course.thing is None else course.thing
        self._key = content("leg", key, seed, course.handles, mask)

    @property
    def still(self) -> State:
        """Nothing has been moved yet."""
        z = self._original.risen.at(0)
        return State(z, z, self._noise(z, self._original.risen.source), self._course.handles)

    def farthest(self, legs: tuple[Leg, ...]) -> tuple[int, State]:
        """How many of the legs, from the first one on, are remembered, and where they ended."""
        for count in range(len(legs), 0, -1):
            state: State | None = cache_of(self._backbone).get(content(self._key, legs[:count]))
            if state is not None:
                return count, state
        return 0, self.still

    def remember(self, legs: tuple[Leg, ...], state: State) -> None:
        """These legs ended so."""
        cache_of(self._backbone).keep(content(self._key, legs), state, state.bytes)

    def clean(self, state: State) -> Tensor:
        """(1, C, h, w): about what the state will look like."""
        return (state.z - self._level.noise * state.noise) / self._level.signal

    def carried(self, state: State, goals: Spots) -> Iterator[tuple[Sampled, State]]:
        """Put the thing at the goals, (n, 2) working pixels, and invert the picture in which it lies there.

        What pulling has changed so far goes along. One item per network call, the last one with the new state; none
        where the handles are there already.
        """
        if np.hypot(*(goals - state.marks).T).max() < _THERE:
            return
        course, backbone, factor = self._course, self._backbone, self._backbone.factor
        to_goals = course.warp(course.handles, goals)
        thing = None if course.thing is None else self._rimmed
        source = course.region.to_work(course.piece.source)
        clean = backbone.encode(to_tensor(composed(source, thing, to_goals)))

        def predict(z: Tensor, t: int) -> Tensor:
            return backbone.predict(z, t, self._words, patches=self._patches)

        for step in inversion.invert(predict, backbone.schedule, clean, self._times):
            base, noise = step.latent, self._noise(step.latent, clean)
            if thing is not None:
                left = share(thing, factor) * (share(to_goals.moved, factor) == 0) > 0
                noise = torch.where(torch.from_numpy(left).to(noise.device), self._fresh.to(noise), noise)
                base = noised(clean, noise, self._level)
            pulled = carried(state.z - state.base, course.warp(state.marks, goals), factor)
            yield step, State(base + pulled, base, noise, goals)

    def hole(self, marks: Spots) -> tuple[Tensor, Tensor] | None:
        """(h, w) bool each: the latent cells that the thing has left, and those where it stood; None = no thing."""
        now = self._course.place(marks)
        if self._course.thing is None or now is None:
            return None
        factor = self._backbone.factor
        stood, stands = share(self._rimmed, factor) > 0, share(now, factor) > 0
        return torch.from_numpy(stood & ~stands), torch.from_numpy(stood)

    @property
    def _rimmed(self) -> NDArray[np.bool_]:
        """(h, w) working pixels that show the thing where it stood."""
        assert self._course.thing is not None
        return distance_to(self._course.thing) <= _RIM

    @cached_property
    def _fresh(self) -> Tensor:
        """Noise for where nothing is known."""
        return seeded_noise(self._original.risen.source.shape, self._seed)

    def _noise(self, z: Tensor, clean: Tensor) -> Tensor:
        return (z - self._level.signal * clean) / self._level.noise


def calls_to_carry(times: Sequence[int]) -> int:
    """Network calls that it takes to carry a thing."""
    return len(_sparse(times))


def _sparse(times: Sequence[int]) -> Sequence[int]:
    return times[::_STRIDE]
