"""The benchmark of drags from end to end, with a tier that carries pixels and knows its own account."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import numpy as np
import pytest
import torch
import typer

from engine.backbone import Backbone
from engine.errors import BadRequest
from engine.models.loader import load
from engine.request import EditRequest, EditResult, Method, Parameters, Step, knob
from engine.studio import world
from engine.warp import warp, warped
from tests.benchmarks import drag, harness
from tests.benchmarks.drag_runs import PLAIN, Outcome, run_tier
from tests.benchmarks.quality import points
from tests.benchmarks.quality.bench import Bench
from tests.benchmarks.quality.drags import Drag, drags
from tests.benchmarks.quality.points import Entry
from tests.engine.tiny_models import write_sd15


@dataclass(frozen=True)
class CarryParameters(Parameters):
    grow: int = knob(0, 0, 8, "")
    feather: int = knob(0, 0, 8, "")


def carry(backbone: Backbone, request: EditRequest) -> Iterator[Step]:
    """The bare warp as a whole result; what it does not know stays as it was."""
    assert request.points is not None
    if len(request.points) > 2:
        raise BadRequest("Two pairs are as many as this can follow.")
    yield Step(1, 1)
    height, width = request.image.shape[:2]
    picture = warped(request.image, warp(request.points, request.mask, (width, height)))
    alpha = np.full((height, width), 255, np.uint8)
    return EditResult(picture, alpha, (0, 0), request, 1, marks=request.points[:, 1])


CARRY = Method("fast_drag", "Carry", CarryParameters, carry, frozenset())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def cases() -> list[Drag]:
    first = world.VALIDATION_SEEDS.start + 900
    return list(islice(drags(world.sample_scene(seed) for seed in count(first)), 3))


@pytest.fixture
def only_carry(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (drag, points):
        monkeypatch.setattr(module, "discover", lambda: {"fast_drag": CARRY})


@pytest.mark.usefixtures("only_carry")
def test_a_tier_is_judged_and_those_that_are_not_built_are_missing(tmp_path: Path) -> None:
    options = harness.Options(3, world.VALIDATION_SEEDS.start + 900, drag.TIERS, tmp_path)
    report = drag.measure(options)
    assert set(report.figures["missing"]) == {"warp_drag", "drag_diffusion", "dragon"}  # type: ignore[call-overload]
    figures = report.figures["entrants"]["fast_drag"]  # type: ignore[index]
    assert figures["pictures"] == 3
    assert figures["network_calls"] == 0
    assert figures["told_left"] == 0.0
    assert figures["outside_identical"] is True
    third = 1 / 3  # the drag with three pairs was refused, so all of its way is left
    assert figures["distance_left"] == pytest.approx(third, abs=0.1)
    assert report.goals["fast_drag_distance_left"].value == figures["distance_left"]
    assert report.goals["fast_drag_outside_identical"].holds
    for name in ("drag_diffusion_distance_left", "dragon_identity", "fast_drag_vs_drag_diffusion_seconds"):
        assert report.goals[name].value is None
        assert not report.goals[name].holds
    assert (tmp_path / "drag-0.png").exists()


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="no part 'nonsense'; there are warp_drag"):
        drag.measure(harness.Options(only=("nonsense",)))


def test_seconds_are_compared_on_the_drags_that_both_did(cases: list[Drag]) -> None:
    pictures = np.stack([each.case.images[1] for each in cases])

    def entry(seconds: list[float]) -> Entry:
        outcomes = tuple(Outcome(pictures[0], each, each, 10) for each in seconds)
        return Entry(pictures[: len(seconds)], None, outcomes)

    entries = {"fast_drag": entry([1, 1, 1]), "drag_diffusion": entry([9, 9, 90]), PLAIN: entry([20, 20])}
    scores = points.judged(Bench(harness.Options(count=2)), cases, entries)
    report = harness.Report({})
    drag._ratios(report, cases, entries, scores, drag.PARTS)
    assert report.goals["fast_drag_vs_drag_diffusion_seconds"].value == pytest.approx(3 / 108, abs=1e-4)
    assert report.goals["drag_diffusion_vs_plain_seconds"].value == pytest.approx(18 / 40)
    assert report.goals["drag_diffusion_distance_above_plain"].holds
    assert report.figures["on_the_plain_loops_drags"]["drag_diffusion"]["pictures"] == 2  # type: ignore[index]


def test_an_edit_counts_its_own_network_calls(cases: list[Drag], tmp_path: Path) -> None:
    backbone = load(str(write_sd15(tmp_path / "tiny")), "cpu", torch.float32)
    backbone.calls = 7
    done = run_tier(backbone, CARRY, points.gesture_of(cases[0]))
    assert done.calls == 0
    assert done.reach == 0.0
    assert done.seconds > 0
