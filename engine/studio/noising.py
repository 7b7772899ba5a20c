"""Noise prediction as every model on the bundled latents learns it: what is added when, and what each error counts."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812
from diffusers import DDIMScheduler
from torch import Tensor

GAMMA = 5.0  # min-SNR weighting (Hang et al., ICCV 2023)
# At high noise that weighting leaves next to nothing, and there the text decides how many things there are, and where,
# about ground, sky and colours (Salimans & Ho, ICLR 2022, section 4, never let it fall below 1).
FLOOR = 0.4  # least weight of a squared error of the clean latent
# The last noise level still shows the picture's broad colours. Noise of that breadth hides them, so that the text is
# asked for them; else a sampler, which starts from noise alone, gets its ground and sky from that noise's chance.
BROAD_NOISE = 0.15


@dataclass(frozen=True)
class Noised:
    """Latents with noise at some times: latents and noise (B, C, h, w), times (B,)."""

    latents: Tensor
    noise: Tensor
    times: Tensor


class Noising:
    """Draws noise and times for a batch of clean latents, and weighs the errors of the noise predicted."""

    def __init__(self, scheduler: DDIMScheduler, device: torch.device) -> None:
        kept = scheduler.alphas_cumprod.to(device)
        self.device = device
        self.signal, self.noise = kept.sqrt(), (1 - kept).sqrt()
        ratio = kept / (1 - kept)
        self.weights = ratio.clamp(FLOOR, GAMMA) / ratio

    def draw(self, clean: Tensor, batch: int, share: slice, generator: torch.Generator) -> Noised:
        """Noise for a share of a batch.

        Args:
            clean: the share's latents, (B, C, h, w).
            batch: pictures of the whole batch, whose noise is drawn whoever computes which share.
        """
        noise = torch.randn((batch, *clean.shape[1:]), generator=generator)[share].to(self.device)
        # One time out of each of `batch` equal spans: less chance in the gradient than with times drawn alone.
        spread = (torch.arange(batch) + torch.rand(batch, generator=generator)) / batch
        times = (spread * len(self.weights)).long()[share].to(self.device)
        bands = torch.randn((batch, clean.shape[1], 3, 1), generator=generator)[share].to(self.device)
        broad = BROAD_NOISE * (times / len(self.weights)).pow(4).view(-1, 1, 1, 1)
        noise = noise + broad * F.interpolate(bands, clean.shape[-2:], mode="bilinear")
        noised = self.signal[times].view(-1, 1, 1, 1) * clean + self.noise[times].view(-1, 1, 1, 1) * noise
        return Noised(noised, noise, times)

    def level(self, noised: Noised) -> Tensor:
        """Times (B,) as shares of all, 0..1."""
        return noised.times / len(self.weights)

    def loss(self, predicted: Tensor, noised: Noised, weight: Tensor) -> Tensor:
        """Mean weighted squared error of the noise predicted.

        Args:
            weight: (B, 1, h, w), how much each cell counts.
        """
        errors = ((predicted.float() - noised.noise).square() * weight).mean(dim=(1, 2, 3))
        loss: Tensor = (self.weights[noised.times] * errors).mean()
        return loss
