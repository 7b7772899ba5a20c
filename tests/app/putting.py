"""A plain method without a network that really puts an example's mean colour into the place it was given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.errors import BadRequest
from engine.place import hole_of
from engine.request import EditRequest, EditResult, Input, Method, Parameters, Run, Step, knob


@dataclass(frozen=True)
class PutParameters(Parameters):
    steps: int = knob(2, 1, 100, "Steps")


def put(_: object, request: EditRequest) -> Run:
    """The example's mean colour, opaque in the box, as far as it is selected."""
    hole = hole_of(request.image.shape, request.box, request.mask)
    if request.exemplar is None:
        raise BadRequest("There is no example. Choose a picture of the thing first.")
    patch = np.empty_like(request.image)
    patch[:] = request.exemplar[..., :3].reshape(-1, 3).mean(axis=0)
    for index in range(2):
        yield Step(index + 1, 2)
    return EditResult(patch, hole.astype(request.image.dtype), (0, 0), request, 2)


PUT = Method("put", "Put there", PutParameters, put, frozenset({Input.MASK, Input.BOX, Input.EXEMPLAR}))
