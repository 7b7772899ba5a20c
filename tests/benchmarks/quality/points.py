"""The row of points: a thing is dragged to another place by each tier, beside what needs no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.methods import discover
from engine.models.loader import load
from engine.warp import warp, warped
from tests.benchmarks.drag_runs import PLAIN, TIERS, Gesture, Outcome, run_plain, run_tier
from tests.benchmarks.harness import Goal
from tests.benchmarks.plain_drag import PlainDrag
from tests.benchmarks.quality import drawing
from tests.benchmarks.quality.bench import COPY, ROUND_TRIP, Bench, Found, tell
from tests.benchmarks.quality.drags import Drag, drags
from tests.benchmarks.quality.drawing import Pictures
from tests.benchmarks.quality.moving import Scores, figures_of, known, scored
from tests.benchmarks.quality.sheets import LINES, Line

if TYPE_CHECKING:
    from engine.studio.judge import Reading

BARE, TRUTH = "bare warp", "truth"
LEFT = {"fast_drag": 0.3, "drag_diffusion": 0.2, "dragon": 0.15}  # most of the way that may be left
KEPT = 0.9  # least share of the things that must still be themselves
SLOW = ("drag_diffusion", "dragon")  # in the row of 200 scenes they work on as many as a peer does
_FREE = 16.0  # px around the thing's way that the plain loop may change: what the tiers' own seams reach
HOLE = (128, 128, 128)  # how a hole is shown to the judge
_NOTHING = 254  # an id that is nothing's


@dataclass(frozen=True, eq=False)
class Entry:
    """What one entrant made of the first drags.

    Attributes:
        pictures: (n, H, W, 3).
        holes: (n, H, W) bool, where it knows nothing.
        outcomes: what it took, empty where it took nothing worth telling.
    """

    pictures: Pictures
    holes: NDArray[np.bool_] | None = None
    outcomes: tuple[Outcome, ...] = ()


def points(bench: Bench) -> Found:
    """One thing is moved by 15 to 40 % of the picture's width."""
    cases = list(islice(drags(bench.all_scenes(), bench.backbone.native), bench.count))
    few = len(bench.for_peer(cases))
    entries = standing(bench, cases)
    there = [name for name in TIERS if name in discover()]
    entries |= entered(cases, {name: few if name in SLOW else len(cases) for name in there})
    scores = judged(bench, cases, entries)
    figures = {name: figures_of(scores[name]) | taken(cases, entries[name]) for name in entries}
    goals = {
        f"{name}_distance_left": Goal.at_most(limit, figures[name]["distance_left"])
        for name, limit in LEFT.items()
        if name in there
    }
    if set(LEFT) <= set(there):
        least = min(figures[name]["identity"] or 0.0 for name in LEFT)
        goals["drag_identity"] = Goal.at_least(KEPT, least)
    return Found(figures, goals, lines_of(cases, entries, scores))


def gesture_of(drag: Drag) -> Gesture:
    """The drag as an artist gives it, and what the picture shows for those that ask."""
    seed = drag.case.before.seed
    return Gesture(drag.case.images[0], drag.points, drag.mask, drag.way(_FREE), drag.words, seed)


def entered(cases: Sequence[Drag], counts: Mapping[str, int], plain: PlainDrag | None = None) -> dict[str, Entry]:
    """The drags by tiers and by the plain loop, case by case in turns, so that a busy moment hits all alike.

    Args:
        counts: of the first drags that each of them works on, by name.
        plain: must be there where PLAIN is among the names.
    """
    methods = discover()
    loaded = {name: load("studio") for name in counts if name != PLAIN}  # each with a memory of its own
    made: dict[str, list[Outcome]] = {name: [] for name in counts}
    for number, drag in enumerate(cases):
        for name in [name for name, limit in counts.items() if number < limit]:
            gesture = gesture_of(drag)
            if name == PLAIN:
                assert plain is not None
                made[name].append(run_plain(plain, gesture))
                continue
            try:
                made[name].append(run_tier(loaded[name], methods[name], gesture))
            except EngineError as error:  # the artist keeps the picture
                tell(f"{name} refused drag {number}: {error}")
                made[name].append(Outcome(gesture.picture, 0.0, 0.0, 0, 0.0))
        tell(f"drags: {number + 1} of {len(cases)}")
    return {
        name: Entry(np.stack([each.picture for each in some]), None, tuple(some)) for name, some in made.items() if some
    }


def standing(bench: Bench, cases: Sequence[Drag]) -> dict[str, Entry]:
    """What needs no diffusion: the least that there is, and the most."""
    source, truth = (np.stack([drag.case.images[i] for drag in cases]) for i in (0, 1))
    warps = [warp(drag.points, drag.mask, drag.mask.shape[::-1]) for drag in cases]
    holes = np.stack([each.holes for each in warps])
    bare = np.stack([warped(picture, each) for picture, each in zip(source, warps, strict=True)])
    bare[holes] = HOLE
    return {
        COPY: Entry(source),
        ROUND_TRIP: Entry(drawing.round_trip(bench.backbone, source)),
        BARE: Entry(bare, holes),
        TRUTH: Entry(truth),
        f"{TRUTH}, {ROUND_TRIP}": Entry(drawing.round_trip(bench.backbone, truth)),
    }


def judged(bench: Bench, cases: Sequence[Drag], entries: Mapping[str, Entry]) -> dict[str, list[Scores]]:
    """The scores of each entrant's pictures; a hole is never what should be there."""
    sources = bench.readings(np.stack([drag.case.images[0] for drag in cases]))
    before = [known(drag.case, reading) for drag, reading in zip(cases, sources, strict=True)]
    scores: dict[str, list[Scores]] = {}
    for name, entry in entries.items():
        readings = bench.readings(entry.pictures)
        if entry.holes is not None:
            readings = [without(reading, hole) for reading, hole in zip(readings, entry.holes, strict=True)]
        rows = zip(cases, entry.pictures, readings, before, strict=False)
        scores[name] = [scored(drag.case, picture, reading, looks) for drag, picture, reading, looks in rows]
    return scores


def without(reading: Reading, hole: NDArray[np.bool_]) -> Reading:
    """The reading of a picture in which nothing is known inside a hole (H, W)."""
    ids = reading.ids.copy()
    ids[hole] = _NOTHING
    return replace(reading, ids=ids)


def taken(cases: Sequence[Drag], entry: Entry) -> dict[str, Any]:
    """What an entrant took, and whether it left alone what it had to; nothing for those that took nothing.

    told_left is the mean way left of the handles by its own account, of their whole way.
    """
    outcomes = entry.outcomes
    if not outcomes:
        return {}
    figures: dict[str, Any] = {
        "seconds": round(float(np.mean([each.seconds for each in outcomes])), 3),
        "cpu_seconds": round(float(np.mean([each.cpu_seconds for each in outcomes])), 3),
        "network_calls": round(float(np.mean([each.calls for each in outcomes])), 1),
    }
    told = [_told(drag, each.marks) for drag, each in zip(cases, outcomes, strict=False) if each.marks is not None]
    if told:
        figures["told_left"] = round(float(np.mean(told)), 4)
    untouched = [
        is_untouched(drag, each) for drag, each in zip(cases, outcomes, strict=False) if each.reach is not None
    ]
    return figures | ({"outside_identical": all(untouched)} if untouched else {})


def _told(drag: Drag, marks: NDArray[np.float64]) -> float:
    handles, targets = drag.points[:, 0], drag.points[:, 1]
    left, way = (np.linalg.norm(targets - places, axis=1).mean() for places in (marks, handles))
    return float(left / way)


def is_untouched(drag: Drag, outcome: Outcome) -> bool:
    """Whether the picture is the source's own, bit for bit, beyond where it may have been changed."""
    assert outcome.reach is not None
    outside = ~drag.reach(outcome.reach, outcome.shadow)
    return bool(np.array_equal(outcome.picture[outside], drag.case.images[0][outside]))


def lines_of(cases: Sequence[Drag], entries: Mapping[str, Entry], scores: Mapping[str, Sequence[Scores]]) -> list[Line]:
    """Of the contact sheet: the source with the gesture, what each made of it, the truth."""
    shown = [name for name in entries if name not in (COPY, ROUND_TRIP, TRUTH) and not name.startswith(TRUTH)]
    lines = []
    for row, drag in enumerate(cases[:LINES]):
        pictures: dict[str, Any] = {"source": with_arrows(drag)}
        said = [drag.case.instruction]
        for name in shown:
            there = row < len(entries[name].pictures)
            pictures[name] = entries[name].pictures[row] if there else None
            if there:
                score = scores[name][row]
                said.append(f"{name} {score['distance_left']:.2f}{'' if score['identity'] in (1.0, None) else ' lost'}")
        pictures[TRUTH] = drag.case.images[1]
        lines.append(Line(" · ".join(said), pictures))
    return lines


def with_arrows(drag: Drag) -> NDArray[np.uint8]:
    """The source with its selection's outline and its pairs."""
    picture = drag.case.images[0].copy()
    outlines, _ = cv2.findContours(drag.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, outlines, -1, (255, 255, 255), 1)
    for handle, target in drag.points:
        ends = [(int(x), int(y)) for x, y in (handle, target)]
        cv2.arrowedLine(picture, *ends, (0, 0, 0), 3, cv2.LINE_AA, tipLength=0.15)
        cv2.arrowedLine(picture, *ends, (255, 220, 0), 1, cv2.LINE_AA, tipLength=0.15)
    return picture
