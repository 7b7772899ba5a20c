"""The picture for the screen: while one layer is worked on, what lies below and above it is composited once.

The stack is cut into runs around the active layer: all below it; above it each row of neighbours that blend normally,
and each other layer for itself. A run is kept flattened per cell, and every group on the way down to the active layer
is cut the same way. Layers never change, so a run is known by the identity of its layers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from editor.document import Change, Document, What
from editor.flatten import flatten, put, put_layer, weighted
from editor.geometry import Rect
from editor.layers import BlendMode, GroupLayer, Layer
from editor.planes import CELL, Planes, Workspace, for_cells, to_depth
from editor.tiles import UINT8

CACHE_LIMIT = 192 * 2**20  # bytes of flattened cells kept
CACHE_CELL = (128, 128)  # small, so that a brush never waits for much more than it touched
CELL_BYTES = 4 * 4 * CACHE_CELL[0] * CACHE_CELL[1]
EMPTY_BYTES = 512  # about what it takes to remember that a cell holds nothing
UNCACHED = 3 * 2**20  # pixels from which a request is no brush dab and no viewport: computed without the cache


@dataclass(frozen=True, eq=False)
class Run:
    """Layers that do not change while the active one is painted, and how they go onto what lies below them."""

    layers: tuple[Layer, ...]
    blend: BlendMode = BlendMode.NORMAL


@dataclass(frozen=True, eq=False)
class Inner:
    """The group that holds the active layer."""

    group: GroupLayer
    parts: tuple[Part, ...]


Part = Run | Inner | Layer
RunKey = tuple[tuple[Layer, ...], BlendMode]


class Compositor:
    """Renders a document for the screen; use it from one thread.

    Args:
        cache_limit: bytes of flattened pixels to remember.
    """

    def __init__(self, document: Document, cache_limit: int = CACHE_LIMIT) -> None:
        self._document = document
        self._limit = cache_limit
        self._cells: OrderedDict[tuple[Run, Rect], Planes | None] = OrderedDict()
        self._held = 0  # bytes of the cells; counted along, because a look at thousands of cells per dab is felt
        self._new: list[int] = []  # bytes of cells that came since: they come from several threads
        self._runs: dict[RunKey, Run] = {}
        self._parts: tuple[Part, ...] | None = None
        self._unsubscribe = document.subscribe(self._on_change)

    def render(self, rect: Rect, *, remember: bool = True) -> NDArray[np.uint8]:
        """(rect.height, rect.width, 4) uint8 RGBA, premultiplied, of a rectangle in canvas pixels.

        Args:
            remember: whether the same place is likely to be asked for again soon, as under a brush; False leaves the
                cache alone, which is quicker for what is rendered once.
        """
        out = np.zeros((max(rect.height, 0), max(rect.width, 0), 4), np.uint8)
        if rect.empty:
            return out
        whole = not remember or rect.area >= UNCACHED
        parts = self._document.layers if whole else self._plan()

        def work(part: Rect, space: Workspace) -> None:
            planes = self._flatten(parts, part, space)
            if planes is not None:
                out[part.slices((rect.x, rect.y))] = to_depth(planes, UINT8)
                space.give_planes(planes)

        for_cells(rect, work, CELL if whole else CACHE_CELL)
        self._forget_oldest()
        return out

    @property
    def cached_bytes(self) -> int:
        """Bytes of the flattened cells that are kept."""
        return self._held

    def forget(self) -> None:
        """Drop the cache, as while the document is not seen; it fills again by itself."""
        self._cells.clear()
        self._new.clear()
        self._held = 0
        self._runs.clear()
        self._parts = None

    def close(self) -> None:
        """Stop listening and drop the cache."""
        self._unsubscribe()
        self.forget()

    def _on_change(self, change: Change) -> None:
        if change.what is not What.HISTORY:
            self._parts = None

    def _plan(self) -> tuple[Part, ...]:
        """The stack cut into parts; runs of the plan before are taken over, all other cells are dropped."""
        if self._parts is None:
            document = self._document
            path = document.path_to(document.active) if document.active is not None else ()
            before, self._runs = self._runs, {}
            self._parts = self._cut(document.layers, path, before)
            gone = {run for key, run in before.items() if key not in self._runs}
            for cell in [cell for cell in self._cells if cell[0] in gone] if gone else ():
                self._held -= _cost(self._cells.pop(cell))
        return self._parts

    def _cut(self, layers: tuple[Layer, ...], path: tuple[Layer, ...], before: dict[RunKey, Run]) -> tuple[Part, ...]:
        def run(some: Sequence[Layer], blend: BlendMode = BlendMode.NORMAL) -> list[Part]:
            shown = tuple(layer for layer in some if layer.visible)
            if not shown:
                return []
            key = (shown, blend)
            self._runs[key] = before.get(key) or Run(shown, blend)
            return [self._runs[key]]

        if not path:
            return tuple(run(layers))
        index = layers.index(path[0])
        parts = run(layers[:index])
        if isinstance(path[0], GroupLayer) and len(path) > 1:
            parts.append(Inner(path[0], self._cut(path[0].children, path[1:], before)))
        else:
            parts.append(path[0])
        normal: list[Layer] = []
        for layer in layers[index + 1 :]:
            if layer.blend is BlendMode.NORMAL or not layer.visible:
                normal.append(layer)
            else:
                parts += [*run(normal), *run([layer], layer.blend)]
                normal = []
        return tuple(parts + run(normal))

    def _flatten(self, parts: Sequence[Part], rect: Rect, space: Workspace) -> Planes | None:
        back: Planes | None = None
        for part in parts:
            if isinstance(part, Run):
                back = put(self._cached(part, rect, space), part.blend, space, back)
            elif isinstance(part, Inner):
                group = part.group
                if group.visible and group.opacity > 0:
                    source = self._flatten(part.parts, rect, space)
                    source = None if source is None else weighted(source, group, rect, space)
                    back = put(source, group.blend, space, back)
            else:
                back = put_layer(part, rect, space, back)
        return back

    def _cached(self, run: Run, rect: Rect, space: Workspace) -> Planes | None:
        """The part of a flattened run that lies in `rect`, as planes of the workspace."""
        width, height = CACHE_CELL
        cell = Rect(rect.x // width * width, rect.y // height * height, width, height)
        key = (run, cell)
        if key in self._cells:
            kept = self._cells[key]
            self._cells.move_to_end(key)
        else:
            flat = flatten(run.layers, cell, space)
            kept = None if flat is None else Planes(flat.colour.copy(), flat.alpha.copy(), flat.opaque)
            if flat is not None:
                space.give_planes(flat)
            self._cells[key] = kept
            self._new.append(_cost(kept))
        if kept is None:
            return None
        planes = space.take_planes((rect.height, rect.width))
        planes.opaque = kept.opaque
        rows, columns = rect.slices((cell.x, cell.y))
        np.copyto(planes.colour, kept.colour[:, rows, columns])
        np.copyto(planes.alpha, kept.alpha[rows, columns])
        return planes

    def _forget_oldest(self) -> None:
        self._held += sum(self._new)
        self._new.clear()
        while self._held > self._limit:
            _, planes = self._cells.popitem(last=False)
            self._held -= _cost(planes)


def _cost(planes: Planes | None) -> int:
    return EMPTY_BYTES if planes is None else CELL_BYTES
