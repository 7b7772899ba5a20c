"""Photoshop documents as other programs write them: flat ones byte by byte, layered ones through psd-tools."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from psd_tools import PSDImage
from psd_tools.composite import composite as composite_elsewhere
from psd_tools.psd.tagged_blocks import TaggedBlock

from tests.editor.files.samples import noise

BITMAP, GREY, INDEXED, RGB, CMYK, MULTICHANNEL, DUOTONE, LAB = 0, 1, 2, 3, 4, 7, 8, 9
RAW, PACKED, ZIPPED, PREDICTED = 0, 1, 2, 3


def head(mode: int, depth: int, channels: int, size: tuple[int, int], version: int = 1) -> bytes:
    return struct.pack(">4sH6xHIIHH", b"8BPS", version, channels, size[1], size[0], depth, mode)


def resource(number: int, content: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", number, 0, len(content)) + content + bytes(len(content) % 2)


def flat(
    mode: int,
    planes: NDArray[Any],
    *,
    depth: int | None = None,
    version: int = 1,
    palette: bytes = b"",
    resources: Mapping[int, bytes] | None = None,
) -> bytes:
    """A document without layers from (channels, h, w) values in the machine's byte order; bits are packed."""
    if depth is None:
        depth = 8 * planes.itemsize
    stored = np.packbits(planes, axis=2) if depth == 1 else planes.astype(planes.dtype.newbyteorder(">"))
    told = b"".join(resource(number, content) for number, content in (resources or {}).items())
    start = head(mode, depth, planes.shape[0], (planes.shape[2], planes.shape[1]), version)
    no_layers = bytes(4 if version == 1 else 8)
    blocks = struct.pack(">I", len(palette)) + palette + struct.pack(">I", len(told)) + told + no_layers
    return start + blocks + struct.pack(">H", RAW) + stored.tobytes()


def layered(
    planes: Mapping[int, bytes],
    rect: tuple[int, int, int, int],
    *,
    mode: int = RGB,
    depth: int = 8,
    compression: int = RAW,
    size: tuple[int, int] = (30, 20),
) -> bytes:
    """A document of one layer, whose channels hold whatever is given; rect: left, top, right, bottom."""
    left, top, right, bottom = rect
    record = struct.pack(">4iH", top, left, bottom, right, len(planes))
    record += b"".join(struct.pack(">hI", number, 2 + len(data)) for number, data in planes.items())
    record += b"8BIMnorm" + struct.pack(">4B", 255, 0, 8, 0)
    extra = bytes(4) + bytes(4) + b"\x05Layer\0\0"
    record += struct.pack(">I", len(extra)) + extra
    body = struct.pack(">h", 1) + record + b"".join(struct.pack(">H", compression) + data for data in planes.values())
    body += bytes(len(body) % 2)
    section = struct.pack(">I", len(body)) + body
    count = {RGB: 3, CMYK: 4, LAB: 3, GREY: 1}[mode]
    merged = bytes(count * size[0] * size[1] * depth // 8)
    parts = head(mode, depth, count, size) + bytes(8) + struct.pack(">I", len(section)) + section
    return parts + struct.pack(">H", RAW) + merged


def bomb() -> bytes:
    """A layer of 300 million pixels in a file of next to nothing."""
    empty = zlib.compress(bytes(1000))
    return layered(dict.fromkeys((-1, 0, 1, 2), empty), (0, 0, 20_000, 15_000), compression=ZIPPED)


def picture(height: int, width: int, seed: int) -> Image.Image:
    return Image.fromarray(noise((height, width, 4), np.uint8, seed))


def stack(size: tuple[int, int] = (90, 70), mode: str = "RGB", depth: int | None = None) -> Any:
    """A document of psd-tools with an opaque ground."""
    document = PSDImage.new(mode, size, depth=depth)
    document.create_pixel_layer(picture(size[1], size[0], 1).convert("RGB"), name="Ground")
    return document


def mark(layer: Any, tag: Any, data: Any) -> None:
    """Give a layer a block of settings."""
    layer.tagged_blocks[tag] = TaggedBlock(key=tag, data=data)


def without_pixels(layer: Any) -> Any:
    """The layer as Photoshop writes one that it draws anew each time."""
    record = layer._record
    record.top = record.left = record.bottom = record.right = 0
    for channel, info in zip(layer._channels, record.channel_info, strict=True):
        if info.id >= -1:
            channel.data, channel.compression = b"", RAW
    return layer


def saved(document: Any, folder: Path, name: str = "x.psd") -> Path:
    document.save(folder / name)
    return folder / name


def as_seen_elsewhere(path: Path) -> NDArray[np.float32]:
    """(h, w, 4) 0..1, the layers as psd-tools composites them."""
    colour, _, alpha = composite_elsewhere(PSDImage.open(path), force=True)
    return np.concatenate([colour, alpha], axis=2)
