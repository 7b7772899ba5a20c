"""Pictures of 8 bits a channel, through Pillow."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from editor import limits
from editor.errors import FileProblem
from editor.files import colour
from editor.files.icc import colour_space
from editor.files.reading import check_size, too_large
from editor.tiles import Array

Found = tuple[Array, bytes | None, list[str]]  # (H, W, 4) pixels, ICC profile, sentences for the artist

# Naming the classes imports and so registers just these plugins; `Image.open` tries no others.
_FORMATS = tuple(
    plugin.format
    for plugin in (
        PngImagePlugin.PngImageFile,
        JpegImagePlugin.JpegImageFile,
        WebPImagePlugin.WebPImageFile,
        TiffImagePlugin.TiffImageFile,
        GifImagePlugin.GifImageFile,
        BmpImagePlugin.BmpImageFile,
        AvifImagePlugin.AvifImageFile,
    )
)
_STILL = ("JPEG", "MPO")  # further frames of a photo are previews and depth maps
_ORIENTATION = 0x0112
# Pillow refuses 180 million pixels on its own; the limit here is higher and is checked right after the header is read.
Image.MAX_IMAGE_PIXELS = limits.PIXELS
PngImagePlugin.MAX_TEXT_CHUNK = 16 << 20  # this limit of 1 MB holds for colour profiles too, and those may be larger
# Pillow warns on stderr about odd metadata, which is none of the artist's business; set once, since filters are shared
# by all threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


def open_with_pillow(data: bytes, name: str) -> Found:
    """Decode 8-bit pixels, the right way up.

    Raises:
        FileProblem: too large, or with more text inside than a picture has reason to carry.
        Exception: whatever Pillow raises for broken bytes.
    """
    with _limits(name), Image.open(BytesIO(data), formats=_FORMATS) as image:
        check_size(name, *image.size)
        notes = _frames_note(image)
        image.load()
        orientation = _orientation(image.getexif)  # a TIFF turns itself while it loads and then reports none
        pixels, profile, more = _as_rgba(image, image.info.get("icc_profile") or None)
        return upright(pixels, orientation), profile, notes + more


def upright(array: Array, orientation: int) -> Array:
    """The array turned as EXIF's orientation 1..8 asks (JEITA CP-3451, tag 274); other values leave it."""
    if orientation in (5, 6, 7, 8):
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array


def with_usable_profile(pixels: Array, profile: bytes | None) -> Found:
    """The pixels with their profile, or in sRGB where the profile cannot stay with the document."""
    if profile is None or colour.usable_rgb(profile):
        return pixels, profile, []
    if colour.readable_rgb(profile):
        note = f"Its colour profile ({colour.profile_title(profile)}) goes one way only; it was converted to sRGB."
        return colour.to_srgb(pixels, profile), None, [note]
    return pixels, None, ["Its colour profile cannot be used; the colours are taken as sRGB."]


def orientation_in(exif: bytes) -> int:
    """What a block of EXIF says about orientation; 1 where it says nothing or is broken."""

    def loaded() -> Image.Exif:
        block = Image.Exif()
        block.load(exif)
        return block

    return _orientation(loaded)


def _orientation(exif: Callable[[], Image.Exif]) -> int:
    try:
        return int(exif().get(_ORIENTATION, 1))
    except Exception:  # broken metadata must not keep a good picture from opening
        return 1


def _as_rgba(image: Image.Image, profile: bytes | None) -> Found:
    notes = []
    if image.mode == "CMYK":
        image, known = colour.cmyk_to_srgb(image, profile)
        profile = None
        how = "from CMYK to sRGB" if known else "from CMYK without a profile, so that its colours are approximate"
        notes = [f"It was converted {how}."]
    elif image.mode == "LAB":
        image, profile = colour.lab_to_srgb(image), None
        notes = ["It was converted from CIELAB to sRGB."]
    elif image.mode in ("1", "L", "LA", "La") and profile is not None and colour_space(profile) == "GRAY":
        return _grey(image, profile), None, []
    pixels, profile, more = with_usable_profile(np.array(image.convert("RGBA")), profile)
    return pixels, profile, notes + more


def _grey(image: Image.Image, profile: bytes) -> NDArray[np.uint8]:
    pixels = np.array(image.convert("RGBA"))
    pixels[..., :3] = colour.grey_to_srgb(pixels[..., 0], profile)[..., None]
    return pixels


def _frames_note(image: Image.Image) -> list[str]:
    frames = 1 if image.format in _STILL else getattr(image, "n_frames", 1)
    if frames == 1:
        return []
    what = "pages" if image.format == "TIFF" else "pictures"
    return [f"It holds {frames} {what}; the first one was opened."]


@contextmanager
def _limits(name: str) -> Iterator[None]:
    """Turn Pillow's own refusals of bombs into sentences."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise too_large(name) from error
    except ValueError as error:
        if "Decompressed data too large" in str(error) or "Too much memory used in text" in str(error):
            raise FileProblem(
                f"“{name}” hides far more text or data than a picture carries and was not opened. Save it anew."
            ) from error
        raise
