"""Pictures to and from the system's clipboard, 8 bits and sRGB as other programs expect."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QGuiApplication, QImage

ORIGIN = "pentimento-origin"  # text of the image: where on the canvas it was copied from, "x,y"

Bytes = NDArray[np.uint8]


def to_image(pixels: Bytes) -> QImage:
    """(H, W, 4) straight RGBA as an image with memory of its own."""
    height, width = pixels.shape[:2]
    data = np.ascontiguousarray(pixels)
    return QImage(data.data, width, height, 4 * width, QImage.Format.Format_RGBA8888).copy()


def from_image(image: QImage) -> Bytes:
    """(H, W, 4) straight RGBA of any image."""
    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine())
    return rows[:, : 4 * plain.width()].reshape(plain.height(), plain.width(), 4).copy()


def copy(pixels: Bytes, origin: tuple[int, int]) -> None:
    """Put (H, W, 4) straight sRGB pixels, which lay at `origin` on the canvas, on the clipboard."""
    image = to_image(pixels)
    # Said in the image itself: a QMimeData made here would outlive Python, and the program crash at its end.
    image.setText(ORIGIN, f"{origin[0]},{origin[1]}")
    QGuiApplication.clipboard().setImage(image)


def picture() -> tuple[Bytes, tuple[int, int] | None] | None:
    """The picture on the clipboard and where on a canvas of ours it came from; None when there is none."""
    mime = QGuiApplication.clipboard().mimeData()
    if mime is None or not mime.hasImage():
        return None
    image = QGuiApplication.clipboard().image()
    if image.isNull():
        return None
    origin = re.fullmatch(r"(-?\d{1,9}),(-?\d{1,9})", image.text(ORIGIN))
    return from_image(image), (int(origin[1]), int(origin[2])) if origin else None


def files() -> list[Path]:
    """Files on the clipboard, as a file manager puts them there."""
    mime = QGuiApplication.clipboard().mimeData()
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()] if mime is not None else []


def holds_picture() -> bool:
    """Whether there is a picture or a single file on the clipboard; what it really is shows when it is taken."""
    mime = QGuiApplication.clipboard().mimeData()
    return mime is not None and (mime.hasImage() or len(files()) == 1)
