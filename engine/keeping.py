"""What of the old picture may stay around a new thing: wherever the new one shows about the same. No torch."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from engine.masking import Mask
from engine.region import Picture

_SAME, _OTHER = 0.10, 0.24  # mean difference of the channels, 0..1, up to which pixels are the same, from which not
_SMOOTH = 0.006  # of the picture's longer side: the blur under which grain does not count
_GAP = 0.03  # likewise: openings up to this in a thing are its own


def standing_out(picture: Picture, source: Picture, share: float) -> Mask:
    """(h, w), 0..1: where the new picture has to be shown, since the old one is different there.

    A network that fills a box paints ground around the thing, too, coarser than the ground was. The old one is better,
    and what is left is a layer of the thing and its shadow alone.

    Args:
        picture, source: (h, w, 3), the new and the old.
        share: how different something may be that stays; 0 = nothing stays, 1 = as different as is sensible.
    """
    if share <= 0:
        return np.ones(source.shape[:2], np.float32)
    longer = max(source.shape[:2])
    difference = np.abs(_smoothed(picture, longer) - _smoothed(source, longer)).max(axis=2)
    shown = np.clip((difference - _SAME * share) / ((_OTHER - _SAME) * share), 0, 1).astype(np.float32)
    side = 2 * max(1, round(_GAP * longer / 2)) + 1
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return cast(Mask, cv2.morphologyEx(shown, cv2.MORPH_CLOSE, ball))


def _smoothed(picture: Picture, longer: int) -> Picture:
    return cast(Picture, cv2.GaussianBlur(picture, (0, 0), max(0.5, _SMOOTH * longer)))
