"""A plain method without a network that has the region edits' name and parameters, and really carries the pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from app.jobs.regions import METHOD
from editor.placement import Placement
from engine.request import EditRequest, EditResult, Input, Method, Parameters, Run, Step, knob


@dataclass(frozen=True)
class CarryParameters(Parameters):
    task: str = knob("move", None, None, "What to do.", choices=("move", "appearance", "paste"))
    shift_x: float = knob(0.0, -10000.0, 10000.0, "How far to the right.")
    shift_y: float = knob(0.0, -10000.0, 10000.0, "How far down.")
    scale: float = knob(1.0, 0.1, 10.0, "How many times as large.")
    turn: float = knob(0.0, -180.0, 180.0, "How far to turn it, clockwise.")
    steps: int = knob(2, 1, 100, "Steps")


def carry(_: object, request: EditRequest) -> Run:
    """Black where the thing was, the thing where it goes; for the other tasks the example's mean colour."""
    values, mask = request.parameters, request.mask
    assert isinstance(values, CarryParameters)
    assert mask is not None
    height, width = mask.shape
    x, y, across, down = cv2.boundingRect(mask)
    placement = Placement((values.shift_x, values.shift_y), values.scale, values.turn)
    matrix = placement.matrix((x + across / 2, y + down / 2))
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5  # OpenCV's pixels have their middles at whole numbers
    there = cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_NEAREST)
    patch = np.zeros_like(request.image)
    if values.task == "move":
        patch[there > 0] = cv2.warpAffine(request.image, matrix, (width, height), flags=cv2.INTER_NEAREST)[there > 0]
    else:
        assert request.exemplar is not None
        patch[:] = request.exemplar[..., :3].reshape(-1, 3).mean(axis=0)
    for index in range(values.steps):
        yield Step(index + 1, values.steps)
    alpha = np.maximum(there, mask).astype(request.image.dtype)
    return EditResult(patch, alpha, (0, 0), request, values.steps)


INPUTS = frozenset({Input.MASK, Input.PROMPT, Input.POINTS, Input.EXEMPLAR})
CARRY = Method(METHOD, "Move and paste", CarryParameters, carry, INPUTS)
