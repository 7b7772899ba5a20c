"""A thing carried to another place, before any network has run: what is known of the picture, and what is to be filled.

The place that the thing has left is begun from the ground around it; the shadow and the mirror image that it left there
go with it. The network then fills that place and the thin seam around the thing; the thing's own pixels are the
picture's, never the autoencoder's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine import masking, region, traces
from engine.backbone import Backbone
from engine.filling import flowed_in
from engine.grids import Grid
from engine.masking import Mask, distance_to
from engine.region import Box, Picture, Region
from engine.request import EditRequest
from engine.warp import Flags, Warp, belongs
from engine.workpiece import Seam, Workpiece

_RIM = 2.0  # px: the soft edge of a thing, which its mask cuts through; outside it is left behind, inside it fades in
_SEAM_LEVEL = 0.4  # how freely the seam is painted anew: it joins when so much of the run is left
_FAINT = 0.1  # of a trace: less is not filled


@dataclass(frozen=True, eq=False)
class Carried:
    """A crop with the thing at its new place.

    Attributes:
        piece: its source is the carried picture, its mask what the network paints: the hole, and weaker the seam.
        moved: (h, w), where the thing is.
        known: (h, w), where the source itself is new: the thing, its traces, and the ground at its old place.
        edge: (h, w), 1 at the thing's outline, 0 from the seam's width on.
    """

    piece: Workpiece
    moved: Flags
    known: Flags
    edge: Mask

    def painted(self, alpha: Mask) -> Mask:
        """How much of the network's picture is seen; alpha (h, w) is the piece's own."""
        return np.where(self.moved, self.edge, np.maximum(alpha, self.edge))

    def seen(self, painted: Mask) -> Mask:
        """Alpha (h, w) of the result: all that is new, whoever made it."""
        return np.where(self.known, np.float32(1), painted)

    def joined(self, network: Picture, painted: Mask) -> Picture:
        """The crop (h, w, 3) in the end: the network's picture where it is seen, else the carried one.

        Where nothing but the network's picture is new it stands unmixed: the result's alpha mixes it.
        """
        share = np.where(self.known, painted, np.float32(1))[..., None]
        return np.asarray(self.piece.source + share * (network - self.piece.source), np.float32)


def carry(
    request: EditRequest,
    found: Warp,
    sources: Callable[[Box], Grid],
    seam: Seam,
    edge: float,
    take_traces: bool,
    backbone: Backbone,
) -> Carried:
    """Carry the masked thing of the request's picture to where the warp has it.

    Args:
        request: with a mask.
        sources: from where the pixels of a box would come if everything moved as the thing does.
        seam: how the hole melts into its surroundings.
        edge: how far on either side of its outline the thing is joined to its new surroundings, image pixels.
        take_traces: shadow and mirror image go with the thing; else they stay.
    """
    assert request.mask is not None
    thing = belongs(request.mask)
    box = region.bounds(thing | found.moved) or (0, 0, 1, 1)
    size, reach = found.size, round(seam.grow + seam.feather)
    area = region.around(box, reach, size, backbone.native, backbone.factor, seam.context)
    crop, here, moved = region.as_float(request.image[area.slices]), thing[area.slices], found.moved[area.slices]
    back = sources(area.box) - np.array(area.box[:2], np.float32)
    ground, vacated, there, change = _without(area, crop, here, take_traces)
    left = cv2.remap(change, back, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)  # type: ignore[call-overload]
    traced = cv2.remap(there, back, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT) > 0  # type: ignore[call-overload]
    source = np.clip(ground + left, 0, 1)
    inside, outside = distance_to(~moved), distance_to(moved)
    solid = np.clip(inside / _RIM, 0, 1)[..., None]
    carried = cv2.remap(crop, back, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[call-overload]
    source = np.where(moved[..., None], source + solid * (np.clip(carried, 0, 1) - source), source).astype(np.float32)
    drawn = (vacated & ~moved).astype(np.float32)
    denoise = masking.denoise_mask(drawn, seam.grow, seam.feather)
    away = np.where(moved, inside, outside)
    if edge > 0:
        weak = np.where(away <= edge, np.float32(_SEAM_LEVEL), np.float32(0))
        drawn, denoise = np.maximum(drawn, weak), np.maximum(denoise, weak)
    shown = np.clip(1 - (away - 0.5) / edge, 0, 1).astype(np.float32) if edge > 0 else np.zeros_like(drawn)
    piece = Workpiece(area, source, source, drawn, denoise, seam, request.image, False)
    return Carried(piece, moved, moved | vacated | traced, shown)


def _without(
    area: Region, crop: Picture, here: Flags, take_traces: bool
) -> tuple[Picture, Flags, Mask, NDArray[np.float32]]:
    """The crop without the thing, where that differs, and its traces: how much of one (h, w), and of what (h, w, 3)."""
    picture, thing = area.to_work(crop), area.mask_to_work(here.astype(np.float32)) > 0.5
    there, change = np.zeros(thing.shape, np.float32), np.zeros_like(picture)
    if take_traces:
        found = traces.find(picture, thing)
        there, change = found.there, found.change
    gone = (distance_to(thing) <= _RIM) | (distance_to(there > _FAINT) <= _RIM)
    flowed = area.from_work(flowed_in(picture, gone))
    width, height = area.size

    def back(part: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.resize(part[:height, :width], area.box[2:], interpolation=cv2.INTER_LINEAR), np.float32)

    vacated = here | (back(gone.astype(np.float32)) > 0.5)
    return np.where(vacated[..., None], flowed, crop), vacated, back(there), back(change)
