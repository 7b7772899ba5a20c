"""Goes on with the training of published weights: a model's folder becomes checkpoints again."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel

from engine.models.exemplar_loader import load_exemplar_reader
from engine.models.policy import policy_for
from engine.studio.checkpoints import save_state
from engine.studio.data import encoder_mark

HISTORY = "training.json"
KEPT = ("steps", "samples", "seconds", "curve", "figures", "notes")


def history(states: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What is published of each stage's training beside its weights: how long it took and how it went."""
    return {name: {key: state[key] for key in KEPT} for name, state in states.items()}


def go_on(model: Path, folder: Path) -> None:
    """Write checkpoints of the autoencoder and the base model from a folder that `export` wrote.

    The optimizer's state is not published: a training that resumes from here warms up again.

    Raises:
        FileExistsError: the training folder has checkpoints of its own.
    """
    _refuse_to_overwrite(folder, "vae", "base")
    past = json.loads((model / HISTORY).read_text(encoding="utf-8"))
    vae = AutoencoderKL.from_pretrained(str(model / "vae"), local_files_only=True).float()
    unet = UNet2DConditionModel.from_pretrained(str(model / "unet"), local_files_only=True).float()
    text_encoder = CLIPTextModel.from_pretrained(str(model / "text_encoder"), local_files_only=True).float()
    # Its latents are balanced by now: other weights than those that the past latents came from, but the same latents.
    past["base"]["notes"]["encoder"] = past["vae"]["notes"]["encoder"] = encoder_mark(vae)
    _write(folder / "vae.pt", {"vae": vae}, past["vae"])
    _write(folder / "base.pt", {"unet": unet, "text_encoder": text_encoder}, past["base"])
    shutil.copytree(model / "tokenizer", folder / "tokenizer", dirs_exist_ok=True)


def go_on_alone(model: Path, folder: Path, name: str, networks: Mapping[str, nn.Module]) -> None:
    """Likewise for another stage, whose networks were read from its published folder already."""
    _refuse_to_overwrite(folder, name)
    past = json.loads((model / HISTORY).read_text(encoding="utf-8"))
    _write(folder / f"{name}.pt", {key: network.float() for key, network in networks.items()}, past[name])


def go_on_exemplar(model: Path, folder: Path) -> None:
    """Likewise for the exemplar model: its UNet and its image encoder."""
    unet = UNet2DConditionModel.from_pretrained(str(model / "unet"), local_files_only=True)
    encoder = load_exemplar_reader(model, policy_for("cpu", torch.float32)).encoder
    go_on_alone(model, folder, "exemplar", {"unet": unet, "image_encoder": encoder.requires_grad_()})


def _refuse_to_overwrite(folder: Path, *names: str) -> None:
    for name in names:
        if (folder / f"{name}.pt").exists():
            raise FileExistsError(f"{folder / name}.pt exists already: resume from it, or move it away.")


def _write(path: Path, networks: dict[str, nn.Module], past: dict[str, Any]) -> None:
    """A checkpoint without an optimizer; the networks are their own running averages."""
    average = {f"{key}.{n}": p.detach() for key, net in networks.items() for n, p in net.named_parameters()}
    states = {key: net.state_dict() for key, net in networks.items()}
    save_state(path, {"networks": states, "average": average, "optimizer": None, "warm_from": 0, **past})
