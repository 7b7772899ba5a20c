"""Pictures from words, many at a time, and through the autoencoder and back; the peer's from the same noise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine import sampling
from engine.backbone import Backbone
from engine.studio.data import to_pictures, to_tensor

STEPS, GUIDANCE = 25, 3.0
BATCH = 8  # pictures in one network call
Pictures = NDArray[np.uint8]  # (N, H, W, 3)


@torch.inference_mode()
def draw(
    backbone: Backbone,
    captions: Sequence[str],
    seeds: Sequence[int],
    steps: int = STEPS,
    guidance: float = GUIDANCE,
) -> Pictures:
    """Pictures of the native size from words, by DDIM from full noise.

    Args:
        seeds: of each picture's noise; the others drawn beside it do not matter.
    """
    parts = []
    for some in batches(list(zip(captions, seeds, strict=True))):
        words = [backbone.embed(caption).both for caption, _ in some]
        context = torch.cat([torch.cat([both[:1] for both in words]), torch.cat([both[1:] for both in words])])

        def predict(z: Tensor, t: int, context: Tensor = context) -> Tensor:
            both = torch.cat([z, z]).to(backbone.dtype, memory_format=torch.channels_last)
            time = torch.tensor([t], device=z.device)
            without, with_words = backbone.unet(both, time, context, return_dict=False)[0].float().chunk(2)
            return backbone.schedule.epsilon(without + guidance * (with_words - without), z, t)

        plan = sampling.plan("ddim", backbone.schedule, steps, 1.0)
        z = noise(backbone, [seed for _, seed in some])
        for done in plan.sampler(predict, backbone.schedule, z, plan.times):
            z = done.latent
        parts.append(to_pictures(backbone.decode(z)))
    return np.concatenate(parts)


def noise(backbone: Backbone, seeds: Sequence[int]) -> Tensor:
    """The latents that drawings start from, (N, C, h, w) float32 on the model's device."""
    side = backbone.native // backbone.factor
    shape = (1, backbone.channels, side, side)
    return torch.cat([sampling.seeded_noise(shape, seed) for seed in seeds]).to(backbone.device)


def draw_with_peer(pipe: Any, backbone: Backbone, captions: Sequence[str], seeds: Sequence[int]) -> Pictures:
    """The same by diffusers' `StableDiffusionPipeline`, from the same noise."""
    parts = []
    for some in batches(list(zip(captions, seeds, strict=True))):
        latents = noise(backbone, [seed for _, seed in some]).to(pipe.unet.dtype)
        words = [caption for caption, _ in some]
        done = pipe(words, num_inference_steps=STEPS, guidance_scale=GUIDANCE, latents=latents, output_type="np").images
        parts.append(np.rint(done * 255).astype(np.uint8))
    return np.concatenate(parts)


def round_trip(backbone: Backbone, pictures: Pictures) -> Pictures:
    """Pictures through the autoencoder and back."""
    images = (to_tensor(np.ascontiguousarray(some), backbone.device) for some in batches(pictures))
    return np.concatenate([to_pictures(backbone.decode(backbone.encode(image))) for image in images])


def batches(values: Any, size: int = BATCH) -> Iterator[Any]:
    """Slices of at most `size`."""
    return (values[start : start + size] for start in range(0, len(values), size))
