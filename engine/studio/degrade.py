"""Damage to rendered pictures, so that the judge learns to read generated ones, and to say when it cannot.

A generated picture is softer than a render, its colours are a little off, its edges wobble; at worst an object is a
blob. Slight damage leaves what is true of an object as it is; damage that hides its shape makes the shape unknown.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from PIL import Image, ImageFilter

FLAWS = ("blur", "noise", "compression", "warp", "round trip")
OBJECT_IDS = range(2, 5)  # of at most three objects
_WARP_KEPT, _WARP_LOST = 0.035, 0.09  # of an object's diameter: shape kept below, lost above
_BLUR_KEPT, _BLUR_LOST = 0.055, 0.13  # likewise, of the blur's deviation


@dataclass
class Example:
    """One picture on its way into a batch; every step works on a copy of its arrays."""

    picture: NDArray[np.uint8]  # (H, W, 3)
    ids: NDArray[np.uint8]  # (H, W), as in Rendered
    lost: NDArray[np.float32] = field(default_factory=lambda: np.zeros(len(OBJECT_IDS), np.float32))
    """How far the shape of each object cannot be known any more, 0..1."""
    flaws: NDArray[np.float32] = field(default_factory=lambda: np.zeros(len(FLAWS), np.float32))
    """Strength 0..1 of each of FLAWS."""


def degrade(example: Example, rng: np.random.Generator) -> None:
    """Damage an example in place, as a draw decides: one in four stays as it is."""
    if rng.random() < 0.25:
        return
    if rng.random() < 0.06:
        erase(example, rng)
    if rng.random() < 0.4:
        warp(example, rng, wreck=rng.random() < 0.35)
    if rng.random() < 0.6:
        tint(example, rng)
    if rng.random() < 0.35:
        add_noise(example, rng)
    if rng.random() < 0.45:
        blur(example, float(rng.uniform(2.5, 6.0) if rng.random() < 0.12 else rng.uniform(0.3, 1.7)))
    if rng.random() < 0.25:
        compress(example, int(rng.integers(25, 90)))


def diameters(ids: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Of discs as large as the objects, px; 0 where there is none."""
    return np.array([2 * np.sqrt(np.count_nonzero(ids == i) / np.pi) for i in OBJECT_IDS], np.float32)


def _between(value: float, low: float, high: float) -> float:
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))


def erase(example: Example, rng: np.random.Generator) -> None:
    """Put what lies beside it over one object; its shadow stays, which alone is no object."""
    present = [i for i in OBJECT_IDS if (example.ids == i).any()]
    if not present:
        return
    chosen = present[int(rng.integers(len(present)))]
    hole = example.ids == chosen
    for _ in range(2):  # the object's antialiased rim, too
        grown = hole.copy()
        grown[1:] |= hole[:-1]
        grown[:-1] |= hole[1:]
        grown[:, 1:] |= hole[:, :-1]
        grown[:, :-1] |= hole[:, 1:]
        hole = grown
    for _ in range(8):
        shift = int(rng.integers(example.ids.shape[1] // 10, example.ids.shape[1] * 9 // 10))
        ids = np.roll(example.ids, shift, axis=1)
        if not np.isin(ids[hole], OBJECT_IDS).any():
            picture = np.roll(example.picture, shift, axis=1)
            example.picture = np.where(hole[..., None], picture, example.picture)
            example.ids = np.where(hole, ids, example.ids)
            return


def warp(example: Example, rng: np.random.Generator, wreck: bool) -> None:
    """Wobble, shift and zoom the picture a little; a wreck bends one object until its shape is gone."""
    size, sizes = example.ids.shape[0], diameters(example.ids)
    spacing = float(rng.uniform(14, 48))
    reach = spacing * float(rng.uniform(0.0, 0.05))  # deviation of the nodes' moves, px
    if wreck and sizes.any():
        diameter = float(rng.choice(sizes[sizes > 0]))
        spacing, reach = diameter * float(rng.uniform(0.28, 0.6)), diameter * float(rng.uniform(0.1, 0.3))
    nodes = int(np.ceil(size / spacing)) + 1
    moves = rng.normal(0, reach, (1, 2, nodes, nodes)).astype(np.float32)
    bend = F.interpolate(torch.from_numpy(moves), size=(size, size), mode="bicubic", align_corners=True)[0]
    for index, value in enumerate(OBJECT_IDS):
        inside = torch.from_numpy(example.ids == value)
        if sizes[index] > 0:
            bent = float(bend[:, inside].std(dim=1, correction=0).mean()) / sizes[index]
            example.lost[index] = max(example.lost[index], _between(bent, _WARP_KEPT, _WARP_LOST))
    zoom, (dx, dy) = float(rng.uniform(0.95, 1.05)), rng.uniform(-6, 6, 2)
    line = (torch.arange(size, dtype=torch.float32) - (size - 1) / 2) * zoom
    x, y = line[None, :] + bend[0] + float(dx), line[:, None] + bend[1] + float(dy)
    grid = torch.stack([x, y], dim=-1)[None] / (size / 2)
    image = torch.from_numpy(np.array(example.picture)).permute(2, 0, 1)[None].float()
    moved = F.grid_sample(image, grid, mode="bilinear", padding_mode="border", align_corners=False)
    example.picture = moved[0].round().clamp(0, 255).to(torch.uint8).permute(1, 2, 0).numpy()
    rows = (y + (size - 1) / 2).round().clamp(0, size - 1).long().numpy()
    columns = (x + (size - 1) / 2).round().clamp(0, size - 1).long().numpy()
    example.ids = example.ids[rows, columns]
    example.flaws[FLAWS.index("warp")] = _between(reach, 0.0, 6.0)


def tint(example: Example, rng: np.random.Generator) -> None:
    """Another white balance, exposure, contrast and saturation, none so far that a colour gets another name."""
    gains, gamma = rng.uniform(0.94, 1.06, 3) * rng.uniform(0.92, 1.06), rng.uniform(0.9, 1.12)
    levels = np.linspace(0, 1, 256)[:, None] ** gamma * gains * 255
    picture = np.stack([levels[:, c][example.picture[..., c]] for c in range(3)], axis=-1).astype(np.float32)
    grey = picture.mean(axis=-1, keepdims=True)
    picture = grey + (picture - grey) * np.float32(rng.uniform(0.82, 1.12))
    example.picture = np.clip(picture, 0, 255).round().astype(np.uint8)


def add_noise(example: Example, rng: np.random.Generator) -> None:
    """Grain, and blotches of colour several pixels wide."""
    height, width = example.ids.shape
    grain, blotch, cell = float(rng.uniform(0, 7)), float(rng.uniform(0, 9)), int(rng.choice((4, 8, 16)))
    spots = rng.normal(0, blotch, (1, 3, height // cell, width // cell)).astype(np.float32)
    soft = F.interpolate(torch.from_numpy(spots), size=(height, width), mode="bilinear")[0].permute(1, 2, 0).numpy()
    noise = soft + grain * rng.standard_normal((height, width, 3), np.float32)
    example.picture = np.clip(example.picture + noise, 0, 255).round().astype(np.uint8)
    example.flaws[FLAWS.index("noise")] = (grain + blotch) / 16


def blur(example: Example, deviation: float) -> None:
    """A Gaussian of so many px."""
    soft = Image.fromarray(np.ascontiguousarray(example.picture)).filter(ImageFilter.GaussianBlur(deviation))
    example.picture = np.asarray(soft)
    for index, diameter in enumerate(diameters(example.ids)):
        if diameter > 0:
            lost = _between(deviation / float(diameter), _BLUR_KEPT, _BLUR_LOST)
            example.lost[index] = max(example.lost[index], lost)
    example.flaws[FLAWS.index("blur")] = _between(deviation, 0.0, 3.0)


def compress(example: Example, quality: int) -> None:
    """Through a JPEG file of this quality, 1..95."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(example.picture)).save(file, "JPEG", quality=quality)
    example.picture = np.asarray(Image.open(file).convert("RGB"))
    example.flaws[FLAWS.index("compression")] = 1 - quality / 100
