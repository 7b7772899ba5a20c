"""Random segment-anything networks of a few thousand weights."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import save_file

from engine.models.sam import SamShape, build_sam
from engine.models.sam_loader import WEIGHTS, write_config

TINY = SamShape(
    "Tiny",
    side=64,
    patch=16,
    width=32,
    depth=2,
    heads=2,
    mlp_ratio=2.0,
    window=2,
    global_blocks=(1,),
    prompt_width=32,
    decoder_mlp=32,
    decoder_heads=2,
)
STEMMED = SamShape(
    "Stemmed",
    side=32,
    patch=8,
    width=32,
    depth=2,
    heads=2,
    mlp_ratio=2.0,
    window=2,
    global_blocks=(1,),
    stem=(8, 16),
    prompt_width=32,
    decoder_mlp=32,
    decoder_heads=2,
)


def write_checkpoint(path: Path, shape: SamShape = TINY, seed: int = 0) -> Path:
    """A `.pth` as segment-anything publishes them: the state dict and nothing else."""
    torch.manual_seed(seed)
    torch.save(build_sam(shape).state_dict(), path)
    return path


def write_folder(folder: Path, shape: SamShape = STEMMED) -> Path:
    """A folder like the bundled model's, in half precision."""
    torch.manual_seed(0)
    folder.mkdir(parents=True)
    weights = build_sam(shape).state_dict()
    save_file({name: value.half().contiguous() for name, value in weights.items()}, folder / WEIGHTS)
    write_config(folder, shape)
    return folder
