"""Where a thing of a picture goes when it is moved, resized, turned or brought in from elsewhere. No torch."""

from __future__ import annotations

from math import cos, radians, sin
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine import region
from engine.errors import BadRequest
from engine.masking import Mask
from engine.points import Points
from engine.region import Box, Picture, Region

Matrix = NDArray[np.float64]
"""(2, 3): where a place (x, y, 1) goes, (x', y'); pixel (column, row) spans column..column + 1."""

SCALES = (0.1, 10.0)  # how many times as large a thing may become
_HALF = 0.5
_CLOSE = 2.0  # pixels: handles that lie nearer to their middle say nothing about size and turn


def about(centre: tuple[float, float], shift: tuple[float, float], scale: float, turn: float) -> Matrix:
    """Resize and turn about a centre, then shift.

    Args:
        centre, shift: (x, y), pixels.
        scale: 1 = the same size.
        turn: degrees, clockwise as it is seen.
    """
    across, along = scale * cos(radians(turn)), scale * sin(radians(turn))
    matrix = np.array([[across, -along, 0.0], [along, across, 0.0]])
    x, y = centre
    matrix[:, 2] = np.array(centre) + shift - matrix[:, :2] @ (x, y)
    return matrix


def fitted(points: Points) -> Matrix:
    """The shift, size and turn that take several handles to their targets, as nearly as all of them together can.

    Least squares (Umeyama, 1991) with reflections left out. One pair is a shift, and so are those whose handles lie
    too close to each other to say anything about size and turn.

    Raises:
        BadRequest: the thing would become smaller or larger than `SCALES` allow.
    """
    handles, targets = points[:, 0], points[:, 1]
    centre, goal = handles.mean(0), targets.mean(0)
    one, other = ((places - around) @ (1, 1j) for places, around in ((handles, centre), (targets, goal)))
    spread = float((abs(one) ** 2).sum())
    factor = (one.conj() * other).sum() / spread if spread > _CLOSE**2 * len(points) else 1.0 + 0.0j
    scale, shift = float(abs(factor)), goal - centre
    if not SCALES[0] <= scale <= SCALES[1]:
        raise BadRequest(
            f"The drag points would make the thing {round(scale, 3):g} times as large; {SCALES[0]:g} to "
            f"{SCALES[1]:g} times is possible. Place them so that the targets lie as far apart as the handles do."
        )
    return about(tuple(centre), tuple(shift), scale, float(np.degrees(np.angle(factor))))


def middle(box: Box) -> tuple[float, float]:
    """The centre of a box, (x, y)."""
    x, y, width, height = box
    return x + width / 2, y + height / 2


def into(inner: Box, outer: Box) -> Matrix:
    """One box into another: as large as fits, centred across, standing on its lower edge."""
    scale = min(outer[2] / inner[2], outer[3] / inner[3])
    left = middle(outer)[0] - scale * middle(inner)[0]
    top = outer[1] + outer[3] - scale * (inner[1] + inner[3])
    return np.array([[scale, 0.0, left], [0.0, scale, top]])


def after(first: Matrix, then: Matrix) -> Matrix:
    """One matrix for both, one after the other."""
    both: Matrix = then[:, :2] @ first + np.array([[0, 0, then[0, 2]], [0, 0, then[1, 2]]])
    return both


def area(matrix: Matrix) -> float:
    """How many times as large an area becomes."""
    return float(abs(np.linalg.det(matrix[:, :2])))


def into_work(part: Region) -> Matrix:
    """Picture pixels to the working pixels of a region."""
    x, y = part.box[:2]
    across, down = part.size[0] / part.box[2], part.size[1] / part.box[3]
    return np.array([[across, 0.0, -across * x], [0.0, down, -down * y]])


def back(matrix: Matrix) -> Matrix:
    """The way back."""
    inverse = np.linalg.inv(matrix[:, :2])
    return np.hstack([inverse, -(inverse @ matrix[:, 2:])])


def between(matrix: Matrix, part: Region) -> Matrix:
    """A matrix over picture pixels as one over a region's working pixels."""
    work = into_work(part)
    return after(after(back(work), matrix), work)


def carried(pixels: NDArray[np.float32], matrix: Matrix, size: tuple[int, int]) -> NDArray[np.float32]:
    """A picture (h, w) or (h, w, channels) as the matrix takes it into one of `size` (width, height); 0 beyond it.

    What becomes smaller is blurred first, so that it does not flicker.
    """
    scale = area(matrix) ** 0.5
    if scale < 1:
        blur = _HALF * (1 / scale - 1)
        pixels = cast(NDArray[np.float32], cv2.GaussianBlur(pixels, (0, 0), blur)) if blur > _HALF / 8 else pixels
    # OpenCV puts a pixel's centre at whole numbers.
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ (_HALF, _HALF) - _HALF
    return cast(NDArray[np.float32], cv2.warpAffine(pixels, moved, size, flags=cv2.INTER_LINEAR))


def carried_mask(mask: NDArray[np.uint8], matrix: Matrix) -> NDArray[np.uint8]:
    """A mask (H, W), 0..255, as the matrix takes it; what leaves the picture is lost."""
    height, width = mask.shape
    moved = carried(mask.astype(np.float32), matrix, (width, height))
    return cast(NDArray[np.uint8], np.rint(moved).astype(np.uint8))


def laid_over(base: Picture, thing: Picture, alpha: Mask, matrix: Matrix) -> Picture:
    """A thing (h, w, 3) with its alpha (h, w), carried by the matrix over a picture."""
    size = base.shape[1], base.shape[0]
    layer = np.dstack([thing * alpha[..., None], alpha])
    moved = carried(layer, matrix, size)
    return cast(Picture, np.clip(base * (1 - moved[..., 3:]) + moved[..., :3], 0.0, 1.0))


def box_of(mask: NDArray[np.generic]) -> Box:
    """The smallest box around the non-zero pixels of a mask that has some."""
    box = region.bounds(mask)
    assert box is not None  # an empty mask was refused before
    return box
