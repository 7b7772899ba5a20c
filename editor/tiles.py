"""Pixels in immutable tiles: a snapshot is a reference, a change copies only the tiles it touches.

Colour is stored as straight (not premultiplied) RGBA, so that what was opened is saved unchanged bit for bit;
premultiplication happens while compositing, in float32 (see `editor.composite`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from editor.geometry import EMPTY, Rect
from editor.identity import Identity

TILE = 256
Key = tuple[int, int]  # (column, row) of a tile; tile (0, 0) covers pixels 0..255
Array = NDArray[np.uint8] | NDArray[np.uint16]
Depth = np.dtype[Any]  # uint8 or uint16

UINT8: Depth = np.dtype(np.uint8)
UINT16: Depth = np.dtype(np.uint16)


def full_value(dtype: Depth) -> int:
    """The value that means 1.0: 255 or 65535."""
    return 255 if dtype == UINT8 else 65535


def converted(array: Array, dtype: DTypeLike) -> Array:
    """The same picture at another depth; full range to full range, 8 bit -> 16 bit -> 8 bit is exact."""
    wanted = np.dtype(dtype)
    if array.dtype == wanted:
        return array
    if wanted == UINT16:
        return array.astype(np.uint16) * np.uint16(257)
    return ((array.astype(np.uint32) + 128) // 257).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class TiledImage:
    """An unbounded sparse picture; missing tiles are filled with `default` (0 = transparent).

    Attributes:
        channels: 4 for colour (RGBA, straight alpha; default 0), 1 for masks.
        dtype: uint8 or uint16, full range.
        default: what lies outside the stored tiles, in the dtype's own range.
        tiles: read-only arrays (TILE, TILE, channels).
    """

    channels: int = 4
    dtype: Depth = UINT8
    default: int = 0
    tiles: Mapping[Key, Array] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        object.__setattr__(self, "dtype", np.dtype(self.dtype))
        if not isinstance(self.tiles, MappingProxyType):
            object.__setattr__(self, "tiles", MappingProxyType(dict(self.tiles)))
        for tile in self.tiles.values():
            tile.setflags(write=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return _read_back, (self.channels, self.dtype, self.default, dict(self.tiles), self.identity)

    @cached_property
    def identity(self) -> Identity:
        """Which picture this is; an undo step that is read back from the disk gives an equal one with the same."""
        return Identity()

    @classmethod
    def from_array(cls, array: Array, origin: tuple[int, int] = (0, 0), default: int = 0) -> TiledImage:
        """Cut (H, W, C) or, for one channel, (H, W) pixels into tiles, the first pixel at `origin` (x, y)."""
        pixels = array if array.ndim == 3 else array[..., None]
        height, width, channels = pixels.shape
        empty = cls(channels, pixels.dtype, default)
        return empty.write(Rect(*origin, width, height), pixels)

    def read(self, rect: Rect) -> Array:
        """A fresh (rect.height, rect.width, channels) copy of the pixels."""
        shape = (max(rect.height, 0), max(rect.width, 0), self.channels)
        out: Array = np.full(shape, self.default, self.dtype) if self.default else np.zeros(shape, self.dtype)
        for key, part in _parts(rect):
            tile = self.tiles.get(key)
            if tile is not None:
                out[part.slices((rect.x, rect.y))] = tile[part.slices((key[0] * TILE, key[1] * TILE))]
        return out

    def view(self, rect: Rect) -> Array | None:
        """The pixels of `rect` without a copy where one tile holds them all, else a copy; None where no tile is met."""
        first = (rect.x // TILE, rect.y // TILE)
        if first == ((rect.right - 1) // TILE, (rect.bottom - 1) // TILE):
            tile = self.tiles.get(first)
            return None if tile is None else tile[rect.slices((first[0] * TILE, first[1] * TILE))]
        return self.read(rect) if any(key in self.tiles for key, _ in _parts(rect)) else None

    def write(self, rect: Rect, array: Array) -> TiledImage:
        """A new image with `array` in `rect`; untouched tiles are shared, tiles that become all default are dropped."""
        pixels = array if array.ndim == 3 else array[..., None]
        wanted = (rect.height, rect.width, self.channels)
        if rect.empty:
            return self
        if pixels.shape != wanted or pixels.dtype != self.dtype:
            raise ValueError(f"{wanted} {self.dtype} expected, not {pixels.shape} {pixels.dtype}")
        changed: dict[Key, Array | None] = {}
        for key, part in _parts(rect):
            piece = pixels[part.slices((rect.x, rect.y))]
            if part.area == TILE * TILE:
                tile: Array = piece.copy()
            else:
                tile = self.tile_copy(key)
                tile[part.slices((key[0] * TILE, key[1] * TILE))] = piece
            changed[key] = tile if self._holds_anything(tile) else None
        return self.with_tiles(changed)

    def fill(self, rect: Rect, value: int) -> TiledImage:
        """A new image with every channel set to `value` in `rect`; tiles that are filled whole are one shared tile."""
        if rect.empty:
            return self
        whole: Array | None = None if value == self.default else constant_tile(self.channels, self.dtype, value)
        changed: dict[Key, Array | None] = {}
        for key, part in _parts(rect):
            if part.area == TILE * TILE:
                changed[key] = whole
                continue
            tile = self.tile_copy(key)
            tile[part.slices((key[0] * TILE, key[1] * TILE))] = value
            changed[key] = tile if self._holds_anything(tile) else None
        return self.with_tiles(changed)

    def cropped(self, area: Rect) -> TiledImage:
        """The same picture with the default outside `area`; the picture itself where it holds nothing there."""
        changed: dict[Key, Array | None] = {}
        for key, tile in self.tiles.items():
            place = Rect(key[0] * TILE, key[1] * TILE, TILE, TILE)
            part = place.intersected(area)
            if part == place:
                continue
            kept = np.full_like(tile, self.default)
            kept[part.slices((place.x, place.y))] = tile[part.slices((place.x, place.y))]
            if part.empty or not np.array_equal(kept, tile):
                changed[key] = kept if self._holds_anything(kept) else None
        return self.with_tiles(changed) if changed else self

    def moved(self, dx: int, dy: int, within: Rect) -> TiledImage:
        """The picture moved by whole pixels, with the default outside `within`."""
        changed: dict[Key, Array | None] = {}
        shared: dict[bytes, Array] = {}
        for key, part in _parts(self.bounds().translated(dx, dy).intersected(within)):
            seen = self.view(part.translated(-dx, -dy))
            if seen is None:
                continue
            tile = np.full((TILE, TILE, self.channels), self.default, self.dtype)
            tile[part.slices((key[0] * TILE, key[1] * TILE))] = seen
            if (tile == tile[0, 0]).all():  # large selections are mostly one value
                tile = shared.setdefault(tile[0, 0].tobytes(), tile)
            changed[key] = tile if self._holds_anything(tile) else None
        return TiledImage(self.channels, self.dtype, self.default).with_tiles(changed)

    def with_tiles(self, changed: Mapping[Key, Array | None]) -> TiledImage:
        """A new image with whole tiles replaced; None drops a tile."""
        tiles = dict(self.tiles)
        for key, tile in changed.items():
            if tile is None:
                tiles.pop(key, None)
            else:
                tile.setflags(write=False)
                tiles[key] = tile
        return self._with(MappingProxyType(tiles))

    def pruned(self) -> TiledImage:
        """The same picture without tiles in which nothing is seen."""
        empty: list[Key] = [key for key, tile in self.tiles.items() if not (tile[..., -1] != self.default).any()]
        return self.with_tiles(dict.fromkeys(empty)) if empty else self

    def sharing(self, before: TiledImage) -> TiledImage:
        """The same picture with every tile that equals the one of `before` taken from there."""
        same: dict[Key, Array | None] = {}
        for key in self.changed_tiles(before):
            mine, theirs = self.tiles.get(key), before.tiles.get(key)
            if mine is not None and (
                not self._holds_anything(mine) if theirs is None else np.array_equal(mine, theirs)
            ):
                same[key] = theirs
        return self.with_tiles(same) if same else self

    def tile_copy(self, key: Key) -> Array:
        """A writable copy of one tile, filled with the default where none is stored."""
        tile = self.tiles.get(key)
        if tile is not None:
            return tile.copy()
        return np.full((TILE, TILE, self.channels), self.default, self.dtype)

    def bounds(self) -> Rect:
        """The rectangle of all stored tiles (tile-aligned), EMPTY without any."""
        return tiles_rect(self.tiles)

    def content(self) -> Rect:
        """The smallest rectangle that holds every pixel (for colour: with any alpha) other than the default."""
        return self._content

    @cached_property
    def _content(self) -> Rect:
        return self._around(lambda tile: tile[..., -1] != self.default)

    def extent(self) -> Rect:
        """The smallest rectangle that holds every value other than the default, colours under alpha 0 included."""
        if self.default or self.channels != 4:
            return self._around(lambda tile: (tile != self.default).any(axis=2))
        pixel = np.uint32 if self.dtype == UINT8 else np.uint64  # a whole pixel at a time
        return self._around(lambda tile: tile.view(pixel)[..., 0] != 0)

    def _around(self, filled_of: Callable[[Array], NDArray[np.bool_]]) -> Rect:
        found = EMPTY
        for (column, row), tile in self.tiles.items():
            filled = filled_of(tile)
            rows, columns = np.flatnonzero(filled.any(axis=1)), np.flatnonzero(filled.any(axis=0))
            if len(rows):
                x, y = int(columns[0]), int(rows[0])
                box = Rect(x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y)
                found = found.united(box.translated(column * TILE, row * TILE))
        return found

    def changed_tiles(self, other: TiledImage) -> list[Key]:
        """The tiles in which the two differ, by identity."""
        if self.tiles is other.tiles:
            return []
        keys = self.tiles.keys() | other.tiles.keys()
        return [key for key in keys if self.tiles.get(key) is not other.tiles.get(key)]

    def difference(self, other: TiledImage) -> Rect:
        """Tile-aligned rectangle around the tiles in which the two differ (by identity)."""
        return tiles_rect(self.changed_tiles(other))

    def same_kind(self, other: TiledImage) -> bool:
        """Whether tiles of one may stand in the other."""
        return (self.channels, self.dtype, self.default) == (other.channels, other.dtype, other.default)

    def equals(self, other: TiledImage) -> bool:
        """Whether every pixel of the unbounded picture is equal."""
        if not self.same_kind(other):
            return False
        for key in self.changed_tiles(other):
            if not np.array_equal(self.tiles.get(key, self.default), other.tiles.get(key, other.default)):
                mine, theirs = self.tile_copy(key), other.tile_copy(key)
                if not np.array_equal(mine, theirs):
                    return False
        return True

    def astype(self, dtype: DTypeLike) -> TiledImage:
        """The same picture at another depth."""
        wanted = np.dtype(dtype)
        if wanted == self.dtype:
            return self
        default = int(converted(np.array([self.default], self.dtype), wanted)[0])
        return TiledImage(self.channels, wanted, default, {k: converted(t, wanted) for k, t in self.tiles.items()})

    @property
    def nbytes(self) -> int:
        """Bytes of the stored tiles, a tile that lies in several places counted once."""
        return tile_bytes(self.tiles.values())

    def _with(self, tiles: Mapping[Key, Array]) -> TiledImage:
        """A sibling over tiles that are read-only already; skips the checks because strokes come through here."""
        image = object.__new__(TiledImage)
        for name, value in (("channels", self.channels), ("dtype", self.dtype), ("default", self.default)):
            object.__setattr__(image, name, value)
        object.__setattr__(image, "tiles", tiles)
        return image

    def _holds_anything(self, tile: Array) -> bool:
        if self.default:
            return bool((tile != self.default).any())
        return bool(tile.reshape(-1).view(np.uint64).any())


def tiles_rect(keys: Mapping[Key, object] | list[Key]) -> Rect:
    """The rectangle around whole tiles, EMPTY for none."""
    if not keys:
        return EMPTY
    columns, rows = [key[0] for key in keys], [key[1] for key in keys]
    x, y = min(columns), min(rows)
    return Rect(x * TILE, y * TILE, (max(columns) + 1 - x) * TILE, (max(rows) + 1 - y) * TILE)


def tile_bytes(tiles: Iterable[Array | None]) -> int:
    """Bytes of tiles together, each counted once."""
    return sum(tile.nbytes for tile in {id(tile): tile for tile in tiles if tile is not None}.values())


@lru_cache(maxsize=16)
def constant_tile(channels: int, dtype: Depth, value: int) -> Array:
    """The read-only tile (TILE, TILE, channels) that is `value` everywhere; always the same one."""
    tile: Array = np.full((TILE, TILE, channels), value, dtype)
    tile.setflags(write=False)
    return tile


def _read_back(channels: int, dtype: Depth, default: int, tiles: dict[Key, Array], identity: Identity) -> TiledImage:
    image = TiledImage(channels, dtype, default, tiles)
    vars(image)["identity"] = identity
    return image


def _parts(rect: Rect) -> Iterator[tuple[Key, Rect]]:
    """Each tile that `rect` meets, with the part of it that is met."""
    for part in rect.split(TILE):
        yield (part.x // TILE, part.y // TILE), part
