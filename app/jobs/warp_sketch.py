"""What a drag will roughly look like, fast enough to follow the pen: the picture warped, small, without any network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage

from app.jobs.inputs import image_and_strokes
from app.jobs.worker import Preview
from editor.document import Snapshot
from editor.layers import Layer, LayerId
from editor.points import PointPair, as_array
from editor.tiles import UINT8, converted
from editor.tree import without
from engine.region import Box, bounds
from engine.warp import Warper, warped

PIXELS = 512 * 512  # of the picture that is warped; a larger one is made smaller first
CELL = 6  # of its pixels: side of a square of what stands for a hole
_SQUARES = ((96, 96, 102), (150, 150, 156))  # its two greys
_STANDS_STILL = 0.5  # canvas pixels: a shorter way is none
Colours = NDArray[np.uint8]  # (h, w, 3)


@dataclass(frozen=True, eq=False)
class Ground:
    """What is warped: a picture as it is seen, made smaller by a whole number.

    Attributes:
        picture: (h, w, 3), sRGB.
        mask: (h, w), what shall move; None = everything may.
        covered: (h, w) True where the canvas shows something else, which the sketch has to hide; None = nowhere.
        step: canvas pixels per pixel.
    """

    picture: Colours
    mask: NDArray[np.uint8] | None
    covered: NDArray[np.bool_] | None
    step: int


def ground_of(snapshot: Snapshot, replaced: LayerId | None = None) -> Ground:
    """Composite what a drag of the document starts from; takes as long as that takes.

    Args:
        replaced: a result that the drag takes the place of, so that it does not count.
    """
    step = max(1, ceil(sqrt(snapshot.canvas.area / PIXELS)))
    seen = _smaller(_seen(snapshot), step)
    mask = None
    if snapshot.selection is not None:
        mask = _smaller(np.ascontiguousarray(snapshot.selection.read(snapshot.canvas)[..., 0], np.uint8), step)
    if replaced is None:
        return Ground(seen, mask, None, step)
    layers: tuple[Layer, ...] = without(snapshot.layers, replaced)
    below = _smaller(_seen(snapshot.with_layers(layers)), step)
    covered = (below != seen).any(axis=2)
    return Ground(below, mask, covered if covered.any() else None, step)
