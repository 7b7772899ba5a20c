"""Invert and sample again: how much of a scene comes back, plain and refined, at the same number of network calls."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from statistics import mean

import numpy as np
import torch
from torch import Tensor

from engine.backbone import Backbone
from engine.inversion import invert
from engine.models.loader import load
from engine.sampling import ddim
from engine.studio.world import VALIDATION_SEEDS, captions, render, sample_scene
from engine.words import Conditioning
from engine.workpiece import to_picture, to_tensor
from tests.benchmarks import harness

NAME = "inversion"
STEPS, RATIO = 50, 0.8
GUIDED = 3.0
FIRST = VALIDATION_SEEDS.start + 300_000
GAIN = 1.0  # dB
_LATENT_PEAK = 4.0  # latents have unit variance: about -2..2


def measure(options: harness.Options) -> harness.Report:
    """PSNR of latents and pictures with the caption, without words, and guided."""
    backbone = load("studio")
    found: dict[str, list[float]] = defaultdict(list)
    first = FIRST if options.first_seed is None else options.first_seed
    for seed in range(first, first + (options.count or 8)):
        _one(backbone, seed, options.only, found)
    figures: dict[str, object] = {name: round(mean(values), 2) for name, values in found.items()}
    figures |= {"steps": STEPS, "ratio": RATIO, "network_calls": 2 * len(backbone.schedule.ddim_times(STEPS, RATIO))}
    goals = {
        f"gain_{words}_{kind}_db": harness.Goal.at_least(
            GAIN, mean(found[f"{words}_refined_{kind}_db"]) - mean(found[f"{words}_plain_{kind}_db"])
        )
        for words in ("caption", "empty")
        for kind in ("latent", "picture")
        if f"{words}_refined_{kind}_db" in found
    }
    return harness.Report(figures, goals)


def _one(backbone: Backbone, seed: int, only: tuple[str, ...], found: dict[str, list[float]]) -> None:
    """All ways for one scene."""
    scene = sample_scene(seed)
    picture = render([scene], backbone.native).images[0].astype(np.float32) / 255
    z = backbone.encode(to_tensor(picture))
    known = _bytes(backbone, z)
    texts = {"caption": (captions(scene)[0], 1.0), "empty": ("", 1.0), "guided": (captions(scene)[0], GUIDED)}
    for name, (text, guidance) in texts.items():
        if only and name not in only:
            continue
        for way, refined in (("plain", False), ("refined", True)):
            back = there_and_back(backbone, z, backbone.embed(text), guidance, refined)
            error = float((back - z).square().mean())
            found[f"{name}_{way}_latent_db"].append(10 * float(np.log10(_LATENT_PEAK**2 / max(error, 1e-9))))
            found[f"{name}_{way}_picture_db"].append(harness.psnr(_bytes(backbone, back), known))


@torch.no_grad()
def there_and_back(backbone: Backbone, z: Tensor, words: Conditioning, guidance: float, refined: bool) -> Tensor:
    """The latent (1, C, h, w) after inversion and DDIM with the same words."""
    times = backbone.schedule.ddim_times(STEPS, RATIO)
    predict = partial(backbone.predict, words=words, guidance=guidance)
    *_, up = invert(predict, backbone.schedule, z, times, refined)
    *_, down = ddim(predict, backbone.schedule, up.latent, times)
    return down.latent


def _bytes(backbone: Backbone, z: Tensor) -> np.ndarray:
    return np.rint(to_picture(backbone.decode(z)) * 255).astype(np.uint8)
