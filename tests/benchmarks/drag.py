"""Drags with a known outcome by every tier, beside doing nothing, the bare warp, and a plain DragDiffusion loop.

Parts: the tiers by their ids, "plain", "redrag" (one point moved, the rest remembered), "preview" (the warp under the
pen) and "memory"; redrag and memory look at the tiers that are named beside them, at all where none is. A tier that is
not built yet is listed as missing and its goals do not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from engine.methods import discover
from engine.models.loader import load
from engine.studio.world import VALIDATION_SEEDS, sample_scene
from engine.warp import SKETCHED, Warper, warped
from tests.benchmarks import harness
from tests.benchmarks.drag_runs import PLAIN, TIERS, peak_of, run_tier
from tests.benchmarks.harness import Goal
from tests.benchmarks.plain_drag import PlainDrag
from tests.benchmarks.quality.bench import Bench, of_parts
from tests.benchmarks.quality.drags import Drag, drags
from tests.benchmarks.quality.moving import Scores, figures_of
from tests.benchmarks.quality.points import KEPT, LEFT, Entry, entered, gesture_of, judged, lines_of, standing, taken
from tests.benchmarks.quality.sheets import LINES, sheet

NAME = "drag"
PARTS = (*TIERS, "plain", "redrag", "preview", "memory")
FIRST = VALIDATION_SEEDS.start + 600_000
COUNT = 24
_REDRAGGED = 2  # drags of which a point is moved
_MOVED = (6.0, -4.0)  # px that it is moved
_FAST, _PLAIN, _AGAIN = 0.1, 0.5, 0.25  # most seconds of DragDiffusion's, of the plain loop's, of the first drag's
_EQUAL = 0.03  # of the way: distances left that differ by less are equal
_SHOWN = 512  # side of the picture that is warped under the pen, px
_FRAME, _EVENT = 16.0, 4.0  # ms for the first warp, and for each further pointer event
_EVENTS = 120


def measure(options: harness.Options) -> harness.Report:
    """Where things went and what it took; ratios where both sides of them ran."""
    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    bench, parts, report = of_parts(options, PARTS, FIRST, COUNT)
    missing = [name for name in TIERS if name in parts and name not in discover()]
    report.figures.update(entrants={}, missing=dict.fromkeys(missing, "it is not built yet"))
    cases = list(islice(drags(bench.all_scenes(), bench.backbone.native), bench.count))
    if "plain" in parts or set(TIERS) & set(parts):
        _places(report, bench, cases, parts, options.folder)
    rest: dict[str, Callable[[], None]] = {
        "redrag": partial(_redrag, report, cases, _asked(parts)),
        "preview": partial(_preview, report, bench.first_seed),
        "memory": partial(_memory, report, bench, cases[0], _asked(parts)),
    }
    for name, part in rest.items():
        if name in parts:
            part()
    return report


def _there(parts: Sequence[str]) -> list[str]:
    return [name for name in TIERS if name in parts and name in discover()]


def _asked(parts: Sequence[str]) -> Sequence[str]:
    """The entrants that redrag and memory look at: those among the parts, all where none is."""
    entrants = (*TIERS, "plain")
    return [name for name in entrants if name in parts] or entrants


def _places(
    report: harness.Report, bench: Bench, cases: Sequence[Drag], parts: Sequence[str], folder: Path | None
) -> None:
    """Every entrant's pictures: the judge's and the truth's word on them, and what they took."""
    counts = {name: len(cases) for name in _there(parts)}
    if "plain" in parts:
        counts[PLAIN] = len(bench.for_peer(cases)) if len(parts) > 1 else len(cases)
    entries = standing(bench, cases) | entered(cases, counts, PlainDrag(bench.folder))
    scores = judged(bench, cases, entries)
    figures = {name: figures_of(scores[name]) | taken(cases, entries[name]) for name in entries}
    report.figures["entrants"] = figures
    for name in (name for name in TIERS if name in parts):
        _tier_goals(report, name, figures.get(name))
    _ratios(report, cases, entries, scores, parts)
    if folder is not None:
        lines = lines_of(cases, entries, scores)
        for number in range(0, len(lines), LINES):
            harness.save(folder / f"drag-{number // LINES}.png", sheet(lines[number : number + LINES]))


def _tier_goals(report: harness.Report, name: str, figures: Mapping[str, Any] | None) -> None:
    if name in LEFT:
        goal = Goal.at_most(LEFT[name], figures["distance_left"]) if figures else Goal.missing(f"<= {LEFT[name]}")
        report.goals[f"{name}_distance_left"] = goal
    kept = figures and figures["identity"]
    report.goals[f"{name}_identity"] = Goal.missing(f">= {KEPT}") if kept is None else Goal.at_least(KEPT, kept)
    same = bool(figures and figures["outside_identical"])
    report.goals[f"{name}_outside_identical"] = Goal("all", same if figures else None, same)


def _ratios(
    report: harness.Report,
    cases: Sequence[Drag],
    entries: Mapping[str, Entry],
    scores: Mapping[str, Sequence[Scores]],
    parts: Sequence[str],
) -> None:
    """Seconds of one entrant for those of another, on the drags that both did."""
    pairs = (
        ("fast_drag", "drag_diffusion", "fast_drag_vs_drag_diffusion_seconds", _FAST),
        ("drag_diffusion", PLAIN, "drag_diffusion_vs_plain_seconds", _PLAIN),
    )
    for one, other, key, limit in pairs:
        if not {one, "plain" if other == PLAIN else other} <= set(parts):
            continue
        if one not in entries or other not in entries:
            report.goals[key] = Goal.missing(f"<= {limit}")
            continue
        both = min(len(entries[name].outcomes) for name in (one, other))
        seconds = [sum(each.seconds for each in entries[name].outcomes[:both]) for name in (one, other)]
        report.goals[key] = Goal.at_most(limit, seconds[0] / seconds[1])
        cores = [sum(each.cpu_seconds for each in entries[name].outcomes[:both]) for name in (one, other)]
        report.figures[f"{key}_of_all_cores"] = round(cores[0] / cores[1], 4)
        if other == PLAIN:
            same = {name: figures_of(scores[name][:both]) for name in (one, other)}
            report.figures["on_the_plain_loops_drags"] = same
            more = float(same[one]["distance_left"] or 0.0) - float(same[other]["distance_left"] or 0.0)
            report.goals["drag_diffusion_distance_above_plain"] = Goal.at_most(_EQUAL, more)


def _redrag(report: harness.Report, cases: Sequence[Drag], asked: Sequence[str]) -> None:
    """The same picture again with one target elsewhere, by the same model that remembers what it may."""
    figures: dict[str, dict[str, float]] = {}
    for name in _there(asked):
        method, backbone = discover()[name], load("studio")
        run_tier(backbone, method, gesture_of(cases[-1]))  # what only the very first run of a model takes
        seconds: dict[str, list[float]] = {"first": [], "again": []}
        cores: dict[str, list[float]] = {"first": [], "again": []}
        calls: dict[str, list[int]] = {"first": [], "again": []}
        for drag in cases[:_REDRAGGED]:
            gesture = gesture_of(drag)
            points = drag.points.copy()
            points[-1, 1] = np.clip(points[-1, 1] + _MOVED, 1, np.array(drag.mask.shape[::-1]) - 1)
            for turn, each in (("first", gesture), ("again", replace(gesture, points=points))):
                done = run_tier(backbone, method, each)
                seconds[turn].append(done.seconds)
                cores[turn].append(done.cpu_seconds)
                calls[turn].append(done.calls)
        figures[name] = {f"{turn}_seconds": round(float(np.mean(values)), 3) for turn, values in seconds.items()}
        figures[name] |= {f"{turn}_network_calls": float(np.mean(values)) for turn, values in calls.items()}
        figures[name]["ratio"] = round(sum(seconds["again"]) / sum(seconds["first"]), 4)
        figures[name]["ratio_of_all_cores"] = round(sum(cores["again"]) / sum(cores["first"]), 4)
    report.figures["redrag"] = figures
    if "drag_diffusion" in asked:
        ratio = figures.get("drag_diffusion", {}).get("ratio")
        report.goals["redrag_seconds"] = Goal.missing(f"<= {_AGAIN}") if ratio is None else Goal.at_most(_AGAIN, ratio)


def _preview(report: harness.Report, first: int) -> None:
    """The warp as the window shows it: when the pen goes down, and with each event of it, at 512²; p95, ms."""
    drag = next(iter(drags((sample_scene(seed) for seed in count(first)), _SHOWN)))
    picture, mask = drag.case.images[0], drag.mask
    rows, columns = np.nonzero(drag.case.silhouettes[0])
    order = np.random.default_rng(0).permutation(len(rows))
    figures: dict[str, dict[str, float]] = {}
    for pairs in (1, 3, 10, 30):
        handles = np.stack([columns, rows], axis=1)[order[:pairs]] + 0.5
        way = drag.points[0, 1] - drag.points[0, 0]
        starts, events = [], []
        for event in range(_EVENTS):
            targets = handles + way * (event + 1) / _EVENTS
            start = perf_counter()
            warper = Warper(handles, mask, (_SHOWN, _SHOWN), SKETCHED)
            warped(picture, warper.to(targets))
            starts.append(1000 * (perf_counter() - start))
            start = perf_counter()
            warped(picture, warper.to(targets + 0.5))
            events.append(1000 * (perf_counter() - start))
        figures[f"{pairs}_pairs"] = {
            f"{name}_{word}": round(harness.percentile(values, percent), 2)
            for name, values in (("pen_down", starts), ("event", events))
            for word, percent in (("median", 50), ("p95", 95))
        }
    report.figures["preview_ms"] = figures
    report.goals["preview_ms"] = Goal.at_most(_FRAME, max(each["pen_down_p95"] for each in figures.values()))
    report.goals["preview_event_ms"] = Goal.at_most(_EVENT, max(each["event_p95"] for each in figures.values()))


def _memory(report: harness.Report, bench: Bench, drag: Drag, asked: Sequence[str]) -> None:
    """Peak resident memory of a process that loads a model and runs one drag, each on its own."""
    peaks = {}
    for name in [*_there(asked), *([PLAIN] if "plain" in asked else [])]:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            peaks[name] = round(pool.submit(peak_of, name, str(bench.folder), gesture_of(drag)).result())
    report.figures["peak_memory_mb"] = peaks
