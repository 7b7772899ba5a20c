"""A picture's inversion together with what its attention made of the picture on the way: its looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from engine import inversion
from engine.backbone import Backbone, Conditioning
from engine.inversion import Trajectory
from engine.sampling import Sampled
from engine.sharing import KeepKeysValues, KeysValues, bytes_of


@dataclass(frozen=True, eq=False)
class Looks:
    """What an edit that keeps a picture's looks goes by.

    Attributes:
        risen: the inverted latents.
        kept: keys and values of `layout.shared_attention` at each time, in the falling order of a sampler.
    """

    risen: Trajectory
    kept: tuple[KeysValues, ...]

    @property
    def bytes(self) -> int:
        """Memory it takes."""
        return self.risen.bytes + sum(bytes_of(each) for each in self.kept)


def inverted(
    backbone: Backbone, source: Tensor, words: Conditioning, times: Sequence[int], done: Callable[[Looks], None]
) -> Iterator[Sampled]:
    """Invert a picture at guidance 1 and keep its keys and values, in the same network calls.

    Args:
        source: clean latent, (1, C, h, w), scaled.
        times: falling training times.
        done: given the looks when the last call has been made.
    """
    kept: list[KeysValues] = []
    passed: list[Sampled] = []

    def predict(z: Tensor, t: int) -> Tensor:
        keep = KeepKeysValues(backbone.layout.shared_attention)
        noise = backbone.predict(z, t, words, patches=[keep])
        kept.append(keep.kept)
        return noise

    for step in inversion.invert(predict, backbone.schedule, source, times):
        passed.append(step)
        if step.done == len(times):
            done(Looks(inversion.trajectory(source, passed), tuple(reversed(kept))))
        yield step
