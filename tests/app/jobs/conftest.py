"""A plain method without a network, to drive the thread step by step, and a thread that is always shut down."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from app.jobs import method_info
from app.jobs.engine_thread import EngineThread
from app.jobs.method_info import describe
from engine.errors import BadRequest
from engine.request import Control, EditRequest, EditResult, Input, Method, Parameters, Run, Step, knob


@dataclass(frozen=True)
class DaubParameters(Parameters):
    steps: int = knob(5, 1, 1000, "How many steps")
    fail_at: int = knob(0, 0, 1000, "Raise before this step; 0 = never")
    kind: str = knob("unknown", None, None, "What to raise", choices=("unknown", "request", "memory", "torch"))


DAUB = Method("daub", "Daub", DaubParameters, lambda *_: None, frozenset({Input.STROKES, Input.MASK, Input.PROMPT}))  # type: ignore[arg-type, return-value]
GLAZE = Method("glaze", "Glaze", DaubParameters, lambda *_: None, frozenset({Input.PROMPT}))  # type: ignore[arg-type, return-value]


class OutOfMemoryError(RuntimeError):
    """Named like torch's own."""


ERRORS: dict[str, Exception] = {
    "unknown": ZeroDivisionError("a bug"),
    "request": BadRequest("Paint a stroke first."),
    "memory": MemoryError(),
    "torch": OutOfMemoryError("CUDA out of memory"),
}


class Loaded(str):
    """What stands for a model that was read."""

    bytes = 2**31  # so large that no other one is kept beside it


@dataclass
class Daubs:
    """What the plain method did, and a gate that lets it go on step by step.

    Attributes:
        gate: released once per step that may be done; None = go on without waiting.
        steps: (seed, index) of every step that was done.
        closed: seeds of the runs whose generator was ended from outside.
        threads: native ids of the threads that ran a part of a run.
        loaded: models in the order in which they were read.
    """

    gate: threading.Semaphore | None = None
    steps: list[tuple[int, int]] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)
    loaded: list[str] = field(default_factory=list)
    inside: Callable[[], None] = lambda: None

    def methods(self) -> dict[str, Method]:
        inputs = frozenset({Input.STROKES, Input.MASK, Input.PROMPT})
        return {"daub": Method("daub", "Daub", DaubParameters, self.run, inputs)}

    def load(self, model: str) -> Any:
        self.loaded.append(model)
        return Loaded(f"backbone {model}")

    def run(self, backbone: Any, request: EditRequest) -> Run:
        assert backbone == f"backbone {request.model}"
        assert isinstance(request.parameters, DaubParameters)
        try:
            return (yield from self._steps(request, request.parameters))
        except GeneratorExit:
            self.closed.append(request.seed)
            self.threads.add(threading.get_native_id())
            raise

    def _steps(self, request: EditRequest, parameters: DaubParameters) -> Generator[Step, Control | None, EditResult]:
        height, width = request.image.shape[:2]
        total = request.stop_after or parameters.steps
        stopped, index = False, 0
        while index < total and not stopped:
            index += 1
            if self.gate is not None:
                self.gate.acquire()
            self.threads.add(threading.get_native_id())
            self.inside()
            if parameters.fail_at == index:
                raise ERRORS[parameters.kind]
            self.steps.append((request.seed, index))
            preview = np.full((4, 6, 3), index, np.uint8)
            stopped = (yield Step(index, parameters.steps, preview, (0, 0, width, height))) is Control.STOP
        patch = np.full((height, width, 3), 10 * request.seed + index, request.image.dtype)
        alpha = np.full((height, width), np.iinfo(request.image.dtype).max, request.image.dtype)
        recipe = replace(request, stop_after=index if stopped else request.stop_after)
        return EditResult(patch, alpha, (0, 0), recipe, index)


def nothing() -> None:
    """The plain method needs nothing imported."""


@pytest.fixture
def daubs() -> Daubs:
    return Daubs()


@pytest.fixture
def daub_and_glaze(monkeypatch: pytest.MonkeyPatch) -> None:
    """The known methods are one that takes strokes and mask, and one that takes only words; neither is ever run."""
    infos = [describe(DAUB), describe(GLAZE)]
    monkeypatch.setattr(method_info, "cached_methods", lambda: infos)


@pytest.fixture
def gated(daubs: Daubs) -> Iterator[Daubs]:
    """The plain method, waiting for `gate.release()` before every step."""
    daubs.gate = threading.Semaphore(0)
    yield daubs
    daubs.gate.release(10_000)


@pytest.fixture
def engine(daubs: Daubs, qapp: Any) -> Iterator[EngineThread]:
    """A running engine thread with the plain method."""
    thread = EngineThread(daubs.methods, daubs.load, nothing)
    yield thread
    if daubs.gate is not None:
        daubs.gate.release(10_000)
    thread.shutdown()


def daub(seed: int = 1, **parameters: Any) -> EditRequest:
    """A request for the plain method on a small grey picture."""
    model = parameters.pop("model", "studio")
    stop_after = parameters.pop("stop_after", None)
    image = np.full((8, 12, 3), 128, np.uint8)
    return EditRequest("daub", image, DaubParameters(**parameters), seed=seed, model=model, stop_after=stop_after)
