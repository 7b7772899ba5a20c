"""The second picture of an edit: how large it may be, and what of it a network is shown. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import BadRequest
from engine.region import Box, bounds
from engine.request import Pixels

MOST_PIXELS = 2**24  # 16 megapixels, as of 4096 × 4096; far more than any model draws
LONGEST_SIDE = 32766  # pixels; OpenCV carries no picture with a longer one
_LARGEST_SHOWN = 512  # pixels a side; encoders read 224 or less
_GROUND = 0.63  # the grey, 0..1, that stands around what is marked: light enough for shadows, neutral


@dataclass(frozen=True)
class Framing:
    """How an example is shown to an encoder.

    Attributes:
        margin: room on each side of what is marked, as a part of its longer side; an example that is marked all over
            brings its own.
        turn: degrees clockwise, as it is seen.
        mirrored: left is right.
    """

    margin: float = 0.2
    turn: float = 0.0
    mirrored: bool = False


def fits(width: int, height: int) -> bool:
    """Whether an example may have this size, pixels."""
    return width * height <= MOST_PIXELS and max(width, height) <= LONGEST_SIDE


def check_exemplar(exemplar: Any) -> None:
    """Raise BadRequest unless it is (h, w, 4) uint8 or uint16, of a size that fits, and something of it is opaque."""
    if exemplar.ndim != 3 or exemplar.shape[2] != 4 or exemplar.dtype not in (np.uint8, np.uint16):
        raise BadRequest("The example must be a picture with colour and alpha. Choose it again.")
    height, width = exemplar.shape[:2]
    if not fits(width, height):
        raise BadRequest(
            f"The example has {width} × {height} pixels; it can have up to {MOST_PIXELS // 2**20} megapixels and "
            f"{LONGEST_SIDE} pixels on a side. Make it smaller, or cut out the part that is wanted."
        )
    if not exemplar[..., 3].any():
        raise BadRequest("Nothing of the example is marked. Mark what should be taken from it.")


def framed(exemplar: Pixels, framing: Framing) -> NDArray[np.uint8]:
    """What a network is shown of an example: what is marked in the middle of a square, before a plain grey.

    Encoders squash or cut what is not square, and a background tells them as much as the thing before it does.

    Args:
        exemplar: (h, w, 4), straight alpha, something of it opaque.

    Returns:
        (s, s, 3), s up to 512 pixels.
    """
    box = bounds(exemplar[..., 3])
    if box is None:
        raise ValueError("nothing of the example is marked")
    cut_out = not exemplar[..., 3].all()
    side = max(box[2:]) * (1 + 2 * framing.margin * cut_out)
    shown = max(1, min(round(side), _LARGEST_SHOWN))
    seen = _premultiplied(exemplar, box, min(1.0, shown / side))
    placed = cv2.warpAffine(seen, _to_square(seen.shape, shown, framing), (shown, shown), flags=cv2.INTER_LINEAR)
    picture = placed[..., :3] + np.float32(_GROUND) * (1 - placed[..., 3:])
    return cast(NDArray[np.uint8], np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8))


def _premultiplied(exemplar: Pixels, box: Box, scale: float) -> NDArray[np.float32]:
    """What is marked, (h, w, 4), 0..1, colours as far as they are opaque, made smaller by `scale` (at most 1)."""
    x, y, width, height = box
    cut = exemplar[y : y + height, x : x + width].astype(np.float32) / np.float32(np.iinfo(exemplar.dtype).max)
    cut[..., :3] *= cut[..., 3:]
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cast(NDArray[np.float32], cv2.resize(cut, size, interpolation=cv2.INTER_AREA))


def _to_square(shape: tuple[int, ...], side: int, framing: Framing) -> NDArray[np.float64]:
    """The affine map (2, 3) of a picture's pixels into the middle of a square, mirrored first, then turned."""
    turn = np.deg2rad(framing.turn)
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    linear = turned @ np.diag([-1.0 if framing.mirrored else 1.0, 1.0])
    middle = np.array([shape[1] - 1, shape[0] - 1]) / 2
    return np.column_stack([linear, (side - 1) / 2 - linear @ middle])
