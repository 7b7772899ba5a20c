"""Masks in pixels: where the network may paint, and how its picture melts into the old one. No torch."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.float32]  # (H, W), 0..1, 1 = may change

_LEVELS = 16  # of a soft mask that is grown; a hard one has two
_FAINT = 0.5 / 255  # below half a step of an 8-bit mask is nothing


def distance_to(region: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Euclidean distance of every pixel to the nearest True one, 0 inside; infinite where there is none."""
    if not region.any():
        return np.full(region.shape, np.inf, np.float32)
    outside = (~region).astype(np.uint8)
    return cast(NDArray[np.float32], cv2.distanceTransform(outside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))


def dilate(mask: NDArray[np.uint8], pixels: float) -> NDArray[np.uint8]:
    """255 wherever a non-zero pixel lies within `pixels`, else 0: the farthest an edit with this mask may reach."""
    return np.where(distance_to(mask > 0) <= pixels, np.uint8(255), np.uint8(0))


def grown(mask: Mask, pixels: float) -> Mask:
    """Each value spread `pixels` in all directions; where several meet, the largest stays."""
    if pixels <= 0:
        return mask
    values = np.unique(mask[mask > 0])
    if len(values) > _LEVELS:
        values = np.unique(np.quantile(values, np.linspace(0.0, 1.0, _LEVELS)).astype(np.float32))
    result = mask.copy()
    for value in values:
        np.maximum(result, np.where(distance_to(mask >= value) <= pixels, value, np.float32(0)), out=result)
    return result


def blurred(mask: Mask, pixels: float) -> Mask:
    """Gaussian blur that reaches exactly `pixels` far along each axis."""
    radius = round(pixels)
    if radius <= 0:
        return mask
    size, sigma = (2 * radius + 1, 2 * radius + 1), radius / 2
    return cast(Mask, cv2.GaussianBlur(mask, size, sigma, borderType=cv2.BORDER_REPLICATE))


def denoise_mask(mask: Mask, grow: float, feather: float) -> Mask:
    """blur(dilate(M)), nowhere weaker than it was drawn: how much each pixel may change while the network paints."""
    return np.maximum(blurred(grown(mask, grow), feather), mask)


def composite_mask(mask: Mask, denoise: Mask, grow: float, feather: float, faintest: float) -> Mask:
    """blur(erode(denoise mask)): how much of the new picture is seen in the end.

    Args:
        mask: the mask as it was drawn.
        denoise: `denoise_mask` of it.
        faintest: denoise values below this never changed, so the old picture stays there.

    Returns:
        (H, W); exactly 0 where the drawn mask is farther than grow + feather. A soft mask does not make the result
        transparent: it already made the change smaller.
    """
    frozen = denoise < max(faintest, _FAINT)
    shown = (~frozen if feather <= 0 else distance_to(frozen) > feather).astype(np.float32)
    if not shown.any():  # thinner than the feather: better a hard edge than nothing
        shown = (~frozen).astype(np.float32)
    alpha = blurred(shown, feather)
    # The square kernel reaches farther along the diagonal than feather; one pixel to spare for other rulers.
    alpha[distance_to(mask > 0) > max(grow + feather - 1.0, 0.0)] = 0.0
    alpha[alpha < _FAINT] = 0.0
    return alpha


def to_cells(mask: Mask, factor: int) -> Mask:
    """(H, W) -> (H/f, W/f): each latent cell is as free as its freest pixel, so that small masks are not lost."""
    height, width = mask.shape
    blocks = mask.reshape(height // factor, factor, width // factor, factor)
    return cast(Mask, blocks.max(axis=(1, 3)))
