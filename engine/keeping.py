"""What of the old picture may stay around a new thing: wherever the new one shows about the same. No torch."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from engine.masking import Mask
from engine.region import Picture

_SAME, _OTHER = 0.10, 0.24  # largest difference of a channel, 0..1, up to which pixels are the same, from which not
_LOOKED_AT = 512  # pixels of the longer side at which two pictures are compared
_SMOOTH = 3.0  # pixels of those: the blur under which grain does not count
_GAP = 17  # pixels of those: openings up to this in a thing are its own
_FAINT = 0.5 / 255  # below half a step of an 8-bit mask is nothing


def standing_out(picture: Picture, source: Picture, share: float) -> Mask:
    """(h, w), 0..1: where the new picture has to be shown, since the old one is different there.

    A network that fills a box paints ground around the thing, too, coarser than the ground was. The old one is better,
    and what is left is a layer of the thing and its shadow alone.

    Args:
        picture, source: (h, w, 3), 0..1, the new and the old.
        share: how different something may be that stays; 0 = nothing stays, 1 = as different as is sensible.
    """
    height, width = source.shape[:2]
    if share <= 0:
        return np.ones((height, width), np.float32)
    new, old = (_seen(each) for each in (picture, source))
    difference = np.abs(new - old).max(axis=2)
    shown = np.clip((difference - _SAME * share) / ((_OTHER - _SAME) * share), 0, 1).astype(np.float32)
    gap = max(3, round(_GAP * max(shown.shape) / _LOOKED_AT) | 1)
    shown = cv2.morphologyEx(shown, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (gap, gap)))
    whole = cast(Mask, cv2.resize(shown, (width, height), interpolation=cv2.INTER_LINEAR))
    whole[whole < _FAINT] = 0.0
    return whole


def _seen(picture: Picture) -> Picture:
    """The picture without its grain, at a size at which it is compared."""
    scale = min(1.0, _LOOKED_AT / max(picture.shape[:2]))
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    smaller = picture if scale == 1.0 else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return cast(Picture, cv2.GaussianBlur(smaller, (0, 0), max(0.5, _SMOOTH * max(size) / _LOOKED_AT)))
