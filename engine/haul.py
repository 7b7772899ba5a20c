"""Where a thing is taken to at once, in latent cells: what is carried, what it leaves, and what may change for it."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from engine import latent_warp, masking, region
from engine.backbone import Backbone
from engine.latent_warp import Cells, Fill, LatentWarp
from engine.points import Points
from engine.request import EditRequest
from engine.workpiece import Seam, Workpiece, cut_out

_BELONGS = 0.5  # of the strongest mask value: what is weaker does not move
_RIM = 0.5  # cells around a thing that are carried with it: soft edges, and what the autoencoder smears
_TOUCHED = 0.25  # of a cell: what holds more of the thing and its rim is carried
_NEAREST = 0.5  # of the thing's longer side: the surroundings that are worked on at least


class Spots(NamedTuple):
    """Where the handles are.

    Attributes:
        marks: (n, 2), (x, y) in image pixels.
        left: mean distance to the targets, image pixels.
    """

    marks: NDArray[np.float64]
    left: float


class Haul:
    """The geometry of one drag that is done at once.

    Attributes:
        piece: the part of the picture that is worked on; its masks are the thing's old place and its new one.
        warp: of the part's latent cells.
        fills: for each kind of hole what it is made of: the ground where the thing stood, and, where several pairs
            stretch the thing, its own cells in the gaps between them.
        before, after: where the handles are before the warp and after it: it takes whole cells only.
    """

    def __init__(self, request: EditRequest, kind: str, seam: Seam, backbone: Backbone) -> None:
        """`request` must have points; `kind` is one of latent_warp.MAPS, without a mask always the paper's."""
        assert request.points is not None
        points, mask = request.points, request.mask
        marked = None if mask is None else _surroundings(mask, points)
        self.piece = cut_out(request, marked, seam, backbone, closest=1.0)
        area, factor = self.piece.region, backbone.factor
        scale = np.array(area.size, float) / area.box[2:]  # working pixels per image pixel
        in_cells = (points - area.box[:2]) * scale / factor
        shape = area.padded[1] // factor, area.padded[0] // factor
        if mask is None:
            kind, moving = "stretch", np.ones(shape, bool)
            old = moving
        else:
            thing = mask >= _BELONGS * mask.max()
            drawn = thing[area.slices]
            moving = self._cells(drawn, _RIM * factor / scale.min(), factor, _TOUCHED)
            old = self._cells(drawn, seam.grow, factor, 0.0)
            self.piece = _with_masks(self.piece, drawn, points - area.box[:2], kind)
        self.warp = latent_warp.carried(moving, in_cells, kind)
        self.fills = _fills(self.warp, moving, old, kind)
        self.before, self.after = _spots(points, in_cells, factor / scale)

    def _cells(self, thing: Cells, pixels: float, factor: int, least: float) -> Cells:
        """(h, w) cells of which more than `least` lies within so many image pixels of the thing, (H, W) of the crop."""
        grown = masking.dilate(thing.astype(np.uint8), pixels).astype(np.float32) / np.float32(255)
        work = self.piece.region.mask_to_work(grown)
        height, width = work.shape
        shares = work.reshape(height // factor, factor, width // factor, factor).mean(axis=(1, 3))
        return cast(Cells, shares > least)


def _surroundings(mask: NDArray[np.uint8], points: Points) -> NDArray[np.uint8]:
    """(H, W), 255 in a box around the thing that has room for it at the targets, too.

    The margin doubles until it has: a target that is moved a little asks for the same part of the picture, and what is
    remembered of that can be used again.
    """
    height, width = mask.shape
    x, y, wide, tall = region.bounds(mask) or (0, 0, width, height)
    way = float(np.abs(points[:, 1] - points[:, 0]).max())
    margin = _NEAREST * max(wide, tall)
    while margin < way:
        margin *= 2
    reach = int(np.ceil(margin))
    marked = np.zeros_like(mask)
    marked[max(y - reach, 0) : y + tall + reach, max(x - reach, 0) : x + wide + reach] = 255
    return marked


def _with_masks(piece: Workpiece, thing: Cells, points: Points, kind: str) -> Workpiece:
    """The piece, in which the thing's old place may change and the one where it comes to lie.

    Args:
        thing: (H, W) of the crop.
        points: in pixels of the crop.
    """
    warp = latent_warp.carried(thing, points, kind)
    drawn = (thing | warp.landed | latent_warp.gaps_of(warp)).astype(np.float32)
    seam = piece.seam
    return replace(piece, mask=drawn, denoise=masking.denoise_mask(drawn, seam.grow, seam.feather))


def _fills(warp: LatentWarp, moving: Cells, old: Cells, kind: str) -> tuple[tuple[Cells, Fill], ...]:
    """(cells, what they are made of) of each kind of hole."""
    if kind == "stretch":  # the paper's way: from whatever is near, since the thing is stretched over its old place
        return ((warp.vacated, latent_warp.fill_of(warp.vacated, ~warp.vacated)),)
    gaps = latent_warp.gaps_of(warp)
    left = (moving | old) & ~warp.landed & ~gaps
    ground = ~(moving | old | warp.landed | gaps)
    return (left, latent_warp.fill_of(left, ground)), (gaps, latent_warp.fill_of(gaps, warp.landed))


def _spots(points: Points, in_cells: Points, cell: NDArray[np.float64]) -> tuple[Spots, Spots]:
    """The handles before and after; `cell` is (width, height) of a latent cell in image pixels."""
    handles, targets = points[:, 0], points[:, 1]
    steps = np.floor(in_cells[:, 1] - in_cells[:, 0] + 0.5)
    found = []
    for marks in (handles, handles + steps * cell):
        found.append(Spots(marks, float(np.linalg.norm(targets - marks, axis=1).mean())))
    return found[0], found[1]
