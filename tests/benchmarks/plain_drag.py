"""DragDiffusion as its paper tells it and nothing more (Shi et al., CVPR 2024): what the tier is measured against.

Stock parts of diffusers and PEFT in float32, the whole network forward and backward in every step, loops over points
and places, nothing remembered from one drag to the next. It shares no code with the engine, so that neither can be
wrong for both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray
from peft import LoraConfig
from torch import Tensor
from torch.nn import functional

Picture = NDArray[np.uint8]  # (H, W, 3)


@dataclass(frozen=True)
class PlainParameters:
    """The paper's settings; lengths are cells of the feature grid, which has half the picture's size."""

    inversion_steps: int = 50
    strength: float = 0.7
    steps: int = 80
    rate: float = 0.01
    reach: int = 1  # r_m
    search: int = 3  # r_p
    keep: float = 0.1  # λ
    near: float = 2.0  # cells from its target at which a point has arrived
    lora_steps: int = 80
    lora_rank: int = 16
    lora_rate: float = 5e-4
    lora_batch: int = 4


@dataclass(frozen=True, eq=False)
class Dragged:
    """What came of a drag.

    Attributes:
        picture: (H, W, 3), all of it drawn anew.
        marks: (n, 2), where the handles came to, (x, y) in px.
        steps: of the optimisation.
        calls: forward passes of the network.
        seconds: by part: "lora", "invert", "drag", "draw".
    """

    picture: Picture
    marks: NDArray[np.float64]
    steps: int
    calls: int
    seconds: dict[str, float] = field(default_factory=dict)


class PlainDrag:
    """One model as the reference loads it."""

    def __init__(self, folder: Path, device: str = "cpu", options: PlainParameters | None = None) -> None:
        """`folder`: of a Stable Diffusion pipeline."""
        self.options = options or PlainParameters()
        self.folder, self.device = folder, device

    def __call__(
        self, picture: Picture, points: NDArray[np.float64], free: NDArray[np.bool_], words: str, seed: int = 0
    ) -> Dragged:
        """Drag from the handles to the targets.

        Args:
            points: (n, 2, 2), handle then target, (x, y) in px.
            free: (H, W), where the picture may change.
            words: what it shows.
        """
        self._load(words)
        seconds: dict[str, float] = {}
        start = perf_counter()
        source = self._encode(picture)
        self._learn(source, seed)
        start = _lap(seconds, "lora", start)
        noisy = self._inverted(source)
        start = _lap(seconds, "invert", start)
        edited, places, steps = self._optimised(noisy, points, free)
        start = _lap(seconds, "drag", start)
        drawn = self._drawn(noisy, edited)
        _lap(seconds, "draw", start)
        return Dragged(drawn, (places + 0.5) * 2, steps, self.calls, seconds)

    def _load(self, words: str) -> None:
        """A fresh network: the LoRA of the last picture must not be in it."""
        pipe = StableDiffusionPipeline.from_pretrained(self.folder, local_files_only=True, dtype=torch.float32)
        pipe.to(self.device)
        self.unet: Any = pipe.unet.requires_grad_(False)
        self.vae, self.scheduler = pipe.vae, pipe.scheduler
        self.scheduler.set_timesteps(self.options.inversion_steps)
        times = [int(t) for t in self.scheduler.timesteps]
        self.times = times[len(times) - int(self.options.inversion_steps * self.options.strength) :]
        self.words = pipe.encode_prompt(words, self.device, 1, False)[0].detach()
        self.alphas = self.scheduler.alphas_cumprod.double()
        self.calls, self.tapped = 0, torch.empty(0)
        block = self.unet.up_blocks[-2 if len(self.unet.up_blocks) > 1 else -1]
        block.register_forward_hook(self._tap)

    def _tap(self, _block: Any, _inputs: Any, output: Tensor) -> None:
        self.tapped = output

    @torch.no_grad()
    def _encode(self, picture: Picture) -> Tensor:
        image = torch.from_numpy(picture).permute(2, 0, 1)[None].float().to(self.device) / 127.5 - 1
        latent: Tensor = self.vae.encode(image).latent_dist.mean
        return latent * self.vae.config.scaling_factor

    def _noise(self, z: Tensor, t: int) -> Tensor:
        self.calls += 1
        output: Tensor = self.unet(z, torch.tensor(t), self.words.expand(len(z), -1, -1)).sample
        return output

    def _alpha(self, t: int) -> float:
        return float(self.alphas[t] if t >= 0 else self.scheduler.final_alpha_cumprod)

    def _before(self, t: int) -> int:
        return t - self.scheduler.config.num_train_timesteps // self.options.inversion_steps

    def _to(self, z: Tensor, noise: Tensor, here: float, there: float) -> Tensor:
        """DDIM, either way."""
        clean = (z - (1 - here) ** 0.5 * noise) / here**0.5
        return there**0.5 * clean + (1 - there) ** 0.5 * noise

    def _learn(self, source: Tensor, seed: int) -> None:
        """The identity LoRA (section 3.1)."""
        options = self.options
        targets = ["to_q", "to_k", "to_v", "to_out.0"]
        lora = LoraConfig(r=options.lora_rank, lora_alpha=options.lora_rank, target_modules=targets)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.unet.add_adapter(lora)
        weights = [weight for weight in self.unet.parameters() if weight.requires_grad]
        adam = torch.optim.AdamW(weights, lr=options.lora_rate, weight_decay=1e-2)
        chance = torch.Generator().manual_seed(seed)
        batch = source.expand(options.lora_batch, -1, -1, -1)
        for _ in range(options.lora_steps):
            noise = torch.randn(batch.shape, generator=chance).to(self.device)
            times = torch.randint(len(self.alphas), (len(batch),), generator=chance)
            alphas = self.alphas[times].float().view(-1, 1, 1, 1).to(self.device)
            noisy = alphas.sqrt() * batch + (1 - alphas).sqrt() * noise
            self.calls += 1
            found = self.unet(noisy, times.to(self.device), self.words.expand(len(batch), -1, -1)).sample
            functional.mse_loss(found, noise).backward()
            adam.step()
            adam.zero_grad()
        self.unet.requires_grad_(False)

    @torch.no_grad()
    def _inverted(self, source: Tensor) -> Tensor:
        """The noisy latent at times[0]."""
        z = source
        for t in reversed(self.times):
            z = self._to(z, self._noise(z, t), self._alpha(self._before(t)), self._alpha(t))
        return z

    def _features(self, z: Tensor, t: int, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """(1, C, H/2, W/2) features, and the noise ε."""
        noise = self._noise(z, t)
        return functional.interpolate(self.tapped, size, mode="bilinear", align_corners=False), noise

    def _optimised(
        self, noisy: Tensor, points: NDArray[np.float64], free: NDArray[np.bool_]
    ) -> tuple[Tensor, NDArray[np.float64], int]:
        """Motion supervision and point tracking (sections 3.2 and 3.3)."""
        options, t = self.options, self.times[0]
        size = free.shape[0] // 2, free.shape[1] // 2
        here, there = self._alpha(t), self._alpha(self._before(t))
        cells = cv2.resize(free.astype(np.float32), (noisy.shape[3], noisy.shape[2]), interpolation=cv2.INTER_NEAREST)
        held = 1 - torch.from_numpy(cells).to(self.device)
        with torch.no_grad():
            first, noise = self._features(noisy, t, size)
            kept = self._to(noisy, noise, here, there)
        handles, targets = points[:, 0] / 2 - 0.5, points[:, 1] / 2 - 0.5
        places = handles.copy()
        z = noisy.clone().requires_grad_()
        adam = torch.optim.Adam([z], lr=options.rate)
        for step in range(options.steps):
            features, noise = self._features(z, t, size)
            if step:
                for i in range(len(places)):
                    places[i] = self._tracked(features.detach(), first, handles[i], places[i])
            left = np.linalg.norm(targets - places, axis=1)
            if (left <= options.near).all():
                return z.detach(), places, step
            loss = options.keep * ((self._to(z, noise, here, there) - kept).abs() * held).sum()
            for i in range(len(places)):
                if left[i] <= options.near:
                    continue
                way = (targets[i] - places[i]) / left[i]
                old = _patch(features.detach(), places[i], options.reach)
                new = _patch(features, places[i] + way, options.reach)
                loss = loss + (2 * options.reach + 1) ** 2 * (old - new).abs().mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
        return z.detach(), places, options.steps

    def _tracked(
        self, features: Tensor, first: Tensor, handle: NDArray[np.float64], place: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Where around its last place the point looks most as it did in the beginning."""
        height, width = features.shape[2:]
        wanted = _patch(first, handle, 0)
        best, found = float("inf"), place
        for down in range(-self.options.search, self.options.search + 1):
            for across in range(-self.options.search, self.options.search + 1):
                candidate = place + np.array([across, down])
                if not (0 <= candidate[0] <= width - 1 and 0 <= candidate[1] <= height - 1):
                    continue
                difference = float((_patch(features, candidate, 0) - wanted).abs().sum())
                if difference < best:
                    best, found = difference, candidate
        return found

    @torch.no_grad()
    def _drawn(self, noisy: Tensor, edited: Tensor) -> Picture:
        """Original and edited side by side; the edited one attends to the original's keys and values (section 3.4)."""
        hooks = [
            layer.register_forward_hook(lambda _layer, _inputs, output: output[:1].expand_as(output))
            for layer in self._shared_layers()
        ]
        z = torch.cat([noisy, edited])
        for t in self.times:
            z = self._to(z, self._noise(z, t), self._alpha(t), self._alpha(self._before(t)))
        for hook in hooks:
            hook.remove()
        image = self.vae.decode(z[1:] / self.vae.config.scaling_factor).sample[0]
        values = ((image.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
        return np.ascontiguousarray(values.permute(1, 2, 0).cpu().numpy())

    def _shared_layers(self) -> list[Any]:
        """What makes keys and values in the self-attention of the two finest up blocks that have any."""
        blocks = [block for block in self.unet.up_blocks[-2:] if hasattr(block, "attentions")]
        transformers = [one for block in blocks for part in block.attentions for one in part.transformer_blocks]
        return [layer for one in transformers for layer in (one.attn1.to_k, one.attn1.to_v)]


def _patch(features: Tensor, place: NDArray[np.float64], reach: int) -> Tensor:
    """(1, C, 2·reach + 1, likewise) around a place (x, y) between cells, bilinear."""
    height, width = features.shape[2:]
    offsets = torch.arange(-reach, reach + 1, dtype=features.dtype, device=features.device)
    x = (place[0] + offsets) * 2 / (width - 1) - 1
    y = (place[1] + offsets) * 2 / (height - 1) - 1
    grid = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], dim=-1)[None]
    return functional.grid_sample(features, grid, mode="bilinear", padding_mode="border", align_corners=True)


def _lap(seconds: dict[str, float], name: str, start: float) -> float:
    now = perf_counter()
    seconds[name] = round(now - start, 3)
    return now
