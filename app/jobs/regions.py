"""Edits of a region: where the document places the selected thing, by the names of the method's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from app.jobs.method_info import TASK
from editor.placement import Placement
from editor.tiles import TiledImage
from engine import placing, relocation
from engine.request import EditRequest

METHOD = "dragon"
MOVE, LOOKS, PASTE = "move", "appearance", "paste"  # what its parameter "task" may be
NAMES = ("shift_x", "shift_y", "scale", "turn")


def placement_in(values: Mapping[str, Any]) -> Placement | None:
    """The placement that a method's parameters describe; None for a method that places nothing."""
    if any(name not in values for name in NAMES):
        return None
    x, y, scale, turn = (float(values[name]) for name in NAMES)
    return Placement((x, y), scale, turn).tidy()


def values_of(placement: Placement) -> dict[str, float]:
    """The parameters that describe a placement."""
    return dict(zip(NAMES, (*placement.shift, placement.scale, placement.turn), strict=True))


def moved_selection(request: EditRequest) -> TiledImage | None:
    """What a move has selected once it is done: the thing where it came to; None for any other edit."""
    values = asdict(request.parameters)
    placement = placement_in(values)
    if placement is None or placement.rests or values.get(TASK) != MOVE or request.mask is None:
        return None
    way = relocation.way(request, placement.shift, placement.scale, placement.turn)
    there = placing.carried_mask(request.mask, way)
    return TiledImage.from_array(there) if there.any() else None
