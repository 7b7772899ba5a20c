"""The tiers of a drag as they are run and timed, and how much memory each takes.

Nothing here knows scenes or the judge, so that a process that measures memory holds what an edit needs and no more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from engine.backbone import Backbone
from engine.methods import discover, finish
from engine.models.loader import load
from engine.request import EditRequest, Method
from tests.benchmarks import harness
from tests.benchmarks.plain_drag import PlainDrag
from tests.benchmarks.worded import pasted

Picture = NDArray[np.uint8]  # (H, W, 3)
TIERS = ("warp_drag", "fast_drag", "drag_diffusion", "dragon")
PLAIN = "plain loop"
WORDED = ("drag_diffusion",)  # tiers that are told what the picture shows, as their paper asks; to drag, nobody types
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Gesture:
    """What an artist gives: where things are, where they go, what belongs to them, and what the picture shows.

    Attributes:
        points: (n, 2, 2), handle then target, (x, y) in px.
        mask: (H, W) uint8, what shall move.
        free: (H, W) bool, where the plain loop may change the picture: it does not find that by itself.
    """

    picture: Picture
    points: NDArray[np.float64]
    mask: NDArray[np.uint8]
    free: NDArray[np.bool_]
    words: str
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Outcome:
    """A drag and what it took.

    Attributes:
        picture: (H, W, 3).
        seconds: on the clock; cpu_seconds: of all cores together.
        calls: of the network.
        reach: px beyond the selection and its target that the picture may change; None = everywhere.
        shadow: shadows and mirror images may change, too: the tier takes them along.
        marks: (n, 2), where the handles came to by the method's own account; None = it does not say.
    """

    picture: Picture
    seconds: float
    cpu_seconds: float
    calls: int
    reach: float | None = None
    shadow: bool = False
    marks: NDArray[np.float64] | None = None


def request_of(method: Method, gesture: Gesture) -> EditRequest:
    """The gesture with the method's own settings, and the words where the method is given any."""
    return EditRequest(
        method.id,
        gesture.picture,
        method.parameters(),
        prompt=gesture.words if method.id in WORDED else "",
        seed=gesture.seed,
        mask=gesture.mask,
        points=gesture.points,
    )


def run_tier(backbone: Backbone, method: Method, gesture: Gesture) -> Outcome:
    """A drag by one of our methods."""
    return run(backbone, method, request_of(method, gesture))


def run(backbone: Backbone, method: Method, request: EditRequest) -> Outcome:
    """An edit by one of our methods."""
    calls = backbone.calls
    result, clock, cores = clocked(lambda: finish(method.run(backbone, request)))
    options = request.parameters
    shadow = bool(getattr(options, "shadow", False))
    reach = float(getattr(options, "grow", 0)) + float(getattr(options, "feather", 0))
    return Outcome(pasted(result), clock, cores, backbone.calls - calls, reach, shadow, result.marks)


def run_plain(plain: PlainDrag, gesture: Gesture) -> Outcome:
    """A drag by the plain loop."""
    done, clock, cores = clocked(
        lambda: plain(gesture.picture, gesture.points, gesture.free, gesture.words, gesture.seed)
    )
    return Outcome(done.picture, clock, cores, done.calls, marks=done.marks)


def peak_of(name: str, folder: str, gesture: Gesture) -> float:
    """Peak resident memory of loading a model and one drag, MiB; runs in a process of its own.

    Args:
        name: of a tier, or PLAIN.
    """
    if name == PLAIN:
        run_plain(PlainDrag(Path(folder)), gesture)
    else:
        run_tier(load(folder), discover()[name], gesture)
    return harness.own_peak_mb()


def clocked(edit: Callable[[], T]) -> tuple[T, float, float]:
    """What a run gives, its seconds on the clock and those of all cores together."""
    clock, cores = perf_counter(), process_time()
    done = edit()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return done, perf_counter() - clock, process_time() - cores
