"""Where the legs of a drag begin and end: latents that are remembered, and carried on to where the next leg leads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.backbone import Backbone
from engine.cache import cache_of, content
from engine.carrying import carried, emptied, share, whole_cells
from engine.course import Course, Spots
from engine.masking import distance_to
from engine.original import Original
from engine.points import Leg
from engine.sampling import seeded_noise
from engine.schedule import noised
from engine.workpiece import to_tensor

_RIM = 4.0  # working pixels around a thing that still show it: soft edges, and what the autoencoder smears


@dataclass(frozen=True, eq=False)
class State:
    """A noisy latent under way.

    Attributes:
        z: (1, C, h, w).
        noise: (1, C, h, w), the ε in it as far as it is known without asking the network: for previews.
        marks: (n, 2), where the handles are, working pixels.
    """

    z: Tensor
    noise: Tensor
    marks: Spots

    @property
    def bytes(self) -> int:
        """Memory it takes."""
        return 2 * self.z.numel() * self.z.element_size()


class Legs:
    """The latents between the legs of one picture's drags."""

    def __init__(self, backbone: Backbone, course: Course, original: Original, time: int, key: str, seed: int) -> None:
        """
        Args:
            time: the training time at which the latent is pulled.
            key: stands for everything that the end of a leg depends on, besides the legs, their handles and the mask.
        """
        self._backbone, self._course, self._original, self._seed = backbone, course, original, seed
        self._level = backbone.schedule.level(time)
        mask = np.zeros(0) if course.thing is None else course.thing
        self._key = content("leg", key, seed, course.handles, mask)

    @property
    def still(self) -> State:
        """Nothing has been moved yet."""
        z = self._original.risen.at(0)
        noise = (z - self._level.signal * self._original.risen.source) / self._level.noise
        return State(z, noise, self._course.handles)

    def known(self, legs: tuple[Leg, ...]) -> State | None:
        """Where these legs ended, if it is remembered."""
        state: State | None = cache_of(self._backbone).get(content(self._key, legs))
        return state

    def remember(self, legs: tuple[Leg, ...], state: State) -> None:
        """These legs ended so."""
        cache_of(self._backbone).keep(content(self._key, legs), state, state.bytes)

    def clean(self, state: State) -> Tensor:
        """(1, C, h, w): about what the state will look like."""
        return (state.z - self._level.noise * state.noise) / self._level.signal

    def carried(self, state: State, goals: Spots) -> State:
        """The thing's cells taken to the goals, (n, 2) working pixels, as far as whole cells go."""
        factor = self._backbone.factor
        ways = whole_cells(goals - state.marks, factor)
        if not ways.any():
            return state
        warp = self._course.warp(state.marks, goals)
        ground = self._ground if self._course.thing is not None else self.still
        z, noise = (
            carried(here, empty, warp, factor) for here, empty in ((state.z, ground.z), (state.noise, ground.noise))
        )
        return State(z, noise, state.marks + ways)

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
    def _ground(self) -> State:
        """The picture without the thing: its surroundings flowed together under fresh noise."""
        piece, still = self._course.piece, self.still
        picture = emptied(self._course.region.to_work(piece.source), self._rimmed)
        clean = self._backbone.encode(to_tensor(picture))
        fresh = seeded_noise(clean.shape, self._seed).to(clean.device)
        here = torch.from_numpy(share(self._rimmed, self._backbone.factor) > 0).to(clean.device)
        return replace(
            still,
            z=torch.where(here, noised(clean, fresh, self._level), still.z),
            noise=torch.where(here, fresh, still.noise),
        )
