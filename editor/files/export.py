"""Write what a document looks like for other programs: as one flat picture, or with its layers for Photoshop."""

from __future__ import annotations

import base64
import binascii
import errno
import os
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import cast

import numpy as np
import OpenImageIO as oiio  # noqa: N813 (its documented name)
from PIL import Image

from editor.composite import composite
from editor.document import Snapshot
from editor.errors import FileProblem
from editor.files import png
from editor.files.guard import guarded
from editor.files.kinds import Kind
from editor.files.reading import read_all, read_kind
from editor.files.writing import atomic_write
from editor.tiles import UINT8, Array, converted, full_value

RECIPE_LIMIT = 1 << 20  # bytes of a recipe that a PNG still carries
_KEYWORD = "pentimento-recipe"
_KINDS = {
    ".png": Kind.PNG,
    ".jpg": Kind.JPEG,
    ".jpeg": Kind.JPEG,
    ".webp": Kind.WEBP,
    ".tif": Kind.TIFF,
    ".tiff": Kind.TIFF,
    ".psd": Kind.PSD,
    ".psb": Kind.PSD,
}
_SIDES = {Kind.JPEG: 65_500, Kind.WEBP: 16_383}  # what libjpeg and libwebp accept


def export_picture(snapshot: Snapshot, path: Path, *, quality: int = 92, recipe: bytes | None = None) -> str:
    """Write the visible layers as PNG, JPEG, WebP or TIFF, or all layers as PSD or PSB, by the suffix of `path`.

    PNG, TIFF and PSD keep 16 bits; JPEG is laid on white; the alpha channel is left out where nothing is transparent;
    the document's ICC profile goes along.

    Args:
        quality: 1..100 for JPEG and WebP; a WebP of 100 is lossless.
        recipe: bytes of a recipe file for a PNG to carry as text.

    Returns:
        Sentences for the artist about what was left out; "" for nothing.

    Raises:
        FileProblem: the suffix is unknown, the kind cannot hold the size, or the file cannot be written.
    """
    with guarded(path, "export"):
        return _exported(snapshot, path, quality, recipe)


def _exported(snapshot: Snapshot, path: Path, quality: int, recipe: bytes | None) -> str:
    kind = _kind_for(path, snapshot.size)
    if kind is Kind.PSD:
        from editor.files.photoshop_writer import write_photoshop  # psd-tools is imported with the first such file

        return write_photoshop(snapshot, path)
    pixels, note = composite(snapshot), ""
    if kind is Kind.TIFF:
        with atomic_write(path) as temporary:
            _write_tiff(temporary, _opaque_as_rgb(pixels), snapshot.profile)
        return note
    if kind is Kind.PNG:
        texts = {}
        if recipe is not None and len(recipe) <= RECIPE_LIMIT:
            texts[_KEYWORD] = base64.b64encode(recipe)
        elif recipe is not None:
            note = "The recipe is larger than 1 MB and was left out of the PNG."
        parts: Sequence[bytes | memoryview] = png.encoded_parts(_opaque_as_rgb(pixels), snapshot.profile, texts)
    else:
        parts = (_lossy(kind, pixels, quality, snapshot.profile),)
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        file.writelines(parts)
    return note


def recipe_in(path: Path) -> bytes | None:
    """The recipe that an exported PNG carries, None without one.

    Raises:
        FileProblem: the file cannot be read.
    """
    if read_kind(path) is not Kind.PNG:
        return None
    text = png.text_of(read_all(path), _KEYWORD)
    try:
        return None if text is None else base64.b64decode(text, validate=True)
    except binascii.Error:
        return None


def on_white(pixels: Array) -> Array:
    """(H, W, 4) straight alpha as (H, W, 3) over white, same depth."""
    full = full_value(pixels.dtype)
    if bool((pixels[..., 3] == full).all()):
        return cast(Array, np.ascontiguousarray(pixels[..., :3]))
    out = np.empty((*pixels.shape[:2], 3), pixels.dtype)
    for row in range(0, len(pixels), 256):
        strip = pixels[row : row + 256]
        alpha = strip[..., 3:].astype(np.float32) / full
        out[row : row + 256] = np.rint(strip[..., :3] * alpha + full * (1 - alpha))
    return cast(Array, out)


def _opaque_as_rgb(pixels: Array) -> Array:
    opaque = bool((pixels[..., 3] == full_value(pixels.dtype)).all())
    return cast(Array, np.ascontiguousarray(pixels[..., :3])) if opaque else pixels


def _kind_for(path: Path, size: tuple[int, int]) -> Kind:
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise FileProblem(f"“{path.name}” does not say as what to export. End the name in {', '.join(_KINDS)}.")
    side = _SIDES.get(kind)
    if side is not None and max(size) > side:
        raise FileProblem(f"{kind.value} holds up to {side} pixels to a side, not {max(size)}. Export as PNG or TIFF.")
    return kind


def _lossy(kind: Kind, pixels: Array, quality: int, profile: bytes | None) -> memoryview:
    """A JPEG or WebP; encoded in memory because Pillow does not tell why a file could not be written."""
    data = BytesIO()
    if kind is Kind.JPEG:
        image = Image.fromarray(converted(on_white(pixels), UINT8))
        sampling = 0 if quality >= 90 else 2  # full colour resolution where quality is asked for
        # without `optimize`, for which Pillow's buffer is too small where noise meets the highest quality
        image.save(data, "JPEG", quality=quality, subsampling=sampling, icc_profile=profile)
    else:
        image = Image.fromarray(converted(_opaque_as_rgb(pixels), UINT8))
        image.save(data, "WEBP", quality=quality, lossless=quality >= 100, exact=True, icc_profile=profile)
    return data.getbuffer()


def _write_tiff(path: Path, pixels: Array, profile: bytes | None) -> None:
    """Deflate-compressed, straight alpha."""
    height, width, channels = pixels.shape
    spec = oiio.ImageSpec(width, height, channels, str(pixels.dtype))
    spec.attribute("compression", "zip")
    spec.attribute("oiio:UnassociatedAlpha", 1)
    if profile is not None:
        spec.attribute("ICCProfile", oiio.TypeDesc(f"uint8[{len(profile)}]"), np.frombuffer(profile, np.uint8))
    target = oiio.ImageOutput.create("tiff")
    assert target is not None  # the wheel always holds TIFF
    written = target.open(str(path), spec) and target.write_image(pixels)
    written = target.close() and written
    if not written:
        _raise_why(path, target.geterror())


def _raise_why(path: Path, message: str) -> None:
    """OpenImageIO says what failed but not why; writing a little more by ourselves brings the system's own reason."""
    with path.open("ab") as file:
        file.write(bytes(1 << 20))
        os.fsync(file.fileno())
    raise OSError(errno.EIO, message)
