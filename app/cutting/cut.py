"""What is kept of a picture: a rectangle of it, and a mask. Nothing is thrown away. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.geometry import Rect
from editor.masks import Mask

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Cut:
    """A picture and the part of it that is meant.

    Attributes:
        whole: (H, W, 4) sRGB, straight alpha, as it was taken; colours are there whatever its alpha is.
        mask: (H, W), 255 = kept; it stands in the place of the picture's own alpha.
        crop: the rectangle that is kept, at least one pixel, inside the picture.
    """

    whole: Bytes
    mask: Mask
    crop: Rect

    @classmethod
    def all_of(cls, whole: Bytes) -> Cut:
        """The picture as it was taken."""
        return cls(whole, whole[..., 3].copy(), Rect(0, 0, whole.shape[1], whole.shape[0]))

    @property
    def canvas(self) -> Rect:
        """The whole picture."""
        return Rect(0, 0, self.whole.shape[1], self.whole.shape[0])

    @cached_property
    def changed(self) -> bool:
        """Whether anything of the picture was taken away or brought back."""
        return self.crop != self.canvas or not np.array_equal(self.mask, self.whole[..., 3])

    @cached_property
    def opaque(self) -> bool:
        """Whether nothing is masked inside the rectangle."""
        return bool((self.mask[self.crop.slices()] == 255).all())

    @cached_property
    def empty(self) -> bool:
        """Whether nothing is left."""
        return not self.mask[self.crop.slices()].any()

    def pixels(self) -> Bytes:
        """(h, w, 4): the rectangle, transparent outside of the mask; the colours there stay."""
        inside = self.crop.slices()
        return np.dstack([self.whole[inside][..., :3], self.mask[inside]])


def shrunk(pixels: Bytes, longest: int) -> Bytes:
    """At most `longest` pixels on the longer side; colours count as much as they can be seen."""
    height, width = pixels.shape[:2]
    share = longest / max(height, width)
    if share >= 1:
        return pixels
    size = max(1, round(width * share)), max(1, round(height * share))
    if (pixels[..., 3] == 255).all():
        return np.asarray(cv2.resize(np.ascontiguousarray(pixels), size, interpolation=cv2.INTER_AREA), np.uint8)
    alpha = pixels[..., 3:].astype(np.float32) / 255
    seen = cv2.resize(np.dstack([pixels[..., :3] * alpha, alpha]), size, interpolation=cv2.INTER_AREA)
    plain = cv2.resize(np.ascontiguousarray(pixels[..., :3]), size, interpolation=cv2.INTER_AREA)
    covered = seen[..., 3:] > 0.5 / 255  # what nothing is seen of keeps its colours all the same
    colours = np.where(covered, seen[..., :3] / np.maximum(seen[..., 3:], 1e-6), plain)
    small: Bytes = np.rint(np.clip(np.dstack([colours, seen[..., 3] * 255]), 0, 255)).astype(np.uint8)
    return small
