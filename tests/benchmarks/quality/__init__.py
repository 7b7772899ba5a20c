"""Every row of the studio model's target table: what the bundled weights do, read back by a judge that knows the truth.

Each figure stands beside two baselines, *copy the source* and *VAE round trip*, and beside diffusers' own pipeline on
the same weights, steps, guidance and noise where there is one; the peer works on every fourth scene. What cannot be
measured yet is listed as missing and its goals do not hold. `--folder` gets a contact sheet for each row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

import typer
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from engine.errors import EngineError
from engine.methods import discover
from engine.models import store
from tests.benchmarks import harness
from tests.benchmarks.drag_runs import TIERS
from tests.benchmarks.quality import clicks, edits, points, rows, speed, words
from tests.benchmarks.quality.bench import Bench, Found, tell
from tests.benchmarks.quality.sheets import write


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        goals: those that the row sets, as they are listed while they cannot be measured.
        judged: whether the judge must be there.
        lacking: says why the row cannot be measured, besides the model and the judge; None where it can.
        runs: ids of the methods that it runs as soon as they are there.
    """

    measure: Callable[[Bench], Found]
    goals: Mapping[str, str] = field(default_factory=dict)
    judged: bool = True
    lacking: Callable[[], str | None] = lambda: None
    runs: tuple[str, ...] = ()


ROWS = {
    "vae": Row(rows.vae, {"vae_psnr_db": ">= 30"}, judged=False),
    "judge": Row(
        rows.judge,
        {
            "judge_worst_attribute": ">= 0.98",
            "judge_worst_attribute_after_vae": ">= 0.95",
            "judge_mask_iou": ">= 0.95",
        },
    ),
    "text": Row(rows.text, {"text_one_object": ">= 0.85", "text_two_objects": ">= 0.65"}),
    "kid": Row(rows.distance),
    "sdedit": Row(rows.strokes, {"sdedit_kept": ">= 0.85", "sdedit_kid_vs_guide": "<= a fifth"}),
    "diffedit": Row(
        words.words,
        {"diffedit_mask_iou": ">= 0.75", "diffedit_changed": ">= 0.85", "diffedit_outside_identical": "all"},
    ),
    "drag": Row(
        points.points,
        {
            "fast_drag_distance_left": "<= 0.3",
            "drag_diffusion_distance_left": "<= 0.2",
            "dragon_distance_left": "<= 0.15",
            "drag_identity": ">= 0.9",
        },
        runs=TIERS,
    ),
    "exemplar": Row(
        edits.example,
        {"exemplar_in_box": ">= 0.8", "exemplar_outside_identical": "all"},
        lacking=edits.not_there,
    ),
    "click": Row(clicks.clicks, {"click_mask_iou": ">= 0.9"}, judged=False, lacking=clicks.not_there),
    "speed": Row(speed.speed, judged=False),
}


def measure(options: harness.Options) -> harness.Report:
    """The rows that were asked for, all without a choice."""
    for name in options.only:
        if name not in ROWS:
            raise typer.BadParameter(f"there is no row {name!r}; there are {', '.join(ROWS)}")
    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    bench = Bench(options)
    report = harness.Report({"scenes": bench.count, "first_seed": bench.first_seed, "rows": {}, "missing": {}})
    for name, row in ROWS.items():
        if not options.only or name in options.only:
            _run(name, row, bench, report, options)
    return report


def _run(name: str, row: Row, bench: Bench, report: harness.Report, options: harness.Options) -> None:
    """Measure one row into the report; what is missing is said and its goals do not hold."""
    lacking, found = unmeasurable(row, bench), Found()
    if not lacking:
        tell(f"— {name}")
        found = row.measure(bench)
        report.figures["rows"][name] = found.figures
        if options.folder is not None:
            write(options.folder / f"quality-{name}.png", found.lines)
    lacking += [f"the method “{method}” is not built yet" for method in row.runs if method not in _methods()]
    if lacking:
        report.figures["missing"][name] = "; ".join(lacking)
        tell(f"— {name}: missing: {'; '.join(lacking)}")
    unknown = {goal: harness.Goal.missing(text) for goal, text in row.goals.items() if goal not in found.goals}
    report.goals.update({**found.goals, **unknown})


def unmeasurable(row: Row, bench: Bench) -> list[str]:
    """Why a row can have no figures at all; nothing where it can."""
    reasons = []
    try:
        store.find(store.BUNDLED)
    except EngineError as error:
        reasons.append(str(error))
    if row.judged and bench.judge is None:
        reasons.append("there is no trained judge yet")
    own = row.lacking()
    return reasons if own is None else [*reasons, own]


@cache
def _methods() -> frozenset[str]:
    return frozenset(discover())
