"""The picture for the screen at full size and at halves of it, kept current block by block.

Level 0 has one pixel per canvas pixel; level k one per 2^k x 2^k canvas pixels (box average of the level below, so
that drawing zoomed out needs at most a 2:1 bilinear reduction). Levels are allocated whole but touched only where they
are shown: the system backs the rest with no memory.

A block is MISSING (nothing there: the coarse picture stands in), STALE (an older or coarser picture stands in) or
FRESH. A FRESH block of level k > 0 implies that its four blocks of level k - 1 are FRESH.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from math import floor, log2
from time import perf_counter
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.geometry import EMPTY, Rect

BLOCK = 256
ENOUGH_TO_TIME = 16_384  # pixels; fewer say too little about the speed
MOST_LEVELS = 9  # a level-0 block is still whole pixels at level 8
Pixels = NDArray[np.uint8]  # (h, w, 4) BGRA, premultiplied: QImage.Format_ARGB32_Premultiplied in memory


class State(IntEnum):
    MISSING = 0
    STALE = 1
    FRESH = 2


def halved(array: Pixels) -> Pixels:
    """2x2 box average; an odd last row or column counts alone."""
    height, width = array.shape[:2]
    if height % 2 or width % 2:
        array = cast(Pixels, cv2.copyMakeBorder(array, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE))
    half = (array.shape[1] // 2, array.shape[0] // 2)
    return cast(Pixels, cv2.resize(array, half, interpolation=cv2.INTER_AREA))


def _blocks(rect: Rect) -> tuple[slice, slice]:
    """The (rows, columns) of the block grid that `rect` (in the level's pixels) touches."""
    return (
        slice(rect.y // BLOCK, (rect.bottom - 1) // BLOCK + 1),
        slice(rect.x // BLOCK, (rect.right - 1) // BLOCK + 1),
    )


def _halved_rect(rect: Rect) -> Rect:
    """The pixels of the next level that `rect` contributes to."""
    x, y = rect.x >> 1, rect.y >> 1
    return Rect(x, y, -(-rect.right >> 1) - x, -(-rect.bottom >> 1) - y)


class Pyramid:
    """Screen pixels of a canvas of `size` (width, height), asked from `render(rect)` only where needed.

    Args:
        render: gives BGRA premultiplied pixels (rect.height, rect.width, 4) of a rectangle of the canvas; also told
            whether the same place is likely to be asked for again soon.
    """

    def __init__(self, size: tuple[int, int], render: Callable[[Rect, bool], Pixels]) -> None:
        self.canvas = Rect(0, 0, *size)
        self._render = render
        self._coarse: Pixels | None = None
        self._nanoseconds_per_pixel = 30.0  # a guess until the first rectangle was timed
        self.levels: list[Pixels] = []
        self._states: list[NDArray[np.uint8]] = []
        width, height = size
        while not self.levels or (max(self.levels[-1].shape[:2]) > BLOCK and len(self.levels) < MOST_LEVELS):
            self.levels.append(np.empty((height, width, 4), np.uint8))
            self._states.append(np.zeros((-(-height // BLOCK), -(-width // BLOCK)), np.uint8))
            width, height = -(-width // 2), -(-height // 2)

    @property
    def nbytes(self) -> int:
        """Bytes of the blocks that hold something."""
        return sum(int(np.count_nonzero(states)) * BLOCK * BLOCK * 4 for states in self._states)

    def level_for(self, zoom: float) -> int:
        """The level to draw from at `zoom` device pixels per canvas pixel: the smallest one not below that size."""
        return min(max(floor(log2(1.0 / zoom) + 1e-9), 0), len(self.levels) - 1)

    def bounds(self, level: int) -> Rect:
        height, width = self.levels[level].shape[:2]
        return Rect(0, 0, width, height)

    def at_level(self, level: int, rect: Rect) -> Rect:
        """The pixels of `level` that the canvas pixels `rect` contribute to."""
        x, y = rect.x >> level, rect.y >> level
        right, bottom = -(-rect.right >> level), -(-rect.bottom >> level)
        return Rect(x, y, right - x, bottom - y).intersected(self.bounds(level))

    def set_coarse(self, picture: Pixels) -> None:
        """A small picture of the whole canvas that stands in where nothing better is there yet."""
        self._coarse = picture

    def put_coarse(self, level: int, rect: Rect) -> None:
        """Put the coarse picture into `level` over the canvas pixels `rect`, which the caller will have composited."""
        part = self.at_level(level, rect)
        for row, column in self._places(level, part):
            if self._states[level][row, column] == State.MISSING:
                self._stand_in(level, row, column)
        self._paint_coarse(level, part)

    def invalidate(self, rect: Rect) -> None:
        """Mark what lies under the canvas pixels `rect` as outdated on every level; it stays visible meanwhile."""
        rect = rect.intersected(self.canvas)
        if rect:
            for level, states in enumerate(self._states):
                part = states[_blocks(self.at_level(level, rect))]
                part[part == State.FRESH] = State.STALE

    def patch(self, rect: Rect) -> None:
        """Ask for exactly the canvas pixels `rect` again and carry them up all levels; for small changes."""
        rect = rect.intersected(self.canvas)
        if not rect:
            return
        states = self._states[0][_blocks(rect)]
        if states.all() and (states == State.FRESH).all():
            self._take(rect)
        else:  # the rest is asked for when it comes into view
            for part in rect.split(BLOCK):
                if self._states[0][part.y // BLOCK, part.x // BLOCK] == State.FRESH:
                    self._take(part)

    def seconds_for(self, pixels: int) -> float:
        """How long rendering so many pixels takes, judged by the last ones."""
        return pixels * self._nanoseconds_per_pixel / 1e9

    def _render_into(self, rect: Rect, *, again: bool) -> None:
        started = perf_counter()
        self.levels[0][rect.slices()] = self._render(rect, again)
        if rect.area >= ENOUGH_TO_TIME:
            self._nanoseconds_per_pixel = (perf_counter() - started) * 1e9 / rect.area

    def _take(self, rect: Rect) -> None:
        self._render_into(rect, again=True)
        self._carry_up(rect, len(self.levels) - 1)

    def _carry_up(self, rect: Rect, top: int) -> None:
        """Recompute levels 1..top over the canvas pixels `rect`, as far up as they hold anything there.

        What lies above a MISSING block is not FRESH, so it will be built anew anyway.
        """
        parts = [rect]
        for level in range(1, top + 1):
            states, kept = self._states[level], []
            for part in (_halved_rect(part) for part in parts):
                whole = (states[_blocks(part)] != State.MISSING).all()
                kept += [
                    piece
                    for piece in ([part] if whole else part.split(BLOCK))
                    if whole or states[piece.y // BLOCK, piece.x // BLOCK] != State.MISSING
                ]
            for part in kept:
                self._halve_into(level, part)
            parts = kept

    def _halve_into(self, level: int, part: Rect) -> None:
        below = Rect(part.x * 2, part.y * 2, part.width * 2, part.height * 2).intersected(self.bounds(level - 1))
        self.levels[level][part.slices()] = halved(self.levels[level - 1][below.slices()])

    def refresh(self, level: int, rect: Rect, seconds: float) -> tuple[list[Rect], bool]:
        """Bring `level` up to date under the canvas pixels `rect`, middle first, for at most about `seconds`.

        Returns:
            The canvas rectangles whose picture changed, and whether all of `rect` is FRESH now.
        """
        end = perf_counter() + seconds
        region = self._covered(level, rect)
        changed = self._build_parents(level, region)
        while run := self._next_run(region, rect, end - perf_counter()):
            for upper in range(1, level + 1):
                for row, column in self._places(upper, self.at_level(upper, run)):
                    if self._states[upper][row, column] == State.MISSING:
                        self._stand_in(upper, row, column)
            self._render_into(run, again=False)
            self._states[0][_blocks(run)] = State.FRESH
            self._carry_up(run, level)
            changed.append(run)
            if perf_counter() >= end:
                break
        self._build_parents(level, region)
        return changed, self.is_fresh(level, rect)

    def is_fresh(self, level: int, rect: Rect) -> bool:
        part = self.at_level(level, rect.intersected(self.canvas))
        return not part or bool((self._states[level][_blocks(part)] == State.FRESH).all())

    def read(self, level: int, rect: Rect) -> Pixels:
        """A view of the pixels `rect` (in the level's own pixels), with the coarse picture where nothing else is."""
        for row, column in self._places(level, rect):
            if self._states[level][row, column] == State.MISSING:
                self._stand_in(level, row, column)
        return self.levels[level][rect.slices()]

    def _covered(self, level: int, rect: Rect) -> Rect:
        """The canvas pixels of all blocks of `level` that `rect` touches."""
        part = self.at_level(level, rect.intersected(self.canvas))
        if not part:
            return EMPTY
        rows, columns = _blocks(part)
        side = BLOCK << level
        covered = Rect(
            columns.start * side,
            rows.start * side,
            (columns.stop - columns.start) * side,
            (rows.stop - rows.start) * side,
        )
        return covered.intersected(self.canvas)

    def _places(self, level: int, rect: Rect) -> Iterator[tuple[int, int]]:
        rows, columns = _blocks(rect.intersected(self.bounds(level)))
        for row in range(rows.start, rows.stop):
            for column in range(columns.start, columns.stop):
                yield row, column

    def _block(self, level: int, row: int, column: int) -> Rect:
        return Rect(column * BLOCK, row * BLOCK, BLOCK, BLOCK).intersected(self.bounds(level))

    def _next_run(self, region: Rect, rect: Rect, seconds: float) -> Rect:
        """The outdated level-0 blocks nearest the middle of `rect`: as many in a row as `seconds` allow, but one."""
        if not region:
            return EMPTY
        rows, columns = _blocks(region)
        places = np.argwhere(self._states[0][rows, columns] != State.FRESH)
        if not len(places):
            return EMPTY
        middle = (rect.y + rect.height / 2) / BLOCK - rows.start, (rect.x + rect.width / 2) / BLOCK - columns.start
        row, column = places[np.abs(places + 0.5 - middle).sum(axis=1).argmin()]
        outdated = set(places[places[:, 0] == row, 1].tolist())
        most = max(int(seconds / self.seconds_for(BLOCK * BLOCK)), 1)
        first = last = int(column)
        while last - first + 1 < most and (last + 1 in outdated or first - 1 in outdated):
            last, first = (last + 1, first) if last + 1 in outdated else (last, first - 1)
        run = Rect((columns.start + first) * BLOCK, (rows.start + int(row)) * BLOCK, (last - first + 1) * BLOCK, BLOCK)
        return run.intersected(self.canvas)

    def _build_parents(self, top: int, region: Rect) -> list[Rect]:
        """Make blocks of levels 1..top in `region` FRESH whose four blocks below are; returns what changed."""
        changed = []
        for level in range(1, top + 1):
            for row, column in self._places(level, self.at_level(level, region)) if region else ():
                below = self._states[level - 1][2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
                if self._states[level][row, column] != State.FRESH and (below == State.FRESH).all():
                    block = self._block(level, row, column)
                    self._halve_into(level, block)
                    self._states[level][row, column] = State.FRESH
                    side = BLOCK << level
                    changed.append(Rect(column * side, row * side, side, side).intersected(self.canvas))
        return changed

    def _stand_in(self, level: int, row: int, column: int) -> None:
        """Fill a block from the coarse picture (transparent without one) and call it STALE."""
        self._paint_coarse(level, self._block(level, row, column))
        self._states[level][row, column] = State.STALE

    def _paint_coarse(self, level: int, part: Rect) -> None:
        """Write the enlarged coarse picture (transparent without one) over the pixels `part` of a level."""
        target = self.levels[level][part.slices()]
        if self._coarse is None:
            target[...] = 0
            return
        height, width = self._coarse.shape[:2]
        x, y = width / self.canvas.width * (1 << level), height / self.canvas.height * (1 << level)
        matrix = np.array([[x, 0, (part.x + 0.5) * x - 0.5], [0, y, (part.y + 0.5) * y - 0.5]])
        flags, size = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, (part.width, part.height)
        target[...] = cv2.warpAffine(self._coarse, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
