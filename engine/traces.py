"""The shadow and the mirror image that a thing leaves on the ground beside it. No torch."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.masking import Mask, blurred, distance_to
from engine.region import Picture

_FAR = 1.1  # how far traces are looked for, in sizes of the thing
_ABOVE = 0.5  # of the thing's height: no ground is looked for above it
_SMOOTH = 0.03  # of the thing's size: finer than this is the ground's own pattern
_LEAST = 0.035  # difference of colour, 0..1, from which a trace is seen
_SPREADS = 2.5  # times the ground's own spread, likewise
_DARKEST = 0.2  # of the ground's colour that a shadow leaves at least
_COLOURED = 0.3  # what a shadow takes more from one channel than from another, at most
_FOOT = 0.1  # of the thing's height: its foot, below which its mirror image lies
_RIM = 2.0  # working pixels of a trace's soft edge
_LITTLE = 1e-3  # of the neighbourhood: too little to go by
_SAMPLE = 16  # pixels of a row from which its ground is known


@dataclass(frozen=True, eq=False)
class Traces:
    """What of a thing is seen on the ground.

    Attributes:
        there: (h, w), how much of a trace, 0..1.
        change: (h, w, 3) what they do to the ground's colour; 0 where there is none.
    """

    there: Mask
    change: NDArray[np.float32]


def find(picture: Picture, thing: NDArray[np.bool_]) -> Traces:
    """The traces of a thing: what touches it from below and differs from the ground on its left and right.

    Args:
        picture: (h, w, 3), 0..1: the thing with its surroundings.
        thing: (h, w).
    """
    nothing = Traces(np.zeros(thing.shape, np.float32), np.zeros_like(picture))
    rows = np.flatnonzero(thing.any(1))
    if not len(rows):
        return nothing
    size = float(np.sqrt(np.count_nonzero(thing)))
    away = distance_to(thing)
    fine = max(_SMOOTH * size, 1.0)
    smooth = _smoothed(picture, away > _RIM, fine)
    near = (away <= _FAR * size) & ~thing
    near[: int(rows[0] + _ABOVE * (rows[-1] - rows[0]))] = False
    ground, spread = _ground(smooth, away > 3 * fine)
    change = smooth - ground
    threshold = np.maximum(_LEAST, _SPREADS * spread)
    differs = near & (np.abs(change).max(2) > threshold[:, None])
    differs &= _darkened(smooth, ground) | _below(thing)
    opened = cv2.morphologyEx(differs.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    touching = _touching(opened | thing, thing) & ~thing
    if not touching.any():
        return nothing
    there = blurred((distance_to(touching) <= _RIM).astype(np.float32), _RIM)
    return Traces(there, change * there[..., None])


def _darkened(smooth: Picture, ground: Picture) -> NDArray[np.bool_]:
    """(h, w), where the ground is only darker, as in a shadow: a neighbour has a colour of its own."""
    left = smooth / np.maximum(ground, _LITTLE)
    low, high = left.min(2), left.max(2)
    darkened: NDArray[np.bool_] = (low >= _DARKEST) & (high < 1) & (high - low <= _COLOURED)
    return darkened


def _below(thing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(h, w), the columns of a thing from its foot down: there its mirror image would be, of whatever colour."""
    rows, below = np.flatnonzero(thing.any(1)), np.zeros_like(thing)
    below[int(rows[-1] - _FOOT * (rows[-1] - rows[0])) :] = thing.any(0)
    return below


def _smoothed(picture: Picture, free: NDArray[np.bool_], sigma: float) -> Picture:
    """The picture without its finest detail, and with nothing of what is not free mixed in beside it."""
    weight = free.astype(np.float32)[..., None]
    total = cv2.GaussianBlur(picture * weight, (0, 0), sigma)
    share = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    return np.where(share > _LITTLE, total / np.maximum(share, _LITTLE), picture).astype(np.float32)


def _ground(smooth: Picture, free: NDArray[np.bool_]) -> tuple[Picture, NDArray[np.float32]]:
    """Colour (h, 1, 3) and spread (h,) of what lies in each row: their medians where the thing is not."""
    colour = np.zeros((len(smooth), 1, 3), np.float32)
    spread = np.ones(len(smooth), np.float32)
    for row, (line, seen) in enumerate(zip(smooth, free, strict=True)):
        if np.count_nonzero(seen) >= _SAMPLE:
            colour[row, 0] = np.median(line[seen], axis=0)
            spread[row] = np.median(np.abs(line[seen] - colour[row]), axis=0).max()
    return colour, spread


def _touching(marked: NDArray[np.bool_], thing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The connected parts of what is marked that the thing belongs to."""
    _, labels = cv2.connectedComponents(marked.astype(np.uint8))
    return np.isin(labels, np.unique(labels[thing])) & marked
