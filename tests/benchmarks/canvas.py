"""The canvas under the pen: 4096² with ten layers in a 1920 x 1080 view, from the pointer's event to painted pixels.

Offscreen: what a display server adds for copying finished pixels to the glass is not in these figures.
"""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from collections.abc import Callable, Iterator
from functools import partial
from math import cos, pi, sin
from time import perf_counter

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from app.canvas.view import CanvasView
from editor.compositor import Compositor
from editor.document import Document
from editor.geometry import Rect
from editor.layers import ImageLayer
from editor.tools import TOOLS, ToolOptions
from tests.app.canvas.scenes import STACK, mouse, photo_document, settle, stacked_document
from tests.benchmarks.harness import Goal, Options, Report, memory_mb, percentile, timed

NAME = "canvas"
SIDE = 4096
VIEW = (1920, 1080)
BRUSHES = {4: 0.016, 64: 0.016, 500: 0.033}  # diameter in pixels: seconds allowed at the 95th percentile
MOVES = 120  # pointer events of one stroke
UNDO_STEPS = 100
MIB = 2**20


class Watched(CanvasView):
    """Knows when what changed was painted.

    Attributes:
        painted: paint events so far.
        painted_at: when the last of them ended, seconds.
        waiting: pixels changed that no paint event has shown yet.
    """

    painted = 0
    painted_at = 0.0
    waiting = False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.painted += 1
        self.painted_at = perf_counter()
        self.waiting = False

    def _picture_changed(self, rect: Rect) -> None:
        super()._picture_changed(rect)
        self.waiting = True


def until_painted(view: Watched, act: Callable[[], None], *, anything: bool = False) -> float:
    """Seconds from `act` until all that changed is painted; or until `anything` new is painted."""
    before, started = view.painted, perf_counter()
    act()
    while view.painted == before or ((view.busy or view.waiting) and not anything):
        QApplication.processEvents()
    return view.painted_at - started


def curve(brush: int, turn: int) -> Iterator[QPointF]:
    """Widget positions along a bent line through the view, a hand's quick stroke: about 10 pixels an event."""
    for index in range(MOVES):
        part = index / MOVES
        x = 300 + 1200 * part
        y = 540 + (300 - brush / 4) * sin(2 * pi * part + turn) + 60 * cos(5 * part + turn)
        yield QPointF(x, y)


def stroke(view: Watched, brush: int, turn: int) -> tuple[list[float], float]:
    """Seconds of each event of one stroke that left paint (press and moves), and of the release."""
    points, seconds = list(curve(brush, turn)), []
    document = view.document
    assert document is not None
    for index, point in enumerate(points):
        before = document.snapshot()
        took = until_painted(view, partial(mouse, view, "move" if index else "press", point))
        if document.snapshot() is not before:  # large brushes set a dab only every few events
            seconds.append(took)
    started = perf_counter()
    mouse(view, "release", points[-1])
    released = perf_counter() - started
    settle(view)
    return seconds, released


def strokes(view: Watched, options: ToolOptions, size: int, count: int) -> dict[str, float]:
    """Paint and undo at the current zoom, each stroke in another colour; milliseconds."""
    options.change_brush("brush", size=float(size), hardness=0.8, spacing=0.1, smoothing=0.0)
    events, releases, seen, sharp = [], [], [], []
    document = view.document
    assert document is not None
    for turn in range(count):
        options.change(colour=(turn % 3 / 2, turn % 5 / 4, turn % 7 / 6, 1.0))
        seconds, released = stroke(view, size, turn)
        events += seconds
        releases.append(released)
    for _ in range(count):
        started = perf_counter()
        seen.append(until_painted(view, document.history.undo, anything=True))
        while view.busy or view.waiting:
            QApplication.processEvents()
        sharp.append(view.painted_at - started)
    return {
        "median_ms": percentile(events, 50) * 1e3,
        "p95_ms": percentile(events, 95) * 1e3,
        "worst_ms": max(events) * 1e3,
        "release_ms": percentile(releases, 50) * 1e3,
        "undo_seen_worst_ms": max(seen) * 1e3,
        "undo_sharp_worst_ms": max(sharp) * 1e3,
        "events": len(events),
    }


def pan(view: Watched, count: int) -> dict[str, float]:
    """Drag with the middle button, back and forth; milliseconds of each event until painted."""
    button, seconds = Qt.MouseButton.MiddleButton, []
    at = QPointF(960, 540)
    mouse(view, "press", at, button=button)
    for index in range(count):
        at += QPointF(17, -9) if (index // 12) % 2 else QPointF(-17, 9)
        seconds.append(until_painted(view, partial(mouse, view, "move", QPointF(at), button=button)))
    mouse(view, "release", at, button=button)
    return {"median_ms": percentile(seconds, 50) * 1e3, "p95_ms": percentile(seconds, 95) * 1e3}


def opened(view: Watched, document: Document) -> dict[str, float]:
    """Milliseconds until a document is seen at all, and until it is seen sharp; the longest turn of the event loop."""
    before, started, longest, first = view.painted, perf_counter(), 0.0, 0.0
    view.set_document(document)
    while view.painted == before or view.busy or view.waiting:
        turn = perf_counter()
        QApplication.processEvents()
        longest = max(longest, perf_counter() - turn)
        if not first and view.painted != before:
            first = view.painted_at - started
    sharp = view.painted_at - started
    return {"seen_ms": first * 1e3, "sharp_ms": sharp * 1e3, "longest_block_ms": longest * 1e3}


def layer_bytes(document: Document) -> int:
    layers = [layer for layer in document.walk() if isinstance(layer, ImageLayer)]
    return sum(layer.pixels.nbytes + (layer.mask.nbytes if layer.mask else 0) for layer in layers)


def memory_of_undo(view: Watched, options: ToolOptions) -> dict[str, float]:
    """MiB that the history holds after 100 strokes of 64 px."""
    options.change_brush("brush", size=64.0)
    document = view.document
    assert document is not None
    resident = memory_mb()
    for turn in range(UNDO_STEPS):
        for index, point in enumerate(curve(64, turn)):
            if index % 4 == 0:
                mouse(view, "move" if index else "press", point)
        mouse(view, "release", point)
    settle(view)
    document.history.wait()
    return {
        "steps": len(document.history.steps),
        "history_in_memory_mib": document.history.memory / MIB,
        "resident_growth_mib": memory_mb() - resident,
    }


def measure(options: Options) -> Report:
    """Every figure of the canvas; `options.count` is the number of strokes per brush (default 4)."""
    QApplication.instance() or QApplication([])
    count = options.count or 4
    figures: dict[str, object] = {
        "document": f"{SIDE} x {SIDE}, 8 bit, 10 layers: opaque photo + "
        + ", ".join(f"{mode.name.lower()} over {share:.0%}" for mode, share in STACK)
        + ", alpha 0..1 varying, opacity 0.8",
        "view": f"{VIEW[0]} x {VIEW[1]}, offscreen",
    }
    goals: dict[str, Goal] = {}
    view = Watched()
    view.resize(*VIEW)
    view.show()
    settle(view)
    figures["open_24_mp_photo"] = opened(view, photo_document(6000, 4000))
    before = memory_mb()
    document = stacked_document(SIDE)
    document_mb = memory_mb() - before
    figures["open_10_layers"] = opened(view, document)
    _compositing(document, figures, goals)
    tool = ToolOptions()
    view.set_tool(TOOLS["brush"](tool))
    document.activate(document.layers[5].id)
    zooms = {"at 100 %": 1.0, "fitted": view.zoom}
    undone = 0.0
    for size, allowed in BRUSHES.items():
        worst = 0.0
        for name, zoom in zooms.items():
            view.zoom_to(zoom)
            view.viewport.put(QPointF(SIDE / 2, SIDE / 2), view.viewport.centre)
            view._view_moved()
            settle(view)
            found = figures[f"brush_{size}_px {name}"] = strokes(view, tool, size, count)
            worst, undone = max(worst, found["p95_ms"]), max(undone, found["undo_seen_worst_ms"])
            if (size, name) == (64, "at 100 %"):
                goals["undo_64_px_stroke_sharp_ms"] = Goal.at_most(50.0, found["undo_sharp_worst_ms"])
        goals[f"brush_{size}_px_p95_ms"] = Goal.at_most(allowed * 1e3, worst)
    goals["undo_any_stroke_seen_ms"] = Goal.at_most(50.0, undone)
    _panning(view, zooms["fitted"], figures, goals)
    view.zoom_to(1.0)
    settle(view)
    figures["undo_memory"] = memory_of_undo(view, tool)
    figures["memory_mib"] = {
        "layers": layer_bytes(document) / MIB,
        "resident_growth_of_the_document": document_mb,
        "screen_picture": view._picture.pyramid.nbytes / MIB if view._picture else 0.0,
        "resident": memory_mb(),
    }
    view.close()
    return Report(figures, goals)


def _compositing(document: Document, figures: dict[str, object], goals: dict[str, Goal]) -> None:
    compositor = Compositor(document)
    seconds = min(timed(lambda: compositor.render(Rect(0, 0, SIDE, SIDE)), 3))
    compositor.close()
    figures["recomposite_s"] = seconds
    goals["full_recomposite_s"] = Goal.at_most(1.0, seconds)


def _panning(view: Watched, fitted: float, figures: dict[str, object], goals: dict[str, Goal]) -> None:
    worst = 0.0
    for zoom in (fitted, 0.33, 0.5):
        view.zoom_to(zoom)
        settle(view)
        found = figures[f"pan at {zoom:.2f}"] = pan(view, 120)
        worst = max(worst, found["p95_ms"])
    goals["zoomed_out_pan_p95_ms"] = Goal.at_most(16.0, worst)
