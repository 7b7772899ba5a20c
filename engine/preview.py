"""Cheap pictures of a latent: one linear map from latent channels to colours, fitted once per autoencoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from weakref import WeakKeyDictionary

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.backbone import Backbone

_CARD = 32  # latent cells along the side of the picture that the map is fitted on


@dataclass(frozen=True, eq=False)
class LatentColours:
    """rgb = latent · weight + bias, for every cell on its own.

    Attributes:
        weight: (C, 3) float32 on the CPU.
        bias: (3,) float32; colours are 0..255 sRGB.
    """

    weight: Tensor
    bias: Tensor

    def picture(self, latent: Tensor) -> NDArray[np.uint8]:
        """(1, C, h, w) -> (h, w, 3) uint8 sRGB."""
        cells = latent[0].detach().float().cpu().permute(1, 2, 0)
        rgb = (cells @ self.weight + self.bias).nan_to_num(0.0).clamp(0.0, 255.0).round()
        return cast(NDArray[np.uint8], rgb.to(torch.uint8).numpy())


_FITTED: WeakKeyDictionary[Backbone, LatentColours] = WeakKeyDictionary()


def latent_colours(backbone: Backbone) -> LatentColours:
    """The backbone's map, fitted when it is first asked for (one encoder call)."""
    if backbone not in _FITTED:
        _FITTED[backbone] = fit(backbone)
    return _FITTED[backbone]


def fit(backbone: Backbone) -> LatentColours:
    """Least squares between the latent of a test card and the card's own colours, cell by cell."""
    card = colour_card(_CARD * backbone.factor)
    latent = backbone.encode(card)[0].cpu()  # (C, 32, 32)
    colours = functional.avg_pool2d(card, backbone.factor)[0]  # (3, 32, 32)
    cells = torch.cat([latent.flatten(1), torch.ones(1, latent[0].numel())]).T.double()
    targets = ((colours.flatten(1).T + 1) * 127.5).double()
    solution = torch.linalg.lstsq(cells, targets, driver="gelsd").solution.float()
    return LatentColours(solution[:-1].contiguous(), solution[-1].contiguous())


def colour_card(size: int) -> Tensor:
    """Soft patches of many colours, (1, 3, size, size) in [-1, 1], always the same."""
    generator = torch.Generator("cpu").manual_seed(0)
    card = torch.zeros(1, 3, size, size)
    for patches, weight in ((4, 1.0), (8, 0.7), (16, 0.4)):
        colours = torch.rand(1, 3, patches, patches, generator=generator) * 2 - 1
        card += weight * functional.interpolate(colours, size=(size, size), mode="bicubic", align_corners=False)
    return card.clamp(-1.0, 1.0)


def enlarged(cells: NDArray[np.uint8], times: int) -> NDArray[np.uint8]:
    """(h, w, 3) -> (h·times, w·times, 3), smoothly, so that the cells are not seen."""
    height, width = cells.shape[:2]
    return cast(NDArray[np.uint8], cv2.resize(cells, (width * times, height * times), interpolation=cv2.INTER_LINEAR))
