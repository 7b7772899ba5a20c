"""Where a drag takes place: the part of the picture that is worked on, its handles, and what they take along."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine import masking, region
from engine.backbone import Backbone
from engine.errors import BadRequest
from engine.masking import Mask
from engine.points import Leg
from engine.points import Spots as Places
from engine.region import Region
from engine.request import EditRequest
from engine.warp import Warp, belongs, warp
from engine.workpiece import Seam, Workpiece, cut_out

Spots = NDArray[np.float64]
"""(n, 2) places (x, y) in working pixels, unless said otherwise."""

Flags = NDArray[np.bool_]

_HOME = 1.0  # px: a handle that is nearer to where it was has not moved
_COARSE = 8  # the part that is worked on ends on a grid of so many cells along the picture's longer side


class Course:
    """The geometry of one drag.

    The part of the picture follows from the first targets alone, and from them only coarsely: a target that is moved a
    little needs no new inversion, and a drag that is led on stays where it is.

    Attributes:
        piece: the part of the picture; its masks are those of `workpiece`.
        handles: (n, 2), working pixels.
        thing: (h, w) working pixels of what shall move, None = everything may.
    """

    def __init__(self, request: EditRequest, seam: Seam, backbone: Backbone) -> None:
        """`request` must have points."""
        assert request.points is not None
        first = request.legs[0].targets if request.legs else request.points[:, 1]
        marked = None if request.mask is None else _reach(request.mask, request.points[:, 0], np.array(first, float))
        self.piece = cut_out(request, marked, seam, backbone, closest=1.0)
        self._mask = None if request.mask is None else request.mask[self.region.slices]
        self._handles = request.points[:, 0] - self.region.box[:2]  # crop pixels
        self.handles = self.to_work(request.points[:, 0])
        self.thing = None if self._mask is None else self._in_work(belongs(self._mask))

    @property
    def region(self) -> Region:
        """Where the part lies and how large it is worked on."""
        return self.piece.region

    def to_work(self, places: Spots | Places) -> Spots:
        """Image pixels -> working pixels."""
        work: Spots = (np.asarray(places, float) - self.region.box[:2]) * self._scale
        return work

    def to_picture(self, places: Spots) -> Spots:
        """Working pixels -> image pixels."""
        return places / self._scale + self.region.box[:2]

    def led(self, request: EditRequest, legs: tuple[Leg, ...], targets: Places, anywhere: bool = False) -> EditRequest:
        """The request that has gone through these legs and leads to these targets, moved into the part worked on.

        Args:
            anywhere: they need only lie in the picture, for another part will be worked on.

        Raises:
            BadRequest: there are not as many targets as handles.
        """
        assert request.points is not None
        if len(targets) != len(request.points):
            raise BadRequest("The new targets do not fit the drag points. Place them again.")
        x, y, width, height = (0, 0, *request.image.shape[1::-1]) if anywhere else self.region.box
        handles, places = request.points[:, 0], np.clip(np.array(targets, float), (x, y), (x + width, y + height))
        # A handle led back home ends beside it: a recipe in which one leads nowhere could not be run again.
        home = np.hypot(*(places - handles).T) < _HOME
        inwards = np.where(handles < np.array((x + width / 2, y + height / 2)), _HOME, -_HOME)
        places[home] = (handles + inwards)[home]
        return replace(request, points=np.stack([handles, places], axis=1), legs=legs)

    def leave(self, targets: Places) -> bool:
        """Whether one of the targets lies outside of the part that is worked on."""
        x, y, width, height = self.region.box
        places = np.array(targets, float)
        return bool(((places < (x, y)) | (places > (x + width, y + height))).any())

    def warp(self, marks: Spots, targets: Spots) -> Warp:
        """The working picture's thing, now at `marks`, taken to `targets`."""
        return warp(np.stack([marks, targets], axis=1), self._thing_at(marks), self.region.padded)

    def place(self, marks: Spots) -> Flags | None:
        """(h, w) working pixels where the thing is when its handles are at `marks`; None = anywhere."""
        now = self._thing_at(marks)
        return None if now is None else now > 0

    def workpiece(self, *reached: Spots) -> Workpiece:
        """The part of the picture in which the thing's old place and those with the handles at `reached` may change."""
        if self._mask is None or self.piece.denoise is None:
            return self.piece
        drawn = self._mask.astype(np.float32) / np.float32(255)
        size = self._mask.shape[1], self._mask.shape[0]
        for marks in reached:
            spots = self.to_picture(marks) - self.region.box[:2]
            moved = warp(np.stack([self._handles, spots], axis=1), self._mask, size).moved
            drawn = np.maximum(drawn, moved.astype(np.float32))
        seam = self.piece.seam
        return replace(self.piece, mask=drawn, denoise=masking.denoise_mask(drawn, seam.grow, seam.feather))

    @property
    def _scale(self) -> NDArray[np.float64]:
        """(2,) working pixels per image pixel."""
        scale: NDArray[np.float64] = np.array(self.region.size, float) / self.region.box[2:]
        return scale

    def _thing_at(self, marks: Spots) -> NDArray[np.uint8] | None:
        if self.thing is None:
            return None
        here = self.thing.astype(np.uint8) * np.uint8(255)
        if np.abs(marks - self.handles).max() < 1e-6:
            return here
        moved = warp(np.stack([self.handles, marks], axis=1), here, self.region.padded).moved
        return np.where(moved if moved.any() else self.thing, np.uint8(255), np.uint8(0))

    def _in_work(self, flags: Flags) -> Flags:
        """Crop pixels -> padded working pixels."""
        work: Mask = self.region.mask_to_work(flags.astype(np.float32))
        return work >= 0.5


def _reach(mask: NDArray[np.uint8], handles: Spots, targets: Spots) -> NDArray[np.uint8]:
    """(H, W) a box around the thing as it is and as it is led, its sides on a coarse grid: 255 inside.

    Args:
        handles, targets: (n, 2), image pixels.
    """
    height, width = mask.shape
    cell = max(max(width, height) // _COARSE, 1)
    x, y, wide, tall = region.bounds(mask) or (0, 0, width, height)
    ways = np.concatenate([np.zeros((1, 2)), targets - handles])
    low = np.maximum(np.floor((ways.min(0) + np.array((x, y))) / cell) * cell, 0).astype(int)
    high = np.ceil((ways.max(0) + np.array((x + wide, y + tall))) / cell) * cell
    right, bottom = np.minimum(high, (width, height)).astype(int)
    marked = np.zeros_like(mask)
    marked[low[1] : bottom, low[0] : right] = 255
    return marked


def spots_of(places: Spots) -> Places:
    """(n, 2) as a leg holds them."""
    return tuple((float(x), float(y)) for x, y in places)
