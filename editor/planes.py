"""Colour as separate float32 planes, and the reusable memory that compositing works in.

One pass of numpy over a plane that fits the processor's cache costs about 0.1 ns a pixel; interleaved pixels or fresh
memory cost ten times that. So all blending is written over planes taken from a workspace, one workspace per thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from os import cpu_count
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.geometry import Rect
from editor.tiles import UINT8, Array, Depth

Plane = NDArray[np.float32]  # (h, w), or (3, h, w) for colour
CELL = (256, 128)  # width and height in pixels of the piece that is computed at once: 128 KiB a plane
_CAPACITY = CELL[0] * CELL[1]
THREADS = max(1, min(4, cpu_count() or 1))


@dataclass(slots=True)
class Planes:
    """Premultiplied colour, 0..1.

    Attributes:
        colour: (3, h, w) red, green, blue, already multiplied by alpha.
        alpha: (h, w).
        opaque: alpha is 1 everywhere.
    """

    colour: Plane
    alpha: Plane
    opaque: bool = False

    def scale(self, weight: Plane) -> None:
        """Make all of it less by a weight (h, w), 0..1."""
        np.multiply(self.colour, weight, out=self.colour)
        np.multiply(self.alpha, weight, out=self.alpha)
        self.opaque = False


class Workspace:
    """Planes to work in, handed out and taken back; for one thread and pieces of at most one CELL."""

    def __init__(self) -> None:
        self._free: dict[int, list[Plane]] = {1: [], 3: []}
        self._split: dict[Depth, Array] = {}

    def take(self, shape: tuple[int, int], count: int = 1) -> Plane:
        """(h, w), or for count 3 (3, h, w), with unknown content."""
        free = self._free[count]
        flat = free.pop() if free else np.empty(count * _CAPACITY, np.float32)
        height, width = shape
        return flat[: count * height * width].reshape(shape if count == 1 else (count, height, width))

    def take_planes(self, shape: tuple[int, int]) -> Planes:
        """Colour and alpha with unknown content."""
        return Planes(self.take(shape, 3), self.take(shape))

    def give(self, *planes: Plane) -> None:
        """Hand planes back; nobody may use them any more."""
        for plane in planes:
            if isinstance(plane.base, np.ndarray):
                self._free[3 if plane.ndim == 3 else 1].append(plane.base)

    def give_planes(self, planes: Planes) -> None:
        """Hand colour and alpha back."""
        self.give(planes.colour, planes.alpha)

    @contextmanager
    def scratch(self, shape: tuple[int, int], planes: int, colours: int = 0) -> Iterator[list[Plane]]:
        """First `planes` of (h, w), then `colours` of (3, h, w), handed back at the end of the block."""
        taken = [self.take(shape) for _ in range(planes)] + [self.take(shape, 3) for _ in range(colours)]
        yield taken
        self.give(*taken)

    def split(self, pixels: Array) -> Array:
        """(4, h, w) from (h, w, 4) pixels, valid until the next call."""
        if pixels.dtype not in self._split:
            self._split[pixels.dtype] = np.empty(4 * _CAPACITY, pixels.dtype)
        height, width = pixels.shape[:2]
        out = self._split[pixels.dtype][: 4 * height * width].reshape(4, height, width)
        cv2.split(pixels, list(out))
        return out


def to_float(plane: Array, scale: float, out: Plane) -> None:
    """out = plane * scale."""
    np.multiply(plane, np.float32(scale), out=out, dtype=np.float32)


def to_depth(planes: Planes, dtype: Depth) -> Array:
    """(h, w, 4) pixels from colour and alpha as they are, rounded and clipped to the full range; spoils the planes."""
    height, width = planes.alpha.shape
    out = np.empty((4, height, width), dtype)
    if dtype == UINT8:
        cv2.convertScaleAbs(planes.colour.reshape(3, -1), out[:3].reshape(3, -1), 255.0)
        cv2.convertScaleAbs(planes.alpha, out[3], 255.0)
    else:
        for plane, target in ((planes.colour, out[:3]), (planes.alpha, out[3])):
            np.multiply(plane, np.float32(65535.0), out=plane)
            np.add(plane, np.float32(0.5), out=plane)
            np.minimum(plane, np.float32(65535.0), out=plane)
            np.copyto(target, plane, casting="unsafe")
    return cast(Array, cv2.merge(list(out)))


class _Threads(threading.local):
    def __init__(self) -> None:
        self.workspace = Workspace()


_local = _Threads()
_pool: list[ThreadPoolExecutor] = []
# Pixels below which one thread is quicker: a pass takes microseconds, and threads wait for each other between passes.
ALONE = 512 * 1024


def workspace() -> Workspace:
    """This thread's workspace."""
    return _local.workspace


def for_cells(rect: Rect, work: Callable[[Rect, Workspace], None], cell: tuple[int, int] = CELL) -> None:
    """Call `work` for each part of `rect` on a grid of cells."""
    for_parts(list(split_cells(rect, cell)), work)


def for_parts(parts: list[Rect], work: Callable[[Rect, Workspace], None]) -> None:
    """Call `work` for each part (at most one CELL), on several threads when there is much to do."""
    if THREADS == 1 or len(parts) < 2 or sum(part.area for part in parts) <= ALONE:
        _several(parts, work)
        return
    if not _pool:
        _pool.append(ThreadPoolExecutor(THREADS, "composite"))
    others = [_pool[0].submit(_several, parts[start::THREADS], work) for start in range(1, THREADS)]
    _several(parts[::THREADS], work)
    for other in others:
        other.result()


def _several(parts: list[Rect], work: Callable[[Rect, Workspace], None]) -> None:
    for part in parts:
        work(part, _local.workspace)


def split_cells(rect: Rect, cell: tuple[int, int]) -> Iterator[Rect]:
    """The parts of `rect` on a grid of width x height cells, row by row."""
    width, height = cell
    for y in range(rect.y // height * height, rect.bottom, height):
        for x in range(rect.x // width * width, rect.right, width):
            yield rect.intersected(Rect(x, y, width, height))
