"""The exemplar model's networks: the UNet starts as the base model's, the encoder is small."""

from __future__ import annotations

import diffusers.pipelines
import torch

from engine.studio.example_networks import build_image_encoder, name_example_classes, widened
from engine.studio.networks import Shape, build_unet
from tests.engine.studio.test_train import SHAPE


def test_the_unet_starts_as_the_base_model_whatever_else_it_reads() -> None:
    torch.manual_seed(0)
    unet = build_unet(SHAPE)
    wide = widened(unet.half())
    assert wide.conv_in.weight.shape[1] == 9
    assert wide.dtype == torch.float32
    latents, words = torch.randn(2, 4, 8, 8), torch.randn(2, 3, SHAPE.text_width)
    with torch.no_grad():
        expected = unet.float()(latents, 500, words).sample
        drawn = wide(torch.cat([latents, torch.randn(2, 5, 8, 8)], 1), 500, words).sample
    torch.testing.assert_close(drawn, expected, rtol=1e-5, atol=1e-6)


def test_the_encoder_makes_one_small_token() -> None:
    encoder = build_image_encoder(Shape(), 192)
    assert sum(p.numel() for p in encoder.parameters()) < 800_000
    assert len(encoder.mapper.blocks) == 1
    assert encoder(torch.zeros(2, 3, 64, 64)).shape == (2, 1, 192)
    assert encoder.uncond_vector.shape == (1, 1, 192)


def test_diffusers_finds_the_encoder_by_the_name_in_model_folders() -> None:
    name_example_classes()
    stock = diffusers.pipelines.paint_by_example.PaintByExampleImageEncoder
    encoder = build_image_encoder(Shape(), 8)
    loaded = stock(encoder.config).load_state_dict(encoder.state_dict(), strict=False)
    assert (loaded.missing_keys, loaded.unexpected_keys) == ([], [])
