"""What every benchmark shares: options in, figures and goals out, one JSON shape."""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True)
class Options:
    """How a benchmark is run.

    Attributes:
        count: how many repeats or scenes; None = the benchmark's own default.
        first_seed: first scene seed, for those that judge pictures.
        only: names of the parts to run; empty = all.
        folder: where pictures go; None = none are written.
        published: judge the scenes of published figures, which nothing was ever tuned to.
    """

    count: int | None = None
    first_seed: int | None = None
    only: tuple[str, ...] = ()
    folder: Path | None = None
    published: bool = False


@dataclass(frozen=True)
class Goal:
    """A figure that was asked for, e.g. Goal("<= 0.5", 0.41, True)."""

    goal: str
    value: float | bool | None
    holds: bool

    @classmethod
    def at_most(cls, limit: float, value: float) -> Goal:
        return cls(f"<= {limit:g}", round(float(value), 4), bool(value <= limit))

    @classmethod
    def at_least(cls, limit: float, value: float) -> Goal:
        return cls(f">= {limit:g}", round(float(value), 4), bool(value >= limit))

    @classmethod
    def missing(cls, goal: str) -> Goal:
        """A figure that nothing can measure yet: it does not hold."""
        return cls(goal, None, False)


@dataclass(frozen=True)
class Report:
    """What a benchmark found; `name` is filled in by the runner."""

    figures: dict[str, object]
    goals: dict[str, Goal] = field(default_factory=dict)


def as_json(name: str, report: Report) -> dict[str, object]:
    """{"name", "figures", "goals": {key: {"goal", "value", "holds"}}}, the machine among the figures."""
    figures = {"machine": machine(), **report.figures}
    return {"name": name, "figures": figures, "goals": {key: asdict(goal) for key, goal in report.goals.items()}}


def machine() -> str:
    """Processor, cores and system in one line, so that a figure can be read later."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def timed(function: Callable[[], object], count: int = 5, warmup: int = 1) -> list[float]:
    """Seconds of `count` calls, after `warmup` calls that are not counted."""
    for _ in range(warmup):
        function()
    seconds = []
    for _ in range(count):
        start = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - start)
    return seconds


def percentile(values: Sequence[float], percent: int) -> float:
    """The given percentile of at least one value (nearest of 100 cuts)."""
    return float(values[0]) if len(values) < 2 else float(quantiles(values, n=100, method="inclusive")[percent - 1])


def peak_memory_mb() -> float:
    """Largest resident size of this process so far, MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def memory_mb() -> float:
    """Resident size of this process now, MiB (Linux; elsewhere the peak)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return peak_memory_mb()
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def own_peak_mb() -> float:
    """Peak resident size of this process; Linux counts the parent's into what `getrusage` says of a fresh child."""
    status = Path("/proc/self/status")
    if not status.exists():
        return peak_memory_mb()
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def in_turns(runs: dict[str, Callable[[], object]], times: int, warmup: int = 1) -> dict[str, list[float]]:
    """Seconds of each run, taken in turns so that a busy moment hits all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(warmup + times):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            if turn >= warmup:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def psnr(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Peak signal-to-noise ratio of two 8-bit pictures, dB."""
    error = float(np.mean(np.square(first.astype(np.float64) - second)))
    return 10 * float(np.log10(255**2 / max(error, 1e-6)))


def save(path: Path, picture: NDArray[Any]) -> None:
    """Write an 8-bit picture."""
    Image.fromarray(picture).save(path)


def dump(path: Path, name: str, report: Report) -> None:
    """Write the report as JSON."""
    path.write_text(json.dumps(as_json(name, report), indent=2, default=str) + "\n")
