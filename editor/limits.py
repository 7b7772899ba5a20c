"""What a document may hold; making, saving and opening ask here, so that what can be made can be opened again."""

from __future__ import annotations

from collections.abc import Sequence

from editor.errors import DocumentError
from editor.geometry import Rect
from editor.layers import GroupLayer, ImageLayer, Layer
from editor.points import PointPair

PIXELS = 400_000_000  # of the canvas, and of one stored picture
SIDE = 200_000  # pixels of the canvas, and of one stored picture
TOTAL_PIXELS = 2_000_000_000  # stored of all layers, masks and the selection together: 8 GB at 8 bits
OFFSET = 1_000_000  # of a layer's own (0, 0) from the canvas' corner, in x and in y
COORDINATE = 2_000_000  # of a pixel in its layer's own coordinates
DEPTH = 100  # groups in groups
LAYERS = 10_000  # groups included
POINTS = 30  # pairs of drag points


def fits(width: int, height: int) -> bool:
    """Whether a canvas or picture may have this size."""
    return 1 <= width <= SIDE and 1 <= height <= SIDE and width * height <= PIXELS


def need_canvas(width: int, height: int) -> None:
    """Refuse a size of the canvas.

    Raises:
        DocumentError: it has no pixel, or more than the limits.
    """
    if not fits(width, height):
        raise DocumentError(
            f"A canvas can be 1 to {SIDE} pixels wide and high and hold up to {PIXELS // 10**6} million pixels, "
            f"not {width} × {height}. Choose a size between."
        )


def need_place(layer: Layer, dx: int = 0, dy: int = 0) -> None:
    """Refuse to move a layer, and all that a group holds, by (dx, dy) pixels.

    Raises:
        DocumentError: it would lie farther from the canvas than can be saved.
    """
    x, y = layer.offset
    if max(abs(x + dx), abs(y + dy)) > OFFSET:
        raise DocumentError(f"“{layer.name}” would lie too far from the canvas to be saved. Keep it closer.")
    for child in layer.children if isinstance(layer, GroupLayer) else ():
        need_place(child, dx, dy)


def need_pixels(layer: Layer) -> None:
    """Refuse pixels or a mask with parts that lie too far away.

    Raises:
        DocumentError: farther from the layer's own (0, 0) than can be saved.
    """
    for image in (layer.mask, layer.pixels if isinstance(layer, ImageLayer) else None):
        box = None if image is None else image.bounds()
        if box and max(-box.x, -box.y, box.right, box.bottom) > COORDINATE:
            raise DocumentError(f"“{layer.name}” holds pixels too far away to be saved. Erase what lies far outside.")


def need_depth(levels: int) -> None:
    """Refuse more groups in groups than `DEPTH`; `levels` counts them from the root.

    Raises:
        DocumentError: too many.
    """
    if levels > DEPTH:
        raise DocumentError(f"Groups can lie {DEPTH} deep in each other, not deeper. Ungroup some first.")


def need_count(layers: int) -> None:
    """Refuse more layers and groups than `LAYERS`.

    Raises:
        DocumentError: too many.
    """
    if layers > LAYERS:
        raise DocumentError(f"A document holds up to {LAYERS} layers and groups. Merge or delete some first.")


def need_points(points: Sequence[PointPair], canvas: Rect) -> None:
    """Refuse drag points that could not be dragged.

    Raises:
        DocumentError: more pairs than `POINTS`, or a handle or target that is not on the canvas.
    """
    if len(points) > POINTS:
        raise DocumentError(f"A picture can have up to {POINTS} drag points. Delete one before you place another.")
    for number, pair in enumerate(points, 1):
        if not (canvas.contains(*pair.handle) and canvas.contains(*pair.target)):
            raise DocumentError(f"Drag point {number} does not lie on the picture. Move it onto the picture.")


def box_fits(box: Rect, canvas: Rect) -> bool:
    """Whether something may be told to stand in this box: some of it lies on the canvas, and it is not endless."""
    return bool(box.intersected(canvas)) and max(map(abs, (box.x, box.y, box.width, box.height))) <= COORDINATE


def need_box(box: Rect, canvas: Rect) -> None:
    """Refuse a box in which nothing could stand.

    Raises:
        DocumentError: it is empty, lies beside the canvas or reaches endlessly far out of it.
    """
    if not box.intersected(canvas):
        raise DocumentError("The box does not lie on the picture. Draw it where the thing shall stand.")
    if not box_fits(box, canvas):
        raise DocumentError("The box reaches too far out of the picture. Draw it smaller.")


def depth_of(layer: Layer) -> int:
    """How many groups lie in each other here: 0 for a layer of pixels, 1 for a group of such."""
    if not isinstance(layer, GroupLayer):
        return 0
    return 1 + max(map(depth_of, layer.children), default=0)


def count_of(layer: Layer) -> int:
    """Layers and groups here, this one included."""
    return 1 + (sum(map(count_of, layer.children)) if isinstance(layer, GroupLayer) else 0)
