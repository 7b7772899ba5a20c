"""How soon the window is there, and how well it answers while torch is imported and while an edit runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks import harness

NAME = "startup"
ROOT = Path(__file__).resolve().parents[2]
PROBE = Path(__file__).parent / "probes" / "startup.py"
SHOWN_GOAL = 1.5  # s
STALL_GOAL = 50.0  # ms


def measure(options: harness.Options) -> harness.Report:
    """Start the program several times, then once with an edit; each in a process and with settings of its own."""
    with tempfile.TemporaryDirectory() as home:
        first = _probe(home, "window")
        starts = [_probe(home, "window") for _ in range(options.count or 5)]
        full = _probe(home, "edit")
    shown = median(start["shown"] for start in starts)
    stalls = {phase: _stalls(full["beats"], phase) for phase in ("import", "opening", "loading", "edit")}
    torch_free = not any(start["torch"] for start in (first, *starts, full))
    edit_p99 = harness.percentile(stalls["edit"], 99)
    figures: dict[str, object] = {
        "window_shown_seconds": [round(start["shown"], 3) for start in starts],
        "window_shown_processor_seconds": round(median(start["cpu"] for start in starts), 3),
        "window_shown_first_time_seconds": round(first["shown"], 3),
        "first_method_list_seconds": round(full["shown"], 3),
        "methods_in_the_first_list": full["listed"],
        "engine_ready_seconds": round(full["methods"], 3),
        "edit_seconds": [round(seconds, 2) for seconds in full["seconds"]],
        "model": full["model"],
        "heartbeat_ms": 10,
        "stall_ms": {phase: _summary(found) for phase, found in stalls.items()},
    }
    goals = {
        "window_shown": harness.Goal.at_most(SHOWN_GOAL, shown),
        "no_torch_when_shown": harness.Goal("true", torch_free, torch_free),
        "methods_listed_when_shown": harness.Goal.at_least(1, full["listed"]),
        "ui_stall_p99_ms_during_edit": harness.Goal.at_most(STALL_GOAL, edit_p99),
    }
    return harness.Report(figures, goals)


def _probe(home: str, part: str) -> dict[str, Any]:
    """One start of the program with empty settings and caches."""
    bundled = (ROOT / "resources" / "models" / "studio" / "model_index.json").is_file()
    models = "" if bundled or part == "window" else _tiny_model(Path(home))
    places = {f"XDG_{name}_HOME": str(Path(home) / name.lower()) for name in ("CONFIG", "DATA", "STATE")}
    environment = {**os.environ, **places, "PYTHONPATH": str(ROOT)}
    if not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    words = [sys.executable, str(PROBE), str(time.monotonic()), part, models]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise RuntimeError(f"the probe said nothing:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(lines[-1])
    if "failed" in found:
        raise RuntimeError(f"the edit failed: {found['failed']}")
    found["model"] = "studio" if bundled else "a tiny random one"
    return found


def _tiny_model(folder: Path) -> str:
    from tests.engine.tiny_models import write_sd15

    write_sd15(folder / "models" / "studio")
    return str(folder / "models")


def _stalls(beats: list[tuple[str, float]], phase: str) -> list[float]:
    """How much later than due each beat of a phase came, ms."""
    return [max(gap - 10.0, 0.0) for found, gap in beats if found == phase] or [0.0]


def _summary(stalls: list[float]) -> dict[str, float]:
    return {
        "p50": round(median(stalls), 1),
        "p99": round(harness.percentile(stalls, 99), 1),
        "longest": round(max(stalls), 1),
        "beats": len(stalls),
    }
