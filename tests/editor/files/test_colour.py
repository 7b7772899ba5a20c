"""Colours from profile to profile: exact where nothing has to change, close to LittleCMS everywhere."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from editor.files import from_srgb, profile_title, to_srgb
from editor.files.colour import convert, grey_to_srgb, readable_rgb, srgb_encoded, usable_rgb
from editor.files.icc import colour_space, grey_curve, matrix_profile
from tests.editor.files.samples import (
    gamma_curve,
    grey_profile,
    lut_profile,
    make_profile,
    noise,
    photo,
    srgb_profile,
    wide_profile,
    xyz,
)
from tests.images import assert_identical


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("profile", [None, srgb_profile(), b"", b"not a profile" * 30])
def test_srgb_to_srgb_touches_nothing(dtype: Any, profile: bytes | None) -> None:
    pixels = noise((20, 30, 4), dtype)
    assert to_srgb(pixels, profile) is pixels
    assert from_srgb(pixels, profile) is pixels


def test_another_srgb_is_still_srgb() -> None:
    """The same colours by a curve of 1024 points, as the common sRGB IEC61966-2.1 has it."""
    codes = np.linspace(0, 1, 1024)
    linear = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)
    curve = b"curv\0\0\0\0" + struct.pack(">I1024H", 1024, *np.rint(linear * 65535).astype(int))
    same = _rgb_profile(curve, title="sRGB by points")
    pixels = noise((20, 30, 3), np.uint16)
    assert to_srgb(pixels, same) is pixels
    gamma = _rgb_profile(gamma_curve(1.8), title="sRGB primaries, gamma 1.8")
    assert np.abs(to_srgb(pixels, gamma).astype(int) - pixels).max() > 3000


def _rgb_profile(curve: bytes, title: str) -> bytes:
    srgb = matrix_profile(srgb_profile())
    assert srgb is not None
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    columns = {name: xyz(*srgb.matrix[:, i]) for i, name in enumerate(names)}
    return make_profile(b"RGB ", {**columns, **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)}, title)


def test_sixteen_bits_agree_with_littlecms_at_eight() -> None:
    pixels = noise((64, 64, 4))
    for profile in (wide_profile(), _rgb_profile(gamma_curve(1.8), "gamma 1.8")):
        for there in (to_srgb, from_srgb):
            eight = there(pixels, profile).astype(float)
            sixteen = there(pixels.astype(np.uint16) * 257, profile) / 257
            error = np.abs(eight - sixteen)[..., :3]
            assert error.max() < 1.5  # LittleCMS' own short cut at 8 bits is coarse next to black
            assert (error > 0.75).mean() < 0.001
            assert_identical(there(pixels, profile)[..., 3], pixels[..., 3])


def test_known_colours() -> None:
    """Adobe RGB (1998) green lies outside sRGB; its grey of 128 is 127.2 of sRGB (both curves computed by hand)."""
    wide = np.array([[[0, 65535, 0], [32896, 32896, 32896], [65535, 65535, 65535], [0, 0, 0]]], np.uint16)
    green, grey, white, black = to_srgb(wide, wide_profile())[0] / 257
    assert green.max() == 255
    assert green[0] == 0
    expected = srgb_encoded(np.array((128 / 255) ** 2.19921875)) * 255
    assert np.abs(grey - expected).max() < 0.1
    assert white.min() > 254.8
    assert black.max() == 0


def test_there_and_back_at_sixteen_bits() -> None:
    """Colours that both profiles hold come back within six of 65535 levels."""
    pixels = photo(64, 96, np.uint16)
    back = to_srgb(from_srgb(pixels, wide_profile()), wide_profile())
    assert np.abs(back.astype(int) - pixels).max() <= 6


def test_sixteen_bits_have_no_eight_bit_steps() -> None:
    ramp = np.arange(0, 65536, 16, dtype=np.uint16)[None, :, None].repeat(3, axis=2)
    for profile in (wide_profile(), lut_profile()):
        assert len(np.unique(to_srgb(ramp, profile)[..., 1])) > 3500


def test_a_profile_of_tables_at_sixteen_bits() -> None:
    profile = lut_profile()
    assert matrix_profile(profile) is None
    pixels = photo(64, 96)
    eight = to_srgb(pixels, profile)
    assert np.abs(eight.astype(int) - pixels).mean() > 5
    sixteen = to_srgb(pixels.astype(np.uint16) * 257, profile) / 257
    error = np.abs(sixteen - eight)[..., :3]
    assert error.max() < 1.6  # rounding of both to eight bits included
    assert error.mean() < 0.4


def test_a_profile_that_goes_one_way_only() -> None:
    """Colours can be read by a scanner's profile but not written by it."""
    assert readable_rgb(lut_profile())
    assert not usable_rgb(lut_profile())
    assert usable_rgb(wide_profile())
    pixels = photo(8, 8)
    assert from_srgb(pixels, lut_profile()) is pixels


def test_between_two_profiles() -> None:
    pixels = photo(40, 40, np.uint16)
    other = _rgb_profile(gamma_curve(1.8), "gamma 1.8")
    direct = convert(pixels, wide_profile(), other)
    assert np.abs(direct.astype(int) - from_srgb(to_srgb(pixels, wide_profile()), other)).max() <= 4
    assert convert(pixels, other, other) is pixels


def test_grey() -> None:
    values = noise((9, 9), np.uint16)
    linear = grey_to_srgb(values, grey_profile(1.0))
    assert_identical(linear, np.rint(srgb_encoded(values / 65535) * 65535).astype(np.uint16))
    assert grey_to_srgb(values, srgb_profile()) is values


def test_titles() -> None:
    assert profile_title(None) == "sRGB"
    assert profile_title(wide_profile()) == "Wide test RGB"
    assert profile_title(b"x" * 200) == "Unreadable profile"


@pytest.mark.parametrize("kind", range(5))
def test_parametric_curves(kind: int) -> None:
    """sRGB as each of the five kinds of function; the short ones come near it."""
    numbers = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045, 0.0, 0.0]
    numbers = {0: [2.2], 1: numbers[:3], 2: [*numbers[:3], 0.0], 3: numbers[:5], 4: numbers}[kind]
    curve = b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + struct.pack(f">{len(numbers)}i", *_fixed(numbers))
    found = grey_curve(make_profile(b"GRAY", {b"kTRC": curve}, "Grey"))
    assert found is not None
    codes: NDArray[np.float64] = np.linspace(0, 1, 300)
    assert np.abs(srgb_encoded(found(codes)) - codes).max() < (0.04 if kind < 3 else 2e-4)


def _fixed(numbers: list[float]) -> list[int]:
    return [round(number * 65536) for number in numbers]


@pytest.mark.parametrize("cut", range(0, 480, 7))
def test_cut_profiles_are_no_trouble(cut: int) -> None:
    pixels = noise((3, 3, 3))
    profile = wide_profile()[:cut]
    assert to_srgb(pixels, profile).shape == pixels.shape
    assert to_srgb(pixels.astype(np.uint16), profile).shape == pixels.shape
    assert isinstance(profile_title(profile), str)
    assert isinstance(colour_space(profile), str)


def test_threads_share_transforms() -> None:
    pixels = photo(256, 256)
    expected = to_srgb(pixels, wide_profile())
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: to_srgb(pixels, wide_profile()), range(40)):
            assert_identical(found, expected)
