"""Writes the trained exemplar model as a Paint by Example folder, with its model card.

The folder must hold an autoencoder and a UNet of the base model's shape, and all bundled weights together must stay
small. So the UNet's large weights are stored in 8 bits (float8 e4m3): loaders turn them into the type they are asked
for.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor

from engine.exemplar import ExemplarEncoder
from engine.studio.checkpoints import load_state
from engine.studio.data import encoder_mark
from engine.studio.example_networks import IN_CHANNELS, build_image_encoder
from engine.studio.export import megabytes, processor, put
from engine.studio.networks import Shape, build_scheduler, weights_of
from engine.studio.published import HISTORY, history

CARD = Path(__file__).with_name("exemplar_card.md")
_WEIGHTS = "diffusion_pytorch_model.safetensors"
# Every picture and every noise level passes through these few: in 8 bits too, the error would be nearly twice as large.
_FINE = ("conv_in.", "conv_out.", "time_embedding.")
_LARGEST = 448.0  # float8 e4m3 has no larger number, and no infinity


def export_exemplar(folder: Path, out: Path, base: Path, shape: Shape) -> None:
    """Write the averaged weights of a training folder, beside the autoencoder of the base model's folder.

    Raises:
        ValueError: the model was trained on the latents of another encoder than the base model has now.
    """
    state = load_state(folder / "exemplar.pt")
    vae = AutoencoderKL.from_pretrained(str(base / "vae"), local_files_only=True).float()
    if encoder_mark(vae) != state["notes"]["encoder"]:
        raise ValueError(
            "The exemplar model was trained on latents of another encoder. Name the base model that it was trained "
            "from with --base, or train it anew."
        )
    config = UNet2DConditionModel.load_config(str(base / "unet"), local_files_only=True)
    unet = UNet2DConditionModel.from_config(config, in_channels=IN_CHANNELS)
    unet.load_state_dict(weights_of(state, "unet"))
    encoder = build_image_encoder(shape, unet.config["cross_attention_dim"])
    encoder.load_state_dict({**state["networks"]["image_encoder"], **weights_of(state, "image_encoder")})
    new = folder / "export-exemplar"
    shutil.rmtree(new, ignore_errors=True)
    unet.half().save_pretrained(new / "unet", safe_serialization=True)
    _store_in_bytes(new / "unet" / _WEIGHTS)
    _write_encoder(encoder.half(), new / "image_encoder")
    shutil.copytree(base / "vae", new / "vae")
    build_scheduler().save_pretrained(new / "scheduler")
    (new / "feature_extractor").mkdir()
    _write(new / "feature_extractor" / "preprocessor_config.json", _reading(shape.example_size))
    _write(new / "model_index.json", _index())
    (new / HISTORY).write_text(json.dumps(history({"exemplar": state})) + "\n", encoding="utf-8")
    (new / "README.md").write_text(_card(state, shape, new), encoding="utf-8")
    put(new, out)
    print(f"written: {out}, {megabytes(out):.1f} MB", flush=True)


def _write_encoder(encoder: ExemplarEncoder, folder: Path) -> None:
    """As transformers writes a network, under the name of the class that stock pipelines know."""
    encoder.config.architectures = ["PaintByExampleImageEncoder"]
    encoder.config.save_pretrained(folder)
    weights = {name: value.contiguous() for name, value in encoder.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def in_bytes(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """A UNet's weights with the large matrices in float8, all others in float16."""
    return {
        name: value.half() if value.ndim < 2 or any(part in name for part in _FINE) else _rounded(value)
        for name, value in weights.items()
    }


def _rounded(value: Tensor) -> Tensor:
    return value.float().clamp(-_LARGEST, _LARGEST).to(torch.float8_e4m3fn).contiguous()


def _store_in_bytes(file: Path) -> None:
    save_file(in_bytes(load_file(file)), file, metadata={"format": "pt"})


def _write(file: Path, values: dict[str, Any]) -> None:
    file.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")


def _reading(size: int) -> dict[str, Any]:
    """What CLIPImageProcessor does to an exemplar: size x size pixels in -1..1, as in training."""
    return {
        "image_processor_type": "CLIPImageProcessor",
        "do_convert_rgb": True,
        "do_resize": True,
        "size": {"shortest_edge": size},
        "resample": 3,
        "do_center_crop": True,
        "crop_size": {"height": size, "width": size},
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }


def _index() -> dict[str, Any]:
    """What PaintByExamplePipeline reads first, as in the folder that the paper's authors published."""
    return {
        "_class_name": "PaintByExamplePipeline",
        "_diffusers_version": diffusers.__version__,
        "feature_extractor": ["transformers", "CLIPImageProcessor"],
        "image_encoder": ["paint_by_example", "PaintByExampleImageEncoder"],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }


def _card(state: dict[str, Any], shape: Shape, out: Path) -> str:
    """The model card, filled in with what was measured."""
    named = {"hole_psnr_db": float("nan"), "colour_error": float("nan"), "exemplar_named": float("nan")}
    parts = {f"{name}_megabytes": megabytes(out / name) for name in ("vae", "unet", "image_encoder")}
    return CARD.read_text(encoding="utf-8").format(
        **named | state["figures"] | parts,
        **{name: state[name] for name in ("steps", "samples", "seconds")},
        scenes=state["notes"]["scenes"],
        examples=state["notes"]["examples"],
        loss=state["curve"][-1][1] if state["curve"] else float("nan"),
        size=shape.example_size,
        layers=shape.example_layers,
        width=shape.example_width,
        processor=processor(),
        torch=torch.__version__,
        diffusers=diffusers.__version__,
        transformers=transformers.__version__,
    )
