"""Both ways to edit by words, ours and diffusers' deprecated pipeline, and how much memory each takes.

Nothing here knows scenes or the judge, so that a process that measures memory holds what an edit needs and no more.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from engine.backbone import Backbone
from engine.methods import finish
from engine.methods.diffedit import DiffEditParameters, diffedit
from engine.models.loader import load
from engine.models.policy import best_policy
from engine.request import EditRequest, EditResult
from tests.benchmarks import harness

Picture = NDArray[np.uint8]  # (H, W, 3)
Texts = tuple[str, str]  # what the picture shows, what it should show
OPTIONS = DiffEditParameters()


def ours(
    backbone: Backbone, picture: Picture, texts: Texts, options: DiffEditParameters = OPTIONS, seed: int = 1
) -> EditResult:
    """Mask and edit of ours. Raises BadRequest where no place is found."""
    reference, query = texts
    request = EditRequest("diffedit", picture, options, prompt=query, seed=seed, reference_prompt=reference)
    return finish(diffedit(backbone, request))


def peer(
    pipe: Any, picture: Picture, texts: Texts, seed: int, guidance: float | None = None
) -> tuple[NDArray[np.bool_], Picture]:
    """Mask (H, W) and picture by diffusers' pipeline, with our steps (its default, too) and ratio (its default is 0.8).

    Its mask needs both texts, as ours does; its inversion is given the first, its painting the second.

    Args:
        guidance: None = the pipeline's own.
    """
    reference, query = texts
    image, generator = Image.fromarray(picture), torch.Generator().manual_seed(seed)
    own = {"generator": generator} | ({} if guidance is None else {"guidance_scale": guidance})
    steps = {"num_inference_steps": OPTIONS.steps, "inpaint_strength": OPTIONS.strength}
    mask = pipe.generate_mask(
        image, target_prompt=query, source_prompt=reference, num_inference_steps=OPTIONS.steps, **own
    )
    latents = pipe.invert(reference, image, **steps, **own).latents
    edited = pipe(query, mask, latents, **steps, **own).images[0]
    size = picture.shape[1], picture.shape[0]
    cut = cv2.resize(mask[0].astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    return cut, np.asarray(edited)


def peer_pipeline(folder: Path, dtype: torch.dtype) -> Any:
    """From components: the pipeline is deprecated, and a folder that names it need not load.

    Args:
        dtype: other than float32, it also gets our memory layout.
    """
    from diffusers import AutoencoderKL, DDIMInverseScheduler, DDIMScheduler, UNet2DConditionModel
    from diffusers.pipelines.deprecated.stable_diffusion_diffedit import StableDiffusionDiffEditPipeline
    from transformers import CLIPTextModel, CLIPTokenizer

    kinds = {"vae": AutoencoderKL, "unet": UNet2DConditionModel, "text_encoder": CLIPTextModel}
    parts = {
        name: kind.from_pretrained(folder / name, local_files_only=True, dtype=dtype) for name, kind in kinds.items()
    }
    scheduler = DDIMScheduler.from_pretrained(folder / "scheduler")
    pipe = StableDiffusionDiffEditPipeline(
        **parts,
        tokenizer=CLIPTokenizer.from_pretrained(folder / "tokenizer"),
        scheduler=scheduler,
        inverse_scheduler=DDIMInverseScheduler.from_config(scheduler.config),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    if dtype is not torch.float32:
        pipe.unet.to(memory_format=torch.channels_last)
        pipe.vae.to(memory_format=torch.channels_last)
    return pipe.to(best_policy().device)


def pasted(result: EditResult) -> Picture:
    """The picture with the patch over it."""
    picture = result.recipe.image.copy()
    x, y = result.origin
    height, width = result.alpha.shape
    part = picture[y : y + height, x : x + width]
    alpha = result.alpha[..., None].astype(np.float64) / 255
    part[:] = np.rint(part * (1 - alpha) + result.patch * alpha).astype(np.uint8)
    return np.asarray(picture, np.uint8)


def peak_of(name: str, folder: str, picture: Picture, texts: Texts) -> float:
    """Peak resident memory of loading a model and one edit, MiB; runs in a process of its own.

    Args:
        name: "ours", "peer" (float32, its defaults) or "peer_same_dtype".
    """
    if name == "ours":
        ours(load(folder), picture, texts)
    else:
        dtype = torch.float32 if name == "peer" else best_policy().dtype
        peer(peer_pipeline(Path(folder), dtype), picture, texts, 1)
    return harness.own_peak_mb()
