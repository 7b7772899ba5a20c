"""Where a thing shall stand: in a box, where it is selected, or in what is selected of a box. No torch."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadRequest

FARTHEST = 10**9  # pixels; a box reaches over the edge of a picture, but nobody draws one beyond this

_NO_PLACE = "There is no place to fill. Draw a box where the thing shall stand, or select the place."


def check_box(box: Any, size: tuple[int, int]) -> None:
    """Raise BadRequest unless it is (x, y, width, height) in whole pixels and some of it lies in the picture.

    Args:
        size: (width, height) of the picture.
    """
    if not isinstance(box, tuple) or len(box) != 4 or any(type(number) is not int for number in box):
        raise BadRequest("The box must be four whole numbers: x, y, width and height in pixels. Draw it again.")
    x, y, width, height = box
    if width < 1 or height < 1:
        raise BadRequest("The box is empty. Draw it at least one pixel wide and high.")
    if max(map(abs, box)) > FARTHEST:
        raise BadRequest("The box reaches too far out of the picture. Draw it again.")
    if x >= size[0] or y >= size[1] or x + width <= 0 or y + height <= 0:
        raise BadRequest(f"The box lies outside of the picture of {size[0]} × {size[1]} pixels. Move it inside.")


def hole_of(
    shape: tuple[int, ...], box: tuple[int, int, int, int] | None, mask: NDArray[np.uint8] | None
) -> NDArray[np.uint8]:
    """The place that a box and a mask say together.

    Args:
        shape: (H, W, …) of the picture.
        box: (x, y, width, height), image pixels; what lies outside of the picture is cut off.
        mask: (H, W), 255 = may change; it limits the box.

    Returns:
        (H, W): 255 in the box, or the mask's own values in it; 0 elsewhere. Without a box the mask itself.

    Raises:
        BadRequest: there is neither, they do not meet, or `check_box` refuses the box.
    """
    height, width = shape[:2]
    if box is None:
        if mask is None or not mask.any():
            raise BadRequest(_NO_PLACE)
        return mask
    check_box(box, (width, height))
    x, y, across, down = box
    inside = slice(max(y, 0), y + down), slice(max(x, 0), x + across)
    hole = np.zeros((height, width), np.uint8)
    hole[inside] = 255 if mask is None else mask[inside]
    if not hole.any():
        raise BadRequest("The box and the selection do not meet. Move the box onto what is selected, or deselect.")
    return hole
