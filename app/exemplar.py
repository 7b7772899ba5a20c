"""A picture that is used as an example: read, made small enough, cut out. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from app.cutting.cut import Bytes, Cut, shrunk
from editor.errors import DocumentError
from editor.layers import LayerId
from editor.tiles import UINT8, Array, converted
from engine.request import Pixels

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
        raise DocumentError(f"“{name}” is transparent all over, so nothing can be taken from it.")
    if cut:
        pixels = pixels[y : y + height, x : x + width]
    ready = cast(Bytes, converted(to_srgb(cast(Array, np.ascontiguousarray(pixels)), profile), UINT8))
    return Exemplar.cut_out(Cut.all_of(shrunk(ready, WHOLE)), name)
