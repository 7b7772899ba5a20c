"""The fine detail of a carried thing, given back after a network has painted it: its pixels are known. No torch.

A network that harmonises a thing through an autoencoder changes its tones, which is wanted, and softens it, which is
not. So the tones are the network's and the detail is the thing's: what differs between the two pictures is blurred,
separately on the thing and beside it, and added to the carried picture. Where they still differ after that the network
has drawn something else there, and what it has drawn stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine import placing, region
from engine.masking import Mask, distance_to
from engine.placing import Matrix
from engine.points import Points
from engine.region import Picture
from engine.relocation import Relocation
from engine.request import Pixels
from engine.warp import belongs, warp, warped
from engine.workpiece import Workpiece

_TONES = 8.0  # working pixels (sigma): what is coarser is tone, what is finer is detail
_UNLIKE = 0.25, 0.5  # difference that is left when the tones agree: below it is the same thing, above another one
_SHIFT = 0.03  # of the range: how far the tones of a thing that is surely there may go
_RIM = 2.0  # px: the soft edge of a thing, which its mask cuts through; outside it is left behind, inside it fades in
_HALF = 0.5  # of a mask
_NOTHING = 1e-4


@dataclass(frozen=True, eq=False)
class Sharp:
    """A crop as it would be if nothing had to be harmonised.

    Attributes:
        picture: (h, w, 3), the thing over what was there before.
        thing: (h, w), 0..1, where it is.
        known: (h, w), 0..1, where the picture can be trusted: not where the thing was.
    """

    picture: Picture
    thing: Mask
    known: Mask


def carried(piece: Workpiece, place: Relocation, example: Pixels | None) -> Sharp:
    """The thing where it shall be, in pixels of the crop.

    Args:
        example: (h, w, 4), what is brought in; None where the thing is the picture's own.
    """
    x, y, width, height = piece.region.box
    into: Matrix = np.array([[1.0, 0.0, -x], [0.0, 1.0, -y]])
    matrix = placing.after(place.matrix, into)
    if example is not None:
        layer = region.as_float(example)
        pixels, own = layer[..., :3], layer[..., 3]
        gone = np.zeros((height, width), bool)
    else:
        matrix = placing.after(placing.back(into), matrix)
        old = place.old[piece.region.slices]
        pixels, own = piece.source, np.clip((distance_to(old < 128) - _HALF) / _RIM, 0, 1).astype(np.float32)
        gone = distance_to(old > 0) <= _RIM
    moved = placing.carried(np.dstack([pixels * own[..., None], own]), matrix, (width, height))
    thing = moved[..., 3]
    picture = piece.source * (1 - thing[..., None]) + moved[..., :3]
    return Sharp(picture, thing, np.where(gone, thing, np.float32(1)))


def dragged(piece: Workpiece, mask: NDArray[np.uint8], points: Points) -> Sharp:
    """The thing where drag points lead it, in pixels of the crop.

    Args:
        mask: (H, W) of the whole picture, the thing.
        points: where its handles are and where they came to.
    """
    own = mask[piece.region.slices]
    found = warp(points - np.array(piece.region.box[:2], float), own, (own.shape[1], own.shape[0]))
    soft = np.clip((distance_to(~belongs(own)) - _HALF) / _RIM, 0, 1).astype(np.float32)
    layer = warped(np.dstack([piece.source * soft[..., None], soft]), found) * found.moved[..., None]
    thing = np.clip(layer[..., 3], 0, 1)
    picture = np.clip(piece.source * (1 - thing[..., None]) + layer[..., :3], 0, 1)
    gone = distance_to(own > 0) <= _RIM
    return Sharp(picture, thing, np.where(gone, thing, np.float32(1)))


def given_back(painted: Picture, sharp: Sharp, share: float, scale: float, sure: bool = False) -> Picture:
    """The painted picture (h, w, 3) with the detail of the sharp one.

    Args:
        share: of the detail, 0..1.
        scale: working pixels per pixel of these pictures.
        sure: the thing is there, whatever the network has drawn: its tones may be shifted a little, no more.
    """
    sigma = _TONES / scale
    thing, known = sharp.thing, sharp.known
    difference = painted - sharp.picture
    inside, outside = (_tones(difference, part, sigma) for part in (thing, (1 - thing) * known))
    if sure:
        inside = np.clip(inside, -_SHIFT, _SHIFT)
    toned = sharp.picture + outside + thing[..., None] * (inside - outside)
    unlike = cv2.GaussianBlur(np.abs(painted - toned).max(axis=2), (0, 0), sigma)
    low, high = _UNLIKE
    alike = np.clip((high - unlike) / (high - low), 0, 1)
    trusted = share * known * (np.maximum(alike, thing) if sure else alike)
    return cast(Picture, np.clip(painted + trusted[..., None] * (toned - painted), 0, 1).astype(np.float32))


def _tones(difference: NDArray[np.float32], part: Mask, sigma: float) -> NDArray[np.float32]:
    """What a difference (h, w, 3) is coarsely inside a part, carried on beyond it, without what is beside it."""
    weight = part[..., None]
    mean = (difference * weight).sum((0, 1)) / max(float(part.sum()), _NOTHING)
    near = cv2.GaussianBlur(difference * weight, (0, 0), sigma)
    return np.asarray(
        (near + _NOTHING * mean) / (cv2.GaussianBlur(part, (0, 0), sigma)[..., None] + _NOTHING), np.float32
    )
