"""What is exported is what is seen, at the depth and with the profile of the document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from editor.composite import composite
from editor.document import Snapshot
from editor.errors import FileProblem
from editor.files import EXPORT_SUFFIXES, export_picture, open_pixels, recipe_in
from editor.files.export import RECIPE_LIMIT, on_white
from editor.layers import ImageLayer
from editor.tiles import TiledImage
from tests.editor.files.samples import noise, photo, rich_snapshot, wide_profile
from tests.images import assert_identical, psnr


def flat(pixels: np.ndarray[Any, Any], profile: bytes | None = None) -> Snapshot:
    height, width = pixels.shape[:2]
    layer = ImageLayer(pixels=TiledImage.from_array(pixels))
    return Snapshot((width, height), pixels.dtype, profile, (layer,), layer.id, None)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff", ".PNG"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lossless_kinds_keep_every_value(tmp_path: Path, suffix: str, dtype: Any) -> None:
    snapshot = rich_snapshot(dtype, wide_profile())
    export_picture(snapshot, tmp_path / f"x{suffix}")
    found = open_pixels(tmp_path / f"x{suffix}")
    assert_identical(found.array, composite(snapshot))
    assert found.profile == wide_profile()


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_transparency_is_kept(tmp_path: Path, suffix: str, dtype: Any) -> None:
    pixels = noise((40, 60, 4), dtype)
    pixels[..., 3] = np.maximum(pixels[..., 3], 1)
    export_picture(flat(pixels), tmp_path / f"x{suffix}")
    found = open_pixels(tmp_path / f"x{suffix}").array
    assert_identical(found, composite(flat(pixels)))
    assert_identical(found[..., 3], pixels[..., 3])


def test_an_opened_photo_is_exported_unchanged(tmp_path: Path) -> None:
    pixels = photo(300, 400, np.uint16)
    export_picture(flat(pixels), tmp_path / "x.png")
    assert_identical(open_pixels(tmp_path / "x.png").array, pixels)


def test_no_alpha_where_nothing_is_transparent(tmp_path: Path) -> None:
    export_picture(flat(photo(30, 40)), tmp_path / "x.png")
    assert Image.open(tmp_path / "x.png").mode == "RGB"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_jpeg_lies_on_white(tmp_path: Path, dtype: Any) -> None:
    pixels = photo(64, 64, dtype)
    pixels[:, :32, 3] = 0
    export_picture(flat(pixels, wide_profile()), tmp_path / "x.jpg", quality=95)
    found = open_pixels(tmp_path / "x.jpg")
    assert found.profile == wide_profile()
    assert found.array[:, :24, :3].min() >= 253
    assert psnr(found.array[:, 40:], (photo(64, 64))[:, 40:]) > 35


def test_quality_counts(tmp_path: Path) -> None:
    for suffix in (".jpg", ".webp"):
        for quality in (30, 95):
            export_picture(flat(photo(200, 200)), tmp_path / f"{quality}{suffix}", quality=quality)
        low, high = ((tmp_path / f"{quality}{suffix}") for quality in (30, 95))
        assert low.stat().st_size < high.stat().st_size
        assert psnr(open_pixels(low).array, photo(200, 200)) < psnr(open_pixels(high).array, photo(200, 200))


def test_noise_at_the_highest_quality(tmp_path: Path) -> None:
    export_picture(flat(noise((600, 600, 4))), tmp_path / "x.jpg", quality=100)
    assert open_pixels(tmp_path / "x.jpg").array.shape == (600, 600, 4)


def test_webp_of_full_quality_is_lossless(tmp_path: Path) -> None:
    pixels = noise((30, 40, 4))
    export_picture(flat(pixels, wide_profile()), tmp_path / "x.webp", quality=100)
    found = open_pixels(tmp_path / "x.webp")
    assert_identical(found.array, composite(flat(pixels)))
    assert found.profile == wide_profile()


def test_on_white() -> None:
    pixels = np.array([[[0, 0, 0, 128], [10, 20, 30, 255], [9, 9, 9, 0]]], np.uint8)
    assert on_white(pixels).tolist() == [[[127, 127, 127], [10, 20, 30], [255, 255, 255]]]


# The recipe


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_carries_the_recipe(tmp_path: Path, dtype: Any) -> None:
    recipe = bytes(range(256)) * 100
    assert export_picture(flat(photo(30, 40, dtype)), tmp_path / "x.png", recipe=recipe) == ""
    assert recipe_in(tmp_path / "x.png") == recipe
    assert_identical(open_pixels(tmp_path / "x.png").array, photo(30, 40, dtype))


def test_no_recipe(tmp_path: Path) -> None:
    export_picture(flat(photo(30, 40)), tmp_path / "x.png")
    assert recipe_in(tmp_path / "x.png") is None
    export_picture(flat(photo(30, 40)), tmp_path / "x.jpg", recipe=b"recipe")
    assert recipe_in(tmp_path / "x.jpg") is None


def test_a_large_recipe_is_left_out_and_said_so(tmp_path: Path) -> None:
    note = export_picture(flat(photo(30, 40)), tmp_path / "x.png", recipe=bytes(RECIPE_LIMIT + 1))
    assert "larger than 1 MB" in note
    assert recipe_in(tmp_path / "x.png") is None
    export_picture(flat(photo(30, 40)), tmp_path / "x.png", recipe=bytes(RECIPE_LIMIT))
    assert recipe_in(tmp_path / "x.png") == bytes(RECIPE_LIMIT)
    assert_identical(open_pixels(tmp_path / "x.png").array, photo(30, 40))


# What does not work


def test_unknown_suffix(tmp_path: Path) -> None:
    for name in ("x.xcf", "x"):
        with pytest.raises(FileProblem, match=r"does not say as what to export. End the name in \.png, \.jpg"):
            export_picture(flat(photo(3, 4)), tmp_path / name)
    assert {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".psd", ".psb"} == set(EXPORT_SUFFIXES)


def test_kinds_that_cannot_hold_the_size(tmp_path: Path) -> None:
    wide = replace(flat(photo(3, 4)), size=(70_000, 1))
    for suffix in (".jpg", ".webp"):
        with pytest.raises(FileProblem, match=r"pixels to a side, not 70000\. Export as PNG or TIFF"):
            export_picture(wide, tmp_path / f"x{suffix}")
    export_picture(wide, tmp_path / "x.png")
    assert open_pixels(tmp_path / "x.png").array.shape == (1, 70_000, 4)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_full_disk(small_disk: Path, suffix: str) -> None:
    path = small_disk / f"x{suffix}"
    path.write_bytes(b"old")
    with pytest.raises(FileProblem, match="not enough room on the disk"):
        export_picture(flat(noise((900, 900, 4))), path, quality=100)
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in small_disk.iterdir()] == [path.name]
