"""The working pictures of a relocation: as it was, roughly as it is to become, and what else is looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine import placing, region
from engine.filling import flowed_in
from engine.masking import Mask, dilate
from engine.placing import Matrix
from engine.region import Picture, Region
from engine.relocation import Relocation
from engine.request import EditRequest
from engine.workpiece import Workpiece

_RIM = 3  # working pixels beyond a thing that its colours reach
_CONTEXT = 0.35  # surroundings of an example, in parts of its size


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Everything in working pixels, whole cells.

    Attributes:
        source: (h, w, 3) the crop as it was.
        guide: (h, w, 3) with the thing where it shall be, and what it left filled in.
        old, new: (h, w), 0..1, what is left and where the thing will be.
        matrix: the thing's way, over working pixels.
        other: (h', w', 3) a second picture to remember, of its own size; None without.
        there: (h', w'), 0..1, what is meant of it.
    """

    source: Picture
    guide: Picture
    old: Mask
    new: Mask
    matrix: Matrix
    other: Picture | None = None
    there: Mask | None = None


def moved(piece: Workpiece, place: Relocation) -> Arrangement:
    """A thing of the picture goes elsewhere."""
    source, old, new = _crops(piece, place)
    matrix = placing.between(place.matrix, piece.region)
    hole = dilate(np.rint(old * 255).astype(np.uint8), _RIM)
    ground = flowed_in(source, hole > 0)
    return Arrangement(source, placing.laid_over(ground, source, old, matrix), old, new, matrix)


def pasted(piece: Workpiece, place: Relocation, request: EditRequest) -> Arrangement:
    """A thing of another picture comes into this one, which is then remembered with it."""
    assert request.exemplar is not None  # `relocation` has looked
    source, old, new = _crops(piece, place)
    example = region.as_float(request.exemplar)
    matrix = placing.after(place.matrix, placing.into_work(piece.region))
    guide = placing.laid_over(source, example[..., :3], example[..., 3], matrix)
    return Arrangement(source, guide, old, new, matrix, guide, new)


def relooked(piece: Workpiece, place: Relocation, request: EditRequest, native: int, factor: int) -> Arrangement:
    """A thing stays and takes the looks of a part of another picture.

    Args:
        native, factor: of the model.
    """
    assert request.exemplar is not None
    source, old, new = _crops(piece, place)
    exemplar = request.exemplar
    size = exemplar.shape[1], exemplar.shape[0]
    area: Region = region.around(placing.box_of(exemplar[..., 3]), 0, size, native, factor, _CONTEXT)
    example = region.as_float(exemplar[area.slices])
    other, there = area.to_work(np.ascontiguousarray(example[..., :3])), area.mask_to_work(example[..., 3].copy())
    return Arrangement(source, source, old, new, np.eye(2, 3), other, there)


def _crops(piece: Workpiece, place: Relocation) -> tuple[Picture, Mask, Mask]:
    area = piece.region
    old, new = (area.mask_to_work(region.as_float(each[area.slices])) for each in (place.old, place.new))
    return area.to_work(piece.source), old, new
