"""Pictures as examples: the right way up, in sRGB, with alpha, and no larger than is of use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.exemplar import LARGEST, WHOLE, Exemplar, exemplar_of, read_exemplar
from app.exemplars import Exemplars, wants_example
from app.jobs.method_info import describe
from editor.document import Document
from editor.errors import DocumentError
from editor.files import save_document
from tests.app.carrying import CARRY
from tests.app.conftest import photo


def two_halves(width: int = 40, height: int = 20) -> Image.Image:
    """Left red, right blue."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2] = (200, 20, 20)
    pixels[:, width // 2 :] = (20, 20, 200)
    return Image.fromarray(pixels)


def test_a_photo_is_turned_the_right_way_up(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    two_halves().save(tmp_path / "photo.jpg", exif=exif, quality=95)
    pixels = read_exemplar(tmp_path / "photo.jpg").pixels
    assert pixels.shape == (40, 20, 4)
    np.testing.assert_allclose(pixels[5, 10], (200, 20, 20, 255), atol=12)
    np.testing.assert_allclose(pixels[35, 10], (20, 20, 200, 255), atol=12)


@pytest.mark.parametrize(
    ("mode", "seen", "tolerance"),
    [("L", (73, 73, 73, 255), 2), ("CMYK", (200, 20, 20, 255), 40), ("RGBA", (200, 20, 20, 255), 0)],
)
def test_every_kind_of_picture_becomes_rgba(tmp_path: Path, mode: str, seen: tuple[int, ...], tolerance: int) -> None:
    suffix = "tif" if mode == "CMYK" else "png"
    two_halves().convert(mode).save(tmp_path / f"a.{suffix}")
    pixels = read_exemplar(tmp_path / f"a.{suffix}").pixels
    assert (pixels.shape, pixels.dtype) == ((20, 40, 4), np.uint8)
    np.testing.assert_allclose(pixels[10, 5].astype(int), seen, atol=tolerance)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_grey_with_alpha_and_palettes_are_read(tmp_path: Path, suffix: str) -> None:
    deep = np.full((20, 40), 73 * 257, np.uint16)
    Image.fromarray(deep).save(tmp_path / f"deep.{suffix}")
    assert read_exemplar(tmp_path / f"deep.{suffix}").pixels[3, 3].tolist() == [73, 73, 73, 255]
    two_halves().quantize(4).save(tmp_path / f"few.{suffix}")
    np.testing.assert_allclose(read_exemplar(tmp_path / f"few.{suffix}").pixels[9, 9], (200, 20, 20, 255), atol=2)
    half = two_halves().convert("LA")
    half.putalpha(128)
    half.save(tmp_path / f"half.{suffix}")
    exemplar = read_exemplar(tmp_path / f"half.{suffix}")
    np.testing.assert_allclose(exemplar.pixels[9, 9].astype(int), (73, 73, 73, 128), atol=1)
    assert not exemplar.opaque


@pytest.mark.parametrize("suffix", ["gif", "webp", "png"])
def test_of_an_animation_the_first_picture_is_taken(tmp_path: Path, suffix: str) -> None:
    frames = [Image.new("RGB", (30, 20), colour) for colour in ((200, 20, 20), (20, 20, 200), (9, 9, 9))]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], lossless=True)
    np.testing.assert_allclose(read_exemplar(tmp_path / f"a.{suffix}").pixels[9, 9], (200, 20, 20, 255), atol=2)


def test_twenty_megapixels_become_what_is_of_use(tmp_path: Path) -> None:
    two_halves(5472, 3648).save(tmp_path / "camera.jpg", quality=90)
    exemplar = read_exemplar(tmp_path / "camera.jpg")
    assert exemplar.pixels.shape == (682, LARGEST, 4)
    assert exemplar.opaque
    assert exemplar.cut is not None
    assert exemplar.cut.whole.shape == (1365, WHOLE, 4)
    np.testing.assert_allclose(exemplar.pixels[300, 100], (200, 20, 20, 255), atol=6)


def test_one_pixel_and_a_thin_strip_are_examples_too(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1), (5, 6, 7)).save(tmp_path / "dot.png")
    assert read_exemplar(tmp_path / "dot.png").pixels.tolist() == [[[5, 6, 7, 255]]]
    Image.new("RGB", (9000, 2), (5, 6, 7)).save(tmp_path / "strip.png")
    assert read_exemplar(tmp_path / "strip.png").pixels.shape == (1, LARGEST, 4)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "logo.svg",
            b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
        ),
        ("notes.txt", b"a cat on a chair"),
        ("notes.png", b"a cat on a chair"),
        ("empty.png", b""),
        ("cut.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF"),
    ],
)
def test_what_is_no_picture_is_one_sentence_with_its_name(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        read_exemplar(tmp_path / name)
    assert name in str(caught.value)
    assert str(caught.value).endswith(".")
    assert "Traceback" not in str(caught.value)


def test_a_missing_file_and_one_without_a_visible_pixel_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"gone\.png"):
        read_exemplar(tmp_path / "gone.png")
    Image.new("RGBA", (9, 9), (200, 20, 20, 0)).save(tmp_path / "glass.png")
    with pytest.raises(DocumentError, match=r"“glass\.png” is transparent all over"):
        read_exemplar(tmp_path / "glass.png")


def test_alpha_is_kept_and_a_large_picture_is_made_smaller_without_dark_edges(tmp_path: Path) -> None:
    array = np.zeros((1500, 3000, 4), np.uint8)  # transparent black
    array[:, 1501:] = (240, 200, 10, 255)
    Image.fromarray(array).save(tmp_path / "cut.png")
    pixels = read_exemplar(tmp_path / "cut.png").pixels
    assert pixels.shape == (512, LARGEST, 4)
    seen = pixels[pixels[..., 3] > 16]
    np.testing.assert_allclose(seen[:, :3].astype(int), np.broadcast_to((240, 200, 10), seen[:, :3].shape), atol=2)
    assert not pixels[:, :500, 3].any()


def test_a_document_with_layers_is_taken_as_it_is_seen(tmp_path: Path) -> None:
    save_document(photo(), tmp_path / "work.ora")
    assert read_exemplar(tmp_path / "work.ora").pixels[10, 10].tolist() == [200, 40, 30, 255]


def test_what_is_broken_or_empty_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    with pytest.raises(DocumentError, match=r"bad\.png"):
        read_exemplar(tmp_path / "bad.png")
    with pytest.raises(DocumentError, match="“glass” is transparent all over"):
        exemplar_of(np.zeros((4, 4, 4), np.uint8), None, "glass")


def test_sixteen_bits_become_eight_and_what_is_transparent_around_can_be_cut_away() -> None:
    array = np.zeros((20, 30, 4), np.uint16)
    array[5:9, 10:20] = (51400, 257, 0, 65535)
    exemplar = exemplar_of(array, None, "deep", cut=True)
    assert exemplar.pixels.shape == (4, 10, 4)
    assert exemplar.pixels[0, 0].tolist() == [200, 1, 0, 255]


def test_each_document_has_its_own() -> None:
    exemplars, told = Exemplars(), list[object]()
    exemplars.changed.connect(told.append)
    one, other = Document(4, 4), Document(4, 4)
    given = Exemplar(np.full((2, 2, 4), 255, np.uint8), "a")
    exemplars.put(one, given)
    assert exemplars.of(one) is given
    assert exemplars.of(other) is None
    assert exemplars.of(None) is None
    exemplars.put(other, None)
    exemplars.put(one, None)
    assert exemplars.of(one) is None
    assert told == [one, one]


def test_a_move_needs_no_example() -> None:
    info = describe(CARRY)
    assert wants_example(info, {"task": "paste"})
    assert not wants_example(info, {"task": "move"})
    assert not wants_example(None, {})
