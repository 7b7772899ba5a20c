"""Small documents and pictures for the tests of the editor."""

from __future__ import annotations

from typing import Any

import numpy as np

from editor.document import Document, Snapshot
from editor.events import Modifier, Phase, PointerEvent
from editor.geometry import Rect
from editor.layers import GroupLayer, ImageLayer, Layer, Role
from editor.tiles import Array, TiledImage
from editor.tools import Tool


def noise(
    height: int, width: int, dtype: Any = np.uint8, seed: int = 0, opaque: bool = False, channels: int = 4
) -> Array:
    """Random pixels over the whole range; 0 and full appear often."""
    random = np.random.default_rng(seed)
    full = int(np.iinfo(dtype).max)
    array = random.integers(0, full + 1, (height, width, channels)).astype(dtype)
    array[random.random(array.shape) < 0.1] = 0
    array[random.random(array.shape) < 0.1] = full
    if opaque:
        array[..., -1] = full
    return array


def image_layer(array: Array, origin: tuple[int, int] = (0, 0), **fields: Any) -> ImageLayer:
    return ImageLayer(pixels=TiledImage.from_array(array, origin), **fields)


def photo_document(width: int = 300, height: int = 280, dtype: Any = np.uint8, seed: int = 1) -> Document:
    """One opaque layer "Photo" over the whole canvas, put in without a history step."""
    document = Document(width, height, dtype)
    layer = image_layer(noise(height, width, dtype, seed, opaque=True), name="Photo", role=Role.IMAGE)
    document.insert(layer, None, 0)
    document.activate(layer.id)
    return document


def strokes_document(width: int = 300, height: int = 280, dtype: Any = np.uint8) -> Document:
    """A photo and an active, empty strokes layer."""
    document = photo_document(width, height, dtype)
    layer = ImageLayer(name="Strokes", role=Role.STROKES, pixels=TiledImage(dtype=np.dtype(dtype)))
    document.insert(layer, None, 1)
    document.activate(layer.id)
    return document


def same_layer(one: Layer, other: Layer) -> bool:
    """Whether two layers are equal in every field, pixel by pixel."""
    if type(one) is not type(other):
        return False
    for name in vars(one):
        mine, theirs = getattr(one, name), getattr(other, name)
        if isinstance(mine, TiledImage) and isinstance(theirs, TiledImage):
            if not mine.equals(theirs):
                return False
        elif name == "children":
            assert isinstance(one, GroupLayer)
            assert isinstance(other, GroupLayer)
            if len(mine) != len(theirs) or not all(map(same_layer, mine, theirs)):
                return False
        elif mine != theirs:
            return False
    return True


def same_state(one: Snapshot, other: Snapshot) -> bool:
    """Whether two documents are equal in all that undo brings back."""
    selections = (one.selection, other.selection)
    same_selection = selections == (None, None) or (
        one.selection is not None and other.selection is not None and one.selection.equals(other.selection)
    )
    return (
        one.size == other.size
        and one.dtype == other.dtype
        and one.profile == other.profile
        and same_selection
        and one.placed == other.placed
        and one.points == other.points
        and one.box == other.box
        and len(one.layers) == len(other.layers)
        and all(map(same_layer, one.layers, other.layers))
    )


def event(x: float, y: float, pressure: float = 1.0, modifiers: Modifier = Modifier.NONE, **more: Any) -> PointerEvent:
    return PointerEvent(Phase.MOVE, x, y, pressure, modifiers=modifiers, **more)


def gesture(
    tool: Tool, document: Document, *points: tuple[float, float], modifiers: Modifier = Modifier.NONE, **more: Any
) -> None:
    """Press at the first point, move through the others, release at the last."""
    tool.press(document, event(*points[0], modifiers=modifiers, **more))
    for point in points[1:]:
        tool.move(document, event(*point, modifiers=modifiers, **more))
    tool.release(document, event(*points[-1], modifiers=modifiers, **more))


def selected(document: Document) -> Array:
    """The selection as (H, W) uint8, zeros for none."""
    if document.selection is None:
        return np.zeros((document.size[1], document.size[0]), np.uint8)
    return document.selection.read(document.canvas)[..., 0]


WHOLE = Rect(0, 0, 300, 280)
