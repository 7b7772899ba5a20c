"""The part of a picture that an edit works on: crop with context, native resolution, and the way back. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.request import Pixels

Picture = NDArray[np.float32]  # (h, w, 3), 0..1, sRGB
Box = tuple[int, int, int, int]  # x, y, width, height

CLOSEST = 2.0  # what a small part of a picture is magnified by
_LARGEST_SCALE = 4.0  # a tiny picture is worked on at most this much larger
_NEAR_ONE = 0.1  # a scale this close to 1 is not worth resampling for
_SHORTEST = 64  # pixels that the short side of a long strip keeps
_LARGEST_AREA = 16  # times the native area, where a long strip needs more
_GAIN = (0.9, 1.1)  # limits of the colour match
_SAMPLE = 64  # pixels of margin from which a colour match is worth trusting


@dataclass(frozen=True)
class Region:
    """A rectangle of the picture and the size at which it is worked on.

    Attributes:
        box: (x, y, width, height) in image pixels.
        size: (width, height) in working pixels.
        padded: `size` rounded up to whole latent cells.
        scale: working pixels per image pixel.
    """

    box: Box
    size: tuple[int, int]
    padded: tuple[int, int]
    scale: float

    @property
    def slices(self) -> tuple[slice, slice]:
        """(rows, columns) of the box in the picture."""
        x, y, width, height = self.box
        return slice(y, y + height), slice(x, x + width)

    def to_work(self, picture: Picture) -> Picture:
        """A cropped (h, w, 3) picture at the working size, its edge repeated up to `padded`."""
        if (picture.shape[1], picture.shape[0]) != self.size:
            method = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_CUBIC
            picture = np.clip(cv2.resize(picture, self.size, interpolation=method), 0.0, 1.0)
        return self._padded(picture)

    def mask_to_work(self, mask: NDArray[np.float32]) -> NDArray[np.float32]:
        """A cropped (h, w) mask at the working size; no ringing beside its edges."""
        if (mask.shape[1], mask.shape[0]) != self.size:
            method = cv2.INTER_AREA if self.scale < 1 else cv2.INTER_LINEAR
            mask = cast(NDArray[np.float32], cv2.resize(mask, self.size, interpolation=method))
        return self._padded(mask)

    def from_work(self, picture: Picture) -> Picture:
        """The way back: (padded height, padded width, 3) -> the box's own size."""
        array = np.ascontiguousarray(picture[: self.size[1], : self.size[0]])
        if self.size == self.box[2:]:
            return array
        method = cv2.INTER_AREA if self.scale > 1 else cv2.INTER_CUBIC
        resized = cv2.resize(array, self.box[2:], interpolation=method)
        return np.clip(resized, 0.0, 1.0)

    def _padded(self, array: NDArray[np.float32]) -> NDArray[np.float32]:
        right, bottom = self.padded[0] - self.size[0], self.padded[1] - self.size[1]
        if not right and not bottom:
            return array
        return cast(NDArray[np.float32], cv2.copyMakeBorder(array, 0, bottom, 0, right, cv2.BORDER_REPLICATE))


def whole(picture: tuple[int, int], native: int, factor: int) -> Region:
    """The whole picture (width, height) at about the model's native area."""
    return _sized((0, 0, *picture), native, factor)


def around(
    box: Box,
    reach: int,
    picture: tuple[int, int],
    native: int,
    factor: int,
    context: float,
    closest: float = CLOSEST,
) -> Region:
    """The box with its surroundings, inside the picture.

    Args:
        box: what was marked, (x, y, width, height).
        reach: how far beyond the box the edit may spread, pixels.
        picture: (width, height).
        native: side of the model's native square, pixels.
        context: surroundings on each side, as a part of the box's longer side.
        closest: what small boxes may be magnified by, at least 1.

    Small boxes get more surroundings until they fill the native square (or a `closest` part of it, then worked on
    magnified), so that the network neither lacks context nor works on blurred pixels.
    """
    x, y, width, height = box
    margin = max(int(context * max(width, height)), reach + factor)
    width, height = width + 2 * margin, height + 2 * margin
    near = round(native / closest)
    least = near if max(width, height) <= near else native
    longer = max(width, height, least)
    width, height = (max(side, least * least // longer) for side in (width, height))
    left, columns = _placed(x + box[2] / 2, width, picture[0])
    top, rows = _placed(y + box[3] / 2, height, picture[1])
    return _sized((left, top, columns, rows), native, factor)


def bounds(mask: NDArray[np.generic]) -> Box | None:
    """The smallest box around the non-zero pixels, None where there are none."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    if not len(columns):
        return None
    x, y = int(columns[0]), int(rows[0])
    return x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y


def as_float(pixels: Pixels) -> NDArray[np.float32]:
    """uint8 or uint16 -> float32 in 0..1."""
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def as_pixels(values: NDArray[np.float32], like: Pixels) -> Pixels:
    """Float 0..1 -> the dtype of `like`, rounded."""
    full = np.iinfo(like.dtype).max
    return cast(Pixels, np.rint(np.clip(values, 0.0, 1.0) * full).astype(like.dtype))


def over(base: Picture, strokes: NDArray[np.float32]) -> Picture:
    """Strokes (h, w, 4), straight alpha, over a picture."""
    alpha = strokes[..., 3:]
    return base * (1 - alpha) + strokes[..., :3] * alpha


def colour_matched(picture: Picture, reference: Picture, weight: NDArray[np.float32]) -> Picture:
    """Shift and stretch each channel so that it agrees with the reference where `weight` (h, w), 0..1, says so.

    The margin that an edit keeps went through the autoencoder, too: what it lost there is what the rest lost.
    """
    total = float(weight.sum())
    if total < _SAMPLE:
        return picture
    shares = (weight / total)[..., None]
    mean, wanted = (picture * shares).sum((0, 1)), (reference * shares).sum((0, 1))
    spread, wanted_spread = (
        np.sqrt((np.square(values - middle) * shares).sum((0, 1)))
        for values, middle in ((picture, mean), (reference, wanted))
    )
    gain = np.clip((wanted_spread + 1e-3) / (spread + 1e-3), *_GAIN)
    return cast(Picture, np.clip((picture - mean) * gain + wanted, 0.0, 1.0).astype(np.float32))


def _placed(centre: float, length: int, limit: int) -> tuple[int, int]:
    """(start, length) of a span around `centre`, moved and then cut to fit into 0..limit."""
    length = min(length, limit)
    return min(max(round(centre - length / 2), 0), limit - length), length


def _sized(box: Box, native: int, factor: int) -> Region:
    """The box with its working size: about native² pixels, whole cells."""
    _, _, width, height = box
    fitting = sqrt(native * native / (width * height))
    scale = min(max(fitting, min(1.0, _SHORTEST / min(width, height))), fitting * sqrt(_LARGEST_AREA), _LARGEST_SCALE)
    if abs(scale - 1.0) < _NEAR_ONE:
        scale = 1.0
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    padded = -(-size[0] // factor) * factor, -(-size[1] // factor) * factor
    return Region(box, size, padded, scale)
