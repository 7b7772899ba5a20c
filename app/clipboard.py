"""Pictures to and from the system's clipboard, 8 bits and sRGB as other programs expect."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication, QImage

ORIGIN = "application/x-pentimento-origin"  # where on the canvas the picture was copied from: b"x,y"

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
    mime = QMimeData()
    mime.setImageData(to_image(pixels))
    mime.setData(ORIGIN, f"{origin[0]},{origin[1]}".encode())
    QGuiApplication.clipboard().setMimeData(mime)


def picture() -> tuple[Bytes, tuple[int, int] | None] | None:
    """The picture on the clipboard and where on a canvas of ours it came from; None when there is none."""
    mime = QGuiApplication.clipboard().mimeData()
    if mime is None or not mime.hasImage():
        return None
    image = QGuiApplication.clipboard().image()
    if image.isNull():
        return None
    origin = None
    if mime.hasFormat(ORIGIN):
        x, _, y = bytes(mime.data(ORIGIN).data()).decode("ascii", "replace").partition(",")
        if x.lstrip("-").isdigit() and y.lstrip("-").isdigit():
            origin = (int(x), int(y))
    return from_image(image), origin


def files() -> list[Path]:
    """Files on the clipboard, as a file manager puts them there."""
    mime = QGuiApplication.clipboard().mimeData()
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()] if mime is not None else []
