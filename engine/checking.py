"""Whether an edit can be run as it is asked for; every refusal is one sentence that says what to do. No torch."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadRequest
from engine.exemplars import check_exemplar
from engine.place import check_box
from engine.points import Points, check_points
from engine.request import EditRequest, Parameters

P = TypeVar("P", bound=Parameters)


def check_request(request: EditRequest) -> None:
    """Raise BadRequest unless the arrays fit each other and every value can be used."""
    image = request.image
    if not isinstance(image, np.ndarray) or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise BadRequest("An edit needs a picture with three colour channels and at least one pixel.")
    if image.dtype not in (np.uint8, np.uint16):
        raise BadRequest(f"An edit needs a picture with 8 or 16 bits per channel, not {image.dtype}.")
    height, width = image.shape[:2]
    if request.strokes is not None and (
        request.strokes.shape != (height, width, 4) or request.strokes.dtype != image.dtype
    ):
        raise BadRequest(f"The strokes do not fit the picture of {width} × {height} pixels. Paint them again.")
    mask = request.mask
    if mask is not None and (mask.shape != (height, width) or mask.dtype != np.uint8):
        raise BadRequest(f"The mask does not fit the picture of {width} × {height} pixels. Select the area again.")
    if mask is not None and not mask.any():
        raise BadRequest("The mask is empty. Select or paint the area to change, or remove the mask.")
    if request.points is not None:
        check_points(request.points, request.legs, (width, height), mask)
    if request.exemplar is not None:
        check_exemplar(request.exemplar)
    if request.box is not None:
        check_box(request.box, (width, height))
    if not 0 <= request.seed < 2**63:
        raise BadRequest(f"The seed must lie between 0 and {2**63 - 1}, not {request.seed}.")
    if request.stop_after is not None and request.stop_after < 1:
        raise BadRequest("An edit can only stop after at least one step.")


def checked(request: EditRequest, kind: type[P]) -> P:
    """The request's options as the method's own kind, after `check_request`."""
    check_request(request)
    if not isinstance(request.parameters, kind):
        raise BadRequest("The parameters of this edit belong to another method.")
    return request.parameters


def checked_drag(request: EditRequest, kind: type[P]) -> tuple[P, Points]:
    """Options and points of a drag, which needs points and something of the picture to hold on to."""
    options = checked(request, kind)
    if request.points is None:
        raise BadRequest("There are no drag points. Press on what should move and drag it to where it should go.")
    check_not_everything(request.mask)
    return options, request.points


def check_not_everything(mask: NDArray[np.uint8] | None) -> None:
    """Raise BadRequest where a mask leaves nothing of the picture to hold on to."""
    if mask is not None and mask.min() == 255:
        raise BadRequest("Everything is masked, so nothing of the picture would be kept. Leave a part of it unmasked.")
