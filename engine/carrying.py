"""A thing's latent cells taken to where its pixels are led, and the ground put where it stood.

Cells are taken whole: between two noisy cells there is no noisy cell, their mean has lost half of its noise. What is
left of the way, less than half a cell, is for motion supervision.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.masking import Mask
from engine.region import Picture
from engine.warp import Warp

_HALF = 0.5  # of a cell's pixels: what belongs to the thing by more than this is the thing's
_FLOW_RADIUS = 3  # working pixels from which the surroundings flow to where the thing stood


def carried(latent: Tensor, ground: Tensor, warp: Warp, factor: int) -> Tensor:
    """The latent of the picture in which the thing has been moved.

    Args:
        latent: (1, C, h, w), with the thing where it was.
        ground: (1, C, h, w), without it.
        warp: of the working picture.
        factor: working pixels per cell.
    """
    height, width = latent.shape[2:]
    moved = share(warp.moved, factor)
    away = [share(warp.map[..., axis] - resting, factor) for axis, resting in enumerate(_resting(warp.size))]
    rows, columns = np.mgrid[:height, :width]
    with np.errstate(invalid="ignore", divide="ignore"):
        across, down = (np.nan_to_num(each / moved) / factor for each in away)
    columns = np.clip(np.floor(columns + 0.5 + across), 0, width - 1).astype(np.int64)
    rows = np.clip(np.floor(rows + 0.5 + down), 0, height - 1).astype(np.int64)
    taken = latent[..., torch.from_numpy(rows), torch.from_numpy(columns)]
    return torch.where(torch.from_numpy(moved >= _HALF).to(latent.device), taken, ground)


def whole_cells(ways: NDArray[np.float64], factor: int) -> NDArray[np.float64]:
    """How far `carried` takes what is to go `ways` (n, 2), working pixels: whole cells."""
    return -np.floor(0.5 - ways / factor) * factor


def share(flags: NDArray[np.generic], factor: int) -> Mask:
    """(H, W) -> (H/f, W/f): the mean of each cell's pixels."""
    height, width = flags.shape
    blocks = flags.astype(np.float32).reshape(height // factor, factor, width // factor, factor)
    means: Mask = blocks.mean(axis=(1, 3))
    return means


def emptied(picture: Picture, thing: NDArray[np.bool_]) -> Picture:
    """The picture with its surroundings flowed to where the thing stands (Telea, 2004)."""
    eight_bit = np.rint(picture * 255).astype(np.uint8)
    flowed = cv2.inpaint(eight_bit, thing.astype(np.uint8), _FLOW_RADIUS, cv2.INPAINT_TELEA)
    return np.where(thing[..., None], flowed.astype(np.float32) / np.float32(255), picture)


def _resting(size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(x, y) of every pixel, as `Warp.map` counts them."""
    width, height = size
    columns, rows = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    return np.broadcast_to(columns, (height, width)), np.broadcast_to(rows[:, None], (height, width))
