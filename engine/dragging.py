"""A noisy latent pulled until what was under the handles lies at their targets (DragDiffusion, sections 3.3 and 3.4).

Each step runs the network once: the handles are found again in its features, and while any has a way left the latent
alone is changed so that the features move on by a step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import motion
from engine.backbone import Backbone
from engine.calling import Patch, roomy
from engine.features import FeatureTap
from engine.motion import FINER
from engine.original import Original
from engine.schedule import noised
from engine.words import Conditioning

Spots = NDArray[np.float64]
"""(n, 2) places (x, y) in working pixels."""


@dataclass(frozen=True)
class Pull:
    """How a latent is pulled.

    Attributes:
        rate: of Adam.
        hold: λ, how much a change of what shall stay costs; 0 = nothing, and the network need not be run to its end.
        near: grid cells from its target at which a handle has arrived.
        radius: of the square that is led, grid cells.
        reach: how far a handle is looked for, grid cells.
        surer: see `motion.tracked`.
    """

    rate: float = 0.01
    hold: float = 0.1
    near: float = 2.0
    radius: int = 1
    reach: int = 3
    surer: float = 0.0


class Pulled(NamedTuple):
    """One step is done."""

    done: int
    z: Tensor  # (1, C, h, w)
    marks: Spots  # where the handles are
    arrived: bool  # all of them; then z was left as it was


class Pulling:
    """One drag's optimisation, for any latent and any targets."""

    def __init__(
        self,
        backbone: Backbone,
        words: Conditioning,
        patches: Sequence[Patch],
        original: Original,
        times: tuple[int, int | None],
        handles: Spots,
        free: Tensor | None,
        pull: Pull,
    ) -> None:
        """
        Args:
            patches: around each network call, forth and back.
            times: the highest training time, at which the latent is pulled, and the next lower one, None = clean.
            handles: where they are in the original.
            free: (h, w) 1 = may change, 0 = shall stay; None = everything may change.
        """
        self._backbone, self._words, self._patches, self._pull = backbone, words, patches, pull
        self._time, self._name = times[0], backbone.layout.drag_features
        schedule = backbone.schedule
        self._level = schedule.final if times[1] is None else schedule.level(times[1])
        start = original.risen.at(0)
        self._below = original.risen.at(1)
        height, width = (side * backbone.factor for side in start.shape[2:])
        self._grid = max(width // FINER, 1), max(height // FINER, 1)
        self._free = None if free is None else (free > 0)[None, None].to(start)
        self._kept = None if free is None or not pull.hold else (1 - free)[None, None].to(start)
        places = _on_grid(handles)[:, None].to(start.device)
        self._wanted = motion.features_at(original.pointed[self._name], places, self._grid)[:, 0]

    def run(self, z: Tensor, marks: Spots, targets: Spots, most: int, at_once: bool) -> Iterator[Pulled]:
        """Pull until all handles have arrived, at most `most` steps; each step is one item.

        Args:
            z: (1, C, h, w) at the original's time.
            marks: where the handles are in it.
            at_once: look for the handles before the first change already; the paper waits for the second step.
        """
        z = z.detach().clone()
        adam = torch.optim.Adam([z], lr=self._pull.rate)
        places, goals = _on_grid(marks).to(z.device), _on_grid(targets).to(z.device)
        for step in range(1, most + 1):
            places, arrived = self._step(adam, z, places, goals, at_once or step > 1)
            yield Pulled(step, z.detach().clone(), places.cpu().double().numpy() * FINER, arrived)
            if arrived:
                return

    @roomy
    @torch.enable_grad()
    def _step(
        self, adam: torch.optim.Adam, z: Tensor, places: Tensor, goals: Tensor, track: bool
    ) -> tuple[Tensor, bool]:
        """Find the handles, and pull z a little unless all have arrived; (places, all have arrived)."""
        z.requires_grad_(True)
        with ExitStack() as stack:
            for patch in self._patches:  # around the way back, too: checkpoints run the network again there
                stack.enter_context(patch.on(self._backbone.unet))
            features, strayed = self._looked_at(z)
            if track:
                found = features.detach()
                pull = self._pull
                places = motion.tracked(found, self._wanted, places, pull.reach, self._grid, pull.surer)
            ways, left = motion.ways_to(places, goals)
            going = left > self._pull.near
            if going.any():
                loss = motion.supervision(features, places[going], ways[going], self._pull.radius, self._grid)
                (gradient,) = torch.autograd.grad(loss + self._pull.hold * strayed, z)
                # Adam makes the faintest pull as strong as any: what shall stay must feel none.
                z.grad = gradient if self._free is None else gradient * self._free
        z.requires_grad_(False)
        if not going.any():
            return places, True
        adam.step()
        return places, False

    def _looked_at(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """The features of z, and how far what shall stay has strayed one level further down."""
        backbone, t = self._backbone, self._time
        if self._kept is None:
            features = backbone.features(z, t, self._words, [self._name])[self._name]
            return features, torch.zeros((), device=z.device)
        tap = FeatureTap([self._name])
        noise = backbone.predict(z, t, self._words, patches=[tap])
        below = noised(backbone.schedule.clean(z, noise, t), noise, self._level)
        return tap.outputs[self._name], ((below - self._below) * self._kept).abs().sum()


def _on_grid(places: Spots) -> Tensor:
    """Working pixels -> (n, 2) grid cells, float32: not every device has float64."""
    return torch.from_numpy(np.asarray(places, np.float32)) / FINER
