"""A picture as the network sees it on the way to noise: its latents, what its attention made of it, its features.

Everything that changes a picture and keeps its looks goes by this; it is made once and remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import torch
from torch import Tensor

from engine import inversion, sampling
from engine.backbone import Backbone
from engine.cache import cache_of, content
from engine.calling import Patch
from engine.features import FeatureTap
from engine.holding import Holding
from engine.inversion import Trajectory
from engine.lending import LendParts, lent_by_place
from engine.region import Picture
from engine.request import Sent, Step
from engine.sampling import Sampled
from engine.schedule import Level
from engine.sharing import KeepKeysValues, KeysValues, bytes_of
from engine.words import Conditioning
from engine.workpiece import followed, to_tensor


@dataclass(frozen=True)
class Wanted:
    """What is kept of a picture besides its latents.

    Attributes:
        shared: attention layers whose keys and values are kept at every time, e.g. `layout.shared_attention`.
        watched: blocks whose features are kept at every time.
        pointed: blocks whose features are kept at the highest time, at its own latent: one more call, a short one.
    """

    shared: tuple[str, ...] = ()
    watched: tuple[str, ...] = ()
    pointed: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Moment:
    """What the network saw at one time.

    Attributes:
        keys_values: by attention layer, (1, tokens, width) each.
        features: by block, (1, channels, h, w).
    """

    keys_values: KeysValues
    features: dict[str, Tensor] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """Memory it takes."""
        return bytes_of(self.keys_values) + sum(each.numel() * each.element_size() for each in self.features.values())


@dataclass(frozen=True, eq=False)
class Original:
    """A picture remembered.

    Attributes:
        times: falling training times.
        risen: the inverted latents.
        moments: one for each time, falling: moments[i] belongs to the i-th step down.
        pointed: features at the highest time, by block.
    """

    times: tuple[int, ...]
    risen: Trajectory
    moments: tuple[Moment, ...]
    pointed: dict[str, Tensor]

    @property
    def bytes(self) -> int:
        """Memory it takes."""
        return self.risen.bytes + sum(each.bytes for each in (*self.moments, Moment({}, self.pointed)))

    def drawn(
        self,
        backbone: Backbone,
        start: Tensor,
        words: Conditioning,
        holding: Holding,
        *,
        guidance: float = 1.0,
        patches: Sequence[Patch] = (),
        hole: tuple[Tensor, Tensor] | None = None,
        skipped: int = 0,
    ) -> Iterator[Sampled]:
        """Another latent's way down with the keys and values that were kept, one item per network call.

        Args:
            start: (1, C, h, w) at the time of the first step that is taken.
            holding: outside, each latent is the picture's own of the same level, in the end exactly the source.
            patches: of the network, e.g. an identity.
            hole: (h, w) bool each: latent cells from which something is not to be seen, and those where it is.
            skipped: steps at the beginning that are not taken.
        """
        moments = dict(zip(self.times, self.moments, strict=True))
        nowhere = torch.zeros(start.shape[2:], dtype=torch.bool)
        places = hole or (nowhere, nowhere)

        def predict(z: Tensor, t: int) -> Tensor:
            lent = LendParts(lent_by_place(backbone.layout, moments[t].keys_values, *places))
            return backbone.predict(z, t, words, guidance, patches=[*patches, lent])

        def hold(z: Tensor, index: int, level: Level) -> Tensor:
            return holding.mixed(z, self.risen.at(skipped + index + 1), index)

        return sampling.ddim(predict, backbone.schedule, start, self.times[skipped:], hold)


class Inverting:
    """A picture's inversion without guidance, remembered or made now; what is wanted is kept in the same calls.

    Attributes:
        key: stands for everything that the original depends on.
        original: None until it is there.
    """

    def __init__(
        self,
        backbone: Backbone,
        picture: Picture,
        prompt: str,
        times: Sequence[int],
        wanted: Wanted,
        looks: str = "",
    ) -> None:
        """
        Args:
            picture: (h, w, 3), the working picture, whole cells.
            prompt: what it shows.
            times: falling training times.
            looks: stands for the patches that `run` will be given; "" where it is given none.
        """
        self._backbone, self._picture, self._prompt = backbone, picture, prompt
        self._times, self._wanted = tuple(times), wanted
        self.key = content("original", picture, prompt, self._times, wanted, looks)
        self.original: Original | None = cache_of(backbone).get(self.key)

    def remembered(
        self, show: Callable[[Sampled], Step], stop_after: int | None, seconds: dict[str, float], before: int = 0
    ) -> Generator[Step, Sent, Original | int]:
        """The original, remembered or made now; a number is the step at which it was stopped.

        A recipe that ends in here ends there, whatever is remembered.

        Args:
            show: the Step of a network call.
            stop_after: index of the step after which to stop by itself.
            seconds: where the time goes: "encode" and "network".
            before: steps that were done earlier.
        """
        if self.original is not None and (stop_after is None or stop_after > before + len(self._times)):
            return self.original
        start = perf_counter()
        source = self._encoded()
        seconds["encode"] = seconds.get("encode", 0.0) + perf_counter() - start
        ended = yield from followed(self._climbed(source, ()), show, stop_after, seconds)
        if ended.stopped or self.original is None:
            return ended.step
        return self.original

    def run(self, patches: Sequence[Patch] = ()) -> Iterator[Sampled]:
        """One item per network call of the way up; nothing where it is remembered.

        Args:
            patches: of the network, e.g. an identity.
        """
        if self.original is None:
            yield from self._climbed(self._encoded(), patches)

    def _encoded(self) -> Tensor:
        return self._backbone.encode(to_tensor(self._picture))

    @torch.no_grad()
    def _climbed(self, source: Tensor, patches: Sequence[Patch]) -> Iterator[Sampled]:
        backbone, wanted = self._backbone, self._wanted
        words = backbone.embed(self._prompt)
        moments: list[Moment] = []

        def predict(z: Tensor, t: int) -> Tensor:
            keep, tap = KeepKeysValues(wanted.shared), FeatureTap(wanted.watched)
            kept = [each for each, names in ((keep, wanted.shared), (tap, wanted.watched)) if names]
            noise = backbone.predict(z, t, words, patches=[*patches, *kept])
            moments.append(Moment(keep.kept, tap.outputs))
            return noise

        passed: list[Sampled] = []
        for step in inversion.invert(predict, backbone.schedule, source, self._times):
            passed.append(step)
            if len(passed) == len(self._times):
                self._complete(inversion.trajectory(source, passed), tuple(reversed(moments)), words, patches)
            yield step

    def _complete(
        self, risen: Trajectory, moments: tuple[Moment, ...], words: Conditioning, patches: Sequence[Patch]
    ) -> None:
        pointed: dict[str, Tensor] = {}
        if self._wanted.pointed:
            pointed = self._backbone.features(risen.at(0), self._times[0], words, self._wanted.pointed, patches)
        self.original = Original(self._times, risen, moments, pointed)
        cache_of(self._backbone).keep(self.key, self.original, self.original.bytes)
