"""Documents large enough to have tiles, full of noise so that any change of any pixel is seen, and results for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from editor.composite import composite
from editor.document import Document
from editor.geometry import Rect
from editor.layers import ImageLayer, LayerId, Role
from editor.tiles import TiledImage
from engine.request import EditRequest, EditResult

WIDTH, HEIGHT = 300, 280  # more than one tile each way


def pixels(seed: int, dtype: Any = np.uint8, alpha: int | None = None) -> NDArray[Any]:
    full = np.iinfo(dtype).max
    rng = np.random.default_rng(seed)
    array = rng.integers(0, full + 1, (HEIGHT, WIDTH, 4)).astype(dtype)
    array[..., 3] = full if alpha is None else alpha
    return array


def photo_document(dtype: Any = np.uint8, profile: bytes | None = None) -> Document:
    """A noise photo, so that any change of any pixel is seen."""
    document = Document(WIDTH, HEIGHT, dtype, profile)
    document.insert(ImageLayer(name="Photo", pixels=TiledImage.from_array(pixels(0, dtype))), None, 0)
    return document


def add_strokes(document: Document, rect: Rect, colour: tuple[int, int, int] = (200, 30, 40), **fields: Any) -> LayerId:
    """A strokes layer with one even patch, moved by (7, -5) so that its own coordinates are not the canvas'."""
    full = np.iinfo(document.dtype).max
    scale = full // 255
    patch = np.empty((rect.height, rect.width, 4), document.dtype)
    patch[:] = (*(scale * part for part in colour), full)
    image = TiledImage.from_array(patch, (rect.x - 7, rect.y + 5))
    layer = ImageLayer(name="Strokes", role=Role.STROKES, pixels=image, offset=(7, -5), **fields)
    document.insert(layer, None, len(document.layers))
    return layer.id


def select(document: Document, rect: Rect) -> NDArray[np.uint8]:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[rect.slices()] = 255
    document.select(TiledImage.from_array(mask))
    return mask


def result_of(request: EditRequest, rect: Rect, soft: int = 4) -> EditResult:
    """A black patch on `rect` with an edge that softens over `soft` pixels."""
    full = np.iinfo(request.image.dtype).max
    patch = np.zeros((rect.height, rect.width, 3), request.image.dtype)
    y, x = np.mgrid[: rect.height, : rect.width]
    edge = np.minimum.reduce([x, y, rect.width - 1 - x, rect.height - 1 - y])
    alpha = np.clip(edge * (full / soft), 0, full).astype(request.image.dtype)
    return EditResult(patch, alpha, (rect.x, rect.y), request, 5)


def whole_result(request: EditRequest, patch: NDArray[Any]) -> EditResult:
    alpha = np.full(patch.shape[:2], np.iinfo(patch.dtype).max, patch.dtype)
    return EditResult(patch, alpha, (0, 0), request, 5)


def flat(document: Document) -> NDArray[Any]:
    return composite(document.snapshot())
