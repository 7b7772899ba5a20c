"""Inversion with keys and values: the same latents, no further calls, in the sampler's order."""

from __future__ import annotations

import torch

from engine import inversion
from engine.backbone import Backbone
from engine.looks import Looks, inverted
from engine.sharing import KeepKeysValues
from tests.engine.methods.support import state_of


@torch.no_grad()
def test_keys_and_values_come_with_the_inversion(backbone: Backbone) -> None:
    words, times = backbone.embed("a ball"), backbone.schedule.ddim_times(6, 0.5)
    source = torch.randn(1, backbone.channels, 8, 8, generator=torch.Generator().manual_seed(1))
    before, calls, made = state_of(backbone), backbone.calls, list[Looks]()
    for step in inverted(backbone, source, words, times, made.append):
        assert state_of(backbone) == before
        assert bool(made) == (step.done == len(times))
    assert backbone.calls - calls == len(times) == 3
    known = made[0]

    plain = inversion.invert(lambda z, t: backbone.predict(z, t, words), backbone.schedule, source, times)
    assert (known.risen.latents - inversion.trajectory(source, list(plain)).latents).abs().max() < 1e-5
    keep = KeepKeysValues(backbone.layout.shared_attention)
    backbone.predict(source, times[-1], words, patches=[keep])  # the lowest time is asked at the source itself
    for name, (keys, values) in keep.kept.items():
        assert torch.equal(known.kept[-1][name][0], keys)
        assert torch.equal(known.kept[-1][name][1], values)
        assert not torch.equal(known.kept[0][name][0], keys)
    assert known.bytes > known.risen.bytes
