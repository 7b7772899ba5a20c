"""Pixels from one ICC profile to another; None always stands for sRGB.

8 bits go through LittleCMS (Pillow's ImageCms). ImageCms has no 16-bit RGB, so 16 bits go through the profile's own
matrix and curves in floating point. A profile that works by tables has neither: it is sampled with LittleCMS at 52³
colours whose values are exact in 8 bits, and 16-bit pixels are interpolated between those samples. That is smooth (no
8-bit steps in a gradient) and off by at most about one 8-bit level, which error diffusion would have traded for noise.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from io import BytesIO
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from editor.files.icc import Curve, Floats, MatrixProfile, colour_space, grey_curve, matrix_profile
from editor.tiles import Array

_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
_FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.NOCACHE  # without the cache threads may share it
_STRIP = 1 << 20  # pixels converted at a time
_NODES = 52  # 255 / 5 + 1
_INVERSE = 1 << 18  # entries of a table from linear light back to code values


def to_srgb(array: Array, profile: bytes | None) -> Array:
    """(H, W, 3 or 4) pixels as sRGB; the array itself where the profile is sRGB already. Alpha is left as it is."""
    return convert(array, profile, None)


def from_srgb(array: Array, profile: bytes | None) -> Array:
    """sRGB (H, W, 3 or 4) pixels in the colours of `profile`; the array itself where that is sRGB."""
    return convert(array, None, profile)


def convert(array: Array, source: bytes | None, target: bytes | None) -> Array:
    """(H, W, 3 or 4) uint8 or uint16 pixels from one RGB profile to another, relative colorimetric.

    Colours that the target cannot hold are clipped. The array itself comes back where nothing changes; a profile that
    cannot be read, is not for RGB, or does not work in the direction that is asked, counts as sRGB.
    """
    source = _settled(source) if source is not None and readable_rgb(source) else None
    target = _settled(target) if target is not None and usable_rgb(target) else None
    if source == target:
        return array
    if array.dtype == np.uint8:
        return _by_cms(cast(NDArray[np.uint8], array), source, target)
    return _deep(cast(NDArray[np.uint16], array), source, target)


def grey_to_srgb(values: Array, profile: bytes) -> Array:
    """Grey of a grey profile as the grey of sRGB, same shape; unchanged where the profile has no curve."""
    curve = grey_curve(profile)
    if curve is None:
        return values
    full = np.iinfo(values.dtype).max
    light = curve(np.linspace(0.0, 1.0, full + 1))
    table = np.rint(srgb_encoded(light) * full).astype(values.dtype)
    return cast(Array, table[values])


def cmyk_to_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, bool]:
    """A CMYK picture as sRGB, and whether its profile was used (else Pillow's rough formula)."""
    if profile is not None and colour_space(profile) == "CMYK":
        try:
            transform = ImageCms.buildTransform(
                _opened(profile), ImageCms.createProfile("sRGB"), "CMYK", "RGB", _INTENT, _FLAGS
            )
            return _applied(image, transform), True
        except ImageCms.PyCMSError:
            pass
    return image.convert("RGB"), False


def lab_to_srgb(image: Image.Image) -> Image.Image:
    """A CIELAB (D50) picture as sRGB."""
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    return _applied(image, ImageCms.buildTransform(lab, srgb, "LAB", "RGB", _INTENT, _FLAGS))


def profile_title(profile: bytes | None) -> str:
    """What the profile calls itself, e.g. "Adobe RGB (1998)"; "sRGB" without one."""
    if profile is None:
        return "sRGB"
    try:
        return ImageCms.getProfileDescription(_opened(profile)).strip() or "Unnamed profile"
    except ImageCms.PyCMSError:
        return "Unreadable profile"


def readable_rgb(profile: bytes) -> bool:
    """Whether RGB pixels can be converted from this profile to others."""
    return colour_space(profile) == "RGB" and _works(profile, None)


def usable_rgb(profile: bytes) -> bool:
    """Whether RGB pixels can be converted both from and to this profile; a scanner's often goes one way only."""
    return readable_rgb(profile) and _works(None, profile)


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """An sRGB profile, for files whose readers want to see one; the same bytes on every day."""
    made = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return made[:24] + struct.pack(">6H", 2000, 1, 1, 0, 0, 0) + made[36:]  # LittleCMS writes the date of today


def srgb_encoded(linear: Floats) -> Floats:
    """Linear light 0..1 to the code values 0..1 of sRGB (IEC 61966-2-1)."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0.0) ** (1 / 2.4) - 0.055)


@lru_cache(maxsize=64)
def _works(source: bytes | None, target: bytes | None) -> bool:
    try:
        _transform(source, target, "RGB")
    except ImageCms.PyCMSError:
        return False
    return True


@lru_cache(maxsize=32)
def _settled(profile: bytes) -> bytes | None:
    """None for every profile that means sRGB, so that those convert without touching a pixel."""
    numbers, srgb = matrix_profile(profile), _numbers(None)
    if numbers is None or srgb is None or np.abs(numbers.matrix - srgb.matrix).max() > 0.002:
        return profile
    codes = np.linspace(0.0, 1.0, 256)
    worst = max(np.abs(srgb_encoded(curve(codes)) - codes).max() for curve in numbers.curves)
    return None if worst < 0.5 / 255 else profile


@lru_cache(maxsize=32)
def _numbers(profile: bytes | None) -> MatrixProfile | None:
    return matrix_profile(srgb_profile() if profile is None else profile)


def _opened(profile: bytes | None) -> ImageCms.ImageCmsProfile:
    try:
        return ImageCms.ImageCmsProfile(BytesIO(srgb_profile() if profile is None else profile))
    except (OSError, TypeError, ValueError) as error:
        raise ImageCms.PyCMSError(error) from error


@lru_cache(maxsize=16)
def _transform(source: bytes | None, target: bytes | None, mode: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(_opened(source), _opened(target), mode, mode, _INTENT, _FLAGS)


def _applied(image: Image.Image, transform: ImageCms.ImageCmsTransform) -> Image.Image:
    done = ImageCms.applyTransform(image, transform)
    assert done is not None  # only an in-place transform gives None
    return done


def _deep(array: NDArray[np.uint16], source: bytes | None, target: bytes | None) -> NDArray[np.uint16]:
    exact = _numbers(source) is not None and _numbers(target) is not None
    out = array.copy()
    colours, done = array.reshape(-1, array.shape[2])[:, :3], out.reshape(-1, array.shape[2])
    for start in range(0, len(colours), _STRIP):
        strip = slice(start, start + _STRIP)
        convert_strip = _by_matrix if exact else _by_samples
        done[strip, :3] = convert_strip(colours[strip], source, target)
    return out


def _by_cms(array: NDArray[np.uint8], source: bytes | None, target: bytes | None) -> NDArray[np.uint8]:
    mode = "RGBA" if array.shape[2] == 4 else "RGB"
    done = np.array(_applied(Image.fromarray(array), _transform(source, target, mode)))
    if mode == "RGBA":
        done[..., 3] = array[..., 3]
    return done


def _by_matrix(colours: NDArray[np.uint16], source: bytes | None, target: bytes | None) -> NDArray[np.uint16]:
    """(N, 3) code values through curves, matrix and inverse curves."""
    one, other = _numbers(source), _numbers(target)
    assert one is not None
    assert other is not None
    matrix = (np.linalg.inv(other.matrix) @ one.matrix).astype(np.float32)
    linear = np.stack([_linear(curve)[colours[:, i]] for i, curve in enumerate(one.curves)], axis=1) @ matrix.T
    np.clip(linear, 0.0, 1.0, out=linear)
    steps = np.rint(np.sqrt(linear, out=linear) * (_INVERSE - 1)).astype(np.int32)
    return np.stack([_inverse(curve)[steps[:, i]] for i, curve in enumerate(other.curves)], axis=1)


@lru_cache(maxsize=16)
def _linear(curve: Curve) -> NDArray[np.float32]:
    """Linear light of each of the 65536 code values."""
    return curve(np.linspace(0.0, 1.0, 65536)).astype(np.float32)


@lru_cache(maxsize=16)
def _inverse(curve: Curve) -> NDArray[np.uint16]:
    """Code values by the square root of linear light: under a root the usual curves are nearly straight."""
    codes = np.linspace(0.0, 1.0, 65536)
    light = np.maximum.accumulate(curve(codes))
    wanted = np.linspace(0.0, 1.0, _INVERSE) ** 2
    return np.rint(np.interp(wanted, light, codes) * 65535).astype(np.uint16)


@lru_cache(maxsize=4)
def _sampled(source: bytes | None, target: bytes | None) -> NDArray[np.float32]:
    """(52, 52, 52, 3) target code values 0..65535 of evenly spread source colours [red, green, blue]."""
    axis = np.arange(0, 256, 255 // (_NODES - 1), dtype=np.uint8)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    done = _by_cms(np.ascontiguousarray(grid.reshape(_NODES, -1, 3)), source, target)
    return done.reshape(grid.shape).astype(np.float32) * 257


def _by_samples(colours: NDArray[np.uint16], source: bytes | None, target: bytes | None) -> NDArray[np.uint16]:
    """(N, 3) code values interpolated between the eight samples around each."""
    table = _sampled(source, target)
    place = colours.astype(np.float32) * np.float32((_NODES - 1) / 65535)
    low = np.minimum(place.astype(np.int32), _NODES - 2)
    part = place - low
    flat = table.reshape(-1, 3)
    base = (low[:, 0] * _NODES + low[:, 1]) * _NODES + low[:, 2]
    total = np.zeros(colours.shape, np.float32)
    for red, green, blue in np.ndindex(2, 2, 2):
        corner = (red, green, blue)
        weight = np.ones(len(colours), np.float32)
        for axis, upper in enumerate(corner):
            weight *= part[:, axis] if upper else 1 - part[:, axis]
        total += flat[base + (red * _NODES + green) * _NODES + blue] * weight[:, None]
    return np.rint(total).astype(np.uint16)
