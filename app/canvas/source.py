"""From the document's pixels to the screen's: premultiplied 8-bit BGRA in sRGB."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from app.canvas.coarse import Thinner
from app.canvas.pyramid import Pixels
from editor.composite import composite
from editor.compositor import Compositor
from editor.document import Document
from editor.files.colour import to_srgb
from editor.geometry import Rect
from editor.layers import ImageLayer, LayerId, Role


@lru_cache(maxsize=16)
def shown_as_is(profile: bytes | None) -> bool:
    """Whether pixels with this profile mean sRGB already."""
    probe = np.zeros((1, 1, 4), np.uint8)
    return to_srgb(probe, profile) is probe


def in_srgb(straight: NDArray[np.uint8], profile: bytes | None) -> NDArray[np.uint8]:
    """(h, w, 4) straight RGBA of a document with `profile` as sRGB; alpha stays."""
    return cast(NDArray[np.uint8], to_srgb(straight, profile))


def in_eight_bits(array: NDArray[Any]) -> NDArray[np.uint8]:
    return array if array.dtype == np.uint8 else cast(NDArray[np.uint8], cv2.convertScaleAbs(array, alpha=255 / 65535))


def swapped(rgba: NDArray[np.uint8]) -> Pixels:
    """RGBA as BGRA."""
    return cast(Pixels, cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))


def premultiplied(straight: NDArray[np.uint8]) -> Pixels:
    """Straight (h, w, 4) RGBA as premultiplied BGRA."""
    bgra = swapped(straight)
    alpha = bgra[..., 3]
    if alpha.min() < 255:
        for channel in range(3):
            bgra[..., channel] = cv2.multiply(bgra[..., channel], alpha, scale=1 / 255)
    return bgra


def unpremultiplied(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Premultiplied (h, w, 4) as straight, in the same order of channels; 0 where the alpha is 0."""
    straight = pixels.copy()
    alpha = pixels[..., 3]
    if alpha.min() < 255:
        for channel in range(3):
            straight[..., channel] = cv2.divide(pixels[..., channel], alpha, scale=255)
    return straight


class LiveSource:
    """The document as it is, from the compositor that keeps what lies below and above the active layer."""

    def __init__(self, document: Document, compositor: Compositor) -> None:
        self._document = document
        self._compositor = compositor

    def render(self, rect: Rect, again: bool) -> Pixels:
        """BGRA premultiplied pixels of a rectangle of the canvas, which is (not) likely to be asked for again."""
        pixels = self._compositor.render(rect, remember=again)
        if shown_as_is(self._document.profile):
            return swapped(pixels)
        return premultiplied(in_srgb(unpremultiplied(pixels), self._document.profile))

    def coarse(self, thinner: Thinner) -> Pixels:
        """A small picture of the whole canvas."""
        return _coarse(self._document, thinner, frozenset())


class BeforeSource:
    """The document without its results, for a look at what was there before."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def _results(self) -> frozenset[LayerId]:
        layers = self._document.walk()
        return frozenset(layer.id for layer in layers if isinstance(layer, ImageLayer) and layer.role is Role.RESULT)

    def render(self, rect: Rect, _again: bool) -> Pixels:
        """BGRA premultiplied pixels of a rectangle of the canvas."""
        straight = in_eight_bits(composite(self._document.snapshot(), rect, without=self._results()))
        return premultiplied(in_srgb(straight, self._document.profile))

    def coarse(self, thinner: Thinner) -> Pixels:
        """A small picture of the whole canvas."""
        return _coarse(self._document, thinner, self._results())


def _coarse(document: Document, thinner: Thinner, without: frozenset[LayerId]) -> Pixels:
    small = composite(thinner.thinned(document.snapshot()), without=without)
    return premultiplied(in_srgb(in_eight_bits(small), document.profile))
