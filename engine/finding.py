"""From a map of differences to a mask: the picture's own edges, a threshold, and the pieces worth keeping. No torch."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.region import Picture, Region
from engine.request import Found

Evidence = NDArray[np.float32]  # (h, w), 0..1, 1 = the texts disagree most

AUTOMATIC = 0.5  # the threshold at which the map itself decides
_REACH = 4  # latent cells within which the picture's edges decide where a difference ends
_SMOOTH = 5e-4  # variance of colour (0..1) below which there is no edge
_OUTLIERS = 0.001  # share of the strongest values that count as equally strong
_CAUTION = 0.1  # how far above Otsu's value towards the top the automatic cut lies: shadows and doubts stay out
_WORTH = 0.2  # of the strongest piece: weaker pieces are left out
_SPECK = 0.001  # of the area: smaller holes are closed


def evidence(difference: NDArray[np.float32], region: Region, picture: Picture, factor: int) -> Evidence:
    """A map of latent cells as one of working pixels that ends where things in the picture end.

    Args:
        difference: (h/f, w/f), any scale.
        picture: (h, w, 3) of the region at its padded working size.
        factor: f.

    Returns:
        (height, width) of `region.size`; all 0 where the map has nothing in it.
    """
    height, width = picture.shape[:2]
    fine = cv2.resize(difference, (width, height), interpolation=cv2.INTER_CUBIC)
    values = guided(_scaled(np.asarray(fine, np.float32)), picture, _REACH * factor, _SMOOTH)
    return _scaled(values[: region.size[1], : region.size[0]])


def guided(values: NDArray[np.float32], picture: Picture, radius: int, smooth: float) -> NDArray[np.float32]:
    """Guided filter (He et al., ECCV 2010, eq. 14): locally the linear function of the colours that fits best.

    Args:
        values: (h, w).
        picture: (h, w, 3), 0..1.
        radius: of the square windows, pixels.
        smooth: ε of the paper.
    """

    def mean(array: NDArray[np.float32]) -> NDArray[np.float32]:
        return cast(NDArray[np.float32], cv2.blur(array, (2 * radius + 1,) * 2, borderType=cv2.BORDER_REFLECT))

    colours, average = mean(picture), mean(values)
    with_values = mean(picture * values[..., None]) - colours * average[..., None]
    rows, columns = np.triu_indices(3)
    products = np.dstack([mean(picture[..., i] * picture[..., j]) for i, j in zip(rows, columns, strict=True)])
    among = np.empty((*values.shape, 3, 3), np.float32)
    among[..., rows, columns] = among[..., columns, rows] = products - colours[..., rows] * colours[..., columns]
    slopes = np.linalg.solve(among + smooth * np.eye(3, dtype=np.float32), with_values[..., None])[..., 0]
    offset = average - (slopes * colours).sum(-1)
    return cast(NDArray[np.float32], (mean(slopes.astype(np.float32)) * picture).sum(-1) + mean(offset))


def closer(coarse: Evidence, far: Region, fine: Evidence, near: Region) -> Evidence:
    """Two looks as one map of the nearer region: what only one of them saw counts less (geometric mean)."""
    box, within = near.box, far.box
    across, down = (far.size[axis] / within[2 + axis] for axis in (0, 1))
    matrix = np.array(
        [
            [near.box[2] / near.size[0] * across, 0.0, (box[0] - within[0]) * across],
            [0.0, near.box[3] / near.size[1] * down, (box[1] - within[1]) * down],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    again = cv2.warpAffine(coarse, matrix, near.size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return _scaled(np.sqrt(np.clip(again, 0.0, 1.0) * fine).astype(np.float32))


def found(evidence: Evidence, region: Region, shape: tuple[int, int], threshold: float) -> Found:
    """The kept map with its mask; `shape` is (H, W) of the picture."""
    difference = np.rint(evidence * 255).astype(np.uint8)
    return mask_at(Found(np.zeros(shape, np.uint8), difference, region.box), threshold)


def mask_at(found: Found, threshold: float) -> Found:
    """The same map cut at another threshold; no network has a part in it.

    Args:
        threshold: 0..1; 0.5 lets the map decide (a little above Otsu's value), less takes in more.

    Returns:
        with a new mask, all 0 where nothing reaches the threshold.
    """
    x, y, width, height = found.area
    size = (width, height)
    shrinking = found.difference.shape[0] > height
    method = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    values = np.asarray(cv2.resize(found.difference, size, interpolation=method), np.uint8)
    cut = _cut(found.difference, threshold)
    coarse = values if shrinking else found.difference  # pieces are told apart where they are smallest: a slider waits
    specks, holes = (_stretched(part, size) for part in _specks_and_holes(coarse >= cut, coarse))
    mask = np.zeros_like(found.mask)
    mask[y : y + height, x : x + width] = ((values >= cut) & ~specks | holes) * np.uint8(255)
    return Found(mask, found.difference, found.area)


def _cut(difference: NDArray[np.uint8], threshold: float) -> float:
    """The value (1..256) from which on a pixel belongs to the mask."""
    otsu, _ = cv2.threshold(difference, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    middle = otsu + 1 + _CAUTION * (254 - otsu)
    if threshold <= AUTOMATIC:
        cut = middle * threshold / AUTOMATIC
    else:
        cut = middle + (256 - middle) * (threshold - AUTOMATIC) / (1 - AUTOMATIC)
    return max(cut, 1.0)


def _specks_and_holes(hot: NDArray[np.bool_], values: NDArray[np.uint8]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Pieces that hold less than a fair part of what the strongest one holds, and small holes in the others.

    Both reach a pixel further where that touches no piece that is kept, or only such pieces.
    """
    count, labels = cv2.connectedComponents(hot.astype(np.uint8), connectivity=8)
    if count < 2:
        return np.zeros_like(hot), np.zeros_like(hot)
    weights = np.bincount(labels.ravel(), values.ravel().astype(np.float64), count)
    weights[0] = 0.0
    kept = (weights >= _WORTH * weights.max())[labels] & hot
    _, labels, facts, _ = cv2.connectedComponentsWithStats((~kept).astype(np.uint8), connectivity=4)
    small = facts[:, cv2.CC_STAT_AREA] < _SPECK * hot.size
    small[0] = False
    holes = small[labels]
    return _wider(hot & ~kept) & ~kept & ~holes, holes | (_wider(holes) & kept)


def _wider(part: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(cv2.dilate(part.astype(np.uint8), np.ones((3, 3), np.uint8)), bool)


def _stretched(part: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    """At another (width, height), without values in between."""
    return np.asarray(cv2.resize(part.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST_EXACT), bool)


def _scaled(values: NDArray[np.float32]) -> Evidence:
    """0..1: outliers cut off, and below 0 there is nothing."""
    top = float(np.quantile(values, 1 - _OUTLIERS))
    if not np.isfinite(top) or top <= 0:
        return np.zeros_like(values)
    return np.asarray(np.clip(values / np.float32(top), 0.0, 1.0), np.float32)
