"""What a drag will roughly look like, fast enough to follow the pen: the picture warped, small, without any network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, hypot, sqrt
from time import perf_counter

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage

from editor.composite import composite
from editor.document import Snapshot
from editor.files import to_srgb
from editor.files.export import on_white
from editor.layers import LayerId
from editor.points import PointPair, as_array
from editor.tiles import UINT8, converted
from engine.region import Box, bounds
from engine.warp import SKETCHED, Flags, Warper, warped

PIXELS = 512 * 512  # of the picture that is warped; a larger one is made smaller first
SLOW = 0.006  # seconds: what takes longer cannot follow the pen
OFTEN = 3  # that many of them, and it is not just one that was held up
CELL = 6  # of its pixels: side of a square of what stands for a hole
_SQUARES = ((92, 92, 98), (158, 158, 164))  # its two greys
_STANDS_STILL = 0.5  # canvas pixels: a shorter way is none


@dataclass(frozen=True, eq=False)
class Ground:
    """What is warped: a picture as it is seen, made smaller by a whole number.

    Attributes:
        picture: (h, w, 3) uint8, sRGB.
        mask: (h, w), what shall move; None = everything may.
        covered: (h, w), where the canvas shows a result that the sketch has to hide; None = nowhere.
        step: canvas pixels per pixel.
    """

    picture: NDArray[np.uint8]
    mask: NDArray[np.uint8] | None
    covered: Flags | None
    step: int


def ground_of(snapshot: Snapshot, replaced: LayerId | None = None) -> Ground:
    """Composite what a drag of the document starts from; takes as long as that takes.

    Args:
        replaced: a result that the drag takes the place of, so that it does not count.
    """
    step = max(1, ceil(sqrt(snapshot.canvas.area / PIXELS)))
    mask = None
    if snapshot.selection is not None:
        mask = _smaller(snapshot.selection.read(snapshot.canvas)[..., 0], step)
        mask = mask if mask.any() else None
    seen = _smaller(_seen(snapshot), step)
    if replaced is None:
        return Ground(seen, mask, None, step)
    below = _smaller(_seen(snapshot, replaced), step)
    covered: Flags = (below != seen).any(axis=2)
    return Ground(below, mask, covered if covered.any() else None, step)


def _seen(snapshot: Snapshot, without: LayerId | None = None) -> NDArray[np.uint8]:
    """(H, W, 3), sRGB, as edits see it."""
    pixels = composite(snapshot, without=frozenset() if without is None else {without})
    return np.asarray(converted(on_white(to_srgb(pixels, snapshot.profile)), UINT8), np.uint8)


def _smaller(pixels: NDArray[np.generic], step: int) -> NDArray[np.uint8]:
    """The mean of step × step pixels each; at the right and lower border of what there is."""
    height, width = pixels.shape[:2]
    if step == 1:
        return np.ascontiguousarray(pixels, np.uint8)
    padded = cv2.copyMakeBorder(
        np.ascontiguousarray(pixels, np.uint8), 0, -height % step, 0, -width % step, cv2.BORDER_REPLICATE
    )
    size = padded.shape[1] // step, padded.shape[0] // step
    return np.asarray(cv2.resize(padded, size, interpolation=cv2.INTER_AREA), np.uint8)


class WarpSketch:
    """The ground as drag points would move it; where that takes long, coarser while the pen is on its way."""

    def __init__(self, ground: Ground) -> None:
        self._fine = _Sketch(ground)
        self._ground = ground
        self._coarse: _Sketch | None = None
        self._slow = 0  # pictures that took too long, less those that did not

    def picture(self, pairs: Sequence[PointPair], *, moving: bool = False) -> tuple[QImage, QRect] | None:
        """What lies elsewhere, what came from nowhere as squares, and all else transparent.

        Args:
            moving: the next one will be asked for in a moment.

        Returns:
            RGBA with memory of its own and the canvas pixels that it covers; None where nothing moves.
        """
        if moving and self._slow >= OFTEN:
            if self._coarse is None:
                self._coarse = _Sketch(_coarser(self._ground))
            return self._coarse.picture(pairs)
        start = perf_counter()
        made = self._fine.picture(pairs)
        self._slow = max(0, self._slow + (1 if perf_counter() - start > SLOW else -1))
        return made


def _coarser(ground: Ground) -> Ground:
    mask = None if ground.mask is None else _smaller(ground.mask, 2)
    covered = None if ground.covered is None else _smaller(ground.covered.view(np.uint8) * np.uint8(255), 2) > 0
    return Ground(_smaller(ground.picture, 2), mask, covered, 2 * ground.step)


class _Sketch:
    """One ground; what does not depend on the targets is kept."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        height, width = ground.picture.shape[:2]
        self._size = width, height
        self._holes = _squares(self._size)
        self._warper: tuple[bytes, Warper] | None = None  # and the handles that it was made for

    def picture(self, pairs: Sequence[PointPair]) -> tuple[QImage, QRect] | None:
        """As `WarpSketch.picture`."""
        moving = [pair for pair in pairs if hypot(*np.subtract(pair.target, pair.handle)) >= _STANDS_STILL]
        if not moving:
            return None
        ground, points = self._ground, as_array(pairs) / self._ground.step
        warp = self._warper_of(points[:, 0]).to(points[:, 1])
        shown = np.zeros(self._size[::-1], bool) if ground.covered is None else ground.covered.copy()
        shown[warp.slices] |= warp.part_moved | warp.part_holes
        box = bounds(shown)
        if box is None:
            return None
        pixels = warped(ground.picture, warp)
        pixels[warp.slices][warp.part_holes] = self._holes[warp.slices][warp.part_holes]
        return _image(pixels, shown, box), QRect(*(length * ground.step for length in box))

    def _warper_of(self, handles: NDArray[np.float64]) -> Warper:
        key = handles.tobytes()
        if self._warper is None or self._warper[0] != key:
            self._warper = key, Warper(handles, self._ground.mask, self._size, SKETCHED)
        return self._warper[1]


def _image(pixels: NDArray[np.uint8], shown: Flags, box: Box) -> QImage:
    x, y, width, height = box
    part = slice(y, y + height), slice(x, x + width)
    image = QImage(width, height, QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(image.bits(), np.uint8).reshape(height, image.bytesPerLine())
    out = rows[:, : 4 * width].reshape(height, width, 4)
    out[..., :3] = pixels[part]
    out[..., 3] = np.where(shown[part], np.uint8(255), np.uint8(0))
    return image


def _squares(size: tuple[int, int]) -> NDArray[np.uint8]:
    """(h, w, 3): two greys like a chessboard, as transparency is drawn."""
    columns, rows = (np.arange(length) // CELL for length in size)
    board: NDArray[np.uint8] = np.array(_SQUARES, np.uint8)[(rows[:, None] + columns) % 2]
    return board
