"""PNG in memory, 8 and 16 bits a channel: written here strip by strip through zlib, read by OpenCV.

Written here because OpenCV's encoder hands its result over with the interpreter held (0.4 s for 100 MB, in which the
window stands still) and is no faster: a photo of 4096 × 2731 took 0.35 s at 8 bits against OpenCV's 0.38 s, 0.50 s
against 0.63 s at 16 bits, where run-length matching is several times quicker than zlib's own choice. Read by OpenCV
because, unlike Pillow, it keeps 16 bits and needs no file on disk.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from editor.tiles import Array

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEAD = 33  # signature and IHDR
_PROFILE_LIMIT = 64 << 20
_COLOURS = {1: 0, 3: 2, 4: 6}  # IHDR's colour type by channels
_SUB = 1  # the filter's number
_STRIP = 1 << 20  # bytes of pixels compressed at a time


class PngError(ValueError):
    """The bytes are no whole PNG."""


@dataclass(frozen=True, slots=True)
class Header:
    """What IHDR says; `colour` is 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA; `depth` in bits a channel."""

    width: int
    height: int
    depth: int
    colour: int


def header(data: bytes) -> Header:
    """Size and kind from the first 33 bytes, without decoding.

    Raises:
        PngError: these are not the first bytes of a PNG.
    """
    if len(data) < _HEAD or not data.startswith(SIGNATURE) or data[12:16] != b"IHDR":
        raise PngError("no PNG header")
    return Header(*struct.unpack(">IIBB", data[16:26]))


def encode(array: Array, profile: bytes | None = None, texts: Mapping[str, bytes] | None = None) -> bytes:
    """A whole PNG in memory; see `encoded_parts`."""
    return b"".join(encoded_parts(array, profile, texts))


def encoded_parts(
    array: Array, profile: bytes | None = None, texts: Mapping[str, bytes] | None = None
) -> tuple[bytes, ...]:
    """A PNG of (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) pixels, uint8 or uint16, straight alpha.

    Args:
        profile: ICC; None writes the sRGB chunk for colour.
        texts: Latin-1 keyword to plain ASCII, written as tEXt.

    Returns:
        What to write one after the other. Not joined: copying 100 MB holds the interpreter, and with it the window,
        for tenths of a second, while compressing and writing them does not.

    Raises:
        ValueError: no PNG has such pixels.
    """
    pixels = array if array.ndim == 3 else array[..., None]
    height, width, channels = pixels.shape
    if channels not in _COLOURS or not pixels.size:
        raise ValueError(f"a picture of shape {array.shape} cannot be written as PNG")
    head = struct.pack(">IIBBBBB", width, height, 8 * pixels.itemsize, _COLOURS[channels], 0, 0, 0)
    parts = [SIGNATURE + _chunk(b"IHDR", head)]
    if channels > 1:
        parts.append(_chunk(b"sRGB", b"\0") if profile is None else _chunk(b"iCCP", _packed_profile(profile)))
    parts += [_chunk(b"tEXt", key.encode("latin-1") + b"\0" + text) for key, text in (texts or {}).items()]
    parts += [_chunk(b"IDAT", packed) for packed in _compressed(pixels) if packed]
    return (*parts, _chunk(b"IEND", b""))


def _compressed(pixels: Array) -> Iterator[bytes]:
    """One zlib stream of all rows, a strip at a time; each row is what changes from pixel to pixel (filter Sub)."""
    height, width, channels = pixels.shape
    deep = pixels.dtype == np.uint16
    step, strip = channels * pixels.itemsize, max(1, _STRIP // (width * channels * pixels.itemsize))
    packer = zlib.compressobj(1, strategy=zlib.Z_RLE if deep else zlib.Z_DEFAULT_STRATEGY)
    for top in range(0, height, strip):
        part = np.ascontiguousarray(pixels[top : top + strip], ">u2" if deep else np.uint8)
        rows = part.view(np.uint8).reshape(len(part), width * step)
        filtered = np.empty((len(rows), 1 + width * step), np.uint8)
        filtered[:, 0] = _SUB
        filtered[:, 1 : 1 + step] = rows[:, :step]
        np.subtract(rows[:, step:], rows[:, :-step], out=filtered[:, 1 + step :])
        yield packer.compress(filtered.data)
    yield packer.flush()


def decode(data: bytes) -> Array:
    """Pixels as (H, W, 4) uint8 or uint16, straight alpha; every kind of PNG, palettes and key colours included.

    Raises:
        PngError: truncated or damaged.
    """
    found = _decoded(data)
    if found.ndim == 2:
        return cv2.cvtColor(found, cv2.COLOR_GRAY2RGBA)  # type: ignore[return-value]
    return cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA if found.shape[2] == 4 else cv2.COLOR_BGR2RGBA)  # type: ignore[return-value]


def decode_grey(data: bytes) -> Array:
    """One channel as (H, W) uint8 or uint16; of a coloured PNG the first channel.

    Raises:
        PngError: truncated or damaged.
    """
    found = _decoded(data)
    return found if found.ndim == 2 else np.ascontiguousarray(found[..., -1])  # type: ignore[return-value]


def profile_of(data: bytes) -> bytes | None:
    """The ICC profile that the PNG carries, None without a readable one."""
    content = chunk_of(data, b"iCCP")
    if content is None:
        return None
    unpacker = zlib.decompressobj()
    try:
        profile = unpacker.decompress(content.split(b"\0", 1)[1][1:], _PROFILE_LIMIT)
    except (zlib.error, IndexError):
        return None
    return profile if unpacker.eof else None


def chunk_of(data: bytes, wanted: bytes) -> bytes | None:
    """The content of the first chunk of that kind before the pixels, None without one."""
    return next((content for kind, content in _chunks_before_pixels(data) if kind == wanted), None)


def text_of(data: bytes, keyword: str) -> bytes | None:
    """What the tEXt chunk of that keyword before the pixels says, None without one."""
    wanted = keyword.encode("latin-1") + b"\0"
    for kind, content in _chunks_before_pixels(data):
        if kind == b"tEXt" and content.startswith(wanted):
            return content[len(wanted) :]
    return None


def _decoded(data: bytes) -> NDArray[np.uint8] | NDArray[np.uint16]:
    try:
        found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error as error:
        raise PngError(str(error)) from error
    if found is None:
        raise PngError("truncated or damaged")
    return found  # type: ignore[return-value]


def _packed_profile(profile: bytes) -> bytes:
    return b"ICC\0\0" + zlib.compress(profile)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def _chunks_before_pixels(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    position = len(SIGNATURE)
    while position + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        kind = data[position + 4 : position + 8]
        if kind in (b"IDAT", b"IEND"):
            return
        yield kind, data[position + 8 : position + 8 + length]
        position += 12 + length
