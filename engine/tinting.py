"""A thing in the colours of another, before any network has run: what a change of looks begins from. No torch.

Colour transfer by moments (Reinhard et al., IEEE CG&A 2001) in CIELAB: the thing gets the other's mean colour and its
spread of colours, while light and shade, which say what shape it has, stay its own around the new brightness.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from engine.masking import Mask
from engine.region import Picture

_LIGHT = 0.7, 1.4  # how much less or more contrast of light and shade
_COLOUR = 0.5, 2.0  # likewise of colours
_NOTHING = 1e-4


def tinted(picture: Picture, thing: Mask, other: Picture, there: Mask) -> Picture:
    """The picture (h, w, 3) with its thing in the colours of a part of another one.

    Args:
        thing: (h, w), 0..1, what is tinted.
        other: (h', w', 3).
        there: (h', w'), 0..1, the part of it.
    """
    own, wanted = (cast(Picture, cv2.cvtColor(each, cv2.COLOR_RGB2Lab)) for each in (picture, other))
    (mean, spread), (goal, wide) = (_moments(*each) for each in ((own, thing), (wanted, there)))
    low, high = (np.array([light, colour, colour]) for light, colour in zip(_LIGHT, _COLOUR, strict=True))
    lab = ((own - mean) * np.clip((wide + 1) / (spread + 1), low, high) + goal).astype(np.float32)
    lab[..., 0] = np.clip(lab[..., 0], 0, 100)
    new = np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0, 1)
    return cast(Picture, (picture + thing[..., None] * (new - picture)).astype(np.float32))


def _moments(lab: Picture, where: Mask) -> tuple[Picture, Picture]:
    """(mean, standard deviation), three numbers each."""
    weight = where[..., None] / max(float(where.sum()), _NOTHING)
    mean = (lab * weight).sum((0, 1))
    return mean, np.sqrt((np.square(lab - mean) * weight).sum((0, 1)))
