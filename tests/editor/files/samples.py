"""Pictures, profiles and documents that the tests of this folder open and save."""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
from numpy.typing import NDArray
from PIL import Image, ImageCms

from editor.document import Snapshot
from editor.files import save_snapshot
from editor.geometry import Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer, LayerId, Role
from editor.placement import Placed, Placement
from editor.points import PointPair
from editor.tiles import TiledImage, full_value


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _tag_table(tags: dict[bytes, bytes]) -> bytes:
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content
    return table + body


def make_profile(
    space: bytes, tags: dict[bytes, bytes], title: str, kind: bytes = b"mntr", pcs: bytes = b"XYZ "
) -> bytes:
    """An ICC version 2 profile from its tags."""
    text = title.encode("ascii") + b"\0"
    white = struct.pack(">4x3i", 63190, 65536, 54061)
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78),
        b"wtpt": b"XYZ " + white,
        b"cprt": b"text\0\0\0\0none\0",
        **tags,
    }
    body = _tag_table(tags)
    head = struct.pack(">I4sI4s4s4s12x4s", 128 + len(body), b"lcms", 0x02100000, kind, space, pcs, b"acsp")
    head += bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + body


def gamma_curve(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256)) + b"\0\0"


def xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in (x, y, z)))


def wide_profile() -> bytes:
    """The primaries of Adobe RGB (1998), adapted to D50, gamma 2.2."""
    curve = gamma_curve(2.19921875)
    return make_profile(
        b"RGB ",
        {
            b"rXYZ": xyz(0.60974, 0.31111, 0.01947),
            b"gXYZ": xyz(0.20528, 0.62567, 0.06087),
            b"bXYZ": xyz(0.14919, 0.06322, 0.74457),
            b"rTRC": curve,
            b"gTRC": curve,
            b"bTRC": curve,
        },
        "Wide test RGB",
    )


def grey_profile(gamma: float = 1.0) -> bytes:
    return make_profile(b"GRAY", {b"kTRC": gamma_curve(gamma)}, "Grey test")


def table_profile(space: bytes, samples: NDArray[np.float64], title: str) -> bytes:
    """A profile that works by a table (lut16) from the device to CIELAB.

    Args:
        samples: (n, n, …, 3) Lab, one axis for each channel of the device.
    """
    channels, n = samples.ndim - 1, samples.shape[0]
    scaled = np.empty_like(samples)
    scaled[..., 0] = samples[..., 0] * 652.8  # version 2: L 100 is 0xFF00
    scaled[..., 1:] = (samples[..., 1:] + 128) * 256
    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    straight = struct.pack(">2H", 0, 65535)
    table = np.clip(np.rint(scaled), 0, 65535).astype(">u2").tobytes()
    lut = b"mft2\0\0\0\0" + struct.pack(">4B", channels, 3, n, 0) + identity + struct.pack(">2H", 2, 2)
    lut += straight * channels + table + straight * 3
    return make_profile(space, {b"A2B0": lut}, title, kind=b"scnr" if space == b"RGB " else b"prtr", pcs=b"Lab ")


def cmyk_profile() -> bytes:
    """Ink that darkens: lightness falls with every channel, cyan goes to the blue-green side, and so on."""
    c, m, y, k = np.meshgrid(*[np.linspace(0, 1, 5)] * 4, indexing="ij")
    lightness = 100 * (1 - 0.35 * c) * (1 - 0.45 * m) * (1 - 0.1 * y) * (1 - 0.9 * k)
    a = (-35 * c + 70 * m - 5 * y) * (1 - k)
    b = (-45 * c - 5 * m + 85 * y) * (1 - k)
    return table_profile(b"CMYK", np.stack([lightness, a, b], axis=-1), "Ink test")


def lut_profile() -> bytes:
    """RGB by a table: a soft contrast curve on lightness and muted colours."""
    r, g, b = np.meshgrid(*[np.linspace(0, 1, 17)] * 3, indexing="ij")
    lightness = 100 * (0.3 * r + 0.6 * g + 0.1 * b) ** 0.9
    return table_profile(b"RGB ", np.stack([lightness, 60 * (r - g), 60 * (g - b)], axis=-1), "Table test")


def insert_chunk(data: bytes, kind: bytes, content: bytes, at: int = 33) -> bytes:
    """A PNG with one more chunk, right after its header."""
    chunk = struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return data[:at] + chunk + data[at:]


def bomb_png(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n"
    for kind, content in ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")):
        data += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return data


def write_deep(path: Path, array: NDArray[Any], **attributes: Any) -> None:
    """Write a picture with OpenImageIO; `__` in names of attributes stands for a colon."""
    kind = "float" if array.dtype == np.float32 else array.dtype.name
    spec = oiio.ImageSpec(array.shape[1], array.shape[0], array.shape[2], kind)
    if array.shape[2] == 2:
        spec.alpha_channel = 1
    for name, value in attributes.items():
        if isinstance(value, bytes):
            spec.attribute(name, oiio.TypeDesc(f"uint8[{len(value)}]"), np.frombuffer(value, np.uint8))
        else:
            spec.attribute(name.replace("__", ":"), value)
    target = oiio.ImageOutput.create(str(path))
    assert target is not None
    assert target.open(str(path), spec), target.geterror()
    assert target.write_image(array), target.geterror()
    target.close()


def plain_tiff(array: NDArray[np.uint16], photometric: int, profile: bytes = b"") -> bytes:
    """An uncompressed 16-bit TIFF, written by hand because the libraries cannot write every kind."""
    height, width, channels = array.shape
    pixels = array.astype("<u2").tobytes()
    depths = struct.pack(f"<{channels}H", *[16] * channels)
    start = 8 + len(pixels)
    fields = [  # tag, type (3 short, 4 long, 7 bytes), count, value or offset
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, channels, start if channels > 2 else 16),
        (259, 3, 1, 1),
        (262, 3, 1, photometric),
        (273, 4, 1, 8),
        (277, 3, 1, channels),
        (278, 4, 1, height),
        (279, 4, 1, len(pixels)),
    ]
    if profile:
        fields.append((34675, 7, len(profile), start + len(depths)))
    directory = struct.pack("<H", len(fields)) + b"".join(struct.pack("<HHII", *field) for field in fields) + bytes(4)
    body = pixels + depths + profile
    body += bytes(len(body) % 2)
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory


def noise(shape: tuple[int, ...], dtype: Any = np.uint8, seed: int = 0) -> NDArray[Any]:
    top = full_value(np.dtype(dtype))
    return np.random.default_rng(seed).integers(0, top + 1, shape, dtype=dtype)


def photo(height: int, width: int, dtype: Any = np.uint8) -> NDArray[Any]:
    """Smooth opaque RGBA."""
    y = np.arange(height, dtype=np.float32)[:, None] / max(height, width)
    x = np.arange(width, dtype=np.float32)[None] / max(height, width)
    top = full_value(np.dtype(dtype))
    out = np.full((height, width, 4), top, dtype)
    for channel, plane in enumerate((0.5 + 0.4 * np.sin(5 * x + 3 * y), 0.2 + 0.6 * x, 0.8 - 0.5 * y)):
        out[..., channel] = np.rint(plane * top)
    return out


def rich_snapshot(dtype: Any = np.uint8, profile: bytes | None = None) -> Snapshot:
    """Everything that a document can hold, 300 x 200."""
    top = full_value(np.dtype(dtype))
    soft = np.clip(np.mgrid[0:90, 0:110][1] * 3, 0, 255).astype(np.uint8)
    strokes = np.zeros((120, 100, 4), dtype)
    strokes[20:60, 10:80] = noise((40, 70, 4), dtype, 1)
    mask = TiledImage.from_array(soft, (-5, 7))
    layers: tuple[Layer, ...] = (
        ImageLayer(name="Photo", pixels=TiledImage.from_array(photo(200, 300, dtype)), locked=True),
        GroupLayer(
            name="Gruppe \N{CAT} ünï",
            opacity=0.1 + 0.2,
            blend=BlendMode.SOFT_LIGHT,
            offset=(4, -9),
            mask=TiledImage.from_array(noise((50, 400), np.uint8, 2), (-20, 30), default=255),
            expanded=False,
            children=(
                ImageLayer(
                    name="Strokes <&\"'>",
                    role=Role.STROKES,
                    pixels=TiledImage.from_array(strokes, (-30, -40)),
                    offset=(-13, 250),
                    alpha_locked=True,
                    blend=BlendMode.LUMINOSITY,
                ),
                GroupLayer(name="Empty group", visible=False),
                ImageLayer(name="Empty", opacity=0.0, visible=False, pixels=TiledImage(4, np.dtype(dtype))),
            ),
        ),
        ImageLayer(
            id=LayerId("result-1"),
            name="line\nbreak\ttab \0 bell\x07 \ud800 \uffff",
            role=Role.RESULT,
            pixels=TiledImage.from_array(noise((90, 110, 4), dtype, 3), (-5, 7)),
            mask=mask,
            offset=(60, 40),
            opacity=0.75,
            blend=BlendMode.MULTIPLY,
            recipe=b"PK not really a recipe \0\xff",
            recipe_title="Paint with strokes · “ein Ball” · seed 7",
        ),
        ImageLayer(
            name="Mask switched off",
            pixels=TiledImage.from_array(np.full((30, 40, 4), top // 3, dtype), (270, 180)),
            mask=TiledImage(1, np.dtype(np.uint8), 0),
            mask_enabled=False,
            blend=BlendMode.PLUS,
        ),
    )
    selection = TiledImage.from_array(noise((70, 80), np.uint8, 4), (100, 50))
    placed = Placed(selection.identity, Placement((12.5, -7.0), 1.25, 30.0))
    points = (PointPair((12.25, 7.1), (40.0, 60.7)), PointPair((299.5, 0.5), (0.5, 199.5)))
    active, box = LayerId("result-1"), Rect(-20, 30, 100, 60)
    return Snapshot((300, 200), np.dtype(dtype), profile, layers, active, selection, placed, points, box)


def assert_same_image(actual: TiledImage | None, expected: TiledImage | None) -> None:
    assert (actual is None) == (expected is None)
    if actual is not None and expected is not None:
        assert actual.equals(expected)


def assert_same_layers(actual: tuple[Layer, ...], expected: tuple[Layer, ...]) -> None:
    """Equal in everything, down to the last value."""
    assert len(actual) == len(expected)
    for one, other in zip(actual, expected, strict=True):
        assert type(one) is type(other)
        for name in other.__dataclass_fields__:
            mine, theirs = getattr(one, name), getattr(other, name)
            if name in ("pixels", "mask"):
                assert_same_image(mine, theirs)
            elif name == "children":
                assert_same_layers(mine, theirs)
            else:
                assert mine == theirs, f"{name} of {other.name!r}"


def assert_same_snapshot(actual: Snapshot, expected: Snapshot) -> None:
    for name in ("size", "dtype", "profile", "active", "placement", "points", "box"):
        assert getattr(actual, name) == getattr(expected, name), name
    assert_same_image(actual.selection, expected.selection)
    assert_same_layers(actual.layers, expected.layers)


def saved(snapshot: Snapshot, folder: Path, title: str = "") -> Path:
    path = folder / "x.ora"
    save_snapshot(snapshot, path, title)
    return path


def entry(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def pixels_of(path: Path, name: str) -> np.ndarray[Any, Any]:
    return np.array(Image.open(BytesIO(entry(path, name))).convert("RGBA"))


def one_layer(**changes: Any) -> Snapshot:
    layer = ImageLayer(**{"pixels": TiledImage.from_array(photo(50, 60)), **changes})
    return Snapshot((60, 50), np.dtype(np.uint8), None, (layer,), layer.id, None)
