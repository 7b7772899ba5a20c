"""Pure functions over the tree of layers; every change gives a new tuple and shares what did not change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from editor.layers import GroupLayer, Layer, LayerId

Layers = tuple[Layer, ...]


def walk(layers: Layers) -> Iterator[Layer]:
    """All layers, bottom to top, groups after their children."""
    for layer in layers:
        if isinstance(layer, GroupLayer):
            yield from walk(layer.children)
        yield layer


def path_to(layers: Layers, wanted: LayerId) -> tuple[Layer, ...]:
    """The groups around the layer from the outermost in, then the layer itself; () when it is not there."""
    for layer in layers:
        if layer.id == wanted:
            return (layer,)
        if isinstance(layer, GroupLayer) and (inner := path_to(layer.children, wanted)):
            return (layer, *inner)
    return ()


def place_of(layers: Layers, wanted: LayerId) -> tuple[LayerId | None, int]:
    """(parent group or None, index among its siblings).

    Raises:
        KeyError: the layer is not there.
    """
    path = path_to(layers, wanted)
    if not path:
        raise KeyError(wanted)
    parent = path[-2] if len(path) > 1 else None
    siblings = parent.children if isinstance(parent, GroupLayer) else layers
    return (parent.id if parent else None), siblings.index(path[-1])


def children_of(layers: Layers, parent: LayerId | None) -> Layers:
    """The layers of a group, bottom to top; None stands for the roots."""
    if parent is None:
        return layers
    path = path_to(layers, parent)
    if not path or not isinstance(path[-1], GroupLayer):
        raise KeyError(parent)
    return path[-1].children


def with_children(layers: Layers, parent: LayerId | None, children: Layers) -> Layers:
    """The tree with the layers of one group replaced.

    Raises:
        KeyError: no group has this id.
    """
    if parent is None:
        return children
    path = path_to(layers, parent)
    if not path or not isinstance(path[-1], GroupLayer):
        raise KeyError(parent)
    return with_layer(layers, replace(path[-1], children=children))


def with_layer(layers: Layers, new: Layer) -> Layers:
    """The tree with the layer of the same id replaced.

    Raises:
        KeyError: no layer has this id.
    """
    path = path_to(layers, new.id)
    if not path:
        raise KeyError(new.id)
    return _swapped(layers, path, new)


def _swapped(layers: Layers, path: Layers, new: Layer) -> Layers:
    """`layers` with the end of `path` replaced; only the groups on the path are made anew."""
    outer = path[0]
    if isinstance(outer, GroupLayer) and len(path) > 1:
        new = replace(outer, children=_swapped(outer.children, path[1:], new))
    return tuple(new if layer is outer else layer for layer in layers)
