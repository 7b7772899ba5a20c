"""Documents whose canvas is a sheet of cells, each with one thing that other programs may show in their own way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.document import Snapshot
from editor.geometry import Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer
from editor.tiles import TiledImage, full_value
from tests.editor.files.samples import noise, photo

CELL = 48  # pixels to a side
COLUMNS = 9


@dataclass(frozen=True, eq=False)
class Sheet:
    """A document, and where on its canvas each thing is."""

    snapshot: Snapshot
    cells: dict[str, Rect]


class _Drawing:
    """Collects layers cell by cell."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        self.cells: dict[str, Rect] = {}
        self.layers: list[Layer] = []
        self._seeds = count(1)

    def place(self, name: str) -> Rect:
        """The next free cell."""
        row, column = divmod(len(self.cells), COLUMNS)
        self.cells[name] = Rect(column * CELL, row * CELL, CELL, CELL)
        return self.cells[name]

    def patch(self, width: int = CELL, height: int = CELL, *, opaque: bool = False) -> NDArray[Any]:
        """Noise of all colours whose alpha rises from left to right."""
        pixels = noise((height, width, 4), self.dtype, next(self._seeds))
        full = full_value(self.dtype)
        pixels[..., 3] = full if opaque else np.linspace(0, full, width).astype(self.dtype)
        return pixels

    def layer(self, cell: Rect, **changes: Any) -> ImageLayer:
        """A layer that fills a cell with noise."""
        pixels = TiledImage.from_array(self.patch(cell.width, cell.height))
        return ImageLayer(**{"pixels": pixels, "offset": (cell.x, cell.y), **changes})

    def sheet(self, backdrop: NDArray[Any] | None = None) -> Sheet:
        height = -(-len(self.cells) // COLUMNS) * CELL
        width = COLUMNS * CELL
        pixels = photo(height, width, self.dtype) if backdrop is None else backdrop
        below = ImageLayer(name="Below", pixels=TiledImage.from_array(pixels))
        return Sheet(
            Snapshot((width, height), self.dtype, None, (below, *self.layers), below.id, None), dict(self.cells)
        )


def modes(dtype: Any = np.uint8) -> Sheet:
    """Every blend mode three times: as it is, at opacity 0.6, and over a half transparent backdrop."""
    drawing = _Drawing(dtype)
    for case, opacity in (("", 1.0), (" at 0.6", 0.6), (" on half", 1.0)):
        for mode in BlendMode:
            cell = drawing.place(f"{mode.name.lower()}{case}")
            drawing.layers.append(drawing.layer(cell, name=mode.name, blend=mode, opacity=opacity))
    empty = drawing.sheet()
    width, height = empty.snapshot.size
    backdrop = drawing.patch(width, height, opaque=True)
    for name, cell in drawing.cells.items():
        if name.endswith(" on half"):
            backdrop[cell.slices((0, 0))][..., 3] //= 2
    return drawing.sheet(backdrop)


def structure(dtype: Any = np.uint8) -> Sheet:
    """Groups, masks, names, offsets and what is hidden."""
    drawing = _Drawing(dtype)
    for name, make in _cases(drawing):
        cell = drawing.place(name)
        drawing.layers.append(replace(make(cell), name=name))
    return drawing.sheet()


def _cases(drawing: _Drawing) -> Iterator[tuple[str, Callable[[Rect], Layer]]]:
    layer, mode = drawing.layer, BlendMode
    soft = TiledImage.from_array(noise((CELL, CELL), np.uint8, 99))

    def group(cell: Rect, *children: Layer, **changes: Any) -> GroupLayer:
        return GroupLayer(**{"children": children or (layer(cell), layer(cell)), **changes})

    yield "layer", layer
    yield "opacity", lambda cell: layer(cell, opacity=0.35)
    yield "hidden", lambda cell: layer(cell, visible=False)
    yield "\N{CAT FACE} “ünï” <&> \N{HEBREW LETTER ALEF}", layer
    yield "half outside", lambda cell: layer(cell, pixels=_beyond(drawing, cell))
    yield "group", group
    yield "group opacity", lambda cell: group(cell, opacity=0.5)
    yield "group multiply", lambda cell: group(cell, blend=mode.MULTIPLY, opacity=0.8)
    yield "modes inside", lambda cell: group(cell, layer(cell), layer(cell, blend=mode.SCREEN), opacity=0.7)
    yield "isolated", lambda cell: group(cell, layer(cell, blend=mode.MULTIPLY))
    yield "groups in groups", lambda cell: group(cell, layer(cell), group(cell, opacity=0.6, blend=mode.DARKEN))
    yield "hidden group", lambda cell: group(cell, visible=False)
    yield "layer mask", lambda cell: layer(cell, mask=soft, opacity=0.9)
    yield "layer mask, multiply", lambda cell: layer(cell, mask=soft, blend=mode.MULTIPLY)
    yield "mask switched off", lambda cell: layer(cell, mask=soft, mask_enabled=False)
    yield "group mask", lambda cell: group(cell, mask=soft, offset=(cell.x, cell.y), opacity=0.8)
    yield "group mask, screen", lambda cell: group(cell, mask=soft, offset=(cell.x, cell.y), blend=mode.SCREEN)
    yield "layer mask in a group", lambda cell: group(cell, layer(cell), layer(cell, mask=soft), opacity=0.6)


def _beyond(drawing: _Drawing, cell: Rect) -> TiledImage:
    """Pixels in the cell, and a strip of them above and far outside of the canvas."""
    inside = TiledImage.from_array(drawing.patch(cell.width, cell.height))
    return inside.write(Rect(0, -300 - cell.y, cell.width, 40), drawing.patch(cell.width, 40))
