"""Both ways to paint an example into a box, ours and diffusers' deprecated pipeline, and what each takes.

Nothing here knows scenes or the judge, so that a process that measures memory holds what an edit needs and no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import nn

from engine.backbone import Backbone
from engine.methods import discover
from engine.models.loader import load
from engine.models.policy import best_policy
from engine.place import hole_of
from engine.region import Box
from engine.request import EditRequest, Method
from tests.benchmarks import harness
from tests.benchmarks.drag_runs import Outcome, clocked, run

Picture = NDArray[np.uint8]  # (H, W, 3)
Exemplar = NDArray[np.uint8]  # (h, w, 4), straight alpha
METHOD, MODEL = "paint_by_example", "studio-exemplar"
PEER, SAME = "peer", "peer_same_dtype"  # as a user gets it, and under our number type and memory layout
STEPS, GUIDANCE = 25, 3.0  # of everybody
_GREY = 160  # behind a removed background: about what our method puts there


@dataclass(frozen=True, eq=False)
class Gesture:
    """What an artist gives: a picture, where in it something shall be, and what that looks like."""

    picture: Picture
    box: Box
    exemplar: Exemplar
    seed: int = 0


def request_of(method: Method, gesture: Gesture) -> EditRequest:
    """The gesture with the method's own settings, but for the steps and the guidance that the peer has, too."""
    options = method.parameters.from_json({"steps": STEPS, "guidance": GUIDANCE})
    return EditRequest(
        method.id,
        gesture.picture,
        options,
        seed=gesture.seed,
        model=MODEL,
        box=gesture.box,
        exemplar=gesture.exemplar,
    )


def run_ours(backbone: Backbone, gesture: Gesture) -> Outcome:
    """The edit by our method. Raises EngineError where it refuses."""
    method = discover()[METHOD]
    return run(backbone, method, request_of(method, gesture))


def run_peer(pipe: Any, gesture: Gesture) -> Outcome:
    """The whole picture by diffusers' pipeline; it knows no alpha, so that a removed background is grey."""
    height, width = gesture.exemplar.shape[:2]
    example = flattened(gesture.exemplar, np.full((height, width, 3), _GREY, np.uint8))
    mask = hole_of(gesture.picture.shape, gesture.box, None)

    def edit() -> Image.Image:
        done: Image.Image = pipe(
            example_image=Image.fromarray(example),
            image=Image.fromarray(gesture.picture),
            mask_image=Image.fromarray(mask),
            num_inference_steps=STEPS,
            guidance_scale=GUIDANCE,
            generator=torch.Generator().manual_seed(gesture.seed),
        ).images[0]
        return done

    with counting({"unet": pipe.unet}) as calls:
        done, clock, cores = clocked(edit)
    return Outcome(np.asarray(done), clock, cores, calls["unet"])


def peer_pipeline(folder: Path, dtype: torch.dtype) -> Any:
    """From components: the pipeline is deprecated, and a folder that names it need not load.

    Args:
        folder: of a Paint by Example model; its own scheduler is used, at whatever steps are asked for.
        dtype: other than float32, it also gets our memory layout.
    """
    from diffusers import AutoencoderKL, DDIMScheduler, PaintByExamplePipeline, UNet2DConditionModel
    from diffusers.pipelines.deprecated.paint_by_example.image_encoder import PaintByExampleImageEncoder
    from transformers import CLIPImageProcessor

    kinds = {"vae": AutoencoderKL, "unet": UNet2DConditionModel, "image_encoder": PaintByExampleImageEncoder}
    parts = {
        name: kind.from_pretrained(folder / name, local_files_only=True, dtype=dtype).eval()
        for name, kind in kinds.items()
    }
    pipe = PaintByExamplePipeline(
        **parts,
        scheduler=DDIMScheduler.from_pretrained(folder / "scheduler"),
        feature_extractor=CLIPImageProcessor.from_pretrained(folder / "feature_extractor", local_files_only=True),
        safety_checker=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    if dtype is not torch.float32:
        pipe.unet.to(memory_format=torch.channels_last)
        pipe.vae.to(memory_format=torch.channels_last)
    return pipe.to(best_policy().device)


def peers(folder: Path) -> dict[str, Any]:
    """The pipeline as a user gets it and under our number type; on a machine that has no faster one they are alike."""
    return {PEER: peer_pipeline(folder, torch.float32), SAME: peer_pipeline(folder, best_policy().dtype)}


def calls_of(backbone: Backbone, gesture: Gesture) -> dict[str, int]:
    """How often each network of a model of examples runs in one edit of ours."""
    vae: Any = backbone.vae
    reader: Any = backbone.reader
    networks = {
        "image_encoder": reader.encoder,
        "vae_encoder": vae.encoder,
        "unet": backbone.unet,
        "vae_decoder": vae.decoder,
    }
    with counting(networks) as calls:
        run_ours(backbone, gesture)
    return {name: calls[name] for name in networks}


@contextmanager
def counting(networks: Mapping[str, nn.Module]) -> Iterator[Counter[str]]:
    """Counts the calls of networks by name while it is open."""
    calls: Counter[str] = Counter()

    def watched(name: str, network: nn.Module) -> Any:
        return network.register_forward_hook(lambda *_: calls.update([name]))

    hooks = [watched(name, network) for name, network in networks.items()]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def peak_of(name: str, folder: str, gesture: Gesture) -> float:
    """Peak resident memory of loading a model and one edit, MiB; runs in a process of its own.

    Args:
        name: METHOD, PEER or SAME.
    """
    if name == METHOD:
        run_ours(load(folder), gesture)
    else:
        dtype = torch.float32 if name == PEER else best_policy().dtype
        run_peer(peer_pipeline(Path(folder), dtype), gesture)
    return harness.own_peak_mb()


def flattened(exemplar: Exemplar, under: Picture) -> Picture:
    """An example over a picture of its size."""
    alpha = exemplar[..., 3:].astype(np.float64) / 255
    mixed = exemplar[..., :3] * alpha + under * (1 - alpha)
    return np.rint(mixed).astype(np.uint8)
