"""Storing a UNet in bytes: how small it becomes, and how far off its weights are."""

from __future__ import annotations

import torch
from safetensors.torch import load_file

from engine.models.store import models_folder
from engine.studio.export_exemplar import in_bytes


def test_the_bundled_unet_in_bytes_is_half_as_large_and_hardly_off() -> None:
    weights = load_file(models_folder() / "studio" / "unet" / "diffusion_pytorch_model.safetensors")
    stored = in_bytes(weights)
    size = sum(value.numel() * value.element_size() for value in stored.values())
    assert 8.7e6 < size < 9.0e6  # of 17.5e6
    for name in ("conv_in.weight", "conv_out.weight", "time_embedding.linear_1.weight", "conv_norm_out.bias"):
        assert torch.equal(stored[name], weights[name]), name
    rounded = [name for name, value in stored.items() if value.dtype == torch.float8_e4m3fn]
    assert len(rounded) > 100
    for name in rounded:
        before, after = weights[name].float(), stored[name].float()
        assert float((after - before).norm() / before.norm()) < 0.035, name


def test_what_is_too_large_for_a_byte_is_clipped() -> None:
    stored = in_bytes({"layer.weight": torch.tensor([[1000.0, -1000.0, 0.5]])})
    assert stored["layer.weight"].float().tolist() == [[448.0, -448.0, 0.5]]
