"""The networks of a Paint by Example model in the bundled model's size."""

from __future__ import annotations

import diffusers.pipelines
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from diffusers.pipelines.deprecated import paint_by_example
from transformers import CLIPVisionConfig

from engine.exemplar import ExemplarEncoder
from engine.studio.networks import Shape

IN_CHANNELS = 9  # noisy latent (4), latent of the picture with its hole (4), 1 = keep (1)


def name_example_classes() -> None:
    """Make diffusers find the image encoder's class under the name that model folders give it.

    Folders say ["paint_by_example", "PaintByExampleImageEncoder"]. diffusers 0.42 looks that name up in its
    `pipelines`, but has moved the package into `pipelines.deprecated`: without this line its own
    `PaintByExamplePipeline.from_pretrained` refuses every such folder, the published
    "Fantasy-Studio/Paint-by-Example" too.
    """
    diffusers.pipelines.paint_by_example = paint_by_example


def build_image_encoder(shape: Shape, width: int) -> ExemplarEncoder:
    """A small image encoder; its mapper has one block for each five layers, rounded: (layers + 1) // 5.

    Args:
        width: of the one token that it makes of a picture, the UNet's cross_attention_dim.
    """
    return ExemplarEncoder(
        CLIPVisionConfig(
            image_size=shape.example_size,
            patch_size=shape.example_patch,
            hidden_size=shape.example_width,
            intermediate_size=shape.example_width * 2,
            num_hidden_layers=shape.example_layers,
            num_attention_heads=shape.example_heads,
            projection_dim=width,
            attn_implementation="eager",  # faster to train than the fused one at this size on CPUs
        )
    )


@torch.no_grad()
def widened(unet: UNet2DConditionModel, channels: int = IN_CHANNELS) -> UNet2DConditionModel:
    """A copy of a UNet that reads more channels; their weights are zero, so that it draws as before at first."""
    wide = UNet2DConditionModel.from_config(unet.config, in_channels=channels)
    weights = {name: value.float() for name, value in unet.state_dict().items()}
    first = torch.zeros_like(wide.conv_in.weight)
    first[:, : unet.config["in_channels"]] = weights["conv_in.weight"]
    wide.load_state_dict(weights | {"conv_in.weight": first})
    # The fused attention's backward is slow on CPUs when heads are small.
    wide.set_attn_processor(AttnProcessor())
    return wide
