"""The autoencoder: pictures of 256² to four-channel latents of 32² and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.studio.curves import sheet
from engine.studio.data import SceneCache, encoder_mark, to_pictures, to_tensor
from engine.studio.training import Recipe, Report, precision, step_generator

VALIDATION_SCENES = 64
VAE_RECIPE = Recipe(rate=1e-3, warmup=100, batch=12, average=0.998, weight_decay=0.0)


@dataclass(frozen=True)
class VaeLoss:
    """Weights of the loss's parts, all means over their values."""

    squared: float = 2.0  # beside an L1 of weight 1: large errors at edges count more
    edges: float = 0.5  # L1 of the differences of neighbouring pixels
    coarse: float = 1.0  # L1 of the colour of each latent cell's block: small objects' hues are else learned last
    divergence: float = 1e-4  # towards the unit normal; small, it only keeps latents smooth and bounded
    colours: float = 0.1  # L1 of the first three latents to `block_colours`, fading over `colours_steps`
    colours_steps: int = 12_000
    likeness: float = 0.05  # squared correlation of latent channels: without it two of four tell the same for long


class VaeStage:
    """Trains an autoencoder on random crops."""

    name = "vae"

    def __init__(
        self, vae: AutoencoderKL, scenes: SceneCache, validation: SceneCache, crop: int, device: torch.device
    ) -> None:
        self.vae = vae.to(device, memory_format=torch.channels_last)
        self.pictures, self.validation = scenes.pictures(), validation.pictures()[:VALIDATION_SCENES]
        self.crop, self.device, self.parts = crop, device, VaeLoss()

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The autoencoder."""
        return {"vae": self.vae}

    def freeze_encoder(self) -> None:
        """Let only the decoder learn, so that latents made before stay right."""
        for part in (self.vae.encoder, self.vae.quant_conv, self.vae.post_quant_conv):
            part.requires_grad_(False)

    def loss(self, step: int, batch: int, share: slice) -> Tensor:
        """Reconstruction of random crops from sampled latents (an L1, a squared and an edge part), and the latents'."""
        generator = step_generator(step)
        images = to_tensor(self._crops(batch, generator)[share], self.device).to(memory_format=torch.channels_last)
        with precision(self.device):
            mean, spread = self.vae.quant_conv(self.vae.encoder(images)).float().chunk(2, dim=1)
            spread = spread.clamp(-30, 20)
            noise = torch.randn((batch, *mean.shape[1:]), generator=generator)[share].to(self.device)
            decoded = self.vae.decoder(self.vae.post_quant_conv(mean + noise * (0.5 * spread).exp()))
        error = decoded.float() - images
        edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
        divergence = 0.5 * (mean.square() + spread.exp() - 1.0 - spread).mean()
        colours = self.parts.colours * max(0.0, 1.0 - step / self.parts.colours_steps)
        loss: Tensor = (
            error.abs().mean()
            + self.parts.squared * error.square().mean()
            + self.parts.edges * edges
            + self.parts.coarse * F.avg_pool2d(error, images.shape[-1] // mean.shape[-1]).abs().mean()
            + colours * (mean[:, :3] - block_colours(images, mean.shape[-1])).abs().mean()
            + self.parts.divergence * divergence
            + self.parts.likeness * likeness(mean)
        )
        return loss

    def _crops(self, batch: int, generator: torch.Generator) -> NDArray[np.uint8]:
        """Random crops, half of them mirrored, (N, crop, crop, 3)."""
        room = self.pictures.shape[1] - self.crop + 1
        which = torch.randint(len(self.pictures), (batch,), generator=generator).tolist()
        places = torch.randint(room, (batch, 2), generator=generator).tolist()
        mirrored = torch.randint(2, (batch,), generator=generator).tolist()
        crops = [
            self.pictures[i, y : y + self.crop, x : x + self.crop][:, :: -1 if flip else 1]
            for i, (y, x), flip in zip(which, places, mirrored, strict=True)
        ]
        return np.stack(crops)

    def report(self) -> Report:
        """Validation scenes over their reconstructions, and the PSNR."""
        decoded = []
        for start in range(0, len(self.validation), 8):
            images = to_tensor(np.array(self.validation[start : start + 8]), self.device)
            with torch.no_grad(), precision(self.device):
                mean = self.vae.quant_conv(self.vae.encoder(images)).chunk(2, dim=1)[0]
                decoded.append(to_pictures(self.vae.decoder(self.vae.post_quant_conv(mean))))
        made = np.concatenate(decoded)
        rows = [part for i in (0, 6) for part in (self.validation[i : i + 6], made[i : i + 6])]
        return Report(sheet(np.concatenate(rows), 6), {"psnr_db": psnr(self.validation, made)})

    def notes(self) -> dict[str, Any]:
        """The encoder's mark, by which its latents are known."""
        return {"encoder": encoder_mark(self.vae)}


def block_colours(images: Tensor, size: int) -> Tensor:
    """Lightness, red-blue and green-purple of the blocks behind latent cells, (N, 3, size, size), about unit variance.

    A good first code, which the encoder is shown before it may find a better one: found alone, it takes hours.
    """
    red, green, blue = F.adaptive_avg_pool2d(images, size).unbind(1)
    return torch.stack([0.7 * (red + green + blue), 2.5 * (red - blue), 3.0 * green - 1.5 * (red + blue)], dim=1)


def likeness(latents: Tensor) -> Tensor:
    """How much latent channels (N, C, h, w) tell the same: the mean squared correlation of two of them, 0..1."""
    channels = latents.shape[1]
    correlation = torch.corrcoef(latents.transpose(0, 1).flatten(1))
    others: Tensor = correlation - torch.eye(channels, device=latents.device)
    return others.square().sum() / (channels * (channels - 1))


def psnr(truth: NDArray[np.uint8], made: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio in dB: the mean over pictures (N, H, W, 3)."""
    errors = np.square(truth.astype(np.float32) - made.astype(np.float32)).mean(axis=(1, 2, 3))
    return float(np.mean(10 * np.log10(255.0**2 / np.maximum(errors, 1e-3))))
