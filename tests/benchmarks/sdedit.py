"""SDEdit beside diffusers' image-to-image pipeline: the same weights, steps, scheduler and words, in the same run.

The peer runs twice: as a user gets it (`from_pretrained`, float32), and under our number type and memory layout. No
prompt is used twice, so that nobody profits from remembered words. Runs take turns; goals compare the best run of each,
which is the one that other programs disturbed least; medians stand beside them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import count
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import cv2
import numpy as np
import torch
from diffusers import DDIMScheduler, StableDiffusionImg2ImgPipeline
from diffusers.utils import logging as diffusers_logging
from numpy.typing import NDArray
from PIL import Image
from transformers.utils import logging as transformers_logging

from engine.backbone import Backbone
from engine.errors import ModelMissing
from engine.methods import finish
from engine.methods.sdedit import SDEditParameters, sdedit
from engine.models import store
from engine.models.loader import load
from engine.models.policy import best_policy
from engine.request import EditRequest, EditResult
from engine.sampling import plan
from tests.benchmarks import harness

NAME = "sdedit"
PARTS = ("speed", "overhead", "likeness", "mask", "memory")
OPTIONS = SDEditParameters(strength=0.6, steps=30, guidance=5.0)
_words = count()


def measure(options: harness.Options) -> harness.Report:
    """Times, likeness and memory of whole and masked edits."""
    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as scratch:
        folder, weights = _model(Path(scratch))
        policy = best_policy()
        calls = len(plan(OPTIONS.sampler, load(str(folder)).schedule, OPTIONS.steps, OPTIONS.strength).times)
        report = harness.Report(
            {
                "weights": weights,
                "policy": f"{policy.device}, {str(policy.dtype).removeprefix('torch.')}",
                "threads": torch.get_num_threads(),
                "network_calls": calls,
            }
        )
        parts: dict[str, Callable[[], None]] = {
            "speed": partial(_speed, report, folder, options),
            "overhead": partial(_overhead, report, folder, options),
            "likeness": partial(_likeness, report, folder, options),
            "mask": partial(_mask, report, folder, options),
            "memory": partial(_memory, report, folder),
        }
        for name, part in parts.items():
            if not options.only or name in options.only:
                part()
    return report


def _speed(report: harness.Report, folder: Path, options: harness.Options) -> None:
    """The whole native picture, ours and both peers in turns."""
    backbone = load(str(folder))
    picture = example(backbone.native)
    runs: dict[str, Callable[[], object]] = {
        "ours": lambda: ours(backbone, picture),
        "peer": partial(peer, default_pipeline(folder), picture),
        "peer_same_dtype": partial(peer, same_pipeline(folder), picture),
    }
    seconds = harness.in_turns(runs, options.count or 7)
    report.figures["seconds"] = {name: round(min(each), 4) for name, each in seconds.items()}
    report.figures["seconds_median"] = {name: round(median(each), 4) for name, each in seconds.items()}
    for key, other, limit in (("speed_vs_defaults", "peer", 0.5), ("speed_vs_same_dtype", "peer_same_dtype", 1.0)):
        report.goals[key] = harness.Goal.at_most(limit, min(seconds["ours"]) / min(seconds[other]))


def _overhead(report: harness.Report, folder: Path, options: harness.Options) -> None:
    """What is not the autoencoder, the text encoder or the UNet, as a factor of bare UNet calls."""
    backbone = load(str(folder))
    picture = example(backbone.native)
    parts = Stopwatch(backbone)
    times = plan(OPTIONS.sampler, backbone.schedule, OPTIONS.steps, OPTIONS.strength).times
    z = torch.randn(2, backbone.channels, backbone.native // backbone.factor, backbone.native // backbone.factor)
    z = z.to(backbone.device, backbone.dtype, memory_format=torch.channels_last)

    @torch.inference_mode()
    def bare() -> None:
        words = backbone.embed("bare").both
        for t in times:
            backbone.unet(z, torch.tensor([t], device=z.device), words, return_dict=False)
        if z.device.type == "cuda":
            torch.cuda.synchronize()

    rest, alone = [], []
    bare()
    ours(backbone, picture)
    for _ in range(options.count or 7):
        start = perf_counter()
        bare()
        alone.append(perf_counter() - start)
        parts.seconds, start = 0.0, perf_counter()
        ours(backbone, picture)
        rest.append(perf_counter() - start - parts.seconds)
    report.figures["bare_network_seconds"] = round(min(alone), 4)
    report.figures["seconds_without_vae_and_text"] = round(min(rest), 4)
    report.goals["overhead"] = harness.Goal.at_most(1.05, min(rest) / min(alone))


def _likeness(report: harness.Report, folder: Path, options: harness.Options) -> None:
    """Our fast numbers against our own float32, with the same noise."""
    fast, exact = load(str(folder)), load(str(folder), dtype=torch.float32)
    picture = example(fast.native)
    values = []
    for seed in range(5):
        results = [ours(each, picture, seed=seed, words="a red ball on grass").patch for each in (fast, exact)]
        values.append(harness.psnr(*results))
        if options.folder is not None and seed == 0:
            harness.save(options.folder / "sdedit-fast.png", results[0])
            harness.save(options.folder / "sdedit-float32.png", results[1])
    report.figures["psnr_to_float32_db"] = [round(value, 1) for value in values]
    report.goals["likeness_db"] = harness.Goal.at_least(35.0, min(values))


def _mask(report: harness.Report, folder: Path, options: harness.Options) -> None:
    """A tenth of a 1024² picture against the peer on the whole picture."""
    backbone = load(str(folder))
    picture, side = example(1024), round((0.1 * 1024**2) ** 0.5)
    mask = np.zeros((1024, 1024), np.uint8)
    mask[340 : 340 + side, 330 : 330 + side] = 255
    result = ours(backbone, picture, mask=mask)
    seconds = harness.in_turns({"ours": lambda: ours(backbone, picture, mask=mask)}, options.count or 5)["ours"]
    peers = {"peer": default_pipeline(folder), "peer_same_dtype": same_pipeline(folder)}
    whole = {
        name: harness.in_turns({name: partial(peer, pipe, picture)}, 1, warmup=0)[name][0]
        for name, pipe in peers.items()
    }
    report.figures["masked_seconds"] = {"ours": round(min(seconds), 4)} | {n: round(s, 3) for n, s in whole.items()}
    report.figures["masked_scale"] = round(result.scale, 4)
    report.goals["masked_vs_whole"] = harness.Goal.at_most(0.2, min(seconds) / min(whole.values()))
    report.goals["masked_scale"] = harness.Goal.at_least(0.5, result.scale)
    if options.folder is not None:
        harness.save(options.folder / "sdedit-masked.png", result.patch)


def _memory(report: harness.Report, folder: Path) -> None:
    """Peak resident memory of a process that loads a model and runs one edit of the native picture, each on its own."""
    context = get_context("spawn")
    peaks = {}
    for name in ("ours", "peer", "peer_same_dtype"):
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            peaks[name] = round(pool.submit(peak_of, name, str(folder)).result())
    report.figures["peak_memory_mb"] = peaks


def peak_of(name: str, folder: str) -> float:
    """MiB; runs in a process of its own."""
    if name == "ours":
        backbone = load(folder)
        ours(backbone, example(backbone.native))
    else:
        pipe = (default_pipeline if name == "peer" else same_pipeline)(Path(folder))
        peer(pipe, example(pipe.unet.config.sample_size * pipe.vae_scale_factor))
    return harness.own_peak_mb()


class Stopwatch:
    """Counts the seconds inside a backbone's autoencoder and text encoder."""

    def __init__(self, backbone: Backbone) -> None:
        self.seconds = 0.0
        for name in ("encode", "decode", "embed"):
            setattr(backbone, name, self._watched(getattr(backbone, name)))

    def _watched(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any) -> Any:
            start = perf_counter()
            result = function(*args)
            self.seconds += perf_counter() - start
            return result

        return watched


def ours(
    backbone: Backbone,
    picture: NDArray[np.uint8],
    mask: NDArray[np.uint8] | None = None,
    seed: int = 1,
    words: str | None = None,
) -> EditResult:
    """One edit of ours; the picture is the guide."""
    prompt = words or f"a red ball on grass, number {next(_words)}"
    return finish(sdedit(backbone, EditRequest("sdedit", picture, OPTIONS, prompt=prompt, seed=seed, mask=mask)))


def peer(pipe: StableDiffusionImg2ImgPipeline, picture: NDArray[np.uint8]) -> object:
    """The same edit by diffusers' pipeline."""
    return pipe(
        prompt=f"a red ball on grass, number {next(_words)}",
        image=Image.fromarray(picture),
        strength=OPTIONS.strength,
        num_inference_steps=OPTIONS.steps,
        guidance_scale=OPTIONS.guidance,
        generator=torch.Generator().manual_seed(1),
    ).images[0]


def default_pipeline(folder: Path) -> StableDiffusionImg2ImgPipeline:
    """As a user gets it."""
    pipe = StableDiffusionImg2ImgPipeline.from_pretrained(
        folder, safety_checker=None, local_files_only=True, dtype=torch.float32
    )
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    return pipe.to(best_policy().device)


def same_pipeline(folder: Path) -> StableDiffusionImg2ImgPipeline:
    """With our number type and memory layout, otherwise as it is."""
    pipe = default_pipeline(folder).to(best_policy().dtype)
    pipe.unet.to(memory_format=torch.channels_last)
    pipe.vae.to(memory_format=torch.channels_last)
    return pipe


def example(side: int) -> NDArray[np.uint8]:
    """Flat strokes of a ball on grass under a sky, (side, side, 3)."""
    picture = np.empty((side, side, 3), np.uint8)
    picture[: side // 2], picture[side // 2 :] = (130, 180, 230), (90, 150, 70)
    cv2.circle(picture, (side // 2, side * 5 // 8), side // 6, (200, 40, 40), -1)
    cv2.ellipse(picture, (side * 5 // 8, side * 13 // 16), (side // 5, side // 24), 0, 0, 360, (50, 90, 40), -1)
    return picture


def _model(scratch: Path) -> tuple[Path, str]:
    """The bundled model's folder, or random weights of its shape while there is none."""
    try:
        return store.find(store.BUNDLED), "bundled"
    except ModelMissing:
        return _random_model(scratch / "studio"), "random, of the bundled shape"


def _random_model(folder: Path) -> Path:
    from engine.studio.networks import Shape, build_scheduler, build_text_encoder, build_unet, build_vae
    from tests.engine.tiny_models import write_tokenizer

    torch.manual_seed(0)
    shape = Shape()
    tokenizer = write_tokenizer(folder / "tokenizer")
    build_vae(shape).save_pretrained(folder / "vae")
    build_unet(shape).save_pretrained(folder / "unet")
    build_text_encoder(shape, tokenizer).save_pretrained(folder / "text_encoder")
    build_scheduler().save_pretrained(folder / "scheduler")
    parts = {"scheduler": "DDIMScheduler", "unet": "UNet2DConditionModel", "vae": "AutoencoderKL"}
    index = {name: ["diffusers", kind] for name, kind in parts.items()}
    index |= {"text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"]}
    text = {"_class_name": "StableDiffusionPipeline", "safety_checker": [None, None], "feature_extractor": [None, None]}
    (folder / "model_index.json").write_text(json.dumps(text | index))
    return folder
