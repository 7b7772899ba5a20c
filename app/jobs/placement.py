"""A result as a layer of one document: patch, soft mask, recipe, and which strokes it makes superfluous."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from app.jobs import method_info
from app.jobs.inputs import is_strokes, shown_layers
from app.jobs.regions import moved_selection
from editor.document import Snapshot
from editor.files import from_srgb
from editor.geometry import Rect
from editor.layers import ImageLayer, LayerId, Role
from editor.tiles import TiledImage, converted, full_value
from engine.recipe import recipe_bytes
from engine.request import EditResult

DOT = " · "  # between the parts of a title
_NAME_LENGTH = 40


@dataclass(frozen=True, eq=False)
class Placement:
    """A result as a layer of one document.

    Attributes:
        hide: the strokes that it makes superfluous: (layer, pixels then).
        selection: where the thing that it moved is now; None = it moved none.
    """

    layer: ImageLayer
    hide: tuple[tuple[LayerId, TiledImage], ...]
    selection: TiledImage | None = None


_placements: WeakKeyDictionary[EditResult, tuple[Snapshot, Placement]] = WeakKeyDictionary()


def pack(result: EditResult, snapshot: Snapshot | None) -> None:
    """Do the slow part of `apply_result` ahead, in the calling thread; the result remembers it.

    Args:
        snapshot: the document the edit was made from; None = not known, `apply_result` then does the work. Packed for
            this very one already, nothing is done.
    """
    if snapshot is None or not result.painted:
        return
    made_for, _ = _placements.get(result, (None, None))
    if made_for is not snapshot:
        _placements[result] = (snapshot, _place(snapshot, result))


def placement_of(snapshot: Snapshot, result: EditResult) -> Placement:
    """The packed placement where it was made for such a document, else a new one; one result is always one layer."""
    made_for, placement = _placements.get(result, (None, None))
    fits = made_for is not None and (made_for.dtype, made_for.profile) == (snapshot.dtype, snapshot.profile)
    if placement is not None and fits:
        return placement
    placement = _place(snapshot, result)
    _placements[result] = (snapshot, placement)
    return placement


def _place(snapshot: Snapshot, result: EditResult) -> Placement:
    recipe, dtype = result.recipe, snapshot.dtype
    patch = from_srgb(converted(result.patch, dtype), snapshot.profile)
    alpha = converted(result.alpha, dtype)
    full = full_value(dtype)
    pixels = np.dstack([patch, np.full(patch.shape[:2], full, dtype)])
    title = _title_of_method(recipe.method)
    layer = ImageLayer(
        name=" ".join(recipe.prompt.split())[:_NAME_LENGTH] or title,
        role=Role.RESULT,
        pixels=TiledImage.from_array(pixels, result.origin),
        mask=None if alpha.min() == full else TiledImage.from_array(alpha, result.origin),
        recipe=recipe_bytes(recipe),
        recipe_title=edit_title(title, recipe.prompt, recipe.seed),
    )
    return Placement(layer, tuple(_strokes_to_hide(snapshot, result)), moved_selection(recipe))


def _strokes_to_hide(snapshot: Snapshot, result: EditResult) -> Iterator[tuple[LayerId, TiledImage]]:
    """The strokes layers that were used and lie wholly inside the edited area, with their pixels."""
    if result.recipe.strokes is None:
        return
    outside = _outside(snapshot.canvas, result)
    for layer in shown_layers(snapshot.layers):
        if is_strokes(layer):
            box = layer.pixels.content().translated(*layer.offset).intersected(snapshot.canvas)
            painted = layer.pixels.read(box.translated(-layer.offset[0], -layer.offset[1]))[..., 3] > 0
            if not (painted & outside[box.slices()]).any():
                yield layer.id, layer.pixels


def _outside(canvas: Rect, result: EditResult) -> NDArray[np.bool_]:
    """(H, W) True where the edit neither was asked to change anything nor did."""
    mask = result.recipe.mask
    outside = np.zeros((canvas.height, canvas.width), bool)
    if mask is None or mask.shape != outside.shape:
        return outside
    outside[mask == 0] = True
    height, width = result.alpha.shape
    placed = Rect(*result.origin, width, height)
    seen = placed.intersected(canvas)
    outside[seen.slices()] &= result.alpha[seen.slices(result.origin)] == 0
    return outside


def edit_title(method_title: str, prompt: str, seed: int) -> str:
    """One line for a job, the history and a layer's tooltip."""
    words = " ".join(prompt.split())
    if len(words) > _NAME_LENGTH:
        words = words[: _NAME_LENGTH - 1].rstrip() + "…"
    return DOT.join(part for part in (method_title, words, f"seed {seed}") if part)


def _title_of_method(method: str) -> str:
    return next((info.title for info in method_info.cached_methods() if info.id == method), method)
