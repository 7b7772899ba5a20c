"""What kind of file it is, told from its first bytes; names and suffixes are never trusted."""

from __future__ import annotations

from enum import Enum
from pathlib import Path


class Kind(Enum):
    """Files that can be opened; the value is the name that people use."""

    PNG = "PNG"
    JPEG = "JPEG"
    WEBP = "WebP"
    TIFF = "TIFF"
    GIF = "GIF"
    BMP = "BMP"
    AVIF = "AVIF"
    ORA = "OpenRaster"
    PSD = "Photoshop"


HEAD = 128  # bytes that `kind_of` wants to see
OPENS = "PNG, JPEG, WebP, TIFF, GIF, BMP, AVIF, OpenRaster (.ora) and Photoshop (.psd, .psb)"
LAYERED_SUFFIXES = (".ora", ".psd", ".psb")  # documents; all others are pictures
_PICTURES = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".avif")
OPEN_SUFFIXES = LAYERED_SUFFIXES + _PICTURES
EXPORT_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".psd", ".psb")
SAVE_SUFFIX = ".ora"

_MARKER = 30  # where a ZIP holds the name and, when it is stored, the content of its first entry
_STARTS = {
    b"\x89PNG\r\n\x1a\n": Kind.PNG,
    b"\xff\xd8\xff": Kind.JPEG,
    b"II*\0": Kind.TIFF,
    b"MM\0*": Kind.TIFF,
    b"II+\0": Kind.TIFF,
    b"MM\0+": Kind.TIFF,
    b"GIF87a": Kind.GIF,
    b"GIF89a": Kind.GIF,
    b"BM": Kind.BMP,
    b"8BPS": Kind.PSD,
}
_STRANGERS = {
    b"gimp xcf": "a GIMP document",
    b"%PDF": "a PDF",
    b"%!PS": "a PostScript file",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\0\0\0\x0cjP  ": "a JPEG 2000 picture",
    b"v/1\x01": "an OpenEXR picture",
    b"\0\0\x01\0": "an icon file",
    b"PK\x03\x04": "a ZIP archive",
    b"<svg": "an SVG drawing",
}


def kind_of(head: bytes) -> Kind | None:
    """The kind from the first `HEAD` bytes; None for all that cannot be opened."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind.WEBP
    if head[4:12] in (b"ftypavif", b"ftypavis"):
        return Kind.AVIF
    if head[:2] == b"PK" and head[_MARKER:].startswith(b"mimetypeimage/openraster"):
        return Kind.ORA
    return next((kind for start, kind in _STARTS.items() if head.startswith(start)), None)


def stranger(head: bytes, path: Path) -> str:
    """What a file that cannot be opened seems to be, to be read after "is"."""
    if head[:2] == b"PK" and head[_MARKER:].startswith(b"mimetypeapplication/x-krita"):
        return "a Krita document"
    if head[4:8] == b"ftyp":
        return "an HEIC photo" if head[8:12] in (b"heic", b"heix", b"mif1", b"msf1") else "a film"
    for start, name in _STRANGERS.items():
        if head.startswith(start):
            return name
    if head and all(byte in b"\t\n\r\f\x1b" or byte >= 32 for byte in head):
        return "text" if path.suffix.lower() in OPEN_SUFFIXES else "a text file"
    return "no picture"
