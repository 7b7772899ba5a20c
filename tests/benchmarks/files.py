"""Files: 4096² with ten layers: what autosave takes from the window's thread; saving and opening beside a plain ZIP.

Only "autosave": the window's own part writes with its own thread while a timer of the same event loop ticks every
millisecond; a tick that comes late was held up. What the thread waited for a core that other programs had is taken off
(Linux tells it). The same is measured without autosave, because other things hold ticks up, too.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import tempfile
import zipfile
from io import BytesIO
from pathlib import Path
from threading import get_native_id
from time import perf_counter

import numpy as np
from PIL import Image
from PySide6.QtCore import QElapsedTimer, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from app.documents import Documents
from app.parts.autosaving import AutosavingPart
from app.settings import Settings
from editor import commands
from editor.document import Document
from editor.files import open_document, save_snapshot
from editor.layers import ImageLayer
from tests.app.canvas.scenes import stacked_document
from tests.benchmarks.harness import Goal, Options, Report, percentile

NAME = "files"
SIDE = 4096
STOLEN = 0.016  # seconds that autosave may take from the window's thread
PARTS = ("autosave", "files")
MIB = 2**20


def core_wait() -> float:
    """Seconds that this thread could run and had no core, since it began; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/self/task/{get_native_id()}/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


def ticks(until: list[bool], least: float) -> list[float]:
    """Seconds between ticks of a 1 ms timer, for at least `least` seconds and until `until` holds something."""
    gaps: list[float] = []
    clock, timer = QElapsedTimer(), QTimer(interval=1, timerType=Qt.TimerType.PreciseTimer)
    waited = [core_wait()]

    def tick() -> None:
        waited.append(core_wait())
        gaps.append(max(0.0, clock.nsecsElapsed() / 1e9 - (waited[-1] - waited[-2])))
        clock.restart()

    timer.timeout.connect(tick)
    clock.start()
    timer.start()
    started = perf_counter()
    while not until or perf_counter() - started < least:
        QApplication.processEvents()
    timer.stop()
    return gaps


def lateness(gaps: list[float]) -> dict[str, float]:
    """Milliseconds."""
    return {
        "p50_ms": percentile(gaps, 50) * 1e3,
        "p99_ms": percentile(gaps, 99) * 1e3,
        "p999_ms": float(np.quantile(gaps, 0.999)) * 1e3,
        "worst_ms": max(gaps) * 1e3,
        "ticks": len(gaps),
    }


def autosave(document: Document, folder: Path, count: int) -> dict[str, object]:
    """What `count` autosaves take: of the call itself, and of every turn of the event loop while they are written."""
    documents = Documents()
    window = QWidget()
    part = AutosavingPart(documents, Settings(folder / "settings.ini"), window)
    part.begin(folder / "autosave")
    documents.add(document)
    layer = document.layers[-1]
    calls, gaps, quiet, took = [], [], [], []
    for turn in range(count + 1):
        document.history.do(commands.SetOpacity(layer.id, 0.5 + turn / 100))
        done: list[bool] = []
        part.kept.connect(lambda *_, done=done: done.append(True))
        started, before = perf_counter(), core_wait()
        part.autosave()
        call = max(0.0, perf_counter() - started - (core_wait() - before))
        found = ticks(done, 0.0)
        if turn == 0:  # starts the thread and reads the encoders
            first = {"call_ms": call * 1e3, **lateness(found)}
            continue
        calls.append(call)
        took.append(perf_counter() - started)
        gaps += found
        quiet += ticks([True], took[-1])
    size = sum(file.stat().st_size for file in (folder / "autosave").rglob("*.ora"))
    part.end()
    return {
        "call_worst_ms": max(calls) * 1e3,
        "first": first,
        "while_writing": lateness(gaps),
        "without": lateness(quiet),
        "written_s": percentile(took, 50),
        "mib": size / MIB,
    }


def plain_zip(document: Document, path: Path) -> None:
    """The same pictures, each a PNG as Pillow writes it, in a ZIP: what any program would do."""
    with zipfile.ZipFile(path, "w") as archive:
        for number, layer in enumerate(document.layers):
            assert isinstance(layer, ImageLayer)
            packed = BytesIO()
            Image.fromarray(layer.pixels.read(layer.pixels.extent())).save(packed, "PNG")
            archive.writestr(f"{number}.png", packed.getvalue())


def opened_zip(path: Path) -> list[np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        return [np.asarray(Image.open(archive.open(name))) for name in archive.namelist()]


def files(document: Document, folder: Path, count: int) -> dict[str, object]:
    """Seconds and MiB of ours and of the plain ZIP, taken in turns."""
    ours, plain, snapshot = folder / "ours.ora", folder / "plain.zip", document.snapshot()
    runs = {
        "save_s": lambda: save_snapshot(snapshot, ours),
        "plain_save_s": lambda: plain_zip(document, plain),
        "open_s": lambda: open_document(ours),
        "plain_open_s": lambda: opened_zip(plain),
    }
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(count):
        for name, run in runs.items():
            started = perf_counter()
            run()
            seconds[name].append(perf_counter() - started)
    figures: dict[str, object] = {name: percentile(taken, 50) for name, taken in seconds.items()}
    with zipfile.ZipFile(ours) as archive:
        extra = sum(archive.getinfo(name).file_size for name in ("mergedimage.png", "Thumbnails/thumbnail.png"))
    return {
        **figures,
        "mib": ours.stat().st_size / MIB,
        "of_it_merged_mib": extra / MIB,
        "plain_mib": plain.stat().st_size / MIB,
    }


def measure(options: Options) -> Report:
    """`options.count`: autosaves, and savings of each kind (default 2)."""
    QApplication.instance() or QApplication([])
    wanted = options.only or PARTS
    document = stacked_document(SIDE)
    figures: dict[str, object] = {"document": f"{SIDE} x {SIDE}, 8 bit, {len(document.layers)} layers"}
    goals: dict[str, Goal] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "autosave" in wanted:
            found = autosave(document, folder, options.count or 2)
            figures["autosave"] = found
            writing, quiet = found["while_writing"], found["without"]
            assert isinstance(writing, dict)
            assert isinstance(quiet, dict)
            goals["autosave: the call, seconds"] = Goal.at_most(STOLEN, float(str(found["call_worst_ms"])) / 1e3)
            goals["autosave: longest wait of the window's thread, seconds"] = Goal.at_most(
                STOLEN, writing["worst_ms"] / 1e3
            )
        if "files" in wanted:
            figures["files"] = taken = files(document, folder, options.count or 2)
            for ours in ("save_s", "open_s", "mib"):
                ratio = float(str(taken[ours])) / float(str(taken[f"plain_{ours}"]))
                goals[f"files: {ours}, share of the plain ZIP's"] = Goal.at_most(1.2, ratio)
    return Report(figures, goals)
