"""Random models of a few thousand weights in the folder format of the large ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, PNDMScheduler, UNet2DConditionModel
from diffusers.pipelines.deprecated.paint_by_example.image_encoder import PaintByExampleImageEncoder
from safetensors.torch import save_file
from transformers import CLIPImageProcessor, CLIPTextConfig, CLIPTextModel, CLIPTokenizer, CLIPVisionConfig

WORDS = ["red", "blue", "ball", "cube", "on", "grass", "a"]
TOKENS = 16


def write_tokenizer(folder: Path) -> CLIPTokenizer:
    """A real CLIP tokenizer: all bytes, and merges for a handful of words."""
    alphabet = _byte_letters()
    vocabulary = [*alphabet, *(f"{letter}</w>" for letter in alphabet)]
    merges: list[str] = []
    for word in WORDS:
        left = ""
        parts = [*word[:-1], f"{word[-1]}</w>"]
        for part in parts:
            if left and f"{left} {part}" not in merges:
                merges.append(f"{left} {part}")
                vocabulary.append(left + part)
            left += part
    vocabulary = list(dict.fromkeys([*vocabulary, "<|startoftext|>", "<|endoftext|>"]))
    folder.mkdir(parents=True)
    (folder / "vocab.json").write_text(json.dumps({word: index for index, word in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]) + "\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"model_max_length": TOKENS, "tokenizer_class": "CLIPTokenizer", "do_lower_case": True})
    )
    return CLIPTokenizer.from_pretrained(str(folder))


def write_sd15(folder: Path, channels: int = 4) -> Path:
    """Shaped like Stable Diffusion 1.5: four levels, noise prediction, one head count for all, PNDM config.

    `channels` 9 makes it one of its inpainting models.
    """
    torch.manual_seed(15)
    unet, scheduler = _unet(channels), _pndm()
    return _write(folder, unet, scheduler, width=24, act="quick_gelu")


def _unet(channels: int) -> UNet2DConditionModel:
    """Four levels, as in Stable Diffusion 1.5 and what was made of it."""
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=channels,
        block_out_channels=(16, 32, 32, 32),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=2,
        cross_attention_dim=24,
    )


def _pndm() -> PNDMScheduler:
    """What the published folders of that family say."""
    return PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        set_alpha_to_one=False,
        steps_offset=1,
    )


def write_sd2(folder: Path) -> Path:
    """Shaped like Stable Diffusion 2.1: v-prediction, linear projections, heads that grow with the level."""
    torch.manual_seed(21)
    unet = UNet2DConditionModel(
        sample_size=12,
        block_out_channels=(16, 32, 48, 48),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=(2, 4, 6, 6),
        cross_attention_dim=32,
        use_linear_projection=True,
    )
    scheduler = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type="v_prediction",
    )
    return _write(folder, unet, scheduler, width=32, act="gelu")


def write_paint_by_example(folder: Path, *, old_names: bool = True, pickled: bool = False) -> Path:
    """Shaped and laid out as "Fantasy-Studio/Paint-by-Example" was published.

    Args:
        old_names: of the image encoder's weights, as transformers wrote them before version 5.
        pickled: `pytorch_model.bin` instead of safetensors, as there.
    """
    torch.manual_seed(17)
    unet, scheduler = _unet(9), _pndm()
    encoder = PaintByExampleImageEncoder(
        CLIPVisionConfig(
            hidden_size=32,
            intermediate_size=64,
            projection_dim=24,
            num_hidden_layers=9,  # two blocks in the mapper
            num_attention_heads=4,
            image_size=32,
            patch_size=8,
        )
    )
    unet.save_pretrained(folder / "unet")
    _autoencoder().save_pretrained(folder / "vae")
    scheduler.save_pretrained(folder / "scheduler")
    encoder.config.save_pretrained(folder / "image_encoder")
    named = {_published(name) if old_names else name: value.clone() for name, value in encoder.state_dict().items()}
    if pickled:
        torch.save(named, folder / "image_encoder" / "pytorch_model.bin")
    else:
        save_file(named, folder / "image_encoder" / "model.safetensors", metadata={"format": "pt"})
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(
        folder / "feature_extractor"
    )
    (folder / "safety_checker").mkdir()
    (folder / "safety_checker" / "config.json").write_text("{}")
    index = {
        "_class_name": "PaintByExamplePipeline",
        "feature_extractor": ["transformers", "CLIPFeatureExtractor"],
        "image_encoder": ["paint_by_example", "PaintByExampleImageEncoder"],
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "scheduler": ["diffusers", "PNDMScheduler"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def _published(name: str) -> str:
    """A weight's name as it is in the published file."""
    return name.replace("model.", "model.vision_model.", 1) if name.startswith("model.") else name


def _write(folder: Path, unet: UNet2DConditionModel, scheduler: Any, width: int, act: str) -> Path:
    tokenizer = write_tokenizer(folder / "tokenizer")
    vae = _autoencoder()
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=2 * width,
            projection_dim=width,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=TOKENS,
            hidden_act=act,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    unet.save_pretrained(folder / "unet")
    vae.save_pretrained(folder / "vae")
    text.save_pretrained(folder / "text_encoder")
    scheduler.save_pretrained(folder / "scheduler")
    index = {
        "_class_name": "StableDiffusionPipeline",
        "scheduler": ["diffusers", type(scheduler).__name__],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def _autoencoder() -> AutoencoderKL:
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8, 8, 16, 16),
        layers_per_block=1,
        norm_num_groups=4,
        latent_channels=4,
        sample_size=64,
    )


def _byte_letters() -> list[str]:
    """The printable letter that CLIP's tokenizer uses for each byte."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return [*map(chr, printable), *(chr(256 + index) for index in range(len(others)))]
