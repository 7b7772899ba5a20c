"""A small stand-in of the whole picture, made in milliseconds: every layer thinned out, then composited as usual."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from math import ceil, sqrt
from weakref import WeakKeyDictionary

import numpy as np

from editor.document import Snapshot
from editor.geometry import Rect
from editor.layers import GroupLayer, ImageLayer, Layer
from editor.tiles import TILE, TiledImage

COARSE_PIXELS = 400_000  # of the stand-in, at most


def coarse_factor(size: tuple[int, int]) -> int:
    """The power of two by which a canvas is thinned out for its stand-in; 1 = small enough as it is."""
    wanted = ceil(sqrt(size[0] * size[1] / COARSE_PIXELS))
    return min(1 << max(wanted - 1, 0).bit_length(), TILE)


class Thinner:
    """Makes thinned-out copies of snapshots and remembers each layer's, since most layers stay the same."""

    def __init__(self, factor: int) -> None:
        self.factor = factor
        self._thinned: WeakKeyDictionary[TiledImage, TiledImage] = WeakKeyDictionary()

    def thinned(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with every `factor`-th pixel of every `factor`-th row."""
        size = (-(-snapshot.size[0] // self.factor), -(-snapshot.size[1] // self.factor))
        return replace(snapshot, size=size, layers=self._layers(snapshot.layers), selection=None)

    def _layers(self, layers: Iterable[Layer]) -> tuple[Layer, ...]:
        return tuple(self._layer(layer) for layer in layers)

    def _layer(self, layer: Layer) -> Layer:
        offset = (round(layer.offset[0] / self.factor), round(layer.offset[1] / self.factor))
        layer = replace(layer, offset=offset, mask=layer.mask and self._image(layer.mask))
        if isinstance(layer, GroupLayer):
            return replace(layer, children=self._layers(layer.children))
        return replace(layer, pixels=self._image(layer.pixels)) if isinstance(layer, ImageLayer) else layer

    def _image(self, image: TiledImage) -> TiledImage:
        thinned = self._thinned.get(image)
        if thinned is None:
            thinned = self._thinned[image] = self._thin(image)
        return thinned

    def _thin(self, image: TiledImage) -> TiledImage:
        bounds, step = image.bounds(), self.factor
        if not bounds:
            return image
        area = Rect(bounds.x // step, bounds.y // step, bounds.width // step, bounds.height // step)
        array = np.full((area.height, area.width, image.channels), image.default, image.dtype)
        side = TILE // step
        for (column, row), tile in image.tiles.items():
            array[Rect(column * side, row * side, side, side).slices((area.x, area.y))] = tile[::step, ::step]
        return TiledImage.from_array(array, (area.x, area.y), image.default)
