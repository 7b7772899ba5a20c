"""Where two states of a layer differ, finer than whole tiles: undoing a long thin stroke repaints little more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from editor import tree
from editor.document import Change, Snapshot, What
from editor.geometry import Rect
from editor.layers import ImageLayer, Layer, LayerId
from editor.tiles import TILE, Array, Key, TiledImage

GRAIN = 64  # pixels of the squares that are told apart within a tile
MOST_TILES = 96  # changed tiles from which looking into them costs more than it saves
PER_TILE = TILE // GRAIN


def changed_areas(change: Change, before: Snapshot, after: Snapshot) -> list[Rect]:
    """The canvas rectangles that a change touched, at most `change.rect` together.

    Args:
        before, after: the document around the change.
    """
    old, new = _layer(before, change.layer), _layer(after, change.layer)
    if change.what is not What.PIXELS or old is None or new is None:
        return [change.rect]
    squares: set[tuple[int, int]] = set()  # (column, row) of GRAIN x GRAIN pixels in the layer's own coordinates
    for one, other in ((_pixels(old), _pixels(new)), (old.mask, new.mask)):
        if one is other:
            continue
        if one is None or other is None or not one.same_kind(other):
            return [change.rect]
        tiles = other.changed_tiles(one)
        if len(tiles) > MOST_TILES:
            return [change.rect]
        for key in tiles:
            squares.update(_differing(key, one, other))
    rects = (rect.translated(*new.offset).intersected(change.rect) for rect in _united(squares))
    return [rect for rect in rects if rect]


def _layer(snapshot: Snapshot, layer: LayerId | None) -> Layer | None:
    path = tree.path_to(snapshot.layers, layer) if layer is not None else ()
    return path[-1] if path else None


def _pixels(layer: Layer) -> TiledImage | None:
    return layer.pixels if isinstance(layer, ImageLayer) else None


def _differing(key: Key, one: TiledImage, other: TiledImage) -> Iterator[tuple[int, int]]:
    """The squares of a tile in which two pictures of the same kind differ."""
    different = _words(_tile(one, key)) != _words(_tile(other, key))
    flags = different.reshape(PER_TILE, GRAIN, PER_TILE, -1).any(axis=(1, 3))
    for row, column in np.argwhere(flags).tolist():
        yield key[0] * PER_TILE + column, key[1] * PER_TILE + row


def _tile(image: TiledImage, key: Key) -> Array:
    tile = image.tiles.get(key)
    return image.tile_copy(key) if tile is None else tile


def _words(tile: Array) -> NDArray[np.uint64]:
    """(TILE, n) words: comparing eight bytes at a time."""
    return tile.reshape(TILE, -1).view(np.uint64)


def _united(squares: Iterable[tuple[int, int]]) -> list[Rect]:
    """Rectangles of pixels over squares: runs along rows, equal runs of neighbouring rows together."""
    done: list[Rect] = []
    growing: dict[tuple[int, int], Rect] = {}  # (first column, width): a rectangle that ends at the row above
    rows: dict[int, list[int]] = {}
    for column, row in squares:
        rows.setdefault(row, []).append(column)
    for row in sorted(rows):
        now: dict[tuple[int, int], Rect] = {}
        for first, width in _runs(sorted(rows[row])):
            above = growing.pop((first, width), None)
            if above is not None and above.bottom == row:
                now[first, width] = Rect(first, above.y, width, above.height + 1)
            else:
                now[first, width] = Rect(first, row, width, 1)
                done += [above] if above is not None else []
        done += growing.values()
        growing = now
    done += growing.values()
    return [Rect(r.x * GRAIN, r.y * GRAIN, r.width * GRAIN, r.height * GRAIN) for r in done]


def _runs(columns: list[int]) -> Iterator[tuple[int, int]]:
    """(first, length) of what hangs together in ascending numbers."""
    first = last = columns[0]
    for column in columns[1:]:
        if column != last + 1:
            yield first, last - first + 1
            first = column
        last = column
    yield first, last - first + 1
