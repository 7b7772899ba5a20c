"""A picture remembered: once, exactly, and only as far as there is room."""

from __future__ import annotations

import numpy as np
import torch

from engine.backbone import Backbone
from engine.bank import Recording
from engine.features import FeatureTap
from engine.sharing import KeepKeysValues
from tests.engine.methods.support import photo, state_of


def recorded(backbone: Backbone, number: int, prompt: str = "a ball") -> Recording:
    picture = (photo(64, 48) / np.float32(255)).astype(np.float32)
    picture[0, 0] = number / 255
    return Recording(backbone, picture, prompt, backbone.schedule.ddim_times(4, 1.0))


@torch.no_grad()
def test_it_holds_what_the_network_saw_at_each_time(backbone: Backbone) -> None:
    recording, before = recorded(backbone, 1), state_of(backbone)
    calls = backbone.calls
    for done, _ in enumerate(recording.run(), 1):
        assert backbone.calls == calls + done
        assert state_of(backbone) == before
    bank, times = recording.finished(), backbone.schedule.ddim_times(4, 1.0)
    assert len(bank.moments) == 4
    assert bank.risen.at(4).shape == (1, backbone.channels, 6, 8)
    # The first step up asks the network at the clean latent: that is the last moment of the way down.
    keep, tap = KeepKeysValues(backbone.layout.shared_attention), FeatureTap(backbone.layout.energy_features)
    backbone.predict(bank.risen.source, times[-1], backbone.embed("a ball"), patches=[keep, tap])
    for name, pair in keep.kept.items():
        for mine, kept in zip(pair, bank.moments[-1].keys_values[name], strict=True):
            assert torch.allclose(mine, kept, atol=1e-5)
    for name, output in tap.outputs.items():
        assert torch.allclose(output, bank.moments[-1].features[name], atol=1e-5)
    assert bank.bytes > bank.risen.bytes


@torch.no_grad()
def test_an_equal_picture_with_equal_words_is_not_inverted_again(backbone: Backbone) -> None:
    first = recorded(backbone, 2)
    assert first.known is None
    for _ in first.run():
        pass
    bank = first.finished()
    assert recorded(backbone, 2).known is bank
    assert recorded(backbone, 3).known is None
    assert recorded(backbone, 2, "a cube").known is None
