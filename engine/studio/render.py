"""Pictures of scenes: one ray a pixel, more where neighbours differ."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engine.studio.scene import FOCAL, Scene
from engine.studio.shade import shade
from engine.studio.stage import Rays, Stage, build, per_ray

_BATCH = {"cpu": 1, "cuda": 32}  # scenes traced together: what fits the cache, what fills the card
_EXTRA = ((-0.35, -0.12), (0.12, -0.35), (0.35, 0.12), (-0.12, 0.35))  # px from the centre
_CONTRAST = 24 / 255  # neighbours that differ by more are traced again


@dataclass(frozen=True)
class Rendered:
    """Pictures of N scenes."""

    images: np.ndarray  # (N, size, size, 3) uint8, sRGB
    ids: np.ndarray  # (N, size, size) uint8: 0 sky, 1 ground, 2 + i object i, 255 trees and mountains


def picture_rays(stage: Stage, scene: Tensor, x: Tensor, y: Tensor, size: int) -> Rays:
    """Rays through picture points (R,) given in px."""
    width = FOCAL * size * per_ray(stage.zoom, scene)
    across, down = (x - size / 2) / width, (y - size / 2) / width
    right, up, forward = per_ray(stage.axes, scene)
    direction = forward + right * across - up * down
    return Rays(per_ray(stage.eye, scene).expand_as(direction), direction / direction.norm(dim=0), scene)


def _display(light: Tensor) -> Tensor:
    """Linear light to sRGB 0..1: a soft shoulder, so that highlights do not clip."""
    light = light.clamp_min(0.0)
    knee = 0.62
    over = (light - knee).clamp_min(0.0)
    light = torch.minimum(light, torch.full_like(light, knee)) + (1 - knee) * over / (over + 1 - knee)
    return light ** (1 / 2.2)


def _edges(picture: Tensor, ids: Tensor) -> Tensor:
    """Pixels (N, H, W) that differ from a neighbour. picture: (N, H, W, 3)."""
    marked = torch.zeros_like(ids, dtype=torch.bool)
    for dim in (1, 2):
        length = ids.shape[dim] - 1
        contrast = (picture.narrow(dim, 1, length) - picture.narrow(dim, 0, length)).abs().amax(-1) > _CONTRAST
        differ = contrast | (ids.narrow(dim, 1, length) != ids.narrow(dim, 0, length))
        marked.narrow(dim, 1, length).logical_or_(differ)
        marked.narrow(dim, 0, length).logical_or_(differ)
    return marked


@torch.inference_mode()
def render_batch(scenes: Sequence[Scene], size: int, device: torch.device) -> tuple[np.ndarray, np.ndarray]:
    """Scenes traced together: images (N, size, size, 3) and ids (N, size, size), as in Rendered."""
    stage = build(scenes, device)
    spread = torch.tensor(1 / (FOCAL * size), device=device)
    grid = torch.arange(len(scenes) * size * size, device=device)
    scene, x, y = grid // (size * size), grid % size + 0.5, grid // size % size + 0.5
    light, ids = shade(stage, picture_rays(stage, scene, x, y, size), spread)
    picture = _display(light)
    ids = ids.reshape(-1, size, size)
    marked = _edges(picture.T.reshape(-1, size, size, 3), ids).reshape(-1).nonzero().squeeze(1)
    offsets = torch.tensor(_EXTRA, device=device)
    many = marked.repeat_interleave(len(_EXTRA))
    dx, dy = offsets.repeat(len(marked), 1).T
    light, _ = shade(stage, picture_rays(stage, scene[many], x[many] + dx, y[many] + dy, size), spread)
    finer = _display(light).reshape(3, -1, len(_EXTRA)).sum(2)
    picture[:, marked] = (picture[:, marked] + finer) / (len(_EXTRA) + 1)
    image = (picture.T.reshape(-1, size, size, 3) * 255).round().clamp(0, 255).to(torch.uint8)
    return image.cpu().numpy(), ids.cpu().numpy()


def _one_core() -> None:
    """Scenes side by side are faster than the operations of one scene side by side."""
    torch.set_num_threads(1)


def render(scenes: Sequence[Scene], size: int = 256, device: str = "cpu") -> Rendered:
    """Render scenes as size x size pictures with per-pixel object ids."""
    place = torch.device(device)
    step = _BATCH.get(place.type, 1)
    batches = [scenes[start : start + step] for start in range(0, len(scenes), step)]
    workers = min(len(batches), os.cpu_count() or 1) if place.type == "cpu" else 1
    with ThreadPoolExecutor(workers, initializer=_one_core) as pool:
        done = list(pool.map(lambda batch: render_batch(batch, size, place), batches))
    return Rendered(np.concatenate([b[0] for b in done]), np.concatenate([b[1] for b in done]))
