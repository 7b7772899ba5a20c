"""A picture remembered: its inversion, and what the network saw at every time on the way (DragonDiffusion, 4.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine import inversion
from engine.backbone import Backbone
from engine.cache import cache_of, content
from engine.features import FeatureTap
from engine.inversion import Trajectory
from engine.region import Picture
from engine.sampling import Sampled
from engine.sharing import KeepKeysValues, KeysValues, bytes_of
from engine.workpiece import to_tensor


@dataclass(frozen=True, eq=False)
class Moment:
    """What the network saw at one time.

    Attributes:
        keys_values: of `layout.shared_attention`, (1, tokens, width) each.
        features: outputs of `layout.energy_features`, (1, channels, h, w).
    """

    keys_values: KeysValues
    features: dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Bank:
    """A picture remembered.

    Attributes:
        risen: its latents on the way up.
        moments: one for each time, falling: moments[i] belongs to the i-th step down.
    """

    risen: Trajectory
    moments: tuple[Moment, ...]

    @property
    def bytes(self) -> int:
        """Memory it takes."""
        seen = sum(each.numel() * each.element_size() for moment in self.moments for each in moment.features.values())
        return self.risen.bytes + seen + sum(bytes_of(moment.keys_values) for moment in self.moments)


class Recording:
    """The making of a bank, by an inversion without guidance; an equal one that was made before is taken instead."""

    def __init__(self, backbone: Backbone, picture: Picture, prompt: str, times: Sequence[int]) -> None:
        """`picture` (h, w, 3) in working pixels, whole cells; `times` fall."""
        self._backbone, self._times = backbone, times
        self._words, self._picture = backbone.embed(prompt), picture
        self._key = content("bank", picture, prompt, list(times))
        self.known: Bank | None = cache_of(backbone).get(self._key)
        self._source: Tensor | None = None
        self._passed: list[Sampled] = []
        self._moments: list[Moment] = []

    def run(self) -> Iterator[Sampled]:
        """Up from the picture, one step per network call, everything written down."""
        self._source = self._backbone.encode(to_tensor(self._picture))
        for step in inversion.invert(self._predicted, self._backbone.schedule, self._source, self._times):
            self._passed.append(step)
            yield step

    def finished(self) -> Bank:
        """What was written down, after `run` came to its end; kept for the next time as far as there is room."""
        assert self._source is not None  # `run` has been through
        made = Bank(inversion.trajectory(self._source, self._passed), tuple(reversed(self._moments)))
        cache_of(self._backbone).keep(self._key, made, made.bytes)
        return made

    def _predicted(self, z: Tensor, t: int) -> Tensor:
        layout = self._backbone.layout
        keep, tap = KeepKeysValues(layout.shared_attention), FeatureTap(layout.energy_features)
        with torch.no_grad():
            noise = self._backbone.predict(z, t, self._words, patches=[keep, tap])
        self._moments.append(Moment(keep.kept, tap.outputs))
        return noise
