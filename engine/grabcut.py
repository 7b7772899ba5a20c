"""GrabCut as a segmenter: boxes and strokes without any weights (Rother, Kolmogorov, Blake, SIGGRAPH 2004). No torch.

First coarsely, where it can change its mind cheaply, on the box with its surroundings; then once more at the picture's
own resolution, but only along the edge that was found.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import BadRequest
from engine.masking import dilate, distance_to
from engine.region import Box
from engine.request import Pixels, Step
from engine.segmentation import (
    REFINE_PIXELS,
    Mask,
    Prompts,
    box_around,
    check_picture,
    check_prompts,
    clipped_box,
    eight_bits,
)

Labels = NDArray[np.uint8]  # (H, W) of OpenCV's four: certain or likely, background or foreground
_COARSE, _FINE = 60_000, 1_000_000  # pixels of the two passes
_ROUNDS = 8  # of the coarse pass: each learns both colour models anew
_MARGIN = 0.5  # of the box's mean side: the surroundings that teach the background's colours; with less, luck decides
_BAND = 2.0  # coarse pixels on both sides of the edge that are decided again
_SPECK = 0.1  # of the largest part: smaller parts are dropped
_CLICK = 3  # radius of a click as a stroke, pixels
_LEAST = 5  # colours that OpenCV needs on both sides
_NO_BOX = (0, 0, 0, 0)  # OpenCV asks for one, and looks at it only when it starts from a box
_COLOURS = 65  # numbers of a colour model: 5 components of 13


@dataclass(frozen=True, eq=False)
class Single:
    """The one mask that GrabCut finds. It knows no score."""

    found: Mask
    scores: tuple[float, ...] = (1.0,)

    def mask(self, index: int = 0) -> Mask:
        """The mask at the picture's size."""
        return self.found

    def quick(self, index: int = 0) -> Mask:
        """The same."""
        return self.found


class GrabCut:
    """OpenCV's GrabCut at work."""

    title = "GrabCut (box or strokes; no model installed)"
    hovers = False
    takes_clicks = False

    def look(self, picture: Pixels) -> Generator[Step, None, NDArray[np.uint8]]:
        """Nothing has to be computed ahead."""
        check_picture(picture)
        yield Step(1, 1)
        return eight_bits(picture)

    def answer(self, seen: NDArray[np.uint8], prompts: Prompts) -> Single:
        """The mask of what the box or the strokes mean; clicks beside them are small strokes."""
        check_prompts(prompts, (seen.shape[1], seen.shape[0]))
        if prompts.box is None and prompts.rough is None and prompts.belongs is None:
            raise BadRequest(
                "Without a segmentation model a click is not enough. Draw a box around the thing, or paint over it."
            )
        labels = _labels(prompts, seen.shape[:2])
        x, y, width, height = _surroundings(labels)
        crop, known = seen[y : y + height, x : x + width], labels[y : y + height, x : x + width]
        result = np.zeros(seen.shape[:2], np.uint8)
        result[y : y + height, x : x + width] = _cut(crop, known)
        return Single(result)


def snapped(picture: NDArray[np.uint8], mask: Mask, band: float) -> Mask:
    """A mask (h, w) of 0 and 255 whose edge has moved, by at most `band` pixels, to where the picture's colours part.

    One round of GrabCut on the strip along the edge: colours are learned from both sides of it.
    """
    inside = mask > 0
    if min(np.count_nonzero(inside), np.count_nonzero(~inside)) < _LEAST:
        return mask
    labels = np.where(inside, np.uint8(cv2.GC_PR_FGD), np.uint8(cv2.GC_PR_BGD))
    labels[distance_to(~inside) > band] = cv2.GC_FGD
    labels[distance_to(inside) > band] = cv2.GC_BGD
    x, y, width, height = _surroundings(labels)
    crop, known = picture[y : y + height, x : x + width], labels[y : y + height, x : x + width].copy()
    if min(np.count_nonzero(known & 1), np.count_nonzero(~known & 1)) < _LEAST:
        return mask
    background, foreground = np.zeros((1, _COLOURS)), np.zeros((1, _COLOURS))
    cv2.setRNGSeed(0)
    cv2.grabCut(np.ascontiguousarray(crop), known, _NO_BOX, background, foreground, 1, cv2.GC_INIT_WITH_MASK)
    result = np.zeros_like(mask)
    result[y : y + height, x : x + width] = (known & 1) * np.uint8(255)
    return result


def _labels(prompts: Prompts, shape: tuple[int, ...]) -> Labels:
    """What the prompts say of each pixel."""
    labels = np.full(shape, cv2.GC_PR_BGD, np.uint8)
    if prompts.rough is not None:
        rough = prompts.rough.astype(np.uint8)
        labels[prompts.rough] = cv2.GC_PR_FGD
        labels[dilate(rough, REFINE_PIXELS) == 0] = cv2.GC_BGD
        labels[distance_to(~prompts.rough) > REFINE_PIXELS] = cv2.GC_FGD
    if prompts.box is not None:
        x, y, width, height = clipped_box(prompts.box, (shape[1], shape[0]))
        inside = np.zeros(shape, bool)
        inside[y : y + height, x : x + width] = True
        labels[~inside] = cv2.GC_BGD
        labels[inside & (labels == cv2.GC_PR_BGD)] = cv2.GC_PR_FGD
    for area, label in ((prompts.belongs, cv2.GC_FGD), (prompts.not_this, cv2.GC_BGD)):
        if area is not None:
            labels[area] = label
    for click in prompts.clicks:
        label = cv2.GC_FGD if click.belongs else cv2.GC_BGD
        cv2.circle(labels, (int(click.x), int(click.y)), _CLICK, label, cv2.FILLED)
    return labels


def _surroundings(labels: Labels) -> Box:
    """The box of all that may be inside, and enough around it to know the background's colours."""
    height, width = labels.shape
    x, y, w, h = box_around(labels != cv2.GC_BGD)
    margin = max(1, round(_MARGIN * (w + h) / 2))
    return clipped_box((x - margin, y - margin, w + 2 * margin, h + 2 * margin), (width, height))


def _cut(picture: NDArray[np.uint8], labels: Labels) -> Mask:
    """Both passes over a crop (h, w, 3)."""
    small, coarse = _scaled(picture, labels, _COARSE)
    background, foreground = np.zeros((1, _COLOURS)), np.zeros((1, _COLOURS))
    inside = (labels & 1) > 0
    if min(np.count_nonzero(coarse & 1), np.count_nonzero(~coarse & 1)) < _LEAST:
        return np.where(inside, np.uint8(255), np.uint8(0))  # too little to learn two models from
    cv2.setRNGSeed(0)  # the models start from clusters drawn at random
    known = coarse.copy()
    cv2.grabCut(small, coarse, _NO_BOX, background, foreground, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    found = _without_specks((coarse & 1).astype(np.uint8), known == cv2.GC_FGD)
    large, fine = _scaled(picture, labels, _FINE)
    if large.shape != small.shape:
        wanted = fine == cv2.GC_FGD
        _limit_to_edge(fine, found, large.shape[0] / small.shape[0])
        # The models learn once more: grain that the coarse pass averaged away is foreign to them.
        cv2.grabCut(large, fine, _NO_BOX, background, foreground, 1, cv2.GC_EVAL)
        found = _without_specks((fine & 1).astype(np.uint8), wanted)
    return _enlarged(found, (picture.shape[1], picture.shape[0]))


def _scaled(picture: NDArray[np.uint8], labels: Labels, pixels: int) -> tuple[NDArray[np.uint8], Labels]:
    """Picture and labels with at most so many pixels; thin strokes are not lost."""
    height, width = labels.shape
    scale = min(1.0, (pixels / (height * width)) ** 0.5)
    if scale == 1.0:
        return np.ascontiguousarray(picture), labels.copy()
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(labels, size, interpolation=cv2.INTER_NEAREST)
    for certain in (cv2.GC_BGD, cv2.GC_FGD):
        covered = cv2.resize((labels == certain).astype(np.float32), size, interpolation=cv2.INTER_AREA)
        small[covered >= (0.5 if certain == cv2.GC_BGD else 1e-3)] = certain
    reduced = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return cast(NDArray[np.uint8], reduced), cast(Labels, small)


def _without_specks(found: Mask, wanted: NDArray[np.bool_]) -> Mask:
    """Parts that hold a stroke, and those not much smaller than the largest."""
    count, parts, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=8)
    if count < 2:
        return found
    areas = stats[:, cv2.CC_STAT_AREA]
    keep = areas >= _SPECK * areas[1:].max()
    keep[np.unique(parts[wanted])] = True
    keep[0] = False
    return cast(Mask, keep[parts].astype(np.uint8))


def _limit_to_edge(labels: Labels, found: Mask, scale: float) -> None:
    """Fix in `labels` what lies farther from the coarse mask's edge than the band, and start the rest from it."""
    inside = _enlarged(found, (labels.shape[1], labels.shape[0])) > 0
    band = _BAND * scale
    open_to_change = (labels == cv2.GC_PR_BGD) | (labels == cv2.GC_PR_FGD)
    state = np.where(inside, np.uint8(cv2.GC_PR_FGD), np.uint8(cv2.GC_PR_BGD))
    state[distance_to(~inside) > band] = cv2.GC_FGD
    state[distance_to(inside) > band] = cv2.GC_BGD
    labels[open_to_change] = state[open_to_change]


def _enlarged(mask: Mask, size: tuple[int, int]) -> Mask:
    """A mask of 0 and 1 as one of 0 and 255 of (width, height), its steps smoothed."""
    full = cv2.resize(mask * np.uint8(255), size, interpolation=cv2.INTER_LINEAR)
    return np.where(full > 127, np.uint8(255), np.uint8(0))
