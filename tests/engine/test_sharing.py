"""Lent keys and values: exact where they are the own, effective where not, and gone afterwards."""

from __future__ import annotations

import pytest
import torch

from engine.backbone import Backbone
from engine.features import FeatureTap
from engine.sharing import KeepKeysValues, ShareKeysValues, bytes_of


def hooks(backbone: Backbone) -> int:
    return sum(len(layer._forward_hooks) for layer in backbone.unet.modules())


def latents(backbone: Backbone) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    first, second = torch.randn(2, 1, backbone.channels, 12, 8, generator=generator)
    return first, second


@torch.no_grad()
def test_own_keys_and_values_change_nothing(backbone: Backbone) -> None:
    z, _ = latents(backbone)
    words, keep = backbone.embed("a red ball"), KeepKeysValues(backbone.layout.shared_attention)
    plain = backbone.predict(z, 300, words)
    assert torch.allclose(backbone.predict(z, 300, words, patches=[keep]), plain, atol=1e-5)
    assert set(keep.kept) == set(backbone.layout.shared_attention)
    assert bytes_of(keep.kept) > 0
    assert torch.allclose(backbone.predict(z, 300, words, patches=[ShareKeysValues(keep.kept)]), plain, atol=1e-5)
    assert hooks(backbone) == 0


@torch.no_grad()
@pytest.mark.parametrize("beside", [False, True])
def test_those_of_another_picture_change_the_prediction_with_and_without_guidance(
    backbone: Backbone, beside: bool
) -> None:
    z, other = latents(backbone)
    words, keep = backbone.embed("a red ball", "blue"), KeepKeysValues(backbone.layout.shared_attention)
    backbone.predict(other, 300, words, patches=[keep])
    for guidance in (1.0, 4.0):
        plain = backbone.predict(z, 300, words, guidance)
        lent = backbone.predict(z, 300, words, guidance, patches=[ShareKeysValues(keep.kept, beside)])
        assert (lent - plain).abs().mean() > 1e-4


def test_kept_values_serve_calls_with_gradients(backbone: Backbone) -> None:
    z, other = latents(backbone)
    words, keep = backbone.embed(""), KeepKeysValues(backbone.layout.shared_attention)
    with torch.no_grad():
        backbone.predict(other, 300, words, patches=[keep])
    z.requires_grad_(True)
    backbone.predict(z, 300, words, patches=[ShareKeysValues(keep.kept)]).sum().backward()
    assert z.grad is not None
    assert z.grad.abs().max() > 0


def test_a_call_that_fails_leaves_no_hooks(backbone: Backbone) -> None:
    z, _ = latents(backbone)
    keep = KeepKeysValues(backbone.layout.shared_attention)
    with pytest.raises(RuntimeError):
        backbone.predict(z[:, :1], 300, backbone.embed(""), patches=[keep, FeatureTap([backbone.layout.drag_features])])
    assert hooks(backbone) == 0
