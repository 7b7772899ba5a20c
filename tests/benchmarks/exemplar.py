"""Things painted into a box from a picture of them, beside diffusers' pipeline: the same weights, steps and guidance.

Parts: "quality" (the judge's word, and that nothing else changed), "speed", "cache" (which networks run again when
only the seed is another) and "memory". The peer works on the whole picture, as a user gets it (its components in
float32, the folder's own scheduler) and, for seconds and memory, under our number type and memory layout, too. Runs
take turns, nobody sees anything twice, and goals compare medians. What is not there yet is listed as missing, and its
goals do not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
import torch
import typer
from diffusers.utils import logging as diffusers_logging
from numpy.typing import NDArray
from transformers.utils import logging as transformers_logging

from engine.errors import EngineError
from engine.methods import discover
from engine.models import store
from engine.models.loader import load
from engine.models.policy import best_policy
from engine.studio.world import VALIDATION_SEEDS
from tests.benchmarks import harness
from tests.benchmarks.drag_runs import Outcome
from tests.benchmarks.exemplar_runs import (
    METHOD,
    MODEL,
    PEER,
    SAME,
    Exemplar,
    Gesture,
    Picture,
    calls_of,
    flattened,
    peak_of,
    peer_pipeline,
    peers,
    run_ours,
    run_peer,
)
from tests.benchmarks.harness import Goal
from tests.benchmarks.quality import drawing
from tests.benchmarks.quality.bench import COPY, ROUND_TRIP, Bench, tell
from tests.benchmarks.quality.boxes import KINDS, BoxedExample, boxed_examples, pasted_in, scored
from tests.benchmarks.quality.edits import untouched
from tests.benchmarks.quality.moving import Scores, figures_of
from tests.benchmarks.quality.points import TRUTH, Entry
from tests.benchmarks.quality.sheets import LINES, Line, sheet

NAME = "exemplar"
PARTS = ("quality", "speed", "cache", "memory")
FIRST = VALIDATION_SEEDS.start + 800_000
COUNT = 36
PASTED = "example as it is"
_RIGHT, _FILLED = 0.8, 0.6
_EQUAL = 0.03  # shares that differ by less are equal: one case of COUNT
_DEFAULTS, _SAME_TYPE = 0.5, 0.9  # most of the peer's seconds
_TIMED = 7  # runs of each, after one that is not counted

Run = Callable[[Gesture], Outcome]


def measure(options: harness.Options) -> harness.Report:
    """Each part of what is there; ratios where both sides of them ran."""
    for name in options.only:
        if name not in PARTS:
            raise typer.BadParameter(f"there is no part {name!r}; there are {', '.join(PARTS)}")
    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    first = FIRST if options.first_seed is None and not options.published else options.first_seed
    bench = Bench(replace(options, first_seed=first, count=options.count or COUNT))
    policy, missing = best_policy(), lacking()
    report = harness.Report(
        {
            "policy": f"{policy.device}, {policy.dtype}",
            "threads": torch.get_num_threads(),
            "first_seed": bench.first_seed,
            "missing": missing,
        }
    )
    cases = list(islice(boxed_examples(bench.all_scenes(), bench.backbone.native), bench.count))
    parts: dict[str, Callable[[], None]] = {
        "quality": partial(_quality, report, bench, cases, options.folder),
        "speed": partial(_speed, report, cases[: _TIMED + 1]),
        "cache": partial(_cache, report, cases[0]),
        "memory": partial(_memory, report, cases[0]),
    }
    for name, part in parts.items():
        if not options.only or name in options.only:
            part()
    return report


def lacking() -> dict[str, str]:
    """What cannot be measured yet, and why."""
    reasons = {} if METHOD in discover() else {METHOD: "it is not built yet"}
    try:
        store.find(MODEL)
    except EngineError as error:
        reasons[MODEL] = str(error)
    return reasons


def _quality(report: harness.Report, bench: Bench, cases: Sequence[BoxedExample], folder: Path | None) -> None:
    """What stands in the boxes by the judge's word, for all kinds of examples and for each."""
    outcomes = _painted(cases)
    entries = _standing(bench, cases)
    entries |= {name: Entry(np.stack([each.picture for each in made]), None, made) for name, made in outcomes.items()}
    scores = {
        name: [scored(*row) for row in zip(cases, entry.pictures, bench.readings(entry.pictures), strict=True)]
        for name, entry in entries.items()
    }
    figures: dict[str, Any] = {name: figures_of(each) for name, each in scores.items()}
    if METHOD in outcomes:
        pairs = zip(cases, outcomes[METHOD], strict=True)
        figures[METHOD]["outside_identical"] = all(
            untouched(case.case.images[0], case.box, made) for case, made in pairs
        )
    report.figures["entrants"] = figures
    report.figures["by_example"] = _by_kind(cases, {name: scores[name] for name in (PASTED, *outcomes)})
    _quality_goals(report, figures.get(METHOD), figures.get(PEER))
    if folder is not None:
        lines = _lines(cases, entries, scores)
        for number in range(0, len(lines), LINES):
            harness.save(folder / f"exemplar-{number // LINES}.png", sheet(lines[number : number + LINES]))


def _by_kind(cases: Sequence[BoxedExample], scores: Mapping[str, Sequence[Scores]]) -> dict[str, dict[str, Any]]:
    """Figures of each kind of example by name."""
    figures: dict[str, dict[str, Any]] = {}
    for kind in KINDS:
        rows = [row for row, case in enumerate(cases) if case.case.kind == kind]
        if rows:
            figures[kind] = {name: figures_of([own[row] for row in rows]) for name, own in scores.items()}
    return figures


def _painted(cases: Sequence[BoxedExample]) -> dict[str, tuple[Outcome, ...]]:
    """Ours and the peer's as a user gets it, where they are."""
    missing, runs = lacking(), {}
    if not missing:
        runs[METHOD] = _kept_where_refused(partial(run_ours, load(MODEL)))
    if MODEL not in missing:
        runs[PEER] = partial(run_peer, peer_pipeline(store.find(MODEL), torch.float32))
    return in_turns(runs, cases)


def _kept_where_refused(run: Run) -> Run:
    """The run, but where it refuses the artist keeps the picture."""

    def attempted(gesture: Gesture) -> Outcome:
        try:
            return run(gesture)
        except EngineError as error:
            tell(f"{METHOD} refused scene {gesture.seed}: {error}")
            return Outcome(gesture.picture, 0.0, 0.0, 0, reach=0.0)

    return attempted


def in_turns(runs: Mapping[str, Run], cases: Sequence[BoxedExample]) -> dict[str, tuple[Outcome, ...]]:
    """What each run makes of each case, taken in turns so that a busy moment hits all alike."""
    made: dict[str, list[Outcome]] = {name: [] for name in runs}
    for number, case in enumerate(cases) if runs else ():
        for name, run in runs.items():
            made[name].append(run(case.gesture))
        tell(f"{', '.join(runs)}: {number + 1} of {len(cases)}")
    return {name: tuple(some) for name, some in made.items()}


def _standing(bench: Bench, cases: Sequence[BoxedExample]) -> dict[str, Entry]:
    """What needs no diffusion: the least that there is, and the most."""
    source, truth = (np.stack([case.case.images[i] for case in cases]) for i in (0, 1))
    return {
        COPY: Entry(source),
        PASTED: Entry(np.stack([pasted_in(case) for case in cases])),
        TRUTH: Entry(truth),
        f"{TRUTH}, {ROUND_TRIP}": Entry(drawing.round_trip(bench.backbone, truth)),
    }


def _quality_goals(report: harness.Report, ours: Mapping[str, Any] | None, peer: Mapping[str, Any] | None) -> None:
    for name, limit in (("shape_and_colour", _RIGHT), ("box_iou", _FILLED)):
        report.goals[name] = Goal.at_least(limit, ours[name]) if ours else Goal.missing(f">= {limit}")
    same = ours["outside_identical"] if ours else None
    report.goals["outside_identical"] = Goal("all", same, bool(same))
    gain = ours["shape_and_colour"] - peer["shape_and_colour"] if ours and peer else None
    report.goals["shape_and_colour_above_peer"] = (
        Goal.missing(f">= {-_EQUAL}") if gain is None else Goal.at_least(-_EQUAL, gain)
    )


def _speed(report: harness.Report, cases: Sequence[BoxedExample]) -> None:
    """A thing painted into each picture, every picture new to everybody; the first one is not counted."""
    missing, runs = lacking(), {}
    if not missing:
        runs[METHOD] = partial(run_ours, load(MODEL))
    if MODEL not in missing:
        runs |= {name: partial(run_peer, pipe) for name, pipe in peers(store.find(MODEL)).items()}
    made = in_turns(runs, cases)
    clock = {name: [each.seconds for each in some[1:]] for name, some in made.items()}
    cores = {name: [each.cpu_seconds for each in some[1:]] for name, some in made.items()}
    report.figures["seconds"] = {
        name: {
            "median": round(median(clock[name]), 4),
            "best": round(min(clock[name]), 4),
            "cpu_median": round(median(cores[name]), 4),
            "network_calls": some[-1].calls,
        }
        for name, some in made.items()
    }
    for key, other, limit in (("seconds_vs_defaults", PEER, _DEFAULTS), ("seconds_vs_same_dtype", SAME, _SAME_TYPE)):
        if not {METHOD, other} <= made.keys():
            report.goals[key] = Goal.missing(f"<= {limit}")
            continue
        report.goals[key] = Goal.at_most(limit, median(clock[METHOD]) / median(clock[other]))
        report.figures[f"{key}_of_all_cores"] = round(median(cores[METHOD]) / median(cores[other]), 4)


def _cache(report: harness.Report, case: BoxedExample) -> None:
    """The same picture, box and example once more with another seed, by a model that remembers what it may."""
    wished = {"again_vae_encoder_calls": "vae_encoder", "again_image_encoder_calls": "image_encoder"}
    if lacking():
        report.goals.update({key: Goal.missing("<= 0") for key in wished})
        return
    backbone, gesture = load(MODEL), case.gesture
    again = replace(gesture, seed=gesture.seed + 1)
    calls = {"first": calls_of(backbone, gesture), "again": calls_of(backbone, again)}
    report.figures["calls"] = calls
    # What the first run never called was not skipped by the second one.
    seen = all(calls["first"][network] for network in wished.values())
    for key, network in wished.items():
        goal = Goal.at_most(0, calls["again"][network])
        report.goals[key] = replace(goal, holds=goal.holds and seen)


def _memory(report: harness.Report, case: BoxedExample) -> None:
    """Peak resident memory of a process that loads a model and runs one edit, each on its own."""
    missing, peaks = lacking(), {}
    for name in [*([] if missing else [METHOD]), *([] if MODEL in missing else [PEER, SAME])]:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            peaks[name] = round(pool.submit(peak_of, name, str(store.find(MODEL)), case.gesture).result())
    report.figures["peak_memory_mb"] = peaks


def _lines(
    cases: Sequence[BoxedExample], entries: Mapping[str, Entry], scores: Mapping[str, Sequence[Scores]]
) -> list[Line]:
    """Of the contact sheet: the picture with the box, the example, what came of it, the truth."""
    lines = []
    for row, case in enumerate(cases):
        said = [f"{case.case.instruction}, {case.case.kind}"]
        pictures: dict[str, Any] = {"source": _with_box(case), "example": on_checks(case.exemplar)}
        for name in (METHOD, PEER):
            pictures[name] = entries[name].pictures[row] if name in entries else None
            if name in entries:
                score = scores[name][row]
                wrong = [trait for trait in ("shape", "colour") if not score[trait]]
                said.append(f"{name} {score['box_iou']:.2f}{' not its ' if wrong else ''}{' and '.join(wrong)}")
        lines.append(Line(" · ".join(said), pictures | {TRUTH: case.case.images[1]}))
    return lines


def _with_box(case: BoxedExample) -> Picture:
    x, y, width, height = case.box
    picture = case.case.images[0].copy()
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.rectangle(picture, (x, y), (x + width - 1, y + height - 1), colour, thickness)
    return picture


def on_checks(exemplar: Exemplar) -> Picture:
    """An example before the chequers that stand for nothing, an eighth of its side each."""
    rows, columns = (8 * np.arange(side) // side for side in exemplar.shape[:2])
    even: NDArray[np.bool_] = (rows[:, None] + columns) % 2 == 0
    checks = np.where(even[..., None], np.uint8(230), np.uint8(200)).repeat(3, axis=2)
    return flattened(exemplar, checks)
