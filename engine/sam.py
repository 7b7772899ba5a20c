"""Segment-anything as a segmenter: a picture is embedded once, then clicks and boxes are answered in milliseconds."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.grabcut import snapped
from engine.models.sam import PIXEL_MEAN, PIXEL_STD
from engine.models.sam_loader import LoadedSam
from engine.region import Box
from engine.request import Pixels, Step
from engine.segmentation import (
    Click,
    Mask,
    Prompts,
    Recent,
    box_around,
    check_picture,
    check_prompts,
    clipped_box,
    deepest_clicks,
    eight_bits,
    fingerprint,
)

_KEPT = 8  # pictures; a published network's embedding takes 4 MB
_SNAP_SIDE = 256  # longest side of the picture that edges are snapped to, pixels
_SNAPS = 2  # the second time the colours are learned beside a better edge
_STROKE_CLICKS = 3  # a stroke is as many clicks


@dataclass(frozen=True, eq=False)
class Embedded:
    """What the network has seen of a picture.

    Attributes:
        features: (1, C, cells, cells) float32.
        size: (width, height) of the picture.
        work: (width, height) at which the network saw it; the rest of its square is empty.
        small: (h, w, 3) the picture, where masks are snapped to it; None where they are not.
    """

    features: Tensor
    size: tuple[int, int]
    work: tuple[int, int]
    small: NDArray[np.uint8] | None


@dataclass(frozen=True, eq=False)
class SamChoices:
    """Masks as the decoder drew them: small, and brought to the picture's size only when one is looked at.

    Attributes:
        logits: (N, m, m) over the network's whole square; above 0 is inside.
        scores: expected overlap with the truth, 0..1, the best first.
        side: of the network's square, pixels.
        snap: how far edges may move to the picture's own, pixels of the square.
    """

    logits: Tensor
    scores: tuple[float, ...]
    seen: Embedded
    side: int
    snap: float

    def mask(self, index: int = 0) -> Mask:
        """One of the masks at the picture's size."""
        small = self.seen.small
        if small is None or not self.snap:
            return self.quick(index)
        size = small.shape[1], small.shape[0]
        mask = _inside(_resized(self._drawn(index), size), 0.0)
        for _ in range(_SNAPS):
            mask = snapped(small, mask, self.snap * max(size) / self.side)
        return mask if size == self.seen.size else _inside(_resized(mask.astype(np.float32), self.seen.size), 127.5)

    def quick(self, index: int = 0) -> Mask:
        """The mask as the decoder drew it."""
        return _inside(_resized(self._drawn(index), self.seen.size), 0.0)

    def _drawn(self, index: int) -> NDArray[np.float32]:
        """The logits at the size at which the network saw the picture."""
        whole = functional.interpolate(self.logits[index][None, None], (self.side, self.side), mode="bilinear")
        return np.ascontiguousarray(whole[0, 0, : self.seen.work[1], : self.seen.work[0]].numpy())


class SamSegmenter:
    """A segment-anything network at work."""

    hovers = True
    takes_clicks = True

    def __init__(self, loaded: LoadedSam) -> None:
        self.title = loaded.shape.title
        self._sam, self._shape = loaded.sam, loaded.shape
        self._device, self._dtype = loaded.device, loaded.dtype
        self._seen: Recent[Embedded] = Recent(_KEPT)

    @torch.no_grad()
    def look(self, picture: Pixels) -> Generator[Step, None, Embedded]:
        """Embed a picture, a step for each block of the encoder; nothing to do when it was seen lately."""
        check_picture(picture)
        key = fingerprint(picture)
        embedded = self._seen.get(key)
        if embedded is not None:
            return embedded
        size = picture.shape[1], picture.shape[0]
        work = self._work_size(size)
        encoder = self._sam.image_encoder
        hidden = encoder.patch_embed(self._read(eight_bits(picture), work))
        if encoder.pos_embed is not None:
            hidden = hidden + encoder.pos_embed
        for index, block in enumerate(encoder.blocks, 1):
            hidden = block(hidden)
            yield Step(index, len(encoder.blocks))
        features = encoder.neck(hidden.permute(0, 3, 1, 2)).float()
        embedded = Embedded(features, size, work, _small(eight_bits(picture)) if self._shape.snap else None)
        self._seen.keep(key, embedded)
        return embedded

    @torch.no_grad()
    def answer(self, seen: Embedded, prompts: Prompts) -> SamChoices:
        """Three masks. A lone click leaves open what is meant, so the network's own score decides; more prompts do not,
        so its single mask comes first (Kirillov et al., section 3)."""
        check_prompts(prompts, seen.size)
        clicks, box = _as_clicks(prompts), _as_box(prompts, seen.size)
        points = self._points(clicks, seen) if clicks else None
        corners = None if box is None else self._corners(box, seen)
        sparse, dense = self._sam.prompt_encoder(points, corners, None)
        logits, scores = self._sam.mask_decoder.predict_masks(
            seen.features, self._sam.prompt_encoder.get_dense_pe(), sparse, dense
        )
        order = 1 + scores[0, 1:].argsort(descending=True)
        if len(clicks) + 2 * (box is not None) > 1:
            order = torch.cat([order.new_zeros(1), order[:2]])
        best = tuple(float(score) for score in scores[0, order].clamp(0, 1).cpu())
        return SamChoices(logits[0, order].float().cpu(), best, seen, self._shape.side, self._shape.snap)

    def _work_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """The picture's size with its longer side as long as the network's square."""
        scale = self._shape.side / max(size)
        width, height = (max(1, int(side * scale + 0.5)) for side in size)
        return width, height

    def _read(self, picture: NDArray[np.uint8], work: tuple[int, int]) -> Tensor:
        """(1, 3, side, side) as the encoder wants it: scaled, about unit variance, empty to the right and below."""
        if (picture.shape[1], picture.shape[0]) != work:
            method = cv2.INTER_AREA if work[0] < picture.shape[1] else cv2.INTER_LINEAR
            picture = cast(NDArray[np.uint8], cv2.resize(picture, work, interpolation=method))
        mean, spread = np.array(PIXEL_MEAN, np.float32), np.array(PIXEL_STD, np.float32)
        planes = torch.from_numpy(np.ascontiguousarray(((picture - mean) / spread).transpose(2, 0, 1)))
        padded = functional.pad(planes, (0, self._shape.side - work[0], 0, self._shape.side - work[1]))
        return padded[None].to(self._device, self._dtype)

    def _points(self, clicks: tuple[Click, ...], seen: Embedded) -> tuple[Tensor, Tensor]:
        """(1, n, 2) in the network's pixels and (1, n): 1 = belongs, 0 = does not."""
        places = self._to_work([(click.x, click.y) for click in clicks], seen)
        return places, torch.tensor([[float(click.belongs) for click in clicks]], device=self._device)

    def _corners(self, box: Box, seen: Embedded) -> Tensor:
        """(1, 4): the box's first and last pixel in the network's."""
        x, y, width, height = box
        corners = [(x + 0.5, y + 0.5), (x + width - 0.5, y + height - 0.5)]
        return self._to_work(corners, seen).reshape(1, 4)

    def _to_work(self, pixels: list[tuple[float, float]], seen: Embedded) -> Tensor:
        """Points of the picture as the prompt encoder counts: its first pixel's centre is 0. (1, n, 2)."""
        scale = torch.tensor([work / full for work, full in zip(seen.work, seen.size, strict=True)])
        return (torch.tensor([pixels], dtype=torch.float32) * scale - 0.5).to(self._device)


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture at the size at which edges are snapped: its own, or what takes no longer than the pointer waits."""
    scale = _SNAP_SIDE / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    return cast(NDArray[np.uint8], cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _resized(values: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Values (h, w) at (width, height)."""
    if (values.shape[1], values.shape[0]) == size:
        return values
    return cast(NDArray[np.float32], cv2.resize(values, size, interpolation=cv2.INTER_LINEAR))


def _inside(values: NDArray[np.float32], above: float) -> Mask:
    return np.where(values > above, np.uint8(255), np.uint8(0))


def _as_clicks(prompts: Prompts) -> tuple[Click, ...]:
    """All points of the prompts: clicks, and the middle of strokes and of a rough mask."""
    clicks = prompts.clicks
    for area, belongs in ((prompts.belongs, True), (prompts.not_this, False), (prompts.rough, True)):
        if area is not None and area.any():
            clicks += tuple(Click(c.x, c.y, belongs) for c in deepest_clicks(area, _STROKE_CLICKS))
    return clicks


def _as_box(prompts: Prompts, size: tuple[int, int]) -> Box | None:
    """The drawn box, or that around a rough mask."""
    if prompts.box is not None:
        return clipped_box(prompts.box, size)
    return box_around(prompts.rough) if prompts.rough is not None and prompts.rough.any() else None
