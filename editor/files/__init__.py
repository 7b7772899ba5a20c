"""Files in and out. Everything here raises `editor.errors.FileProblem` with a sentence, and leaves files whole."""

from editor.files.colour import from_srgb, profile_title, to_srgb
from editor.files.documents import OpenedDocument, open_document, open_with_note, save_document
from editor.files.export import export_picture, recipe_in
from editor.files.kinds import EXPORT_SUFFIXES, OPEN_SUFFIXES, SAVE_SUFFIX
from editor.files.openraster_writer import save_snapshot
from editor.files.pictures import Picture, open_pixels
from editor.files.thumbnails import read_thumbnail
from editor.files.writing import atomic_write

__all__ = [
    "EXPORT_SUFFIXES",
    "OPEN_SUFFIXES",
    "SAVE_SUFFIX",
    "OpenedDocument",
    "Picture",
    "atomic_write",
    "export_picture",
    "from_srgb",
    "open_document",
    "open_pixels",
    "open_with_note",
    "profile_title",
    "read_thumbnail",
    "recipe_in",
    "save_document",
    "save_snapshot",
    "to_srgb",
]
