"""Colour onto tiles: a stroke as one wash over the tiles from before it began.

The dabs of a stroke add up in a coverage plane per tile; after each event only the dirty rectangle is written anew from
the tiles before the stroke and the coverage. So opacity caps the whole stroke, and where nothing was painted the pixels
stay what they were, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.geometry import EMPTY, Rect
from editor.planes import CELL, Plane, Workspace, for_parts, split_cells
from editor.strokes import THIN, Dab, dab_print, thin_prints
from editor.tiles import TILE, UINT8, Array, Depth, Key, TiledImage, full_value

ONE = np.float32(1)
NOTHING = 1e-7  # a share left uncovered that counts as none
RUN = 96  # pixels from the first dab within which thin dabs are computed together
MOST_IN_RUN = 512
Weights = Callable[[Rect, Plane], bool]  # writes the cover 0..1 of a rectangle; False where there is none


@dataclass(frozen=True)
class Ink:
    """What is put on.

    Attributes:
        colour: 0..1 for each channel but alpha: (r, g, b), or one value for a mask; None erases.
        keep_alpha: only what is there is coloured.
    """

    colour: tuple[float, ...] | None
    keep_alpha: bool = False


def painted(before: TiledImage, now: TiledImage, areas: Iterable[Rect], ink: Ink, weights: Weights) -> TiledImage:
    """`now` with `areas` rewritten as `before` under ink of some weight.

    Args:
        areas: rectangles in the image's own coordinates, each inside one tile.
        weights: called from several threads.
    """
    areas = [area for area in areas if area]
    tiles: dict[Key, Array] = {}
    for area in areas:
        key = (area.x // TILE, area.y // TILE)
        if key not in tiles:
            tiles[key] = now.tile_copy(key)

    def work(part: Rect, space: Workspace) -> None:
        key = (part.x // TILE, part.y // TILE)
        inside = part.slices((key[0] * TILE, key[1] * TILE))
        old = before.tiles.get(key)
        with space.scratch((part.height, part.width), 1) as (weight,):
            if not weights(part, weight):
                tiles[key][inside] = before.default if old is None else old[inside]
            elif before.channels == 1:
                _ink_mask(
                    before.default if old is None else old[inside][..., 0], weight, ink, tiles[key][inside], space
                )
            elif old is None:
                _ink_nothing(weight, ink, tiles[key][inside])
            else:
                _ink_colour(old[inside], weight, ink, tiles[key][inside], space)

    for_parts([part for area in areas for part in split_cells(area, CELL)], work)
    return now.with_tiles(tiles)


def _ink_mask(old: Array | int, weight: Plane, ink: Ink, out: Array, space: Workspace) -> None:
    """One channel: old + (value - old) weight."""
    full = full_value(out.dtype)
    value = np.float32(full * (ink.colour[0] if ink.colour else 0.0))
    with space.scratch(weight.shape, 1) as (mixed,):
        np.subtract(value, old, out=mixed, dtype=np.float32)
        np.multiply(mixed, weight, out=mixed)
        np.add(mixed, old, out=mixed, dtype=np.float32)
        out[..., 0] = _rounded(mixed, out.dtype)


def _ink_nothing(weight: Plane, ink: Ink, out: Array) -> None:
    """Onto transparent pixels: the colour itself, with the weight as alpha."""
    if ink.colour is None or ink.keep_alpha:
        out[...] = 0
        return
    full = full_value(out.dtype)
    alpha = _rounded(weight * np.float32(full), out.dtype)
    there = (alpha != 0).astype(out.dtype)
    planes = [there * out.dtype.type(round(value * full)) for value in ink.colour]
    out[...] = cv2.merge([*planes, alpha])


def _ink_colour(old: Array, weight: Plane, ink: Ink, out: Array, space: Workspace) -> None:
    """Source-over in straight alpha: co = cb + (cs - cb) as / ao, which leaves cb exact where as = 0."""
    channels = space.split(old)
    alpha = channels[3]
    with space.scratch(weight.shape, 2, 1) as (share, total, mixed):
        if ink.colour is None:
            np.subtract(ONE, weight, out=share)
            np.multiply(share, alpha, out=share, dtype=np.float32)
            out[...] = cv2.merge([*channels[:3], _rounded(share, out.dtype)])
            return
        full = np.float32(full_value(out.dtype))
        new_alpha: NDArray[Any] = alpha
        if ink.keep_alpha:
            np.multiply(weight, alpha != 0, out=share)
        elif (alpha == full).all():
            np.copyto(share, weight)
        else:
            np.subtract(full, alpha, out=total, dtype=np.float32)
            np.multiply(total, weight, out=total)
            np.add(total, alpha, out=total, dtype=np.float32)
            new_alpha = _rounded(total, out.dtype)
            np.maximum(total, np.float32(1e-6), out=total)
            np.multiply(weight, full, out=share)
            np.divide(share, total, out=share)
            np.minimum(share, ONE, out=share)
        colour = np.array([round(value * full) for value in ink.colour], np.float32)[:, None, None]
        np.subtract(colour, channels[:3], out=mixed, dtype=np.float32)
        np.multiply(mixed, share, out=mixed)
        np.add(mixed, channels[:3], out=mixed, dtype=np.float32)
        out[...] = cv2.merge([*_rounded(mixed, out.dtype), new_alpha])


def _rounded(plane: Plane, dtype: Depth) -> NDArray[Any]:
    """Whole numbers of the dtype from values that lie in its range."""
    if dtype == UINT8:
        return cv2.convertScaleAbs(plane.reshape(plane.shape[0], -1)).reshape(plane.shape)
    return (plane + np.float32(0.5)).astype(dtype)


class Stroke:
    """One stroke on one picture, while it is drawn.

    Args:
        before: the picture, in its own coordinates.
        hardness, flow, opacity: as in Brush.
        clip: own coordinates that may be painted on.
        selection: one channel uint8 in canvas coordinates that limits the stroke; None = no limit.
        offset: (x, y) of the picture's (0, 0) on the canvas.
    """

    def __init__(
        self,
        before: TiledImage,
        ink: Ink,
        hardness: float,
        flow: float,
        opacity: float,
        clip: Rect,
        selection: TiledImage | None = None,
        offset: tuple[int, int] = (0, 0),
    ) -> None:
        self.before = self.now = before
        self.area = EMPTY  # everything painted so far
        self._ink, self._hardness, self._flow, self._opacity = ink, hardness, flow, opacity
        self._clip, self._selection, self._offset = clip, selection, offset
        self._cover: dict[Key, Plane] = {}

    def add(self, dabs: Iterable[Dab]) -> Rect:
        """Paint some more dabs (own coordinates) into `now`; returns the rectangle that changed."""
        dirty: dict[Key, Rect] = {}
        for run in _runs(dabs):
            if run[0].size <= THIN:
                rest, rect = self._left_over(run)
                self._put(np.subtract(ONE, rest), rect, 1.0, run[0].cap, dirty)
            else:
                mask, rect, strength = dab_print(run[0], self._hardness)
                self._put(mask, rect, strength * self._flow, run[0].cap, dirty)
        if not dirty:
            return EMPTY
        self.now = painted(self.before, self.now, dirty.values(), self._ink, self._weights)
        changed = EMPTY
        for part in dirty.values():
            changed = changed.united(part)
        self.area = self.area.united(changed)
        return changed

    def _left_over(self, dabs: Sequence[Dab]) -> tuple[Plane, Rect]:
        """The share that many thin dabs leave uncovered, the product of what each leaves; and where that is."""
        prints, columns, rows = thin_prints(dabs, self._hardness)
        side = prints.shape[1]
        x, y = int(columns.min()), int(rows.min())
        rect = Rect(x, y, int(columns.max()) + side - x, int(rows.max()) + side - y)
        first = (rows - y) * rect.width + columns - x
        inner = np.arange(side)[:, None] * rect.width + np.arange(side)
        missed = np.log(np.maximum(1 - np.float64(self._flow) * prints, NOTHING))
        sums = np.bincount((first[:, None, None] + inner).ravel(), missed.ravel(), rect.area)
        rest = np.exp(sums).astype(np.float32).reshape(rect.height, rect.width)
        rest[rest < 2 * NOTHING] = 0
        return rest, rect

    def _put(self, mask: Plane, rect: Rect, flow: float, cap: float, dirty: dict[Key, Rect]) -> None:
        for part in rect.intersected(self._clip).split(TILE):
            key = (part.x // TILE, part.y // TILE)
            self._build_up(key, part, mask[part.slices((rect.x, rect.y))], flow, cap)
            dirty[key] = dirty.get(key, EMPTY).united(part)

    def _build_up(self, key: Key, part: Rect, mask: Plane, flow: float, cap: float) -> None:
        """cover += (cap - cover) * flow * mask, where that is an increase."""
        if key not in self._cover:
            self._cover[key] = np.zeros((TILE, TILE), np.float32)
        cover = self._cover[key][part.slices((key[0] * TILE, key[1] * TILE))]
        more = np.subtract(np.float32(cap), cover)
        if cap < 1:
            np.maximum(more, np.float32(0), out=more)
        np.multiply(more, mask, out=more)
        if flow < 1:
            np.multiply(more, np.float32(flow), out=more)
        np.add(cover, more, out=cover)

    def _weights(self, part: Rect, out: Plane) -> bool:
        key = (part.x // TILE, part.y // TILE)
        cover = self._cover.get(key)
        if cover is None:
            return False
        np.multiply(cover[part.slices((key[0] * TILE, key[1] * TILE))], np.float32(self._opacity), out=out)
        return limit(out, self._selection, part.translated(*self._offset))


def _runs(dabs: Iterable[Dab]) -> Iterator[list[Dab]]:
    """Thin dabs of one cap that lie close together, others one by one."""
    run: list[Dab] = []
    for dab in dabs:
        if run:
            first = run[0]
            near = abs(dab.x - first.x) <= RUN and abs(dab.y - first.y) <= RUN and len(run) < MOST_IN_RUN
            if dab.size > THIN or first.size > THIN or dab.cap != first.cap or not near:
                yield run
                run = []
        run.append(dab)
    if run:
        yield run


def limit(weight: Plane, selection: TiledImage | None, area: Rect) -> bool:
    """Scale a weight by the selection over `area` (canvas pixels), in place; False where nothing is selected."""
    if selection is None:
        return True
    selected = selection.view(area)
    if selected is None:
        return False
    np.multiply(weight, selected[..., 0], out=weight, dtype=np.float32)
    np.multiply(weight, np.float32(1 / 255), out=weight)
    return True
