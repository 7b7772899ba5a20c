"""Edits of a region: where the document places the selected thing, by the names of the method's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from editor.placement import Placement

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
