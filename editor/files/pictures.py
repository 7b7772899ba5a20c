"""Open flat pictures as straight RGBA, whatever they are inside, told apart by content and never by suffix."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np

from editor.errors import FileProblem
from editor.files import deep, flat
from editor.files.guard import guarded
from editor.files.kinds import Kind
from editor.files.reading import read_all, read_kind
from editor.tiles import Array


@dataclass(frozen=True, eq=False)
class Picture:
    """An opened picture.

    Attributes:
        array: (H, W, 4) uint8 or uint16, straight alpha, the right way up.
        profile: ICC profile of the colours, None = sRGB.
        note: one sentence for the artist about what was changed or left out; "" for nothing.
    """

    array: Array
    profile: bytes | None
    note: str = ""


def open_pixels(path: Path) -> Picture:
    """Decode a PNG, JPEG, WebP, TIFF, GIF, BMP or AVIF.

    16-bit PNG and TIFF keep 16 bits. CMYK and CIELAB become sRGB; grey and palettes become RGBA; EXIF orientation is
    applied; of an animation or of several pages the first is taken, with a note.

    Raises:
        FileProblem: the file is missing, a folder, not readable, of another kind, damaged or too large.
    """
    with guarded(path, "open"):
        kind = read_kind(path)
        if kind in (Kind.ORA, Kind.PSD):
            article = "an" if kind is Kind.ORA else "a"
            raise FileProblem(f"“{path.name}” is {article} {kind.value} document with layers. Open it as a document.")
        return _decoded(path, read_all(path), kind)


def _decoded(path: Path, data: bytes, kind: Kind) -> Picture:
    if kind is Kind.PNG and deep.is_deep_png(data):
        found = deep.open_png(data, path.name)
    elif kind is Kind.TIFF and (tiff := deep.open_tiff(path)) is not None:
        found = tiff
    else:
        found = flat.open_with_pillow(data, path.name)
    array, profile, notes = found
    return Picture(cast(Array, np.ascontiguousarray(array)), profile, " ".join(notes))
