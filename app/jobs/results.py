"""What an edit leaves in the document: EditResult to layer.

Its result lies above everything that was visible, and its soft mask is 0 outside the edited area,
so there the flat picture stays what it was, bit for bit. In the same undo step the strokes layers that were used are
hidden, as far as they lie wholly inside the edited area. A strokes layer that reaches beyond it stays as it was shown.
"""

from __future__ import annotations

from dataclasses import asdict, replace

from app.jobs.placement import DOT, placement_of
from app.jobs.regions import placement_in
from editor.commands import AddResult, Command, ReplaceResult, Sequence, SetPlacement, SetSelection
from editor.document import Document
from editor.errors import DocumentError
from editor.layers import ImageLayer, Layer, LayerId, new_layer_id
from editor.tiles import TiledImage
from engine.request import EditResult


class ResultDropped(DocumentError):
    """A result came back for something that is no longer there; nothing was changed."""


def result_layer(document: Document, result: EditResult) -> ImageLayer:
    """The result as a layer: patch, soft mask and recipe. Its own coordinates are those of the edited image."""
    return placement_of(document.snapshot(), result).layer


def apply_result(
    document: Document, result: EditResult, replaces: LayerId | None = None, *, seed_shown: bool = False
) -> LayerId:
    """Bring a result into the document as one undo step.

    Args:
        replaces: the result layer that was run again; it gets the new pixels, mask and recipe and keeps its place,
            offset, opacity and name. None = a new layer above everything that is visible.
        seed_shown: name the new layer by its seed, too: it is one of several that differ in nothing else.

    Returns:
        the layer that holds the result.

    Raises:
        ResultDropped: the layer to replace is gone, the canvas has another size now, or nothing was painted.
        LayerLocked: the layer to replace is locked.
    """
    if not result.painted:
        raise ResultDropped("Nothing was painted, so there is no new layer.")
    placement = placement_of(document.snapshot(), result)
    layer = placement.layer
    if replaces is not None:
        still_there(document, replaces)
        document.history.do(ReplaceResult(replaces, layer.pixels, layer.mask, layer.recipe, layer.recipe_title))
        return replaces
    height, width = result.recipe.image.shape[:2]
    if (width, height) != document.size:
        raise ResultDropped("The canvas got another size while the edit ran, so its result was dropped. Run it again.")
    shown = [root.id for root in document.layers if root.visible]
    unchanged = tuple(
        id
        for id, pixels in placement.hide
        if id in document and isinstance(strokes := document[id], ImageLayer) and strokes.pixels is pixels
    )
    if layer.id in document:
        layer = replace(layer, id=new_layer_id())  # the same result once more
    if seed_shown:
        layer = replace(layer, name=f"{layer.name}{DOT}seed {result.recipe.seed}")
    added = AddResult(layer, shown[-1] if shown else None, unchanged)
    document.history.do(_with_the_thing_there(document, result, placement.selection, added))
    return layer.id


def _with_the_thing_there(
    document: Document, result: EditResult, selection: TiledImage | None, added: Command
) -> Command:
    """A result that took the thing to where it was placed: nothing is left to place, and the thing stays selected.

    Args:
        selection: the thing where it is now, None for one that came from elsewhere.
    """
    if document.placement.rests or placement_in(asdict(result.recipe.parameters)) is None:
        return added
    there = () if selection is None else (SetSelection(selection),)
    return Sequence((added, SetPlacement(None), *there), added.title)


def still_there(document: Document, layer: LayerId) -> Layer:
    """A result layer that is to be run again.

    Raises:
        ResultDropped: it is gone.
    """
    if layer not in document:
        raise ResultDropped("The layer that was run again is gone, so the new result was dropped.")
    return document[layer]
