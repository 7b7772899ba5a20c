"""Small pictures and masks, and ways to watch a run, for the tests of every method."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.backbone import Backbone
from engine.request import EditResult, Pixels

SIZE = 64


def photo(width: int = SIZE, height: int = SIZE, dtype: Any = np.uint8) -> Pixels:
    rows, columns = np.mgrid[:height, :width]
    waves = [0.5 + 0.4 * np.sin(columns / (5 + channel) + rows / 9) for channel in range(3)]
    pixels: Pixels = (np.stack(waves, axis=2) * np.iinfo(dtype).max).astype(dtype)
    return pixels


def square(side: int = SIZE, low: int = 24, high: int = 40, value: int = 255) -> NDArray[np.uint8]:
    mask = np.zeros((side, side), np.uint8)
    mask[low:high, low:high] = value
    return mask


def pasted(result: EditResult) -> Pixels:
    """The picture with the patch over it."""
    picture = result.recipe.image.copy()
    x, y = result.origin
    height, width = result.alpha.shape
    full = np.iinfo(picture.dtype).max
    alpha = result.alpha[..., None].astype(np.float64) / full
    old = picture[y : y + height, x : x + width]
    picture[y : y + height, x : x + width] = np.rint(old * (1 - alpha) + result.patch * alpha).astype(picture.dtype)
    return picture


def same(first: EditResult, second: EditResult) -> bool:
    return np.array_equal(first.patch, second.patch) and np.array_equal(first.alpha, second.alpha)


def state_of(backbone: Backbone) -> list[Any]:
    """Everything that a run could leave behind on the networks."""
    networks: list[nn.Module] = [backbone.unet, backbone.vae, backbone.reader.encoder]
    found: list[Any] = [torch.is_grad_enabled(), torch.is_inference_mode_enabled()]
    for network in networks:
        for name, module in network.named_modules():
            hooks = len(module._forward_hooks), len(module._forward_pre_hooks), len(module._backward_hooks)
            layers = [(key, id(layer)) for key, layer in module._modules.items()]  # of the same type, but exchanged
            found.append((name, type(module), module.training, hooks, id(getattr(module, "processor", None)), layers))
        found += [(weight.data_ptr(), weight._version, weight.requires_grad) for weight in network.parameters()]
    return found


class Spy:
    """Sees every latent that goes into the network and into the decoder."""

    def __init__(self, backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[tuple[int, Tensor]] = []
        self.decoded: list[Tensor] = []
        predict, decode = backbone.predict, backbone.decode

        def watched(z: Tensor, t: int, *rest: Any, **named: Any) -> Tensor:
            self.seen.append((t, z.clone()))
            return predict(z, t, *rest, **named)

        def kept(z: Tensor) -> Tensor:
            self.decoded.append(z.clone())
            return decode(z)

        monkeypatch.setattr(backbone, "predict", watched)
        monkeypatch.setattr(backbone, "decode", kept)
