"""Pictures of more than 8 bits a channel: PNG through OpenCV (in memory), TIFF through OpenImageIO."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np
import OpenImageIO as oiio  # noqa: N813 (its documented name)
from numpy.typing import NDArray
from PIL import Image

from editor.files import colour, png
from editor.files.flat import Found, orientation_in, upright, with_usable_profile
from editor.files.icc import colour_space
from editor.files.reading import check_size
from editor.tiles import UINT8, Array, converted

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _CMYK = 0, 1, 2, 5  # TIFF's PhotometricInterpretation


class UnknownPixelsError(ValueError):
    """A TIFF whose pixels mean something that is not known here."""


def is_deep_png(data: bytes) -> bool:
    """Whether these bytes start a PNG of 16 bits a channel."""
    return png.header(data).depth == 16


def open_png(data: bytes, name: str) -> Found:
    """Decode a 16-bit PNG, the right way up.

    Raises:
        FileProblem: too large.
        PngError: damaged.
    """
    head = png.header(data)
    check_size(name, head.width, head.height)
    pixels, profile = png.decode(data), png.profile_of(data)
    exif = png.chunk_of(data, b"eXIf")
    pixels = upright(pixels, orientation_in(exif) if exif else 1)
    return _with_profile(pixels, profile, grey=head.colour in (0, 4))


def open_tiff(path: Path) -> Found | None:
    """Decode a TIFF of 16 bits or more a channel to 16 bits, the right way up.

    Returns:
        None for one of up to 8 bits and for one that OpenImageIO cannot open.

    Raises:
        FileProblem: too large.
        ValueError: damaged, or pixels of an unknown meaning.
    """
    config = oiio.ImageSpec()
    config.attribute("oiio:UnassociatedAlpha", 1)  # straight alpha stays as it is in the file
    config.attribute("oiio:RawColor", 1)  # CMYK is converted here, by its profile
    source = oiio.ImageInput.open(str(path), config)
    if source is None:
        oiio.geterror()  # Pillow shall say what is wrong with it, or open what OpenImageIO does not know
        return None
    try:
        spec = source.spec()
        if spec.format == oiio.UINT8:
            return None
        check_size(path.name, spec.width, spec.height)
        pixels = source.read_image(oiio.UINT16)
        if pixels is None:
            raise ValueError(source.geterror())
        notes = _notes(spec, pages=2 if source.seek_subimage(1, 0) else 1)
    finally:
        source.close()
    array, profile, more = _meant(cast("NDArray[np.uint16]", pixels), spec)
    return upright(array, spec.get_int_attribute("Orientation", 1)), profile, notes + more


def _notes(spec: Any, pages: int) -> list[str]:
    notes = ["It holds several pages; the first one was opened."] if pages > 1 else []
    if spec.format in (oiio.FLOAT, oiio.DOUBLE, oiio.HALF):
        notes.append("It holds floating-point numbers; what lies above white was cut off.")
    return notes


def _meant(pixels: NDArray[np.uint16], spec: Any) -> Found:
    """Channels of a TIFF as RGBA."""
    photometric = spec.get_int_attribute("tiff:PhotometricInterpretation", _RGB)
    stored = spec.getattribute("ICCProfile")
    profile = None if stored is None else bytes(stored)
    if photometric == _CMYK and spec.nchannels >= 4:
        cmyk = np.ascontiguousarray(converted(pixels[..., :4], UINT8))
        image, known = colour.cmyk_to_srgb(Image.fromarray(cmyk, "CMYK"), profile)
        how = "with its profile" if known else "without a profile, so that its colours are approximate"
        rgba = converted(cast(Array, np.array(image.convert("RGBA"))), np.uint16)
        return rgba, None, [f"It was converted from 16-bit CMYK to sRGB {how}."]
    colours = 3 if photometric == _RGB else 1
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB) or spec.nchannels < colours:
        raise UnknownPixelsError(f"photometric interpretation {photometric}")
    array = np.full((*pixels.shape[:2], 4), 65535, np.uint16)
    white_is_zero = photometric == _WHITE_IS_ZERO  # which OpenImageIO turns round at 8 bits only
    array[..., :3] = 65535 - pixels[..., :1] if white_is_zero else pixels[..., :colours]
    if spec.alpha_channel >= colours:
        array[..., 3] = pixels[..., spec.alpha_channel]
        if not spec.get_int_attribute("oiio:UnassociatedAlpha", 0):
            _make_straight(array)
    return _with_profile(array, profile, grey=colours == 1)


def _make_straight(array: NDArray[np.uint16]) -> None:
    """Divide colours that were stored multiplied by alpha."""
    alpha = array[..., 3:].astype(np.float32)
    straight = array[..., :3] * (65535 / np.maximum(alpha, 1))
    array[..., :3] = np.rint(np.minimum(straight, 65535))


def _with_profile(pixels: Array, profile: bytes | None, grey: bool) -> Found:
    if grey and profile is not None and colour_space(profile) == "GRAY":
        pixels[..., :3] = colour.grey_to_srgb(pixels[..., 0], profile)[..., None]
        return pixels, None, []
    return with_usable_profile(pixels, profile)
