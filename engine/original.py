"""A picture as the network sees it on the way to noise: its latents, what its attention made of it, its features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from engine import inversion, sampling
from engine.backbone import Backbone, Conditioning, Patch
from engine.cache import cache_of
from engine.holding import Holding
from engine.inversion import Trajectory
from engine.lending import LendParts, lent_by_place
from engine.region import Picture
from engine.sampling import Sampled
from engine.schedule import Level
from engine.sharing import KeepKeysValues, KeysValues, bytes_of
from engine.workpiece import to_tensor


@dataclass(frozen=True, eq=False)
class Original:
    """What an edit that keeps a picture's looks goes by.

    Attributes:
        risen: the inverted latents.
        kept: keys and values of `layout.shared_attention`, one mapping for each time, falling as the times are.
        features: (1, channels, h, w) of `layout.drag_features` at the highest time.
        times: falling training times.
    """

    times: tuple[int, ...]
    risen: Trajectory
    kept: tuple[KeysValues, ...]
    features: Tensor

    @property
    def bytes(self) -> int:
        """Memory it takes."""
        features = self.features.numel() * self.features.element_size()
        return self.risen.bytes + features + sum(bytes_of(each) for each in self.kept)

    def drawn(
        self,
        backbone: Backbone,
        start: Tensor,
        words: Conditioning,
        patches: Sequence[Patch],
        holding: Holding,
        hole: tuple[Tensor, Tensor] | None,
    ) -> Iterator[Sampled]:
        """Another latent's way down with these keys and values, one item per network call.

        Args:
            start: (1, C, h, w) at the highest time.
            patches: of the network, e.g. an identity.
            holding: outside, each latent is the picture's own of the same level, in the end exactly the source.
            hole: (h, w) bool each: latent cells from which something is not to be seen, and those where it is.
        """
        kept = dict(zip(self.times, self.kept, strict=True))
        nowhere = torch.zeros(start.shape[2:], dtype=torch.bool)
        places = hole or (nowhere, nowhere)

        def predict(z: Tensor, t: int) -> Tensor:
            lent = LendParts(lent_by_place(backbone.layout, kept[t], *places))
            return backbone.predict(z, t, words, patches=[*patches, lent])

        def hold(z: Tensor, index: int, level: Level) -> Tensor:
            return holding.mixed(z, self.risen.at(index + 1), index)

        return sampling.ddim(predict, backbone.schedule, start, self.times, hold)


class Inverting:
    """A picture's inversion, remembered or made now; keys and values are kept on the way, without a call of their own.

    Attributes:
        original: None until it is there.
    """

    def __init__(self, backbone: Backbone, times: Sequence[int], words: Conditioning, key: str) -> None:
        """`key` must stand for the picture, the words, the times and the patches of `run`."""
        self._backbone, self._times, self._words, self._key = backbone, times, words, key
        self.original: Original | None = cache_of(backbone).get(key)

    @torch.no_grad()
    def run(self, picture: Picture, patches: Sequence[Patch]) -> Iterator[Sampled]:
        """One item per network call; nothing where it is remembered.

        Args:
            picture: (h, w, 3), the working picture.
            patches: of the network, e.g. an identity.
        """
        if self.original is not None:
            return
        backbone, names = self._backbone, self._backbone.layout.shared_attention
        kept: list[KeysValues] = []

        def predict(z: Tensor, t: int) -> Tensor:
            keep = KeepKeysValues(names)
            noise = backbone.predict(z, t, self._words, patches=[*patches, keep])
            kept.append(keep.kept)
            return noise

        source, passed = backbone.encode(to_tensor(picture)), list[Sampled]()
        for step in inversion.invert(predict, backbone.schedule, source, self._times):
            passed.append(step)
            if len(passed) == len(self._times):
                self._complete(inversion.trajectory(source, passed), tuple(reversed(kept)), patches)
            yield step

    def _complete(self, risen: Trajectory, kept: tuple[KeysValues, ...], patches: Sequence[Patch]) -> None:
        backbone, name = self._backbone, self._backbone.layout.drag_features
        features = backbone.features(risen.at(0), self._times[0], self._words, [name], patches)[name]
        self.original = Original(tuple(self._times), risen, kept, features)
        cache_of(backbone).keep(self._key, self.original, self.original.bytes)
