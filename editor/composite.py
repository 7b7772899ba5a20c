"""What a document looks like, in straight alpha at its own depth; for the screen there is `Compositor`."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from editor.compositor import Compositor
from editor.document import Snapshot
from editor.flatten import flatten
from editor.geometry import Rect
from editor.layers import GroupLayer, Layer, LayerId
from editor.planes import Planes, Workspace, for_cells, to_depth
from editor.tiles import UINT8, Array, Depth

__all__ = ["Compositor", "chosen_layers", "composite", "composite_layers", "screen_pixels"]


def composite(
    snapshot: Snapshot,
    rect: Rect | None = None,
    without: Container[LayerId] = frozenset(),
    only: Container[LayerId] | None = None,
) -> Array:
    """What a document looks like.

    Args:
        rect: part of the canvas, may reach outside; None = the whole canvas.
        without: layers and groups to leave out.
        only: leave out every other layer; a group named here counts with all it holds. None = all.

    Returns:
        (rect.height, rect.width, 4) RGBA at the document's depth, straight alpha.
    """
    layers = chosen_layers(snapshot.layers, without, only)
    return composite_layers(layers, snapshot.canvas if rect is None else rect, snapshot.dtype)


def composite_layers(layers: Sequence[Layer], rect: Rect, dtype: Depth) -> Array:
    """A stack of layers on nothing, bottom to top, as (rect.height, rect.width, 4) RGBA with straight alpha."""
    out: Array = np.zeros((max(rect.height, 0), max(rect.width, 0), 4), dtype)

    def work(part: Rect, space: Workspace) -> None:
        planes = flatten(layers, part, space)
        if planes is not None:
            out[part.slices((rect.x, rect.y))] = _straight(planes, out.dtype, space)
            space.give_planes(planes)

    if rect:
        for_cells(rect, work)
    return out


def screen_pixels(layers: Sequence[Layer], rect: Rect) -> NDArray[np.uint8]:
    """(rect.height, rect.width, 4) uint8 RGBA, premultiplied, of a stack of layers at any depth."""
    out = np.zeros((max(rect.height, 0), max(rect.width, 0), 4), np.uint8)

    def work(part: Rect, space: Workspace) -> None:
        planes = flatten(layers, part, space)
        if planes is not None:
            out[part.slices((rect.x, rect.y))] = to_depth(planes, UINT8)
            space.give_planes(planes)

    if rect:
        for_cells(rect, work)
    return out


def _straight(planes: Planes, dtype: Depth, space: Workspace) -> Array:
    """(h, w, 4) pixels with the colour divided by alpha."""
    if not planes.opaque:
        with space.scratch(planes.alpha.shape, 1) as (divisor,):
            np.maximum(planes.alpha, np.float32(1e-9), out=divisor)
            np.divide(planes.colour, divisor, out=planes.colour)
            np.minimum(planes.colour, np.float32(1), out=planes.colour)
    return to_depth(planes, dtype)


def chosen_layers(
    layers: Sequence[Layer], without: Container[LayerId], only: Container[LayerId] | None = None
) -> list[Layer]:
    """The layers that count, see `composite`; groups keep their opacity, mask and blend mode."""
    kept: list[Layer] = []
    for layer in layers:
        if layer.id in without:
            continue
        within = None if only is not None and layer.id in only else only
        if isinstance(layer, GroupLayer):
            children = tuple(chosen_layers(layer.children, without, within))
            if children:
                kept.append(replace(layer, children=children))
        elif only is None or layer.id in only:
            kept.append(layer)
    return kept
