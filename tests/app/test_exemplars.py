"""Pictures as examples: the right way up, in sRGB, with alpha, and no larger than is of use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.exemplars import LARGEST, Exemplar, Exemplars, exemplar_of, read_exemplar, wants_example
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
