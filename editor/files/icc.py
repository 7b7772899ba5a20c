"""ICC profiles made of a matrix and three curves, read into numbers (ICC.1:2022, sections 7, 10.6, 10.18).

Pillow's ImageCms moves 8 bits a channel only; with matrix and curves in hand 16 bits are a few numpy lines.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_LONGEST = 65536  # entries of a curve; LittleCMS takes half as many


class ProfileError(ValueError):
    """The bytes are no usable ICC profile."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Encoded value to linear light, both 0..1, sampled evenly over 0..1."""

    samples: Floats

    def __call__(self, x: Floats) -> Floats:
        return np.interp(x, np.linspace(0.0, 1.0, len(self.samples)), self.samples)


@dataclass(frozen=True, eq=False)
class MatrixProfile:
    """An RGB profile: linear = curve(encoded); XYZ (D50) = matrix @ linear."""

    matrix: Floats  # (3, 3)
    curves: tuple[Curve, Curve, Curve]


def colour_space(profile: bytes) -> str:
    """ "RGB", "GRAY", "CMYK", … of the pixels that the profile describes; "" for bytes that are no profile."""
    if len(profile) < 132 or profile[36:40] != b"acsp":
        return ""
    return profile[16:20].decode("ascii", "replace").strip()


def matrix_profile(profile: bytes) -> MatrixProfile | None:
    """Matrix and curves of an RGB profile; None for one that works by tables (which take precedence) or is broken."""
    try:
        tags = _Tags(profile)
        if colour_space(profile) != "RGB" or profile[20:24] != b"XYZ " or b"A2B0" in tags:
            return None
        columns = [_xyz(tags[name]) for name in (b"rXYZ", b"gXYZ", b"bXYZ")]
        red, green, blue = (_curve(tags[name]) for name in (b"rTRC", b"gTRC", b"bTRC"))
    except (KeyError, struct.error, ProfileError):
        return None
    matrix = np.array(columns).T
    return MatrixProfile(matrix, (red, green, blue)) if abs(np.linalg.det(matrix)) > 1e-6 else None


def grey_curve(profile: bytes) -> Curve | None:
    """The curve of a grey profile, None where it has no usable one."""
    try:
        return _curve(_Tags(profile)[b"kTRC"])
    except (KeyError, struct.error, ProfileError):
        return None


class _Tags:
    """The contents by name, cut out only when asked for: tags may overlap, and together be far larger than the file."""

    def __init__(self, profile: bytes) -> None:
        (count,) = struct.unpack_from(">I", profile, 128)
        if count > 1000:
            raise ProfileError("too many tags")
        self._profile = memoryview(profile)
        self._places: dict[bytes, tuple[int, int]] = {}
        for index in range(count):
            name, start, size = struct.unpack_from(">4sII", profile, 132 + 12 * index)
            self._places[name] = (start, size)

    def __contains__(self, name: bytes) -> bool:
        return name in self._places

    def __getitem__(self, name: bytes) -> memoryview:
        start, size = self._places[name]
        return self._profile[start : start + size]


def _xyz(tag: memoryview) -> list[float]:
    return [_fixed(value) for value in struct.unpack_from(">3i", tag, 8)]


def _fixed(value: int) -> float:
    return value / 65536  # s15Fixed16Number


def _curve(tag: memoryview) -> Curve:
    kind, (count,) = bytes(tag[:4]), struct.unpack_from(">I", tag, 8)
    if kind == b"para":
        return _parametric(count >> 16, tag)
    if kind != b"curv":
        raise ProfileError("unknown curve")
    if count > _LONGEST:
        raise ProfileError("curve too long")
    if count == 0:
        return Curve(np.array([0.0, 1.0]))
    values = np.array(struct.unpack_from(f">{count}H", tag, 12), np.float64)
    if count == 1:
        return Curve(np.linspace(0.0, 1.0, 65536) ** (values[0] / 256))  # u8Fixed8Number
    return Curve(values / 65535)


def _parametric(kind: int, tag: memoryview) -> Curve:
    """The five functions of section 10.18: Y = (aX + b)^g + e from X = d on, cX + f below."""
    count = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}.get(kind)
    if count is None:
        raise ProfileError("unknown parametric curve")
    g, *rest = [_fixed(value) for value in struct.unpack_from(f">{count}i", tag, 12)]
    a, b, c, d, e, f = (1.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    if kind in (1, 2):
        a, b = rest[:2]
        d = -b / a if a else 0.0
        e = f = rest[2] if kind == 2 else 0.0
    elif kind >= 3:
        a, b, c, d = rest[:4]
        e, f = rest[4:6] if kind == 4 else (0.0, 0.0)
    x = np.linspace(0.0, 1.0, 65536)
    power = np.maximum(a * x + b, 0.0) ** g + e
    return Curve(np.clip(np.where(x >= d, power, c * x + f), 0.0, 1.0))
