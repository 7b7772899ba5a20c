"""PNG in memory, 8 and 16 bit, exactly. No torch."""

from __future__ import annotations

import struct
import zlib
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FAST = (cv2.IMWRITE_PNG_COMPRESSION, 1)


def png_bytes(array: NDArray[Any]) -> bytes:
    """(H, W), (H, W, 3) or (H, W, 4) uint8 or uint16, RGB order -> the bytes of a PNG."""
    swap = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
    if array.ndim == 3:
        array = cv2.cvtColor(np.ascontiguousarray(array), swap[array.shape[2]])
    done, data = cv2.imencode(".png", np.ascontiguousarray(array), _FAST)
    if not done:
        raise ValueError(f"an array of shape {array.shape} and type {array.dtype} cannot be a PNG")
    return data.tobytes()


def png_size(data: bytes) -> tuple[int, int] | None:
    """(width, height) as the header says; None where this is no PNG."""
    if len(data) < 33 or not data.startswith(_SIGNATURE) or data[12:16] != b"IHDR":
        return None
    if zlib.crc32(data[12:29]) != struct.unpack(">I", data[29:33])[0]:
        return None
    width, height = struct.unpack(">II", data[16:24])
    return (width, height) if width and height else None


def png_pixels(data: bytes, channels: int) -> NDArray[np.uint8] | NDArray[np.uint16] | None:
    """The array of a PNG with exactly this many channels: (H, W) for one, else (H, W, channels) in RGB order.

    None where it is damaged or has other channels.
    """
    if not _whole(data):
        return None
    try:
        array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if array is None or (1 if array.ndim == 2 else array.shape[2]) != channels:
        return None
    if channels > 1:
        array = cv2.cvtColor(array, {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}[channels])
    return cast("NDArray[np.uint8] | NDArray[np.uint16]", array)


def _whole(data: bytes) -> bool:
    """Every chunk is there with a right checksum: the decoder itself fills missing rows in silence."""
    place = len(_SIGNATURE)
    while place + 12 <= len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        end = place + 12 + length
        if end > len(data) or zlib.crc32(data[place + 4 : end - 4]) != struct.unpack(">I", data[end - 4 : end])[0]:
            return False
        if data[place + 4 : place + 8] == b"IEND":
            return True
        place = end
    return False
