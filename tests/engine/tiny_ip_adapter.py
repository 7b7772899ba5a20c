"""Random IP-Adapters of a few thousand weights, file by file and name by name as h94/IP-Adapter has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

PLAIN, PLUS = "ip-adapter_sd15", "ip-adapter-plus_sd15"
TOKENS = {PLAIN: 4, PLUS: 16}
SIDE = 32  # pixels that the image encoder sees
_WIDTH, _GIST = 24, 20  # of the encoder's layers, and of the vector that it sums a picture up in
_HEAD = 64  # diffusers takes this for every resampler's
_RESAMPLER, _BLOCKS = 32, 4

Weights = dict[str, dict[str, Tensor]]


def write_ip_adapter(folder: Path, unet: Any, kind: str = PLAIN, suffix: str = ".safetensors") -> Path:
    """A folder `models` with an adapter for the UNet and its image encoder; returns the file of weights."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "image_encoder").exists():
        write_encoder(folder / "image_encoder")
    return write_weights(folder / (kind + suffix), weights_for(unet, kind))


def write_encoder(folder: Path, width: int = _WIDTH, gist: int = _GIST) -> None:
    """A CLIP vision model with projection."""
    torch.manual_seed(14)
    config = CLIPVisionConfig(
        hidden_size=width,
        intermediate_size=48,
        projection_dim=gist,
        num_hidden_layers=3,
        num_attention_heads=4,
        image_size=SIDE,
        patch_size=8,
        hidden_act="gelu",
    )
    encoder = CLIPVisionModelWithProjection(config)
    # Layers as they are initialised see little more of a picture than its mean.
    weights = {name: value * (4 if "embed" in name else 1) for name, value in encoder.state_dict().items()}
    assert all(name.startswith(("vision_model.", "visual_projection.")) for name in weights)
    config.save_pretrained(folder)
    weights["vision_model.embeddings.position_ids"] = torch.arange((SIDE // 8) ** 2 + 1)[None]  # of its time
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


def write_weights(file: Path, weights: Weights) -> Path:
    """As the authors wrote them: flat names in safetensors, a mapping of mappings in a pickle."""
    if file.suffix == ".bin":
        torch.save(weights, file)
    else:
        flat = {f"{section}.{name}": value for section, named in weights.items() for name, value in named.items()}
        save_file(flat, file)
    return file


def weights_for(unet: Any, kind: str = PLAIN) -> Weights:
    """Random weights in float16, as published."""
    torch.manual_seed(6)
    words = int(unet.config.cross_attention_dim)
    layers: dict[str, Tensor] = {}
    names = [name for name in unet.attn_processors if ".attn2." in name]
    for index, name in enumerate(names):
        width = unet.get_submodule(name.removesuffix(".processor")).to_q.out_features
        for which in "kv":
            layers[f"{2 * index + 1}.to_{which}_ip.weight"] = torch.randn(width, words) / words**0.5
    projection = _gist_projection(words) if kind == PLAIN else _resampler(words)
    halves = {"image_proj": projection, "ip_adapter": layers}
    return {section: {name: value.half() for name, value in named.items()} for section, named in halves.items()}


def _gist_projection(words: int) -> dict[str, Tensor]:
    return _linear("proj", _GIST, TOKENS[PLAIN] * words) | _norm("norm", words)


def _resampler(words: int) -> dict[str, Tensor]:
    width = _RESAMPLER
    weights = {"latents": torch.randn(1, TOKENS[PLUS], width)}
    weights |= _linear("proj_in", _WIDTH, width) | _linear("proj_out", width, words) | _norm("norm_out", words)
    for block in (f"layers.{index}" for index in range(_BLOCKS)):
        weights |= _norm(f"{block}.0.norm1", width) | _norm(f"{block}.0.norm2", width)
        weights |= _linear(f"{block}.0.to_q", width, _HEAD, False) | _linear(
            f"{block}.0.to_kv", width, 2 * _HEAD, False
        )
        weights |= _linear(f"{block}.0.to_out", _HEAD, width, False) | _norm(f"{block}.1.0", width)
        weights |= _linear(f"{block}.1.1", width, 4 * width, False) | _linear(f"{block}.1.3", 4 * width, width, False)
    return weights


def _linear(name: str, inputs: int, outputs: int, bias: bool = True) -> dict[str, Tensor]:
    weights = {f"{name}.weight": torch.randn(outputs, inputs) / inputs**0.5}
    return weights | ({f"{name}.bias": torch.randn(outputs) / 10} if bias else {})


def _norm(name: str, width: int) -> dict[str, Tensor]:
    return {f"{name}.weight": 1 + torch.randn(width) / 10, f"{name}.bias": torch.randn(width) / 10}
