"""Attention on a CPU: the same as diffusers' own, and on large maps without ever holding all scores."""

from __future__ import annotations

import pytest
import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0

from engine.attention import _LARGEST_SCORES, SmallMapAttention

TOKENS, HEADS, WIDTH = 2048, 2, 16


@pytest.mark.parametrize("batch", [1, 2, 4])
def test_large_maps_are_fused_however_many_pictures_there_are(batch: int) -> None:
    torch.manual_seed(3)
    layer = Attention(WIDTH, heads=HEADS, dim_head=WIDTH // HEADS, processor=AttnProcessor2_0()).requires_grad_(False)
    tokens = torch.randn(batch, TOKENS, WIDTH).requires_grad_(True)
    expected = layer(tokens)
    kept: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    layer.set_processor(SmallMapAttention())
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        found = layer(tokens)
    scores = batch * HEADS * TOKENS**2
    assert scores > _LARGEST_SCORES
    assert sum(kept.values()) < scores * 4 / 10
    assert torch.allclose(found, expected, atol=1e-5)
