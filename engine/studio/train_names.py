"""The exemplar model's image encoder, first: to name what exemplars show.

It learns this a hundred times faster by itself than through the noise's error of a UNet that it has to teach at the
same time; the exemplar training (engine/studio/train_exemplar.py) then starts from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from engine.exemplar import ExemplarEncoder
from engine.studio.data import to_tensor
from engine.studio.training import Recipe, Report, precision, step_generator

NAMES_RECIPE = Recipe(rate=1e-3, warmup=100, batch=64, average=0.995, weight_decay=0.02)
_TURN = 0.26  # radians an exemplar is turned at most, each way
_SCALE, _SHIFT = 0.15, 0.06  # how far it is scaled and moved at most, each way


def spread_places(count: int, generator: torch.Generator) -> Tensor:
    """How exemplars are turned, mirrored, scaled and moved: maps (N, 2, 3) for `affine_grid`."""
    turn, scale, x, y = (torch.rand(4, count, generator=generator) * 2 - 1).unbind()
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    cosine, sine = (_TURN * turn).cos(), (_TURN * turn).sin()
    scale = 1 + _SCALE * scale
    across = torch.stack([scale * cosine * mirror, -scale * sine, _SHIFT * x], dim=1)
    down = torch.stack([scale * sine * mirror, scale * cosine, _SHIFT * y], dim=1)
    return torch.stack([across, down], dim=1)


def upright(count: int) -> Tensor:
    """Maps that leave exemplars as they are."""
    return torch.eye(2, 3).expand(count, 2, 3)


def placed(exemplars: NDArray[np.uint8], places: Tensor, size: int, device: torch.device) -> Tensor:
    """Exemplars (N, side, side, 3), turned, moved and scaled, for the encoder: (N, 3, size, size) in -1..1.

    Args:
        places: (N, 2, 3), see `spread_places`.
    """
    images = to_tensor(np.array(exemplars), device)
    grid = F.affine_grid(places.to(device), [len(images), 3, size, size], align_corners=False)
    return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


class Namer(nn.Module):
    """Names kind, colour, … of an exemplar from its token."""

    def __init__(self, width: int, classes: list[int]) -> None:
        """`classes`: how many names each group has."""
        super().__init__()
        self.classes = classes
        self.layer = nn.Linear(width, sum(classes))

    def judged(self, tokens: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """How wrong exemplars are named.

        Args:
            tokens: (N, 1, width), what the encoder made of them.
            labels: (N, groups), the true names; -1 = does not apply.

        Returns:
            The cross-entropy summed over the groups, and (N, groups), whether each is right or does not apply.
        """
        loss, right = torch.zeros((), device=tokens.device), []
        answers = self.layer(tokens[:, 0].float()).split(self.classes, dim=1)
        for answer, label in zip(answers, labels.to(tokens.device).T, strict=True):
            known = label >= 0
            missed = F.cross_entropy(answer, label.clamp(min=0), reduction="none")
            loss = loss + (missed * known).sum() / known.sum().clamp(min=1)
            right.append((answer.argmax(1) == label) | ~known)
        return loss, torch.stack(right, dim=1)


def build_namer(encoder: ExemplarEncoder, classes: Sequence[int]) -> Namer:
    """What names the tokens of an encoder."""
    return Namer(int(encoder.config.projection_dim), list(classes))


class NamesStage:
    """Trains the encoder and the namer on the exemplars alone."""

    name = "names"

    def __init__(
        self,
        encoder: ExemplarEncoder,
        namer: Namer,
        exemplars: NDArray[np.uint8],
        labels: Tensor,
        held_back: int,
        device: torch.device,
    ) -> None:
        """
        Args:
            exemplars: (N, side, side, 3).
            labels: (N, groups).
            held_back: so many of the last are only looked at in the report.
        """
        self.encoder, self.namer = encoder.to(device), namer.to(device)
        self.exemplars, self.labels, self.held_back, self.device = exemplars, labels, held_back, device
        self.size = int(encoder.config.image_size)

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The encoder and the namer."""
        return {"image_encoder": self.encoder, "namer": self.namer}

    def notes(self) -> dict[str, Any]:
        """How many exemplars there are."""
        return {"exemplars": len(self.exemplars) - self.held_back}

    def loss(self, step: int, batch: int, share: slice) -> Tensor:
        """The cross-entropy of the names."""
        generator = step_generator(step, seed=1)
        rows = torch.randint(len(self.exemplars) - self.held_back, (batch,), generator=generator)[share]
        places = spread_places(batch, generator)[share]
        return self._judged(rows, places)[0]

    def _judged(self, rows: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        images = placed(self.exemplars[rows.numpy()], places, self.size, self.device)
        with precision(self.device):
            tokens = self.encoder(images)
        return self.namer.judged(tokens, self.labels[rows])

    @torch.no_grad()
    def report(self) -> Report:
        """The share of the exemplars held back that are named right, group by group."""
        if not self.held_back:
            return Report(Image.new("RGB", (1, 1)), {})
        rows = torch.arange(len(self.exemplars) - self.held_back, len(self.exemplars))
        right = self._judged(rows, upright(len(rows)))[1].float()
        figures = {f"group_{number}": float(share) for number, share in enumerate(right.mean(0))}
        return Report(Image.new("RGB", (1, 1)), figures | {"all": float(right.amin(1).mean())})
