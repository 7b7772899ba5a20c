"""Small pictures of layers and masks, made from a few samples so that big layers cost no time."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap

from editor.geometry import Rect
from editor.tiles import TILE, TiledImage

OVERSAMPLE = 3  # samples per pixel of the thumbnail and axis


def sampled(image: TiledImage, area: Rect, stride: int) -> np.ndarray:
    """Every `stride`-th pixel of `area` in both directions.

    Returns:
        (h, w, channels) of the image's dtype.
    """
    columns = np.arange(area.x + stride // 2, area.right, stride)
    rows = np.arange(area.y + stride // 2, area.bottom, stride)
    out = np.full((len(rows), len(columns), image.channels), image.default, image.dtype)
    row_tiles, column_tiles = rows // TILE, columns // TILE
    for column, row in image.tiles:
        top, bottom = np.searchsorted(row_tiles, (row, row + 1))
        left, right = np.searchsorted(column_tiles, (column, column + 1))
        if bottom > top and right > left:
            tile = image.tiles[(column, row)]
            picked = np.ix_(rows[top:bottom] - row * TILE, columns[left:right] - column * TILE)
            out[top:bottom, left:right] = tile[picked]
    return out


def thumbnail(image: TiledImage, area: Rect, size: QSize, ratio: float = 1.0) -> QPixmap:
    """A picture of `area` (the image's own coordinates) that fits into `size` device-independent pixels."""
    if area.empty:
        return QPixmap()
    wanted = size * ratio
    fitted = QSize(area.width, area.height).scaled(wanted, Qt.AspectRatioMode.KeepAspectRatio).expandedTo(QSize(1, 1))
    stride = max(1, min(area.width // (fitted.width() * OVERSAMPLE), area.height // (fitted.height() * OVERSAMPLE)))
    pixels = sampled(image, area, stride)
    if pixels.dtype == np.uint16:
        pixels = (pixels >> 8).astype(np.uint8)
    pixels = np.ascontiguousarray(pixels)
    height, width, channels = pixels.shape
    kind = QImage.Format.Format_RGBA8888 if channels == 4 else QImage.Format.Format_Grayscale8
    picture = QImage(pixels.data, width, height, width * channels, kind)
    smooth = picture.scaled(fitted, Qt.AspectRatioMode.IgnoreAspectRatio, Qt.TransformationMode.SmoothTransformation)
    pixmap = QPixmap.fromImage(smooth.copy())
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


class Thumbnails:
    """Keeps thumbnails until the picture, its place or the size asked for changes."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[TiledImage, Rect, QSize, QPixmap]] = {}

    def get(self, key: Hashable, image: TiledImage, area: Rect, size: QSize, ratio: float, *, stale: bool) -> QPixmap:
        """The thumbnail of an image.

        Args:
            key: what it belongs to.
            stale: an outdated one will do (while a stroke is being painted).
        """
        kept = self._kept.get(key)
        if kept is not None and (stale or (kept[0] is image and kept[1:3] == (area, size))):
            return kept[3]
        made = thumbnail(image, area, size, ratio)
        self._kept[key] = (image, area, size, made)
        return made

    def clear(self) -> None:
        self._kept.clear()
