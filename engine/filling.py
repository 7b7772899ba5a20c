"""Filling a part of a picture from what lies around it: what inpainting and everything that leaves holes stands on.

Blended latents (Avrahami et al., SIGGRAPH 2023, arXiv 2206.02779): at each step the outside is the picture's own
latent, noised to the level that z now has. Resampling (RePaint, Lugmayr et al., CVPR 2022, Alg. 1): a step is taken,
noised back and taken again, so that the inside learns what the outside is. A network made for filling (9 channels,
`backbone.Inlet`) is also shown what is around.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine import sampling
from engine.backbone import Backbone
from engine.calling import Patch
from engine.holding import Holding
from engine.masking import Mask
from engine.region import Picture
from engine.sampling import Plan, Sampled
from engine.schedule import Level, noised
from engine.words import Conditioning
from engine.workpiece import Workpiece, encoded

_FLOW_RADIUS = 3  # pixels from which the surroundings flow into a gap


class Start(Enum):
    """What a gap is filled from."""

    SURROUNDINGS = "surroundings"  # they flow into it
    OWN = "own"  # the picture holds something there already
    NOISE = "noise"  # nothing else


class Filling:
    """The latents of one edit: the gap, what it starts from, and what is held around it.

    Attributes:
        alpha: (h, w) of the piece's crop, how much of the new picture is seen.
        total: network calls.
    """

    def __init__(
        self,
        backbone: Backbone,
        piece: Workpiece,
        plan: Plan,
        seed: int,
        repeats: int = 1,
        start: Start = Start.SURROUNDINGS,
        gap: Mask | None = None,
    ) -> None:
        """
        Args:
            piece: with a mask.
            plan: of `sampling.plan`; where steps are repeated it must be DDIM's.
            repeats: how often each step but the last is taken.
            start: what the gap is filled from; NOISE wants a mask that is 1 somewhere.
            gap: (h, w) working pixels, 1 = what a network that fills is to fill; None = all cells that may change.
        """
        self._backbone, self._plan, self._repeats, self._seed = backbone, plan, repeats, seed
        cells = piece.cells(backbone.factor)
        if cells is None:
            raise ValueError("Only a part of a picture can be filled: the piece has no mask.")
        self._holding = Holding(cells, len(plan.times))
        self.alpha = piece.alpha(self._holding.faintest)
        self._times = plan.times[self._holding.skipped :]
        # The last step leads to the clean picture, and nothing is left to be noised back.
        self.total = (len(self._times) - 1) * repeats + 1
        source = piece.region.to_work(piece.source)
        free = _pixels(cells > 0, backbone.factor)
        self._source = encoded(backbone, source)
        begun = encoded(backbone, flowed_in(source, free)) if start is Start.SURROUNDINGS else self._source
        self._start = None if start is Start.NOISE else self._holding.changing(begun, self._source)
        self._noise = sampling.seeded_noise(self._source.shape, seed).to(self._source.device)
        self._gap = _gap(backbone, source, free if gap is None else gap) if backbone.fills else None

    def run(self, words: Conditioning, guidance: float, patches: Sequence[Patch] = ()) -> Iterator[Sampled]:
        """One step per network call; `patches` as for `Backbone.predict`."""
        schedule = self._backbone.schedule
        first = schedule.level(self._times[0])
        z = self._noise if self._start is None else noised(self._start, self._noise, first)

        def predict(z: Tensor, t: int) -> Tensor:
            return self._backbone.predict(z, t, words, guidance, patches, self._gap)

        if self._repeats == 1:
            return self._plan.sampler(predict, schedule, z, self._times, self._hold)
        return sampling.resampled_ddim(predict, schedule, z, self._times, self._repeats, self._seed, self._hold)

    def stopped(self, last: Sampled) -> Tensor:
        """The best there is: the predicted latent where it was free, the source elsewhere."""
        return self._holding.mixed(last.clean, self._source, (last.done - 1) // self._repeats)

    def _hold(self, z: Tensor, index: int, level: Level) -> Tensor:
        """Outside, the source noised to the level that z now has; after the last step exactly the source."""
        last = index == len(self._times) - 1
        held = self._source if last else noised(self._source, self._noise, level)
        return self._holding.mixed(z, held, index)


def flowed_in(picture: Picture, gap: NDArray[np.generic]) -> Picture:
    """The picture with its surroundings flowed into the gap (Telea, 2004): the right colours to begin from.

    Args:
        picture: (h, w, 3), 0..1.
        gap: (h, w), what is not zero is filled.
    """
    eight_bit = np.rint(picture * 255).astype(np.uint8)
    missing = gap.astype(bool)
    flowed = cv2.inpaint(eight_bit, missing.astype(np.uint8), _FLOW_RADIUS, cv2.INPAINT_TELEA)
    return np.where(missing[..., None], flowed.astype(np.float32) / np.float32(255), picture)


def _pixels(cells: NDArray[np.bool_], factor: int) -> Mask:
    """Latent cells as working pixels, 0 or 1."""
    return cast(Mask, np.kron(cells, np.ones((factor, factor), np.float32)).astype(np.float32))


def _gap(backbone: Backbone, source: Picture, gap: Mask) -> Tensor:
    """What a network that fills sees: (1, 1 + C, h, w), 1 = fill, and the latent of the picture with a grey gap."""
    around = encoded(backbone, source * (1 - gap[..., None]) + gap[..., None] * np.float32(0.5))
    cells = functional.interpolate(torch.from_numpy(gap)[None, None], size=around.shape[2:], mode="nearest")
    if not cells.any():  # thinner than a cell: no cell's first pixel lies in it
        cells = functional.adaptive_max_pool2d(torch.from_numpy(gap)[None, None], around.shape[2:])
    return torch.cat([cells.to(around), around], dim=1)
