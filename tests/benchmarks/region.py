"""Things moved, resized and brought in by the region tools (`dragon`), against the scene rendered as it should be.

Parts: "move", "resize" and "paste".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from engine.errors import EngineError
from engine.masking import dilate
from engine.methods import discover
from engine.request import EditRequest, Method
from engine.studio.world import VALIDATION_SEEDS
from engine.warp import warped
from tests.benchmarks import harness
from tests.benchmarks.drag_runs import Outcome, run
from tests.benchmarks.harness import Goal
from tests.benchmarks.quality import drawing
from tests.benchmarks.quality.bench import COPY, ROUND_TRIP, Bench, of_parts, tell
from tests.benchmarks.quality.moving import Scores, figures_of, known, scored
from tests.benchmarks.quality.points import BARE, HOLE, TRUTH, Entry, without
from tests.benchmarks.quality.regions import KINDS, Rearrangement, carried, rearrangements, transformed
from tests.benchmarks.quality.sheets import LINES, Line, sheet, tinted

NAME = "region"
FIRST = VALIDATION_SEEDS.start + 700_000
COUNT = 24
METHOD = "dragon"
_ERROR, _GROUND, _KEPT = 0.15, 0.8, 0.85


def measure(options: harness.Options) -> harness.Report:
    """Each kind of rearrangement: its place, its looks, what it left behind."""
    bench, kinds, report = of_parts(options, KINDS, FIRST, COUNT)
    report.figures["missing"] = {} if METHOD in discover() else {METHOD: "it is not built yet"}
    wished = (each for each in rearrangements(bench.all_scenes(), bench.backbone.native) if each.case.kind in kinds)
    cases = list(islice(wished, bench.count))
    outcomes = _outcomes(bench, cases) if METHOD in discover() else []
    entries = _standing(bench, cases)
    if outcomes:
        entries[METHOD] = Entry(np.stack([each.picture for each in outcomes]), None, tuple(outcomes))
    scores = _judged(bench, cases, entries)
    for kind in kinds:
        rows = [row for row, case in enumerate(cases) if case.case.kind == kind]
        own = {name: [each[row] for row in rows] for name, each in scores.items()}
        figures: dict[str, Any] = {name: figures_of(each) for name, each in own.items() if each}
        if outcomes and rows:
            figures[METHOD] |= _taken([cases[row] for row in rows], [outcomes[row] for row in rows])
        report.figures[kind] = figures
        _goals(report, kind, figures.get(METHOD))
    if options.folder is not None:
        lines = _lines(cases, entries, scores)
        for number in range(0, len(lines), LINES):
            harness.save(options.folder / f"region-{number // LINES}.png", sheet(lines[number : number + LINES]))
    return report


def request_of(method: Method, case: Rearrangement) -> EditRequest:
    """The rearrangement as the region tools ask for it, without words: nobody types to move a thing."""
    values: dict[str, Any] = (
        {"task": "paste"}
        if case.exemplar is not None
        else {
            "task": "move",
            "shift_x": case.shift[0],
            "shift_y": case.shift[1],
            "scale": case.scale,
        }
    )
    seed = case.case.before.seed
    options, picture = method.parameters.from_json(values), case.case.images[0]
    return EditRequest(method.id, picture, options, seed=seed, mask=case.mask, exemplar=case.exemplar)


def is_untouched(case: Rearrangement, outcome: Outcome) -> bool:
    """Whether the picture is the source's own, bit for bit, beyond both places and the seam around them."""
    assert outcome.reach is not None
    places = np.maximum(case.mask, carried(case.mask, case.matrix))
    outside = dilate(places, outcome.reach) == 0
    return bool(np.array_equal(outcome.picture[outside], case.case.images[0][outside]))


def _outcomes(bench: Bench, cases: Sequence[Rearrangement]) -> list[Outcome]:
    method, done = discover()[METHOD], []
    for number, case in enumerate(cases):
        try:
            done.append(run(bench.backbone, method, request_of(method, case)))
        except EngineError as error:  # the artist keeps the picture
            tell(f"{METHOD} refused {number}, {case.case.instruction}: {error}")
            done.append(Outcome(case.case.images[0], 0.0, 0.0, 0, 0.0))
        tell(f"{METHOD}: {number + 1} of {len(cases)}")
    return done


def _standing(bench: Bench, cases: Sequence[Rearrangement]) -> dict[str, Entry]:
    """What needs no diffusion; the bare warp pastes nothing."""
    source, truth = (np.stack([case.case.images[i] for case in cases]) for i in (0, 1))
    bare, holes = source.copy(), np.zeros(source.shape[:3], bool)
    for row, case in enumerate(cases):
        if case.exemplar is None:
            moved = transformed(case.mask, case.matrix)
            bare[row], holes[row] = warped(bare[row], moved), moved.holes
    bare[holes] = HOLE
    return {
        COPY: Entry(source),
        BARE: Entry(bare, holes),
        TRUTH: Entry(truth),
        f"{TRUTH}, {ROUND_TRIP}": Entry(drawing.round_trip(bench.backbone, truth)),
    }


def _judged(bench: Bench, cases: Sequence[Rearrangement], entries: Mapping[str, Entry]) -> dict[str, list[Scores]]:
    """The scores of each entrant's pictures; what is pasted counts where it is read right in the truth."""
    before = []
    for case in cases:
        which = 0 if case.exemplar is None else 1
        before.append(known(case.case, bench.readings(case.case.images[which : which + 1])[0], which))
    scores: dict[str, list[Scores]] = {}
    for name, entry in entries.items():
        readings = bench.readings(entry.pictures)
        if entry.holes is not None:
            readings = [without(reading, hole) for reading, hole in zip(readings, entry.holes, strict=True)]
        rows = zip(cases, entry.pictures, readings, before, strict=True)
        scores[name] = [
            scored(case.case, picture, reading, looks, case.unit, "centre_error")
            for case, picture, reading, looks in rows
        ]
    return scores


def _taken(cases: Sequence[Rearrangement], outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "seconds": round(float(np.mean([each.seconds for each in outcomes])), 3),
        "cpu_seconds": round(float(np.mean([each.cpu_seconds for each in outcomes])), 3),
        "network_calls": round(float(np.mean([each.calls for each in outcomes])), 1),
        "outside_identical": all(is_untouched(*pair) for pair in zip(cases, outcomes, strict=True)),
    }


def _goals(report: harness.Report, kind: str, figures: Mapping[str, Any] | None) -> None:
    """A kind of which nothing was measured has goals that do not hold; a paste uncovers nothing."""
    wished = [("centre_error", Goal.at_most, _ERROR, "<="), ("identity", Goal.at_least, _KEPT, ">=")]
    if kind != "paste":
        wished.append(("hole_ground", Goal.at_least, _GROUND, ">="))
    for name, goal, limit, sign in wished:
        value = figures[name] if figures else None
        report.goals[f"{kind}_{name}"] = Goal.missing(f"{sign} {limit}") if value is None else goal(limit, value)
    same = figures["outside_identical"] if figures else None
    report.goals[f"{kind}_outside_identical"] = Goal("all", same, bool(same))


def _lines(
    cases: Sequence[Rearrangement], entries: Mapping[str, Entry], scores: Mapping[str, Sequence[Scores]]
) -> list[Line]:
    """Of the contact sheet: what is selected, the example, what came of it, the truth."""
    lines = []
    for row, case in enumerate(cases):
        source, truth = case.case.images
        example = None if case.exemplar is None else np.ascontiguousarray(case.exemplar[..., :3])
        pictures: dict[str, Any] = {"source": tinted(source, [case.mask > 0]), "example": example}
        said = [case.case.instruction]
        for name in (name for name in (BARE, METHOD) if name in entries):
            if name == BARE and case.exemplar is not None:
                pictures[name] = None
                continue
            pictures[name] = entries[name].pictures[row]
            score = scores[name][row]
            said.append(f"{name} {score['centre_error']:.2f}{'' if score['identity'] in (1.0, None) else ' lost'}")
        lines.append(Line(" · ".join(said), pictures | {TRUTH: truth}))
    return lines
