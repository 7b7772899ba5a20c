"""A drag without a network, with what a drag promises: handles go a little each step, it stops, and is led on."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.points import Leg, Retarget, spots_of
from engine.request import Control, EditRequest, EditResult, Input, Method, Parameters, Run, Sent, Step, knob

PACE = 3.0  # pixels per step
NEAR = 0.5


@dataclass(frozen=True)
class TugParameters(Parameters):
    pulls: int = knob(20, 1, 100, "Most steps")


@dataclass(frozen=True)
class PushParameters(Parameters):
    strength: float = knob(0.5, 0.0, 1.0, "How hard")


@dataclass
class Tugs:
    """A method that is led, "tug", and one that is not, "push".

    Attributes:
        gate: released once per step that may be done; None = go on without waiting.
        asked: every request that was run, oldest first.
        sent: what came into the runs.
    """

    gate: threading.Semaphore | None = None
    asked: list[EditRequest] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)

    def methods(self) -> dict[str, Method]:
        inputs = frozenset({Input.POINTS, Input.MASK, Input.PROMPT})
        return {
            "tug": Method("tug", "Tug", TugParameters, self.tug, inputs),
            "push": Method("push", "Push", PushParameters, self.push, inputs),
        }

    def load(self, model: str) -> Any:
        return f"backbone {model}"

    def tug(self, _: Any, request: EditRequest) -> Run:
        """Marks go to the targets at an even pace; a leg that is interrupted is closed."""
        assert request.points is not None
        assert isinstance(request.parameters, TugParameters)
        self.asked.append(request)
        marks = request.points[:, 0].copy()
        for leg in request.legs:
            for _ in range(leg.steps):
                marks = _moved(marks, np.array(leg.targets))
        while True:
            interrupted, marks, done = yield from self._leg(request, marks)
            earlier = spots_of(request.points[:, 1])
            if isinstance(interrupted, Retarget):
                points = np.stack([request.points[:, 0], np.array(interrupted.targets)], axis=1)
                request = replace(request, points=points, legs=(*request.legs, Leg(earlier, done)))
                continue
            if interrupted is Control.STOP:
                legs = (*request.legs, Leg(earlier, done))
                request = replace(request, legs=legs, stop_after=sum(leg.steps for leg in legs))
            return _result(request, marks)

    def _leg(
        self, request: EditRequest, marks: NDArray[np.float64]
    ) -> Generator[Step, Sent, tuple[Sent, NDArray[np.float64], int]]:
        assert request.points is not None
        targets, done = request.points[:, 1], 0
        before, pulls = sum(leg.steps for leg in request.legs), request.parameters.pulls  # type: ignore[attr-defined]
        while done < (pulls if request.stop_after is None else request.stop_after - before):
            if self.gate is not None:
                self.gate.acquire()
            marks, done = _moved(marks, targets), done + 1
            left = float(np.hypot(*(targets - marks).T).mean())
            preview = np.full((4, 6, 3), done, np.uint8)
            area = (0, 0, request.image.shape[1], request.image.shape[0])
            sent = yield Step(before + done, before + pulls, preview, area, part="drag", marks=marks, left=left)
            self.sent.append(sent)
            if sent is not None:
                return sent, marks, done
            if left < NEAR:
                break
        return None, marks, done

    def push(self, _: Any, request: EditRequest) -> Run:
        assert request.points is not None
        self.asked.append(request)
        yield Step(1, 1)
        return _result(request, request.points[:, 1])


def _moved(marks: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    ways = targets - marks
    lengths = np.hypot(*ways.T)
    return np.asarray(marks + ways * np.minimum(1, PACE / np.maximum(lengths, 1e-9))[:, None])


def _result(request: EditRequest, marks: NDArray[np.float64]) -> EditResult:
    """A layer whose every value is the first handle's column."""
    height, width = request.image.shape[:2]
    patch = np.full((height, width, 3), round(marks[0, 0]), request.image.dtype)
    alpha = np.full((height, width), np.iinfo(request.image.dtype).max, request.image.dtype)
    return EditResult(patch, alpha, (0, 0), request, 1, marks=marks)
