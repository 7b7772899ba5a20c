"""Masks by pointing: what the artist says, what comes back, and which segmenter answers. Imports no torch.

A segmenter looks at a picture once (`look`), then answers any number of prompts about it (`answer`). Segment-anything
answers clicks in milliseconds; GrabCut takes about half a second and needs a box or strokes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from dataclasses import dataclass
from math import isfinite
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadRequest
from engine.masking import dilate, distance_to
from engine.region import Box
from engine.request import Pixels, Step

Mask = NDArray[np.uint8]  # (H, W), 0 or 255
GRABCUT = "grabcut"
BUNDLED = "studio-sam"
REFINE_PIXELS = 10.0  # how far a rough mask's edge may be off
_ROUGH_CLICKS = 3  # parts of a rough mask that are clicked on


@dataclass(frozen=True)
class Click:
    """A point (x, y) in image pixels, the first pixel reaching from 0 to 1, that belongs to what is meant, or not."""

    x: float
    y: float
    belongs: bool = True


@dataclass(frozen=True, eq=False)
class Prompts:
    """What the artist has pointed at; everything given counts together.

    Attributes:
        clicks: points that belong or do not.
        box: (x, y, width, height) around what is meant, image pixels.
        belongs, not_this: (H, W) bool, strokes over what belongs and what does not.
        rough: (H, W) bool, a mask drawn by hand, its edge off by up to `REFINE_PIXELS`.
    """

    clicks: tuple[Click, ...] = ()
    box: Box | None = None
    belongs: NDArray[np.bool_] | None = None
    not_this: NDArray[np.bool_] | None = None
    rough: NDArray[np.bool_] | None = None

    @property
    def points_at_something(self) -> bool:
        """Whether anything says what is meant, not only what is not."""
        areas = (self.belongs, self.rough)
        clicked = any(click.belongs for click in self.clicks)
        return clicked or self.box is not None or any(area is not None and area.any() for area in areas)


class Choices(Protocol):
    """Masks that an answer offers, the most likely first."""

    @property
    def scores(self) -> tuple[float, ...]:
        """How sure the segmenter is of each, 0..1 (the overlap with the truth that it expects)."""

    def mask(self, index: int = 0) -> Mask:
        """One of the masks at the picture's size."""

    def quick(self, index: int = 0) -> Mask:
        """The same before its edge was worked out, fast enough to follow the pointer."""


Seen = TypeVar("Seen")


class Segmenter(Protocol[Seen]):
    """Turns prompts into masks. Keeps what it has seen of the last pictures."""

    title: str  # which one is at work, for the artist
    hovers: bool  # answers fast enough to follow the pointer
    takes_clicks: bool  # a click alone is enough

    def look(self, picture: Pixels) -> Generator[Step, None, Seen]:
        """See a picture of (H, W, 3), 8 or 16 bits, sRGB; a step now and then. Closing the generator cancels.

        Raises:
            BadRequest: it is not such a picture.
        """

    def answer(self, seen: Seen, prompts: Prompts) -> Choices:
        """The masks that fit the prompts.

        Raises:
            BadRequest: the prompts do not say what is meant, or lie outside of the picture.
        """


def open_segmenter(model: str = BUNDLED) -> Segmenter[Any]:
    """The segmenter of a model: `grabcut`, the bundled `studio-sam`, or a segment-anything checkpoint's path.

    Raises:
        ModelMissing: there is no such model.
        ModelBroken: its files cannot be used.
    """
    if model == GRABCUT:
        from engine.grabcut import GrabCut

        return GrabCut()
    from engine.models.sam_loader import find_sam, load_sam
    from engine.sam import SamSegmenter

    return SamSegmenter(load_sam(find_sam(model)))


def see(segmenter: Segmenter[Seen], picture: Pixels) -> Seen:
    """`look` at a picture to the end."""
    looking = segmenter.look(picture)
    while True:
        try:
            next(looking)
        except StopIteration as finished:
            seen: Seen = finished.value
            return seen


def refine(segmenter: Segmenter[Seen], seen: Seen, drawn: NDArray[np.uint8], pixels: float = REFINE_PIXELS) -> Mask:
    """Let the edge of a mask drawn by hand snap to what it was meant for: (answer ∩ dilate(drawn)) ∪ erode(drawn).

    Args:
        drawn: (H, W) uint8, the picture's size; 128 and above is inside.
        pixels: the result is the drawn mask wherever that far from its edge.

    Raises:
        BadRequest: the mask is empty or of another size.
    """
    inside = drawn >= 128
    if not inside.any():
        raise BadRequest("The mask is empty. Paint over the thing first, then refine it.")
    answer = segmenter.answer(seen, Prompts(rough=inside)).mask() > 0
    near, core = dilate(inside.astype(np.uint8), pixels) > 0, distance_to(~inside) > pixels
    return np.where((answer & near) | core, np.uint8(255), np.uint8(0))


def check_picture(picture: Pixels) -> None:
    """Raise BadRequest unless this is a picture that can be looked at."""
    if not isinstance(picture, np.ndarray) or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise BadRequest("A selection by clicks needs a picture with three colour channels and at least one pixel.")
    if picture.dtype not in (np.uint8, np.uint16):
        raise BadRequest(f"A selection by clicks needs a picture with 8 or 16 bits per channel, not {picture.dtype}.")


def check_prompts(prompts: Prompts, size: tuple[int, int]) -> None:
    """Raise BadRequest unless the prompts say what is meant in a picture of this (width, height)."""
    width, height = size
    if not prompts.points_at_something:
        raise BadRequest("Nothing is pointed at yet. Click on the thing to select, or draw a box around it.")
    for click in prompts.clicks:
        if not (isfinite(click.x) and isfinite(click.y) and 0 <= click.x < width and 0 <= click.y < height):
            raise BadRequest("A click lies outside of the picture. Click on the thing to select.")
    if prompts.box is not None:
        clipped_box(prompts.box, size)
    for area in (prompts.belongs, prompts.not_this, prompts.rough):
        if area is not None and area.shape != (height, width):
            size_of = f"{area.shape[1]} × {area.shape[0]}"
            raise BadRequest(f"The mask is {size_of} pixels and the picture {width} × {height}.")


def clipped_box(box: Box, size: tuple[int, int]) -> Box:
    """The part of a box inside a picture of (width, height).

    Raises:
        BadRequest: there is none.
    """
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[0] + box[2], size[0]), min(box[1] + box[3], size[1])
    if left >= right or top >= bottom:
        raise BadRequest("The box is empty or lies outside of the picture. Draw it around the thing to select.")
    return left, top, right - left, bottom - top


def box_around(mask: NDArray[np.bool_]) -> Box:
    """The smallest box around a mask that has pixels."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top


def deepest_clicks(mask: NDArray[np.bool_], count: int = _ROUGH_CLICKS) -> tuple[Click, ...]:
    """Clicks on the middle of a mask's thickest parts, at most `count`, each outside of what the last one covers."""
    depth = distance_to(~np.pad(mask, 1))[1:-1, 1:-1]
    clicks: list[Click] = []
    deepest = float(depth.max())
    rows, columns = np.ogrid[: mask.shape[0], : mask.shape[1]]
    while len(clicks) < count:
        y, x = np.unravel_index(int(depth.argmax()), depth.shape)
        radius = float(depth[y, x])
        if radius <= 0 or radius < deepest / 2:
            break
        clicks.append(Click(float(x) + 0.5, float(y) + 0.5))
        depth[(rows - y) ** 2 + (columns - x) ** 2 <= (2 * radius) ** 2] = 0
    return tuple(clicks)


def eight_bits(picture: Pixels) -> NDArray[np.uint8]:
    """A picture of 8 or 16 bits with 8."""
    return (picture >> 8).astype(np.uint8) if picture.dtype == np.uint16 else picture.astype(np.uint8, copy=False)


def fingerprint(picture: Pixels) -> str:
    """Equal for equal pictures."""
    shape = f"{picture.shape}{picture.dtype}".encode()
    return hashlib.sha256(shape + np.ascontiguousarray(picture).tobytes()).hexdigest()


class Recent(Generic[Seen]):
    """What was made of the last few pictures, by their content."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[str, Seen] = {}

    def get(self, key: str) -> Seen | None:
        """What is kept, which becomes the newest."""
        if key in self._kept:
            self._kept[key] = self._kept.pop(key)
        return self._kept.get(key)

    def keep(self, key: str, value: Seen) -> None:
        """Keep it, and drop the oldest when there are too many."""
        self._kept[key] = value
        while len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]
