"""The shapes of the bundled model's networks: the same classes as the large models, only smaller."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer


@dataclass(frozen=True)
class Shape:
    """Every size that decides how large the model is and how fast it learns."""

    vae_channels: tuple[int, ...] = (16, 32, 64, 128)
    vae_groups: int = 8
    latent_channels: int = 4
    latent_size: int = 32  # cells a side: pictures of 256² at a factor of 8
    unet_channels: tuple[int, ...] = (64, 128, 160)
    unet_layers: int = 1
    unet_heads: int = 4
    unet_groups: int = 16
    text_width: int = 192
    text_layers: int = 3
    text_heads: int = 4
    text_tokens: int = 64
    example_size: int = 64  # pixels a side of an exemplar as its encoder reads it
    example_patch: int = 8
    example_width: int = 128
    example_layers: int = 4
    example_heads: int = 4

    @property
    def factor(self) -> int:
        """Picture pixels per latent cell, along one side."""
        return int(2 ** (len(self.vae_channels) - 1))

    @property
    def picture_size(self) -> int:
        """Native picture side, pixels."""
        return self.latent_size * self.factor


def build_vae(shape: Shape) -> AutoencoderKL:
    """An autoencoder without attention, so that it runs at any size in time linear in the pixels."""
    levels = len(shape.vae_channels)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=shape.vae_channels,
        layers_per_block=1,
        norm_num_groups=shape.vae_groups,
        mid_block_add_attention=False,
        latent_channels=shape.latent_channels,
        sample_size=shape.picture_size,
        scaling_factor=1.0,
    )


def build_unet(shape: Shape, in_channels: int | None = None) -> UNet2DConditionModel:
    """A UNet with self- and cross-attention at every level but the finest (16² and 8² of a 32² latent)."""
    coarse = len(shape.unet_channels) - 1
    unet = UNet2DConditionModel(
        sample_size=shape.latent_size,
        in_channels=in_channels or shape.latent_channels,
        out_channels=shape.latent_channels,
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * coarse,
        up_block_types=("CrossAttnUpBlock2D",) * coarse + ("UpBlock2D",),
        block_out_channels=shape.unet_channels,
        layers_per_block=shape.unet_layers,
        attention_head_dim=shape.unet_heads,
        cross_attention_dim=shape.text_width,
        norm_num_groups=shape.unet_groups,
    )
    # The fused attention's backward is slow on CPUs when heads are small.
    unet.set_attn_processor(AttnProcessor())
    return unet


def build_text_encoder(shape: Shape, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """A small CLIP text model whose special tokens are the tokenizer's."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=shape.text_width,
            intermediate_size=shape.text_width * 4,
            projection_dim=shape.text_width,
            num_hidden_layers=shape.text_layers,
            num_attention_heads=shape.text_heads,
            max_position_embeddings=shape.text_tokens,
            hidden_act="quick_gelu",
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            attn_implementation="eager",  # faster to train than the fused one at this size on CPUs
        )
    )


def build_scheduler() -> DDIMScheduler:
    """Stable Diffusion's noise schedule."""
    return DDIMScheduler(
        num_train_timesteps=1000,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        prediction_type="epsilon",
    )


def load_tokenizer(folder: Path) -> CLIPTokenizer:
    """The tokenizer saved in a folder."""
    tokenizer: CLIPTokenizer = CLIPTokenizer.from_pretrained(str(folder))
    return tokenizer


def weights_of(state: dict[str, Any], network: str) -> dict[str, torch.Tensor]:
    """One network's averaged (EMA) weights out of a training state."""
    prefix = f"{network}."
    return {name[len(prefix) :]: value for name, value in state["average"].items() if name.startswith(prefix)}
