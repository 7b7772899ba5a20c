"""The second picture of an edit: what is to be brought in, or whose looks are wanted; one per open document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QObject, Signal

from app.jobs.method_info import TASK, MethodInfo
from app.jobs.regions import MOVE
from editor.document import Document
from editor.errors import DocumentError
from editor.layers import LayerId
from editor.tiles import UINT8, Array, converted
from engine.request import Input, Pixels

LARGEST = 1024  # pixels of the longer side; more would not be seen at the size at which networks work


@dataclass(frozen=True, eq=False)
class Exemplar:
    """A picture that is used as an example.

    Attributes:
        pixels: (h, w, 4) sRGB, straight alpha, 0 = not meant.
        name: where it comes from, for the artist.
        restored: the result layer whose recipe it was taken from; None = the artist chose it.
    """

    pixels: Pixels
    name: str
    restored: LayerId | None = None


class Exemplars(QObject):
    """No part of the document: it is neither undone nor saved, but every recipe holds the one that it was made with.

    Signals:
        changed: a Document has another example, or none.
    """

    changed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: WeakKeyDictionary[Document, Exemplar] = WeakKeyDictionary()

    def of(self, document: Document | None) -> Exemplar | None:
        """A document's example."""
        return self._kept.get(document) if document is not None else None

    def put(self, document: Document, exemplar: Exemplar | None) -> None:
        """Give a document another example, or none."""
        if exemplar is not None:
            self._kept[document] = exemplar
        elif self._kept.pop(document, None) is None:
            return
        self.changed.emit(document)


def wants_example(method: MethodInfo | None, values: Mapping[str, Any]) -> bool:
    """Whether an edit with these parameters makes use of an example."""
    return method is not None and method.takes(Input.EXEMPLAR) and values.get(TASK) != MOVE


def read_exemplar(path: Path) -> Exemplar:
    """The picture in a file, as it is seen where it has layers.

    Raises:
        FileProblem: it cannot be opened, and why.
        DocumentError: nothing can be seen in it.
    """
    from editor.composite import composite
    from editor.files import open_document  # decoders are imported when the first file is opened

    document = open_document(path)
    return exemplar_of(composite(document.snapshot()), document.profile, path.name)


def exemplar_of(pixels: Array, profile: bytes | None, name: str, *, cut: bool = False) -> Exemplar:
    """An example of (h, w, 4) pixels, made small enough.

    Args:
        profile: ICC profile of their colours, None = sRGB.
        cut: leave out what is transparent around it.

    Raises:
        DocumentError: nothing can be seen in them.
    """
    from editor.files.colour import to_srgb

    x, y, width, height = cv2.boundingRect((pixels[..., 3] > 0).astype(np.uint8))
    if not width:
        text = QCoreApplication.translate("Exemplars", "“{}” is transparent all over, so nothing can be taken from it.")
        raise DocumentError(text.format(name))
    if cut:
        pixels = pixels[y : y + height, x : x + width]
    ready = converted(to_srgb(np.ascontiguousarray(pixels), profile), UINT8)
    return Exemplar(_shrunk(np.asarray(ready, np.uint8)), name)


def _shrunk(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """At most `LARGEST` on its longer side; colours count as much as they can be seen."""
    height, width = pixels.shape[:2]
    share = LARGEST / max(height, width)
    if share >= 1:
        return pixels
    size = max(1, round(width * share)), max(1, round(height * share))
    alpha = pixels[..., 3:].astype(np.float32) / 255
    seen = np.dstack([pixels[..., :3] * alpha, alpha])
    small = cv2.resize(seen, size, interpolation=cv2.INTER_AREA)
    small[..., :3] /= np.maximum(small[..., 3:], 1e-6)
    small[..., 3] *= 255
    return np.rint(np.clip(small, 0, 255)).astype(np.uint8)
