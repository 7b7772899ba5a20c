"""The small picture that an .ora carries of itself."""

from __future__ import annotations

from pathlib import Path

from editor.files import png
from editor.files.archive import Archive
from editor.files.guard import guarded
from editor.tiles import Array

ENTRY = "Thumbnails/thumbnail.png"


def read_thumbnail(path: Path) -> Array:
    """(h, w, 4) uint8 straight alpha, some 256 to a side; nothing else of the document is read.

    Raises:
        FileProblem: the file is damaged or carries none.
    """
    with guarded(path, "open"), Archive(path) as archive:
        return png.decode(archive.read_picture(ENTRY))
