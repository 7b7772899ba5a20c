"""Tapped features: the same as in a whole call, for less, with gradients."""

from __future__ import annotations

import pytest
import torch

from engine.backbone import Backbone
from engine.features import FeatureTap


def latent(backbone: Backbone) -> torch.Tensor:
    return torch.randn(1, backbone.channels, 12, 8, generator=torch.Generator().manual_seed(1))


@torch.no_grad()
def test_features_are_those_of_a_whole_call(backbone: Backbone) -> None:
    words, name, z = backbone.embed("a red ball"), backbone.layout.drag_features, latent(backbone)
    tap = FeatureTap([name])
    backbone.predict(z, 200, words, patches=[tap])
    short = backbone.features(z, 200, words, [name])
    assert torch.equal(short[name], tap.outputs[name])
    divisor = dict(backbone.layout.up_blocks)[name]
    assert short[name].shape[2:] == (12 // divisor, 8 // divisor)
    assert not any(layer._forward_hooks for layer in backbone.unet.modules())


def test_features_have_gradients(backbone: Backbone) -> None:
    z = latent(backbone).requires_grad_(True)
    found = backbone.features(z, 200, backbone.embed(""), backbone.layout.energy_features)
    sum(each.float().square().mean() for each in found.values()).backward()
    assert z.grad is not None
    assert z.grad.abs().max() > 0


@torch.no_grad()
def test_the_network_runs_no_further(backbone: Backbone) -> None:
    seen: list[str] = []
    handle = backbone.unet.get_submodule("conv_out").register_forward_hook(lambda *_: seen.append("end"))
    backbone.features(latent(backbone), 200, backbone.embed(""), [backbone.layout.drag_features])
    handle.remove()
    assert seen == []


def test_unknown_blocks_are_refused(backbone: Backbone) -> None:
    with pytest.raises(AttributeError):
        backbone.features(latent(backbone), 200, backbone.embed(""), ["up_blocks.99"])
