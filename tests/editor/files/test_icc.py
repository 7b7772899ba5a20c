from __future__ import annotations

import struct
import tracemalloc

import numpy as np
import pytest

from editor.files.icc import colour_space, grey_curve, matrix_profile
from tests.editor.files.samples import grey_profile, lut_profile, make_profile, srgb_profile, wide_profile


def test_a_matrix_profile_gives_its_numbers() -> None:
    found = matrix_profile(wide_profile())
    assert found is not None
    assert np.allclose(found.matrix[:, 0], (0.60974, 0.31111, 0.01947), atol=1e-4)
    assert np.allclose(found.curves[0](np.array([0.0, 0.5, 1.0])), (0, 0.5**2.19921875, 1), atol=1e-4)
    srgb = matrix_profile(srgb_profile())
    assert srgb is not None
    assert srgb.curves[1](np.array([0.5]))[0] == pytest.approx(0.21404, abs=1e-4)  # IEC 61966-2-1


def test_kinds_of_profiles() -> None:
    assert [colour_space(data) for data in (wide_profile(), grey_profile(), b"", bytes(200))] == ["RGB", "GRAY", "", ""]
    assert matrix_profile(lut_profile()) is None
    assert matrix_profile(grey_profile()) is None
    assert grey_curve(wide_profile()) is None
    curve = grey_curve(grey_profile(2.0))
    assert curve is not None
    assert curve(np.array([0.5]))[0] == pytest.approx(0.25, abs=1e-6)


@pytest.mark.parametrize("cut", [0, 100, 130, 140, 200, 300])
def test_truncated_profiles_are_no_matrix(cut: int) -> None:
    assert matrix_profile(wide_profile()[:cut]) is None
    assert grey_curve(grey_profile()[:cut]) is None


def test_a_curve_that_claims_too_much_is_none() -> None:
    long = b"curv\0\0\0\0" + struct.pack(">I", 2**31)
    assert grey_curve(make_profile(b"GRAY", {b"kTRC": long + bytes(64)}, "long")) is None
    assert grey_curve(make_profile(b"GRAY", {b"kTRC": long[:8]}, "short")) is None


def test_overlapping_tags_are_not_copied() -> None:
    size = 2 << 20
    profile = bytearray(make_profile(b"GRAY", {}, "bomb").ljust(size, b"\0"))
    profile[128:132] = struct.pack(">I", 500)
    for index in range(500):
        struct.pack_into(">4sII", profile, 132 + 12 * index, b"%04d" % index, 1, size)
    tracemalloc.start()
    assert grey_curve(bytes(profile)) is None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * size + 500_000
