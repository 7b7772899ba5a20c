"""A recipe for a picture of another size: what it places in pixels goes where it lay in its own picture.

Each axis is scaled by itself, so that what lay in the middle, or at the edge, lies there again: a picture of another
shape stretches the strokes and the mask as it would stretch the recipe's own picture.
"""

from __future__ import annotations

from dataclasses import Field, fields, replace
from math import sqrt
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.tiles import Array, converted, full_value
from engine.points import Leg, spots_of
from engine.request import EditRequest, Parameters

_PIXELS = "px"  # the unit of a knob that is a length


def rescaled(request: EditRequest, image: Array) -> EditRequest:
    """The same edit of another picture.

    Strokes, mask, points with their legs, and box are scaled from the size of the recipe's own picture to the size of
    this one, and so are parameters that are lengths in pixels, within their limits. An example keeps its own size,
    for the box or the mask says how large it becomes.

    Args:
        image: (H, W, 3) uint8 or uint16, sRGB.
    """
    height, width = image.shape[:2]
    old_height, old_width = request.image.shape[:2]
    strokes = None if request.strokes is None else converted(request.strokes, image.dtype)
    if (width, height) == (old_width, old_height):
        return replace(request, image=image, strokes=strokes)
    scale = np.array((width / old_width, height / old_height))
    mask = request.mask
    return replace(
        request,
        image=image,
        parameters=_lengths(request.parameters, (float(scale[0]), float(scale[1]))),
        strokes=None if strokes is None else _paint(strokes, (width, height)),
        mask=None if mask is None else _resized(mask, (width, height)),
        points=None if request.points is None else request.points * scale,
        legs=tuple(Leg(spots_of(np.array(leg.targets) * scale), leg.steps) for leg in request.legs),
        box=None if request.box is None else _box(request.box, (old_width, old_height), (width, height)),
    )


def _resized(plane: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """(h, w) or (h, w, channels) at another size (width, height): averaged where it shrinks, else interpolated."""
    height, width = plane.shape[:2]
    smaller = size[0] <= width and size[1] <= height
    return cv2.resize(plane, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR)


def _paint(strokes: Array, size: tuple[int, int]) -> Array:
    """Strokes at another size; scaled premultiplied, so that what is transparent lends no colour to the edges."""
    full = full_value(strokes.dtype)
    planes = strokes.astype(np.float32)
    planes[..., :3] *= planes[..., 3:] / full
    planes = _resized(planes, size)
    planes[..., :3] /= np.maximum(planes[..., 3:], 1e-3) / full
    return cast(Array, np.clip(np.rint(planes), 0, full).astype(strokes.dtype))


def _box(box: tuple[int, int, int, int], old: tuple[int, int], new: tuple[int, int]) -> tuple[int, int, int, int]:
    """Every pixel that the box touches: what lay in part on the picture does so still."""
    x, y, across, down = box
    left, top = x * new[0] // old[0], y * new[1] // old[1]
    right, bottom = -(-(x + across) * new[0] // old[0]), -(-(y + down) * new[1] // old[1])
    return left, top, right - left, bottom - top


def _lengths(parameters: Parameters, scale: tuple[float, float]) -> Parameters:
    """The parameters with those in pixels scaled: a way along an axis by that axis, any other by the mean of both."""
    both = sqrt(scale[0] * scale[1])
    changes = {}
    for spec in fields(parameters):
        if spec.metadata.get("unit") == _PIXELS:
            by = {"_x": scale[0], "_y": scale[1]}.get(spec.name[-2:], both)
            changes[spec.name] = _length(spec, getattr(parameters, spec.name) * by)
    return replace(parameters, **changes)


def _length(spec: Field[Any], value: float) -> float | int:
    value = min(max(value, spec.metadata["low"]), spec.metadata["high"])
    return round(value) if isinstance(spec.default, int) else float(value)
