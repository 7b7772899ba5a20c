"""What the Method panel describes as an edit that can be queued, and what comes back as pictures."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage

from app.clipboard import to_image
from app.edit_options import WORDS, EditOptions
from app.exemplars import wants_example
from app.jobs.bridge import PreparedEdit, prepare, prepare_again
from app.jobs.method_info import EDIT, FIND, TASK
from app.parts.recipes import RecipesPart
from editor.composite import composite
from editor.document import Document, Snapshot
from editor.files.colour import to_srgb
from editor.geometry import Rect
from editor.layers import LayerId
from editor.placement import TransformBox
from editor.tiles import UINT8, Array, converted
from engine.request import EditResult, Input

AROUND = 0.12  # of the edited area's longer side: how much of the picture around it is shown with it


def asked(
    document: Document, options: EditOptions, recipes: RecipesPart, parameters: dict[str, Any], *, find: bool = False
) -> PreparedEdit:
    """The edit of a document as it is now, or once more the one that made the layer to be replaced.

    Args:
        find: only look for the place, on the whole picture, whatever is selected.

    Raises:
        EngineError, DocumentError: it cannot be asked for.
    """
    assert options.method is not None
    if options.method.finds:
        parameters = {**parameters, TASK: FIND if find else EDIT}
    given = {name: options[name] for name in (*WORDS, "seed")}
    example = options.exemplars.of(document) if wants_example(options.method, parameters) else None
    pixels = None if example is None else example.pixels
    replaces = recipes.replaced_in(document)
    if replaces is None:
        return prepare(document, options.method.id, parameters, **given, selected=not find, exemplar=pixels)
    if find:
        return prepare_again(document, replaces, parameters=parameters, mask=None, **given)
    if options.method.takes(Input.EXEMPLAR) and (example is None or example.restored != replaces):
        given["exemplar"] = pixels  # else it keeps its own
    return prepare_again(
        document,
        replaces,
        own_mask=recipes.keeps_mask(document),
        method=options.method.id,
        lead_on=recipes.drag is None or recipes.drag.lead_on,
        parameters=parameters,
        **given,
    )


def edited_area(document: Document, *, find: bool = False, boxed: bool = False) -> QRect:
    """Where progress is shown until the first preview: the selection and where it shall go, else the canvas.

    Args:
        find: the edit only looks for a place, wherever it is.
        boxed: it takes place in the document's box.
    """
    area = document.canvas if find or document.selection is None else document.selection.content()
    if boxed and document.box is not None:
        return _qrect(document.box.intersected(area) or document.box.intersected(document.canvas))
    if area and not find and not document.placement.rests:
        corners = np.array(TransformBox(area, document.placement).corners)
        (left, top), (right, bottom) = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
        placed = Rect(int(left), int(top), int(right - left), int(bottom - top))
        area = area.united(placed).intersected(document.canvas)
    return _qrect(area)


def _qrect(area: Rect) -> QRect:
    return QRect(area.x, area.y, area.width, area.height)


def result_picture(result: EditResult) -> QImage:
    """A result as it will look."""
    return to_image(np.dstack([converted(result.patch, UINT8), converted(result.alpha, UINT8)]))


def result_in_place(snapshot: Snapshot, result: EditResult, side: int, without: LayerId | None = None) -> QImage:
    """A result over the picture that it was made for: the edited area and a little around it.

    Args:
        side: most pixels of the longer side.
        without: the layer that it takes the place of.

    Returns:
        opaque; null where nothing of the result lies on the canvas.
    """
    height, width = result.alpha.shape
    placed = Rect(*result.origin, width, height)
    x, y, across, down = cv2.boundingRect((result.alpha > 0).astype(np.uint8))
    around = AROUND * max(across, down)
    area = Rect(x, y, across, down).translated(*result.origin).grown(round(around)).intersected(snapshot.canvas)
    if not area:
        return QImage()
    pixels = composite(snapshot, area, without=frozenset(() if without is None else (without,)))
    under = converted(to_srgb(pixels, snapshot.profile), UINT8)
    over = np.zeros_like(under)
    seen = placed.intersected(area)
    patch = np.dstack([converted(result.patch, UINT8), converted(result.alpha, UINT8)])
    over[seen.slices((area.x, area.y))] = patch[seen.slices(result.origin)]
    return to_image(_over(_shrunk(over, side), _shrunk(under, side)))


def _shrunk(pixels: Array, side: int) -> NDArray[np.float32]:
    """(h, w, 4) straight pixels, 8 bits, as premultiplied fractions, at most `side` long."""
    height, width = pixels.shape[:2]
    share = min(1.0, side / max(height, width))
    planes = pixels.astype(np.float32) / 255
    planes[..., :3] *= planes[..., 3:]
    size = (max(1, round(width * share)), max(1, round(height * share)))
    return np.asarray(cv2.resize(planes, size, interpolation=cv2.INTER_AREA), np.float32)


def _over(upper: NDArray[np.float32], lower: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Premultiplied fractions over others, on white paper, as opaque (h, w, 4) pixels of 8 bits."""
    both = upper + lower * (1 - upper[..., 3:])
    both[..., :3] += 1 - both[..., 3:]
    both[..., 3] = 1
    return np.rint(np.clip(both, 0, 1) * 255).astype(np.uint8)
