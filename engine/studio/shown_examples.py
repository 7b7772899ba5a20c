"""A look at what an exemplar model paints into validation examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engine.studio.curves import sheet
from engine.studio.data import to_pictures
from engine.studio.examples import Example, ExampleCache, make_examples
from engine.studio.training import precision

_GREY = np.uint8(128)  # what a hole looks like to the network


@dataclass(frozen=True, eq=False)
class Shown:
    """Some examples as pictures and as records (N,); labels (N, groups) name their objects, where the world knows."""

    vae: AutoencoderKL
    examples: Sequence[Example]
    records: NDArray[np.void]
    labels: Tensor | None

    def pasted(self, latents: Tensor) -> list[NDArray[np.uint8]]:
        """The examples' pictures with the holes filled from painted latents (N, C, h, w)."""
        with torch.no_grad(), precision(self.vae.device):
            decoded = self.vae.decode(latents / self.vae.config["scaling_factor"]).sample
        pairs = zip(to_pictures(decoded), self.examples, strict=True)
        return [np.where(example.hole[..., None], picture, example.picture) for picture, example in pairs]

    def figures(self, painted: Sequence[NDArray[np.uint8]]) -> dict[str, float]:
        """How far pictures are from the truth in their holes: dB, and the mean colour's distance in 255ths."""
        squares, colours = [], []
        for picture, example in zip(painted, self.examples, strict=True):
            apart = picture[example.hole].astype(np.float64) - example.picture[example.hole]
            squares.append(np.square(apart).mean())
            seen = example.silhouette
            colours.append(np.linalg.norm(picture[seen].mean(0) - example.picture[seen].mean(0)))
        error = max(float(np.mean(squares)), 1e-6)
        return {"hole_psnr_db": float(10 * np.log10(255**2 / error)), "colour_error": float(np.mean(colours))}

    def sheet(self, painted: Sequence[NDArray[np.uint8]]) -> Image.Image:
        """Picture with hole, exemplar, what was painted, truth; two examples a row."""
        shown = []
        for picture, example in zip(painted, self.examples, strict=True):
            exemplar = Image.fromarray(example.exemplar).resize(picture.shape[1::-1], Image.Resampling.BICUBIC)
            holed = np.where(example.hole[..., None], _GREY, example.picture)
            shown += [holed, np.asarray(exemplar), picture, example.picture]
        return sheet(np.stack(shown), 8)


def show(cache: ExampleCache, count: int) -> Shown:
    """The first examples of a cache's scenes, made anew."""
    examples, world = make_examples(cache.scenes, range(count)), cache.scenes.world
    labels = None
    if world.labels is not None:
        named = world.labels([cache.scenes.first + example.scene for example in examples])
        labels = torch.from_numpy(named[np.arange(count), [2 + example.index for example in examples]])
    return Shown(cache.vae, examples, cache.encoded(examples), labels)
