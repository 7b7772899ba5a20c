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
        return cls(f"<= {limit:g}", round(value, 4), value <= limit)

    @classmethod
    def at_least(cls, limit: float, value: float) -> Goal:
        return cls(f">= {limit:g}", round(value, 4), value >= limit)

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


def dump(path: Path, name: str, report: Report) -> None:
    """Write the report as JSON."""
    path.write_text(json.dumps(as_json(name, report), indent=2, default=str) + "\n")
