"""A thing taken to where its pixels are led, the ground put where it stood: the picture that a drag starts from."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.grids import resting
from engine.masking import Mask
from engine.region import Picture, over
from engine.warp import Warp

_HALF = 0.5  # of a cell's pixels: what belongs to the thing by more than this is the thing's
_FLOW_RADIUS = 3  # working pixels from which the surroundings flow to where the thing stood


def carried(latent: Tensor, warp: Warp, factor: int) -> Tensor:
    """What the thing's cells hold, taken along in whole cells; elsewhere nothing.

    Args:
        latent: (1, C, h, w), a change that was made with the thing where it was.
        warp: of the working picture.
        factor: working pixels per cell.
    """
    height, width = latent.shape[2:]
    moved = share(warp.moved, factor)
    ways = warp.map - resting((0, 0, *warp.size))
    away = [share(ways[..., axis], factor) for axis in range(2)]
    rows, columns = np.mgrid[:height, :width]
    with np.errstate(invalid="ignore", divide="ignore"):
        across, down = (np.nan_to_num(each / moved) / factor for each in away)
    columns = np.clip(np.floor(columns + 0.5 + across), 0, width - 1).astype(np.int64)
    rows = np.clip(np.floor(rows + 0.5 + down), 0, height - 1).astype(np.int64)
    taken = latent[..., torch.from_numpy(rows), torch.from_numpy(columns)]
    return taken * torch.from_numpy(moved >= _HALF).to(taken)


def share(flags: NDArray[np.generic], factor: int) -> Mask:
    """(H, W) -> (H/f, W/f): the mean of each cell's pixels."""
    height, width = flags.shape
    blocks = flags.astype(np.float32).reshape(height // factor, factor, width // factor, factor)
    means: Mask = blocks.mean(axis=(1, 3))
    return means


def composed(picture: Picture, thing: NDArray[np.bool_] | None, warp: Warp) -> Picture:
    """The picture with the thing where it goes, and its surroundings flowed to where it was (Telea, 2004).

    Args:
        picture: (h, w, 3), the working picture.
        thing: (h, w) what shows it where it was, None = nothing is left behind.
    """
    ground = picture
    if thing is not None:
        eight_bit = np.rint(picture * 255).astype(np.uint8)
        flowed = cv2.inpaint(eight_bit, thing.astype(np.uint8), _FLOW_RADIUS, cv2.INPAINT_TELEA)
        ground = np.where(thing[..., None], flowed.astype(np.float32) / np.float32(255), picture)
    moved = cv2.remap(picture, warp.map, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    edge = cv2.blur(warp.moved.astype(np.float32), (3, 3)) * warp.moved
    return np.clip(over(ground, np.concatenate([moved, edge[..., None]], axis=2)), 0.0, 1.0)
