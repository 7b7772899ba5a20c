"""The image encoder of a Paint by Example folder, as it was published, becomes an ExemplarReader."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import CLIPVisionConfig

from engine.exemplar import ExemplarEncoder, ExemplarReader, processor_of
from engine.models import store
from engine.models.policy import Policy

PART = "image_encoder"


def load_exemplar_reader(folder: Path, policy: Policy) -> ExemplarReader:
    """Read `image_encoder/` and `feature_extractor/` of a model's folder; its safety checker is left alone.

    Raises:
        ModelBroken: weights are missing or have other shapes than the config says.
    """
    config = CLIPVisionConfig.from_pretrained(str(folder / PART), local_files_only=True)
    encoder, weights = ExemplarEncoder(config), _weights(folder)
    try:
        missing = encoder.load_published(weights)
    except RuntimeError as error:
        raise store.broken(folder, f"the weights of its {PART} do not fit its config") from error
    if missing:
        raise store.broken(folder, f"weights are missing in its {PART}, among them {missing[0]}")
    encoder = encoder.eval().requires_grad_(False).to(policy.device, policy.dtype)
    return ExemplarReader(encoder, processor_of(folder / "feature_extractor", int(config.image_size)))


def _weights(folder: Path) -> dict[str, Tensor]:
    """All weights of the encoder by name; nothing of a pickled file is run."""
    files = store.weight_files(folder / PART)
    safe = [file for file in files if file.suffix == ".safetensors"]
    plain = [file for file in safe or files if "fp16" not in file.name] or safe or files
    weights: dict[str, Tensor] = {}
    for file in plain:
        weights |= load_file(file) if file in safe else torch.load(file, map_location="cpu", weights_only=True)
    return weights
