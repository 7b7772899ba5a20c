"""What is said of a picture in which a thing should have moved, resized or come in: by the judge, and by the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.studio.scene import Scene
from tests.benchmarks.cases import LEAST_PIXELS, Case
from tests.benchmarks.quality.scoring import (
    WantedObject,
    by_place,
    centre_of,
    counted,
    iou,
    is_right,
    matched,
)

if TYPE_CHECKING:
    from engine.studio.judge import Reading, SeenObject

LOOKS = ("shape", "colour", "material")  # what makes a thing the same one
_FOUND_BY = ("shape", "colour")  # of which at least one must be right
_THERE = 0.5  # units from its place within which a thing is there
_UNTOUCHED = 0.75  # IoU with the true silhouette of a thing that nobody wanted to change
_NEARNESS = 1e-3  # decides between things that look alike: less than any trait
_BACKDROP = (0, 1, 255)  # ids of what is no thing: sky, ground, scenery
_PEAK, _LEAST_ERROR = 255.0**2, 1e-4

Scores = Mapping[str, float | None]
"""Of one picture by name; None where it cannot be said."""


def wanted(scene: Scene, ids: NDArray[np.uint8]) -> list[WantedObject]:
    """The things of a scene in their order, each with its visible silhouette."""
    return [WantedObject(o.shape, o.colour, o.material, o.size, ids == 2 + i) for i, o in enumerate(scene.objects)]


def found(case: Case, reading: Reading) -> SeenObject | None:
    """What was read for the thing that the edit is about: nearest in shape and colour, None where neither is right.

    Of two that look alike (it was drawn anew, and the old one is still there) it is the one nearer to the true place;
    the other one is left to the hole, which does not read as ground then.
    """
    assert case.index is not None
    things = wanted(case.after, case.ids[1])
    moved, goal, width = things[case.index], centre_of(case.silhouettes[1]), case.ids.shape[2]

    def alike(thing: WantedObject, seen: SeenObject) -> float:
        looks = sum(is_right(thing, seen, name) for name in _FOUND_BY)
        if thing is not moved:  # the others stay where they are
            return looks + 2 * by_place(thing, seen)
        away = float(np.linalg.norm(np.subtract(seen.centre, goal))) / width
        return looks - _NEARNESS * away if looks else 0.0

    return matched(things, counted(reading), alike)[case.index][1]


def known(case: Case, reading: Reading, which: int = 0) -> dict[str, bool]:
    """Which looks of the thing are read right where it is: what was not read before cannot be lost.

    Args:
        reading: of the case's source (`which` 0) or of its truth (1).
    """
    assert case.index is not None
    things = wanted((case.before, case.after)[which], case.ids[which])
    seen = matched(things, counted(reading), by_place)[case.index][1]
    return {name: seen is not None and is_right(things[case.index], seen, name) for name in LOOKS}


def scored(
    case: Case,
    picture: NDArray[np.uint8],
    reading: Reading,
    before: Mapping[str, bool],
    unit: float | None = None,
    name: str = "distance_left",
) -> dict[str, float | None]:
    """All that is said of a picture in which a thing should have moved.

    `name`: from the visible middle of the thing that was found to the true one, in units; 1 where none was found.
    identity: shape, colour and material are right and it is within half a unit of where it should be; shape_and_colour
    likewise without the material; both only where they were read right before.

    Args:
        before: which looks of the thing were read right in the source, as `known` gives it.
        unit: px; None = the way between the true middles, so that within half a unit is nearer to the new place.
        name: what the distance is called.
    """
    goal, seen = centre_of(case.silhouettes[1]), found(case, reading)
    unit = float(np.linalg.norm(goal - centre_of(case.silhouettes[0]))) if unit is None else unit
    left = 1.0 if seen is None else float(np.linalg.norm(np.subtract(seen.centre, goal))) / unit
    return {
        name: left,
        "found": float(seen is not None),
        "overlap": 0.0 if seen is None else float(iou(seen.mask, case.silhouettes[1])),
        **identity(case, seen if left < _THERE else None, before),
        **kept(case, picture, reading),
    }


def identity(case: Case, seen: SeenObject | None, before: Mapping[str, bool]) -> dict[str, float | None]:
    """Whether the thing is still itself; None where that could not be read before.

    Args:
        seen: the thing in its new place, None where it is not there.
        before: as `known` gives it.
    """
    assert case.index is not None
    thing = wanted(case.after, case.ids[1])[case.index]
    figures: dict[str, float | None] = {}
    for key, names in (("identity", LOOKS), ("shape_and_colour", _FOUND_BY)):
        right = seen is not None and all(is_right(thing, seen, name) for name in names)
        figures[key] = float(right) if all(before[name] for name in names) else None
    return figures


def kept(case: Case, picture: NDArray[np.uint8], reading: Reading) -> dict[str, float | None]:
    """What became of everything but the thing.

    hole_ground: how much of what the thing uncovers reads as what is truly there, ground, sky or scenery; None where
    it uncovers too little. error_background: mean squared difference to the truth beside both places. others_kept:
    the other things of enough visible pixels are where they were and look as they did.
    """
    before, after = case.silhouettes
    hole = before & ~after & np.isin(case.ids[1], _BACKDROP)
    filled = float((reading.ids[hole] == case.ids[1][hole]).mean()) if np.count_nonzero(hole) >= LEAST_PIXELS else None
    away = ~case.place
    difference = picture[away].astype(np.float64) - case.images[1][away]
    pairs = matched(wanted(case.after, case.ids[1]), counted(reading), by_place)
    others = [
        seen is not None and by_place(thing, seen) >= _UNTOUCHED and all(is_right(thing, seen, x) for x in _FOUND_BY)
        for i, (thing, seen) in enumerate(pairs)
        if i != case.index and thing.mask is not None and np.count_nonzero(thing.mask) >= LEAST_PIXELS
    ]
    return {
        "hole_ground": filled,
        "error_background": float(np.square(difference).mean()),
        "others_kept": float(all(others)) if others else None,
    }


def extent(mask: NDArray[np.bool_]) -> float:
    """Diameter of a disc of the same area, px."""
    return float(2 * np.sqrt(np.count_nonzero(mask) / np.pi))


def figures_of(scores: Sequence[Scores]) -> dict[str, float | int | None]:
    """Means over the pictures of which it can be said, and their number; errors become one PSNR, dB."""
    figures: dict[str, float | int | None] = {"pictures": len(scores)}
    for name in scores[0]:
        values = [value for value in (score[name] for score in scores) if value is not None]
        mean = float(np.mean(values)) if values else None
        if name.startswith("error_") and mean is not None:
            part = name.removeprefix("error_")
            figures[f"psnr_{part}_db"] = round(10 * float(np.log10(_PEAK / max(mean, _LEAST_ERROR))), 2)
            continue
        figures[name] = None if mean is None else round(mean, 4)
        if name in ("identity", "shape_and_colour", "hole_ground"):
            figures[f"{name}_of"] = len(values)
    return figures
