"""The rows of words, points and examples: edits whose truth the world knows, and what doing nothing scores in them.

A method takes its place beside the two baselines as soon as its row runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadRequest
from engine.studio.edits import changed_object, edit
from engine.studio.render import render
from engine.studio.scene import Scene, fits
from engine.studio.truth import render_exemplar
from tests.benchmarks.quality import drawing
from tests.benchmarks.quality.bench import COPY, ROUND_TRIP, Bench, Found
from tests.benchmarks.quality.drawing import Pictures
from tests.benchmarks.quality.scoring import (
    OBJECT_TRAITS,
    WantedObject,
    by_looks,
    by_place,
    centre_of,
    counted,
    described,
    is_right,
    matched,
)
from tests.benchmarks.quality.sheets import LINES, Line

if TYPE_CHECKING:
    from engine.studio.judge import Reading

WORD_KINDS = ("recolour", "reshape")
_LOOKS = ("shape", "colour", "material")  # what makes an object the same one


@dataclass(frozen=True, eq=False)
class Case:
    """One edit with its truth.

    Attributes:
        images: (2, H, W, 3) before and after; ids: (2, H, W), both as `Rendered` gives them.
        index: of the object that changes.
    """

    before: Scene
    after: Scene
    instruction: str
    images: Pictures
    ids: NDArray[np.uint8]
    index: int

    @property
    def silhouettes(self) -> NDArray[np.bool_]:
        """Of the object that changes, before and after, (2, H, W)."""
        return np.asarray(self.ids == 2 + self.index)


def words(bench: Bench) -> Found:
    """One object gets another colour or shape."""
    cases = list(islice(_edited(bench, WORD_KINDS), bench.count))
    return _baselines(bench, cases, changed)


def points(bench: Bench) -> Found:
    """One object is moved by 15 to 40 % of the picture's width."""
    cases = list(islice(_edited(bench, ("move",)), bench.count))
    return _baselines(bench, cases, moved)


def example(bench: Bench) -> Found:
    """One object is replaced by another one, which is shown in a picture of its own."""
    cases, exemplars = zip(*islice(_replaced(bench), bench.count), strict=True)
    found = _baselines(bench, cases, changed)
    for line, exemplar in zip(found.lines, exemplars, strict=False):
        line.pictures["example"] = exemplar
    return found


def changed(case: Case, reading: Reading) -> dict[str, float]:
    """Whether the object reads as asked where it should be (the traits that change), and whether the rest stayed."""
    old, new = case.before.objects[case.index], case.after.objects[case.index]
    asked = [name for name in OBJECT_TRAITS if getattr(old, name) != getattr(new, name)]
    things = [
        WantedObject(o.shape, o.colour, o.material, o.size, mask=case.ids[1] == 2 + i)
        for i, o in enumerate(case.after.objects)
    ]
    right = [
        seen is not None and all(is_right(thing, seen, name) for name in (asked if i == case.index else _LOOKS))
        for i, (thing, seen) in enumerate(matched(things, counted(reading), by_place))
    ]
    others = all(is_so for i, is_so in enumerate(right) if i != case.index)
    backdrop = (reading.ground, reading.sky) == (case.after.ground, case.after.sky)
    return {"changed": float(right[case.index]), "rest_kept": float(others and backdrop)}


def moved(case: Case, reading: Reading) -> dict[str, float]:
    """The way that the object still has to go, as a part of the whole way, and whether it is still the same object.

    An object that is not there any more went nowhere.
    """
    start, goal = (centre_of(mask) for mask in case.silhouettes)
    things = described(case.after).objects
    thing, seen = matched(things, counted(reading), by_looks)[case.index]
    if seen is None:
        return {"distance_left": 1.0, "identity": 0.0}
    left = float(np.linalg.norm(np.subtract(seen.centre, goal)) / np.linalg.norm(goal - start))
    return {"distance_left": left, "identity": float(all(is_right(thing, seen, name) for name in _LOOKS))}


def _baselines(bench: Bench, cases: Sequence[Case], score: Callable[[Case, Reading], dict[str, float]]) -> Found:
    """What the source itself and its round trip score, and, as the most that there is, the truth."""
    source, truth = (np.stack([case.images[i] for case in cases]) for i in (0, 1))
    figures: dict[str, Any] = {}
    entrants = {COPY: source, ROUND_TRIP: drawing.round_trip(bench.backbone, source), "truth": truth}
    for name, pictures in entrants.items():
        each = [score(case, reading) for case, reading in zip(cases, bench.readings(pictures), strict=True)]
        figures[name] = {"pictures": len(each)} | {
            key: round(float(np.mean([values[key] for values in each])), 4) for key in each[0]
        }
    lines = [Line(case.instruction, {"source": case.images[0], "truth": case.images[1]}) for case in cases[:LINES]]
    return Found(figures, lines=lines)


def _edited(bench: Bench, kinds: Sequence[str]) -> Iterator[Case]:
    """Edits of the run's scenes, the kinds in turn; scenes that do not allow theirs are passed over."""
    turns = cycle(kinds)
    kind = next(turns)
    for scene in bench.all_scenes():
        try:
            after, instruction = edit(scene, kind, scene.seed)
        except BadRequest:
            continue
        index = changed_object(scene, after)
        if index is not None:
            yield _case(scene, after, instruction, index)
            kind = next(turns)


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
            yield _case(scene, scene.with_object(0, new), words, 0), render_exemplar(other, 0, seed=scene.seed)
        scene = other


def _case(before: Scene, after: Scene, instruction: str, index: int) -> Case:
    rendered = render([before, after])
    return Case(before, after, instruction, rendered.images, rendered.ids, index)
