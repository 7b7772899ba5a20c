"""The row of examples, and what doing nothing scores where the truth is known.

A method takes its place beside the two baselines as soon as its row runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.studio.scene import fits
from engine.studio.truth import render_exemplar
from tests.benchmarks.cases import LEAST_PIXELS, Case, case_of
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

_LOOKS = ("shape", "colour", "material")  # what makes an object the same one


def example(bench: Bench) -> Found:
    """One object is replaced by another one, which is shown in a picture of its own."""
    cases, exemplars = zip(*islice(_replaced(bench), bench.count), strict=True)
    found = baselines(bench, cases, changed)
    for line, exemplar in zip(found.lines, exemplars, strict=False):
        line.pictures["example"] = exemplar
    return found


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
