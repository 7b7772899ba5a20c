"""The row of examples, and what doing nothing scores where the truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.masking import dilate
from engine.models.loader import load
from engine.models.store import find
from engine.place import hole_of
from engine.region import Box, bounds
from engine.studio.scene import fits
from engine.studio.truth import render_exemplar
from tests.benchmarks.cases import LEAST_PIXELS, Case, case_of
from tests.benchmarks.drag_runs import Outcome
from tests.benchmarks.exemplar_runs import METHOD, MODEL, Gesture, Picture, run_ours
from tests.benchmarks.harness import Goal
from tests.benchmarks.quality import drawing
from tests.benchmarks.quality.bench import COPY, ROUND_TRIP, Bench, Found
from tests.benchmarks.quality.scoring import (
    OBJECT_TRAITS,
    WantedObject,
    by_place,
    counted,
    is_right,
    matched,
)
from tests.benchmarks.quality.sheets import LINES, Line

if TYPE_CHECKING:
    from engine.studio.judge import Reading

_IN_BOX = 0.8  # least share of the boxes in which what was asked for is read
_LOOKS = ("shape", "colour", "material")  # what makes an object the same one


def example(bench: Bench) -> Found:
    """One object is replaced by another one, which is shown in a picture of its own: a box around both places."""
    cases, exemplars = zip(*islice(_replaced(bench), bench.count), strict=True)
    found = baselines(bench, cases, changed)
    boxes = [box_around(case) for case in cases]
    backbone, made = load(MODEL), []
    for case, exemplar, box in zip(cases, exemplars, boxes, strict=True):
        whole = np.dstack([exemplar, np.full_like(exemplar[..., :1], 255)])
        made.append(run_ours(backbone, Gesture(case.images[0], box, whole, case.before.seed)))
    pictures = np.stack([outcome.picture for outcome in made])
    readings = zip(cases, bench.readings(pictures), strict=True)
    scores = means([changed(case, reading) for case, reading in readings])
    same = all(untouched(case.images[0], *rest) for case, *rest in zip(cases, boxes, made, strict=True))
    found.figures[METHOD] = {**scores, "outside_identical": same}
    found.goals["exemplar_in_box"] = Goal.at_least(_IN_BOX, scores["changed"])
    found.goals["exemplar_outside_identical"] = Goal("all", same, same)
    for line, exemplar, picture in zip(found.lines, exemplars, pictures, strict=False):
        line.pictures.update({"example": exemplar, METHOD: picture})
    return found


def not_there() -> str | None:
    """Why nothing can be painted by example; None where it can."""
    try:
        find(MODEL)
    except EngineError as error:
        return str(error)
    return None


def box_around(case: Case) -> Box:
    """Around the object as it was and as it should be."""
    box = bounds((case.ids == 2 + case.index).any(axis=0))
    assert box is not None
    return box


def untouched(source: Picture, box: Box, outcome: Outcome) -> bool:
    """Whether the picture is the source's own, bit for bit, beyond the box and the seam around it."""
    assert outcome.reach is not None
    outside = dilate(hole_of(source.shape, box, None), outcome.reach) == 0
    return bool(np.array_equal(outcome.picture[outside], source[outside]))


def changed(case: Case, reading: Reading) -> dict[str, float]:
    """Whether what was asked for is read where it should be, and whether the rest stayed.

    The rest is the other traits of the object that changes, too: an egg that is orange now, but no egg, was asked to
    be orange and not kept.
    """
    things = [
        WantedObject(o.shape, o.colour, o.material, o.size, mask=case.ids[1] == 2 + i)
        for i, o in enumerate(case.after.objects)
    ]
    right, rest = True, True
    for i, (thing, seen) in enumerate(matched(things, counted(reading), by_place)):
        if i == case.index:
            old, new = case.before.objects[i], case.after.objects[i]
            asked = [name for name in OBJECT_TRAITS if getattr(old, name) != getattr(new, name)]
            right = seen is not None and all(is_right(thing, seen, name) for name in asked)
            kept = [name for name in _LOOKS if name not in asked]
            rest &= seen is not None and all(is_right(thing, seen, name) for name in kept)
        elif np.count_nonzero(thing.mask) >= LEAST_PIXELS:
            rest &= seen is not None and all(is_right(thing, seen, name) for name in _LOOKS)
    for name in ("ground", "sky"):
        is_so = getattr(reading, name) == getattr(case.after, name)
        if getattr(case.before, name) != getattr(case.after, name):
            right &= is_so
        else:
            rest &= is_so
    return {"changed": float(right), "rest_kept": float(rest)}


def baselines(bench: Bench, cases: Sequence[Case], score: Callable[[Case, Reading], dict[str, float]]) -> Found:
    """What the source itself and its round trip score, and, as the most that there is, the truth."""
    source, truth = (np.stack([case.images[i] for case in cases]) for i in (0, 1))
    figures: dict[str, Any] = {}
    entrants = {COPY: source, ROUND_TRIP: drawing.round_trip(bench.backbone, source), "truth": truth}
    for name, pictures in entrants.items():
        readings = bench.readings(pictures)
        figures[name] = means([score(case, reading) for case, reading in zip(cases, readings, strict=True)])
    lines = [Line(case.instruction, {"source": case.images[0], "truth": case.images[1]}) for case in cases[:LINES]]
    return Found(figures, lines=lines)


def means(scores: Sequence[Mapping[str, float]]) -> dict[str, float | int]:
    """Of many pictures: their number, and the mean of each score."""
    each = {key: round(float(np.mean([values[key] for values in scores])), 4) for key in scores[0]}
    return {"pictures": len(scores), **each}


def _replaced(bench: Bench) -> Iterator[tuple[Case, NDArray[np.uint8]]]:
    """Scenes whose first object becomes that of the next scene, with a picture of it alone elsewhere."""
    scenes = bench.all_scenes()
    scene = next(scenes)
    for other in scenes:
        item, shown, others = scene.objects[0], other.objects[0], scene.objects[1:]
        new = replace(item, shape=shown.shape, colour=shown.colour, material=shown.material)
        looks = {(o.shape, o.colour) for o in others}
        differs = item.shape != new.shape and item.colour != new.colour and (new.shape, new.colour) not in looks
        if differs and fits(new, others, scene.camera):
            words = f"{item.colour} {item.shape} becomes the {new.colour} {new.shape} of the example"
            yield case_of(scene, scene.with_object(0, new), words, 0), render_exemplar(other, 0, seed=scene.seed)
        scene = other
