"""Channels of Photoshop documents: bytes to planes and back, and planes of any colour mode to straight RGBA.

psd-tools puts black where a channel cannot be decoded; here that is an error, because a picture would be lost.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from psd_tools.compression import decode_prediction, decode_rle
from psd_tools.constants import ColorMode, Compression
from psd_tools.psd.layer_and_mask import ChannelData

from editor.files import colour
from editor.files.flat import with_usable_profile
from editor.files.icc import colour_space
from editor.tiles import UINT8, UINT16, Array, converted, full_value

CHANNELS = {
    ColorMode.BITMAP: 1,
    ColorMode.GRAYSCALE: 1,
    ColorMode.INDEXED: 1,
    ColorMode.RGB: 3,
    ColorMode.CMYK: 4,
    ColorMode.DUOTONE: 1,
    ColorMode.LAB: 3,
}
_RLE_COUNT = {1: ">u2", 2: ">u4"}  # how a PSD and a PSB store the bytes of a packed row


class ChannelError(ValueError):
    """The bytes of a channel are not what its size asks for."""


def decoded(compression: Compression, data: bytes, size: tuple[int, int], depth: int, version: int) -> Array:
    """(h, w) uint8 of a channel of 1 or 8 bits, uint16 of one of 16 bits or of floating-point numbers.

    Args:
        size: (width, height), both at least 1.
        version: 1 for PSD, 2 for PSB.

    Raises:
        ValueError: too few bytes, too many, or not packed as they say.
    """
    width, height = size
    row = (width * depth + 7) // 8
    if compression is Compression.RAW:
        raw = data[: row * height]
    elif compression is Compression.RLE:
        counts = np.frombuffer(data, _RLE_COUNT[version], height)
        if counts.nbytes + int(counts.sum(dtype=np.int64)) > len(data):
            raise ChannelError("rows are missing")
        raw = decode_rle(data, width, height, depth, version)
    else:
        raw = _inflated(data, row * height)
        if compression is Compression.ZIP_WITH_PREDICTION:
            raw = decode_prediction(raw, width, height, depth)
    if len(raw) != row * height:
        raise ChannelError(f"{len(raw)} bytes instead of {row * height}")
    return _plane(raw, width, height, depth)


def encoded(plane: Array, version: int) -> ChannelData:
    """A channel of a layer: rows packed for 8 bits, deflated differences for 16, as Photoshop writes them."""
    height, width = plane.shape
    deep = plane.dtype == UINT16
    data = ChannelData(Compression.ZIP_WITH_PREDICTION if deep else Compression.RLE)
    data.set_data(as_stored(plane), width, height, 16 if deep else 8, version)
    return data


def as_stored(plane: Array) -> bytes:
    """The values of a plane in the file's byte order, row by row."""
    return plane.astype(plane.dtype.newbyteorder(">")).tobytes()


def _inflated(data: bytes, length: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(data, length + 1)  # no more than a little too much, however it was packed
    except zlib.error as error:
        raise ChannelError(str(error)) from error
    return raw


def _plane(raw: bytes, width: int, height: int, depth: int) -> Array:
    if depth == 1:
        bits = np.unpackbits(np.frombuffer(raw, np.uint8).reshape(height, -1), axis=1)[:, :width]
        return np.where(bits, np.uint8(0), np.uint8(255))  # a set bit is ink
    if depth == 32:
        values = np.nan_to_num(np.frombuffer(raw, ">f4").reshape(height, width), nan=0.0, posinf=1.0, neginf=0.0)
        return cast(Array, np.rint(np.clip(values, 0.0, 1.0) * 65535).astype(np.uint16))
    if depth == 16:
        return np.frombuffer(raw, ">u2").reshape(height, width).astype(np.uint16)
    return np.frombuffer(raw, np.uint8).reshape(height, width)


class Colours:
    """How the planes of a document become straight RGBA.

    Attributes:
        dtype: of the RGBA.
        profile: ICC profile that the RGBA has, None = sRGB.
        notes: sentences for the artist about how colours were converted, in order.
    """

    def __init__(self, mode: ColorMode, depth: int, profile: bytes | None, palette: bytes = b"") -> None:
        self.mode, self.dtype = mode, UINT8 if depth <= 8 else UINT16
        self.profile: bytes | None = None
        self.notes: dict[str, None] = {}
        self._given, self._palette, self._linear = profile, palette, depth == 32 and profile is None
        if depth == 32:
            self.notes["It holds floating-point numbers; what lies above white was cut off."] = None
        if mode is ColorMode.DUOTONE:
            self.notes["It is a duotone; its tones are shown as greys."] = None
        if mode is ColorMode.RGB:
            _, self.profile, told = with_usable_profile(np.zeros((1, 1, 4), self.dtype), profile)
            self.notes.update(dict.fromkeys(told))

    def rgba(self, planes: Sequence[Array], alpha: Array | None) -> Array:
        """(h, w, 4) from the (h, w) planes of the colour mode; `alpha` None = opaque."""
        if self.mode in (ColorMode.CMYK, ColorMode.LAB):
            colours: Array = converted(self._through_pillow([converted(plane, UINT8) for plane in planes]), self.dtype)
        elif self.mode is ColorMode.INDEXED:
            colours = np.frombuffer(self._palette, np.uint8, 768).reshape(3, 256).T[planes[0]]
        else:
            colours = cast(Array, np.stack([self._tones(plane) for plane in planes], axis=2))
        pixels = np.full((*planes[0].shape, 4), full_value(self.dtype), self.dtype)
        pixels[..., :3] = colours
        if alpha is not None:
            pixels[..., 3] = alpha
        return with_usable_profile(pixels, self._given)[0] if self.mode is ColorMode.RGB else pixels

    def _tones(self, plane: Array) -> Array:
        if self._linear:
            table = colour.srgb_encoded(np.linspace(0.0, 1.0, 65536))
            return cast(Array, np.rint(table * 65535).astype(np.uint16)[plane])
        if self.mode is not ColorMode.RGB and self._given is not None and colour_space(self._given) == "GRAY":
            return colour.grey_to_srgb(plane, self._given)
        return plane

    def _through_pillow(self, planes: list[Array]) -> Array:
        """(h, w, 3) uint8 sRGB from 8-bit CMYK (255 = no ink) or CIELAB."""
        if self.mode is ColorMode.LAB:
            self.notes["It was converted from CIELAB to sRGB."] = None
            return np.array(colour.lab_to_srgb(_merged("LAB", planes)))
        image, known = colour.cmyk_to_srgb(_merged("CMYK", [255 - plane for plane in planes]), self._given)
        how = "from CMYK to sRGB" if known else "from CMYK without a profile, so that its colours are approximate"
        self.notes[f"It was converted {how}."] = None
        return np.array(image)


def without_white(pixels: Array) -> Array:
    """Colours as they were before Photoshop laid the merged picture on white; changes `pixels` (h, w, 4)."""
    full = full_value(pixels.dtype)
    for row in range(0, len(pixels), 256):
        strip: NDArray[np.float32] = pixels[row : row + 256].astype(np.float32)
        alpha = np.maximum(strip[..., 3:], 1) / full
        pixels[row : row + 256, :, :3] = np.rint(np.clip((strip[..., :3] - full * (1 - alpha)) / alpha, 0, full))
    return pixels


def _merged(mode: str, planes: list[Array]) -> Image.Image:
    return Image.merge(mode, [Image.fromarray(np.ascontiguousarray(plane)) for plane in planes])
