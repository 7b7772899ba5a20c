"""A side task that makes the base model learn faster: to say what lies in each cell of what it is looking at.

Nearly all of the noise's error is grounds and skies, so what an object is comes late. Asked for it directly, the UNet's
inner features learn it early, and the rest builds on them (as representation alignment does with the features of a
foundation model: Yu et al., ICLR 2025; here the renderer knows the truth). The side task's layer is not exported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers import UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor, nn

SLOTS = (0, 1, 2, 3, 4, 255)  # the ids of `render`: sky, ground, three objects, scenery
OBJECTS = slice(2, 5)  # the slots of objects
OBJECT_WEIGHT = 6.0  # added to a cell's weight of 1 where objects cover it, a tenth of the picture
_BATCH = 64


@dataclass(frozen=True, eq=False)
class Hints:
    """What lies where in pictures.

    Attributes:
        cover: (2 N, slots, side, side) uint8, 255ths of each cell; rows plain (even) and mirrored (odd).
        labels: (N, slots, groups) int64, what each slot is; -1 = the group does not apply.
        classes: how many classes each group has.
    """

    cover: Tensor
    labels: Tensor
    classes: tuple[int, ...]

    def labels_of(self, scenes: NDArray[np.int32], objects: NDArray[np.int32]) -> Tensor:
        """What objects (N,) of scenes (N,) are, (N, groups)."""
        rows: Tensor = self.labels[scenes.tolist(), [SLOTS.index(2) + index for index in objects.tolist()]]
        return rows

    def targets(self, rows: Sequence[int]) -> list[Tensor]:
        """For each group, the share (B, classes, side, side) of each cell that each class covers."""
        cover = self.cover[rows].float() / 255
        labels = self.labels[[row // 2 for row in rows]]
        found = []
        for group, count in enumerate(self.classes):
            of_class = F.one_hot(labels[..., group] + 1, count + 1)[..., 1:].float()  # (B, slots, classes)
            found.append(torch.einsum("bshw,bsc->bchw", cover, of_class))
        return found

    def profiles(self, rows: Sequence[int]) -> Tensor:
        """For each column of cells, 1 where an object covers at least half a cell of it, else 0, (B, side)."""
        covered = self.cover[rows][:, OBJECTS].amax(dim=(1, 2))
        return (covered >= 128).float()


def hints(ids: NDArray[np.uint8], labels: NDArray[np.int64], classes: tuple[int, ...], side: int) -> Hints:
    """Hints for pictures whose ids (N, H, W) and labels (N, slots, groups) are known."""
    cover = torch.empty(len(ids), 2, len(SLOTS), side, side, dtype=torch.uint8)
    for first in range(0, len(ids), _BATCH):
        part = np.array(ids[first : first + _BATCH])
        masks = torch.from_numpy(np.stack([part == ident for ident in SLOTS], axis=1)).float()
        pooled = (F.adaptive_avg_pool2d(masks, side) * 255).round().to(torch.uint8)
        cover[first : first + _BATCH] = torch.stack([pooled, pooled.flip(-1)], dim=1)
    return Hints(cover.flatten(0, 1), torch.from_numpy(labels), classes)


def read_side(unet: UNet2DConditionModel) -> int:
    """How many cells a side the output of a UNet's first up block has at its native size."""
    side: int = unet.config["sample_size"] >> max(len(unet.config["block_out_channels"]) - 2, 0)
    return side


class _Layer(nn.Module):
    """A linear layer that answers something in each cell of a UNet's first up block."""

    def __init__(self, unet: UNet2DConditionModel, answers: int) -> None:
        super().__init__()
        self.layer = nn.Conv2d(unet.config["block_out_channels"][-1], answers, 1)
        self._seen: Tensor | None = None
        unet.up_blocks[0].register_forward_hook(self._see)

    def _see(self, _block: nn.Module, _inputs: object, output: Tensor) -> None:
        self._seen = output

    def answers(self) -> Tensor:
        """What the layer says of the UNet's last run, once, (B, answers, side, side)."""
        assert self._seen is not None, "the UNet has not run"
        seen, self._seen = self._seen, None
        said: Tensor = self.layer(seen.float())
        return said


class Reader(_Layer):
    """Says what lies in each cell."""

    def __init__(self, unet: UNet2DConditionModel, classes: tuple[int, ...]) -> None:
        super().__init__(unet, sum(classes))
        self.classes = classes

    def loss(self, targets: Sequence[Tensor]) -> Tensor:
        """Mean cross-entropy of the cells that the targets cover, after the UNet has run.

        Every noise level counts alike: at the highest ones nothing but the text says what will be there, and so the
        UNet learns to ask it.

        Args:
            targets: see `Hints.targets`; the first group tells all cells, the second only those of objects.
        """
        answers = torch.split(self.answers(), list(self.classes), dim=1)
        total = torch.zeros((), device=answers[0].device)
        on_object = targets[1].sum(1, keepdim=True) if len(targets) > 1 else 0.0
        for answer, target in zip(answers, targets, strict=True):
            weighted = target * (1 + OBJECT_WEIGHT * on_object)
            total = total - (weighted * answer.log_softmax(1)).sum() / weighted.sum().clamp_min(1.0)
        return total


class Overview(_Layer):
    """Says in every cell in which columns of the picture objects stand.

    A cell alone cannot know that: it has to ask all others, and so the UNet learns that one ball asked for is one ball,
    wherever the noise would allow it.
    """

    def __init__(self, unet: UNet2DConditionModel) -> None:
        super().__init__(unet, read_side(unet))

    def loss(self, profiles: Tensor) -> Tensor:
        """Mean cross-entropy of all cells' answers, after the UNet has run.

        Args:
            profiles: (B, columns), see `Hints.profiles`.
        """
        answers = self.answers()
        return F.binary_cross_entropy_with_logits(answers, profiles[:, :, None, None].expand_as(answers))
