"""The second picture of an edit: what is to be brought in, or whose looks are wanted; one per open document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from PySide6.QtCore import QCoreApplication, QObject, Signal

from app.cutting.cut import Bytes, Cut, shrunk
from app.jobs.method_info import TASK, MethodInfo
from app.jobs.regions import MOVE
from editor.document import Document
from editor.errors import DocumentError
from editor.layers import LayerId
from editor.tiles import UINT8, Array, converted
from engine.request import Input, Pixels

LARGEST = 1024  # pixels of the longer side; more would not be seen at the size at which networks work
WHOLE = 2048  # of the picture that it is cut out of, so that a small part of it is still sharp


@dataclass(frozen=True, eq=False)
class Exemplar:
    """A picture that is used as an example.

    Attributes:
        pixels: (h, w, 4) sRGB, straight alpha, 0 = not meant.
        name: where it comes from, for the artist.
        restored: the result layer whose recipe it was taken from; None = the artist chose it.
        cut: the picture that it was cut out of, and how; None = that is not known any more.
    """

    pixels: Pixels
    name: str
    restored: LayerId | None = None
    cut: Cut | None = None

    @classmethod
    def cut_out(cls, cut: Cut, name: str) -> Exemplar:
        """What is kept of a picture, made small enough."""
        return cls(shrunk(cut.pixels(), LARGEST), name, cut=cut)

    @cached_property
    def opaque(self) -> bool:
        """Whether nothing of it is transparent, so that its background counts, too."""
        return bool((self.bytes()[..., 3] == 255).all())

    def bytes(self) -> Bytes:
        """(h, w, 4), 8 bits: as it is shown and kept."""
        return cast(Bytes, converted(self.pixels, UINT8))

    def to_cut(self) -> Cut:
        """What to begin with when it is cut out anew."""
        return self.cut if self.cut is not None else Cut.all_of(self.bytes())


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
    ready = cast(Bytes, converted(to_srgb(cast(Array, np.ascontiguousarray(pixels)), profile), UINT8))
    return Exemplar.cut_out(Cut.all_of(shrunk(ready, WHOLE)), name)
