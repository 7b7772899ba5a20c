"""Open any picture, .ora or .psd as a document, and save documents."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from editor.document import Document, Snapshot
from editor.files.guard import guarded
from editor.files.kinds import Kind
from editor.files.openraster_reader import read_openraster
from editor.files.openraster_writer import save_snapshot
from editor.files.pictures import open_pixels
from editor.files.reading import read_kind
from editor.layers import ImageLayer, Role
from editor.tiles import TiledImage


@dataclass(frozen=True, eq=False)
class OpenedDocument:
    """A document and what to tell the artist about how it was opened; `note` is "" for nothing."""

    document: Document
    note: str = ""


def open_document(path: Path) -> Document:
    """Open a picture, an .ora or a .psd; see `open_with_note`."""
    return open_with_note(path).document


def open_with_note(path: Path) -> OpenedDocument:
    """Open a PNG, JPEG, WebP, TIFF, GIF, BMP or AVIF as one layer "Photo", an .ora, .psd or .psb with all its layers.

    Only an .ora is remembered as the place to save to.

    Raises:
        FileProblem: it cannot be opened, and why.
    """
    with guarded(path, "open"):
        return _opened(path)


def _opened(path: Path) -> OpenedDocument:
    kind = read_kind(path)
    if kind is Kind.PSD:
        from editor.files.photoshop_reader import read_photoshop  # psd-tools is imported with the first such file

        snapshot, note = read_photoshop(path)
        document = Document.from_snapshot(snapshot)
        document.title = path.stem
        return OpenedDocument(document, note)
    if kind is Kind.ORA:
        opened = read_openraster(path)
        document, note = Document.from_snapshot(opened.snapshot), opened.note
        document.path, document.title = path, opened.title or path.stem
        return OpenedDocument(document, note)
    picture = open_pixels(path)
    height, width = picture.array.shape[:2]
    layer = ImageLayer(name="Photo", role=Role.IMAGE, pixels=TiledImage.from_array(picture.array))
    snapshot = Snapshot((width, height), picture.array.dtype, picture.profile, (layer,), layer.id, None)
    document = Document.from_snapshot(snapshot)
    document.title = path.stem
    return OpenedDocument(document, picture.note)


def save_document(document: Document, path: Path) -> None:
    """Write the document as .ora, remember the place and that nothing is unsaved.

    Raises:
        FileProblem: it could not be written; the document and the old file are as they were.
    """
    save_snapshot(document.snapshot(), path)
    document.path, document.title = path, path.stem
    document.history.mark_saved()
