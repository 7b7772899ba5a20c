"""Writes the trained model as a Stable Diffusion folder that the stock pipeline loads, without its card (card.py)."""

from __future__ import annotations

import json
import platform
import shutil
from pathlib import Path
from typing import Any

import diffusers
import torch

from engine.studio.checkpoints import load_state
from engine.studio.data import LatentCache
from engine.studio.networks import Shape, build_scheduler, build_text_encoder, build_unet, load_tokenizer, weights_of
from engine.studio.published import HISTORY, history
from engine.studio.train_base import balance_vae, trained_vae


def export(folder: Path, out: Path, shape: Shape) -> None:
    """Write the averaged weights of a training folder as fp16 safetensors, and how it was trained.

    Raises:
        ValueError: the base model was trained on the latents of another encoder than the autoencoder has now.
    """
    base, vae_state = load_state(folder / "base.pt"), load_state(folder / "vae.pt")
    vae = trained_vae(folder, shape, torch.device("cpu"))
    cache = LatentCache(folder / "cache", vae, shape.latent_size)
    if cache.mark != base["notes"]["encoder"]:
        raise ValueError(
            "The base model was trained on latents of another encoder. Train the autoencoder with --decoder-only, "
            "or the base model anew."
        )
    tokenizer = load_tokenizer(folder / "tokenizer")
    unet, text_encoder = build_unet(shape), build_text_encoder(shape, tokenizer)
    unet.load_state_dict(weights_of(base, "unet"))
    text_encoder.load_state_dict(weights_of(base, "text_encoder"))
    new = folder / "export"
    shutil.rmtree(new, ignore_errors=True)
    for name, network in (
        ("vae", balance_vae(vae, *cache.balance)),
        ("unet", unet),
        ("text_encoder", text_encoder),
    ):
        network.half().save_pretrained(new / name, safe_serialization=True)
    shutil.copytree(folder / "tokenizer", new / "tokenizer")
    build_scheduler().save_pretrained(new / "scheduler")
    (new / "model_index.json").write_text(json.dumps(_index(), indent=2) + "\n", encoding="utf-8")
    past = history({"vae": vae_state, "base": base})
    (new / HISTORY).write_text(json.dumps(past) + "\n", encoding="utf-8")
    put(new, out)
    print(f"written: {out}, {megabytes(out):.1f} MB", flush=True)


def put(new: Path, out: Path) -> None:
    """Move a folder's files over those of another, each in one step: a program may have the old ones open."""
    for file in sorted(path for path in new.rglob("*") if path.is_file()):
        target = out / file.relative_to(new)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        shutil.copyfile(file, part)
        part.replace(target)
    shutil.rmtree(new)


def _index() -> dict[str, Any]:
    """What StableDiffusionPipeline reads first."""
    return {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": diffusers.__version__,
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }


def megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def processor() -> str:
    """What the training ran on, in words."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    info = Path("/proc/cpuinfo")
    names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    return f"{len(names)} CPU cores ({names[0]})" if names else platform.processor()
