"""The judge's network: a small U-shape over a picture, with answers for every pixel and for the whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from engine.studio.scene import COLOURS, GROUNDS, MATERIALS, SHAPES, SIZES, SKIES

KINDS = ("sky", "ground", "object", "scenery")
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "shape": SHAPES,
    "colour": tuple(COLOURS),
    "material": MATERIALS,
    "size": tuple(SIZES),
}
SCENERY = ("mountains", "trees")
LOOKS = sum(len(names) for names in ATTRIBUTES.values())
CELL = 4  # px a side: what one answer about looks and centres stands for
OFFSET_UNIT = 32.0  # px for which the network says 1


@dataclass(frozen=True)
class JudgeShape:
    """Channels at 1/2, 1/4, 1/8, 1/16 and 1/32 of the picture's side, and how many blocks on the way down."""

    channels: tuple[int, ...] = (16, 32, 64, 96, 96)
    blocks: tuple[int, ...] = (0, 1, 2, 2, 0)
    features: int = 64
    flaws: int = 5  # kinds of damage whose strength is told of the whole picture, see `degrade`


class Answers(NamedTuple):
    """What the network says of pictures (N, 3, H, W); logits where not said otherwise."""

    kinds: Tensor  # (N, 4, H, W), in the order of KINDS
    looks: Tensor  # (N, 26, H/4, W/4), the names of ATTRIBUTES one after another
    offsets: Tensor  # (N, 2, H/4, W/4), px / OFFSET_UNIT from a cell's middle to its object's centre, (x, y)
    features: Tensor  # (N, 64) of the whole picture, no logits
    ground: Tensor  # (N, 6)
    sky: Tensor  # (N, 4)
    scenery: Tensor  # (N, 2), each on its own
    contents: Tensor  # (N, 26), whether any object has this look, each on its own
    flaws: Tensor  # (N, flaws), strengths 0..1, no logits


class Block(nn.Module):
    """One convolution beside its input, normalised over channels: cheap where channels lie together in memory."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv.weight.data.mul_(0.5)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> the same."""
        normed = self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        result: Tensor = x + self.conv(F.silu(normed))
        return result


class JudgeNetwork(nn.Module):
    """Reads pictures whose sides are multiples of 32."""

    def __init__(self, shape: JudgeShape) -> None:
        super().__init__()
        widths, levels = shape.channels, range(1, len(shape.channels))
        self.stem = nn.Conv2d(3, widths[0], 4, stride=2, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(widths[i - 1], widths[i], 3, stride=2, padding=1) for i in levels)
        self.inward = nn.ModuleList(nn.Sequential(*map(Block, [widths[i]] * shape.blocks[i])) for i in levels)
        self.up = nn.ModuleList(nn.Conv2d(widths[i], widths[i - 1], 1) for i in levels if i > 1)
        self.outward = nn.ModuleList(Block(widths[i - 1]) for i in levels if i > 1)
        self.fine = nn.Conv2d(widths[1], 4 * widths[0], 1)
        self.edge = nn.Conv2d(widths[0], widths[0], 3, padding=1)
        self.kinds = nn.Conv2d(widths[0], 4 * len(KINDS), 1)
        self.places = nn.Conv2d(widths[1], LOOKS + 2, 1)
        pooled = 2 * widths[-1] + widths[1] + widths[2]
        self.norm = nn.LayerNorm(pooled)
        self.features = nn.Linear(pooled, shape.features)
        self.parts = (len(GROUNDS), len(SKIES), len(SCENERY), LOOKS, shape.flaws)
        self.whole = nn.Linear(shape.features, sum(self.parts))

    def forward(self, images: Tensor) -> Answers:
        """Answers about images (N, 3, H, W) in -1..1."""
        fine = F.silu(self.stem(images))
        seen, x = [], fine
        for down, blocks in zip(self.down, self.inward, strict=True):
            x = blocks(down(x))
            seen.append(x)
            x = F.silu(x)
        features = self._features(seen)
        x = seen[-1]
        for level in range(len(self.up) - 1, -1, -1):
            wider = F.interpolate(self.up[level](x), scale_factor=2.0, mode="nearest")
            x = self.outward[level](seen[level] + wider)
        x = F.silu(x)
        looks, offsets = self.places(x).float().split((LOOKS, 2), dim=1)
        fine = F.silu(self.edge(F.silu(fine + F.pixel_shuffle(self.fine(x), 2))))
        kinds = F.pixel_shuffle(self.kinds(fine), 2).float()
        return Answers(kinds, looks, offsets, features, *self.whole(F.silu(features)).float().split(self.parts, dim=1))

    def _features(self, seen: list[Tensor]) -> Tensor:
        """Means and strongest of the deepest level, and means of two fine ones."""
        deep = seen[-1].float()
        parts = [deep.mean((2, 3)), deep.amax((2, 3))]
        parts += [F.silu(level).float().mean((2, 3)) for level in seen[:2]]
        result: Tensor = self.features(self.norm(torch.cat(parts, dim=1))).float()
        return result
