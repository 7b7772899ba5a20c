"""Valid pictures of every kind open as what they are."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from editor.errors import FileProblem
from editor.files import open_document, open_pixels, open_with_note, to_srgb
from editor.files.colour import srgb_encoded
from editor.layers import ImageLayer, Role
from tests.editor.files.samples import (
    cmyk_profile,
    grey_profile,
    insert_chunk,
    lut_profile,
    noise,
    photo,
    plain_tiff,
    srgb_profile,
    wide_profile,
    write_deep,
)
from tests.images import assert_identical, psnr


def opaque(rgb: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    full = np.full((*rgb.shape[:2], 1), np.iinfo(rgb.dtype).max, rgb.dtype)
    return np.concatenate([rgb, full], axis=2)


def save(path: Path, image: Image.Image, kind: str, **options: Any) -> Path:
    image.save(path, kind, **options)
    return path


@pytest.mark.parametrize(("kind", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True, "exact": True})])
def test_rgba_keeps_every_value(tmp_path: Path, kind: str, options: dict[str, Any]) -> None:
    pixels = noise((37, 53, 4))
    path = save(tmp_path / "x", Image.fromarray(pixels), kind, **options)
    found = open_pixels(path)
    assert_identical(found.array, pixels)
    assert (found.profile, found.note) == (None, "")


@pytest.mark.parametrize("kind", ["BMP", "GIF", "PNG", "TIFF"])
def test_one_bit(tmp_path: Path, kind: str) -> None:
    bits = noise((9, 21, 1)) > 127
    path = save(tmp_path / "x", Image.fromarray(bits[..., 0]), kind)
    assert_identical(open_pixels(path).array, opaque((bits * 255).astype(np.uint8).repeat(3, axis=2)))


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 95}), ("AVIF", {"quality": 95}), ("WEBP", {})])
def test_lossy_kinds_look_the_same(tmp_path: Path, kind: str, options: dict[str, Any]) -> None:
    pixels = photo(80, 120)
    path = save(tmp_path / "x", Image.fromarray(pixels[..., :3]), kind, **options)
    assert psnr(open_pixels(path).array, pixels) > 35


def test_the_content_counts_not_the_suffix(tmp_path: Path) -> None:
    path = save(tmp_path / "really.png", Image.fromarray(photo(40, 60)[..., :3]), "JPEG", quality=95)
    assert psnr(open_pixels(path).array, photo(40, 60)) > 35


def test_palette_with_transparency(tmp_path: Path) -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    for x in range(3):
        image.putpixel((x, 0), x)
    path = save(tmp_path / "x.png", image, "PNG", transparency=bytes([255, 0, 128]))
    assert open_pixels(path).array.tolist() == [[[255, 0, 0, 255], [0, 255, 0, 0], [0, 0, 255, 128]]]


def test_key_colour_transparency(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8))
    path = save(tmp_path / "x.png", image, "PNG", transparency=(4, 5, 6))
    assert open_pixels(path).array.tolist() == [[[1, 2, 3, 255], [4, 5, 6, 0]]]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_and_grey_with_alpha(tmp_path: Path, kind: str) -> None:
    grey = noise((11, 13, 2))
    path = save(tmp_path / "l", Image.fromarray(grey[..., 0]), kind)
    assert_identical(open_pixels(path).array, opaque(grey[..., :1].repeat(3, axis=2)))
    path = save(tmp_path / "la", Image.fromarray(grey, "LA"), kind)
    assert_identical(open_pixels(path).array, np.dstack([grey[..., 0]] * 3 + [grey[..., 1]]))


def test_grey_jpeg(tmp_path: Path) -> None:
    path = save(tmp_path / "x", Image.fromarray(photo(40, 60)[..., 0]), "JPEG", quality=95)
    found = open_pixels(path).array
    assert_identical(found[..., 0], found[..., 2])
    assert psnr(found[..., 0], photo(40, 60)[..., 0]) > 40


def test_one_pixel(tmp_path: Path) -> None:
    path = save(tmp_path / "x.png", Image.new("RGBA", (1, 1), (1, 2, 3, 4)), "PNG")
    assert open_pixels(path).array.tolist() == [[[1, 2, 3, 4]]]
    assert open_document(path).size == (1, 1)


def test_very_wide(tmp_path: Path) -> None:
    pixels = noise((200, 30000, 3))
    path = save(tmp_path / "x.png", Image.fromarray(pixels), "PNG", compress_level=0)
    assert_identical(open_pixels(path).array, opaque(pixels))
    document = open_document(path)
    assert document.size == (30000, 200)


def test_document_of_a_photo(tmp_path: Path) -> None:
    pixels = noise((300, 500, 4))
    path = save(tmp_path / "beach.png", Image.fromarray(pixels), "PNG")
    document = open_document(path)
    (layer,) = document.layers
    assert isinstance(layer, ImageLayer)
    assert (layer.name, layer.role, document.active) == ("Photo", Role.IMAGE, layer.id)
    assert_identical(layer.pixels.read(document.canvas), pixels)
    assert (document.title, document.path, document.modified) == ("beach", None, False)


# Sixteen bits


@pytest.mark.parametrize("suffix", [".png", ".tif"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_sixteen_bits_are_kept(tmp_path: Path, suffix: str, channels: int) -> None:
    pixels = noise((31, 45, channels), np.uint16)
    write_deep(tmp_path / f"x{suffix}", pixels, oiio__UnassociatedAlpha=1)
    found = open_pixels(tmp_path / f"x{suffix}").array
    colours = pixels[..., :3] if channels > 2 else pixels[..., :1].repeat(3, axis=2)
    assert_identical(found, opaque(colours) if channels % 2 else np.dstack([colours, pixels[..., -1]]))


def test_sixteen_bits_with_a_wrong_suffix(tmp_path: Path) -> None:
    pixels = noise((31, 45, 3), np.uint16)
    for real, claimed in ((".png", ".tif"), (".tif", ".png")):
        write_deep(tmp_path / f"x{real}", pixels)
        wrong = (tmp_path / f"x{real}").rename(tmp_path / f"wrong{claimed}")
        assert_identical(open_pixels(wrong).array, opaque(pixels))


def test_sixteen_bit_key_colour(tmp_path: Path) -> None:
    pixels = noise((4, 5, 3), np.uint16)
    write_deep(tmp_path / "x.png", pixels)
    key = pixels[2, 3].astype(">u2").tobytes()
    (tmp_path / "x.png").write_bytes(insert_chunk((tmp_path / "x.png").read_bytes(), b"tRNS", key))
    expected = opaque(pixels)
    expected[2, 3, 3] = 0
    assert_identical(open_pixels(tmp_path / "x.png").array, expected)


def test_tiff_with_multiplied_colours_becomes_straight(tmp_path: Path) -> None:
    straight = noise((20, 20, 4), np.uint16)
    straight[..., 3] = np.maximum(straight[..., 3], 20000)
    multiplied = straight.copy()
    multiplied[..., :3] = np.rint(straight[..., :3] * (straight[..., 3:] / 65535))
    write_deep(tmp_path / "x.tif", multiplied)  # without the hint TIFF says "associated alpha"
    found = open_pixels(tmp_path / "x.tif").array
    assert np.abs(found.astype(int) - straight).max() <= 2


def test_sixteen_bit_grey_with_white_as_zero(tmp_path: Path) -> None:
    pixels = noise((9, 8, 1), np.uint16)
    (tmp_path / "x.tif").write_bytes(plain_tiff(65535 - pixels, 0))
    assert_identical(open_pixels(tmp_path / "x.tif").array, opaque(pixels.repeat(3, axis=2)))


def test_float_tiff_is_cut_off_with_a_note(tmp_path: Path) -> None:
    values = np.linspace(0, 2, 30, dtype=np.float32).reshape(2, 5, 3)
    write_deep(tmp_path / "x.tif", values)
    found = open_pixels(tmp_path / "x.tif")
    assert_identical(found.array[..., :3], np.rint(values.clip(0, 1) * 65535).astype(np.uint16))
    assert "above white was cut off" in found.note


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "TIFF16", "PNG16", "JPEG", "WEBP"])
def test_profile_is_kept(tmp_path: Path, kind: str) -> None:
    profile, path = wide_profile(), tmp_path / ("x.tif" if "TIFF" in kind else "x.png")
    if kind.endswith("16"):
        write_deep(path, noise((8, 9, 3), np.uint16), ICCProfile=profile)
    else:
        save(path, Image.fromarray(noise((8, 9, 3))), kind, icc_profile=profile)
    assert open_pixels(path).profile == profile
    assert open_document(path).profile == profile


def test_srgb_profile_is_kept_and_changes_nothing(tmp_path: Path) -> None:
    pixels = noise((8, 9, 3))
    path = save(tmp_path / "x", Image.fromarray(pixels), "PNG", icc_profile=srgb_profile())
    found = open_pixels(path)
    assert found.profile == srgb_profile()
    assert_identical(to_srgb(found.array, found.profile), opaque(pixels))


def test_broken_profile_is_left_out_with_a_note(tmp_path: Path) -> None:
    path = save(tmp_path / "x", Image.fromarray(noise((8, 9, 3))), "PNG", icc_profile=b"no profile at all" * 20)
    found = open_pixels(path)
    assert found.profile is None
    assert "colour profile cannot be used" in found.note


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_profile_that_goes_one_way_only(tmp_path: Path, dtype: Any) -> None:
    """A scanner's profile cannot stay with the document: nothing could be painted in it."""
    pixels = photo(20, 30, dtype)
    write_deep(tmp_path / "x.tif", pixels, ICCProfile=lut_profile(), oiio__UnassociatedAlpha=1)
    found = open_pixels(tmp_path / "x.tif")
    assert_identical(found.array, to_srgb(pixels, lut_profile()))
    assert found.profile is None
    assert found.note == "Its colour profile (Table test) goes one way only; it was converted to sRGB."


# Other colours


def test_cmyk_without_a_profile(tmp_path: Path) -> None:
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    for kind in ("JPEG", "TIFF"):
        found = open_pixels(save(tmp_path / kind, image, kind))
        assert np.abs(found.array[4, 4].astype(int) - (255, 0, 0, 255)).max() <= 2
        assert found.profile is None
        assert "approximate" in found.note


def test_cmyk_through_its_profile(tmp_path: Path) -> None:
    ink = noise((16, 16, 4)) // 2
    image = Image.fromarray(ink, "CMYK")
    expected = ImageCms.profileToProfile(
        image,
        ImageCms.ImageCmsProfile(BytesIO(cmyk_profile())),
        ImageCms.createProfile("sRGB"),
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        "RGB",
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    assert expected is not None
    found = open_pixels(save(tmp_path / "x", image, "TIFF", icc_profile=cmyk_profile()))
    assert_identical(found.array, opaque(np.array(expected)))
    assert (found.profile, found.note) == (None, "It was converted from CMYK to sRGB.")
    plain = opaque(np.array(image.convert("RGB")))
    assert psnr(found.array, plain) < 30  # the profile does make a difference


def test_sixteen_bit_cmyk(tmp_path: Path) -> None:
    ink = noise((16, 16, 4)) // 2
    flat = open_pixels(save(tmp_path / "8.tif", Image.fromarray(ink, "CMYK"), "TIFF", icc_profile=cmyk_profile()))
    (tmp_path / "16.tif").write_bytes(plain_tiff(ink.astype(np.uint16) * 257, 5, cmyk_profile()))
    found = open_pixels(tmp_path / "16.tif")
    assert_identical(found.array, flat.array.astype(np.uint16) * 257)
    assert "16-bit CMYK" in found.note


def test_cielab(tmp_path: Path) -> None:
    image = Image.new("LAB", (4, 4), (255, 128, 128))
    found = open_pixels(save(tmp_path / "x", image, "TIFF"))
    assert found.array[0, 0, :3].min() >= 250
    assert "CIELAB" in found.note


def test_grey_profile_becomes_srgb(tmp_path: Path) -> None:
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    expected = np.rint(srgb_encoded(grey / 255) * 255).astype(np.uint8)
    found = open_pixels(save(tmp_path / "x", Image.fromarray(grey), "PNG", icc_profile=grey_profile(1.0)))
    assert_identical(found.array, opaque(expected[..., None].repeat(3, axis=2)))
    assert found.profile is None
    write_deep(tmp_path / "x.tif", grey[..., None].astype(np.uint16) * 257, ICCProfile=grey_profile(1.0))
    deep = open_pixels(tmp_path / "x.tif").array
    assert np.abs(deep[..., 0] / 257 - expected).max() <= 0.51


# The right way up


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "PNG", "WEBP", "TIFF16", "PNG16"])
def test_exif_orientation(tmp_path: Path, orientation: int, kind: str) -> None:
    quarters = {"red": (0, 0), "lime": (0, 1), "blue": (1, 0), "white": (1, 1)}
    upright = np.zeros((32, 48, 3), np.uint8)
    for name, (row, column) in quarters.items():
        upright[row * 16 : row * 16 + 16, column * 24 : column * 24 + 24] = np.array(Image.new("RGB", (1, 1), name))
    stored = np.array(Image.fromarray(upright).transpose(_UNDO[orientation]) if orientation > 1 else upright)
    path = tmp_path / ("x.tif" if "TIFF" in kind else "x.png")
    exif = Image.Exif()
    exif[0x0112] = orientation
    if kind == "TIFF16":
        write_deep(path, stored.astype(np.uint16) * 257, Orientation=orientation)
    elif kind == "PNG16":
        write_deep(path, stored.astype(np.uint16) * 257)
        path.write_bytes(insert_chunk(path.read_bytes(), b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")))
    else:
        options = {"lossless": True} if kind == "WEBP" else {"quality": 100, "subsampling": 0} if kind == "JPEG" else {}
        save(path, Image.fromarray(stored), kind, exif=exif, **options)
    found = open_pixels(path).array
    assert found.shape == (32, 48, 4)
    assert psnr(found[..., :3], upright) > 40


_UNDO = {  # what a camera held that way stores
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def test_broken_exif_does_not_keep_a_photo_from_opening(tmp_path: Path) -> None:
    path = save(tmp_path / "x", Image.fromarray(photo(20, 30)[..., :3]), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert open_pixels(path).array.shape == (20, 30, 4)


# More than one picture


@pytest.mark.parametrize(
    ("kind", "word"), [("GIF", "pictures"), ("PNG", "pictures"), ("WEBP", "pictures"), ("TIFF", "pages")]
)
def test_first_of_several(tmp_path: Path, kind: str, word: str) -> None:
    frames = [Image.new("RGB", (5, 4), name) for name in ("red", "lime", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    path = save(tmp_path / "x", frames[0], kind, save_all=True, append_images=frames[1:], **options)
    found = open_with_note(path)
    assert found.note == f"It holds 3 {word}; the first one was opened."
    assert open_pixels(path).array[0, 0].tolist() == [255, 0, 0, 255]


def test_a_still_has_no_note(tmp_path: Path) -> None:
    path = save(tmp_path / "x", Image.new("RGB", (5, 4)), "GIF")
    assert open_pixels(path).note == ""


def test_layers_are_no_flat_picture(tmp_path: Path) -> None:
    (tmp_path / "x.ora").write_bytes(b"PK\x03\x04" + bytes(22) + b"\x08\0\0\0mimetypeimage/openraster")
    with pytest.raises(FileProblem, match="OpenRaster document with layers"):
        open_pixels(tmp_path / "x.ora")
