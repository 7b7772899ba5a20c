"""Files that cannot be opened: one sentence each, never a traceback, and no memory spent."""

from __future__ import annotations

import builtins
import errno
import io
import os
import tracemalloc
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from editor.errors import FileProblem
from editor.files import open_document, open_pixels
from editor.files.reading import FILE_LIMIT, read_all
from tests.editor.files.samples import bomb_png, insert_chunk, noise, photo, write_deep

# Set at import by editor.files.flat, but pytest puts the default filters back for every test.
pytestmark = pytest.mark.filterwarnings(r"ignore:::PIL\..*")


@pytest.fixture
def photo_png(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(photo(200, 300)).save(path, "PNG")
    return path


def refusal(path: Path) -> str:
    """The sentence that opening the file ends with."""
    with pytest.raises(FileProblem) as caught:
        open_document(path)
    sentence = str(caught.value)
    assert path.name in sentence
    assert len(sentence) < 300
    assert "Error" not in sentence
    return sentence


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "BMP", "AVIF", "PNG16", "TIFF16"])
@pytest.mark.parametrize("part", [0.02, 0.5, 0.9])
def test_truncated(tmp_path: Path, kind: str, part: float) -> None:
    path = tmp_path / ("x.tif" if "TIFF" in kind else "x.png")
    if kind.endswith("16"):
        write_deep(path, noise((60, 80, 3), np.uint16), compression="zip")
    else:
        Image.fromarray(noise((60, 80, 3))).save(path, kind)
    data = path.read_bytes()
    path.write_bytes(data[: max(40, int(len(data) * part))])
    assert refusal(path) == f"“{path.name}” is damaged or not complete and cannot be opened. Copy or download it again."


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "GIF", "AVIF", "PNG16", "TIFF16"])
def test_flipped_bytes_open_or_are_refused(tmp_path: Path, kind: str) -> None:
    """Damage that does not matter may pass; anything but a picture or a sentence may not."""
    path = tmp_path / ("x.tif" if "TIFF" in kind else "x.png")
    if kind.endswith("16"):
        write_deep(path, noise((20, 30, 3), np.uint16))
    else:
        Image.fromarray(noise((20, 30, 3))).save(path, kind)
    good, random = path.read_bytes(), np.random.default_rng(7)
    for _ in range(60):
        bad = bytearray(good)
        for place in random.integers(16, min(len(good), 400), 3):
            bad[place] = int(random.integers(0, 256))
        path.write_bytes(bad)
        with suppress(FileProblem):
            assert open_pixels(path).array.shape[2] == 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"just some words, no picture\n", "is text, which Pentimento cannot open"),
        (b"gimp xcf v011" + bytes(50), "is a GIMP document"),
        (b"%PDF-1.7\n", "is a PDF"),
        (b"\0\0\0\x18ftypheic" + bytes(50), "is an HEIC photo"),
        (b"\0\0\0\x18ftypmp42" + bytes(50), "is a film"),
        (b"PK\x03\x04" + bytes(60), "is a ZIP archive"),
        (b"PK\x03\x04" + bytes(26) + b"mimetypeapplication/x-krita", "is a Krita document"),
        (b"\xff\x0a\x00" + bytes(60), "is a JPEG XL picture"),
        (bytes(range(256)), "is no picture"),
    ],
)
def test_mislabelled_and_unsupported(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "holiday.png").write_bytes(content)
    sentence = refusal(tmp_path / "holiday.png")
    assert said in sentence
    assert sentence.endswith(
        "It opens PNG, JPEG, WebP, TIFF, GIF, BMP, AVIF, OpenRaster (.ora) and Photoshop (.psd, .psb)."
    )


def test_zero_bytes(tmp_path: Path) -> None:
    (tmp_path / "x.png").touch()
    assert refusal(tmp_path / "x.png") == "“x.png” is empty: 0 bytes. Copy or download it again."


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "holiday.png").mkdir()
    assert "is a folder" in refusal(tmp_path / "holiday.png")


def test_missing(tmp_path: Path) -> None:
    assert "is not there any more" in refusal(tmp_path / "gone.png")
    assert "is not there any more" in refusal(tmp_path / "gone" / "too.png")
    (tmp_path / "file").write_bytes(b"x")
    assert "is not there any more" in refusal(tmp_path / "file" / "inside.png")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "is a device, not a file" in refusal(tmp_path / "pipe.png")


# No permission


def test_no_permission(open_folder: Path) -> None:
    path = open_folder / "secret.png"
    Image.new("RGB", (3, 3)).save(path)
    path.chmod(0)
    with _as_nobody():
        sentence = refusal(path)
    assert sentence == "You are not allowed to read “secret.png”. Change its permissions or open a copy."


def test_no_permission_told_by_the_system(photo_png: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(io, "open", refuse)
    monkeypatch.setattr(builtins, "open", refuse)
    assert "You are not allowed to read" in refusal(photo_png)


def test_disk_that_fails(photo_png: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "read_bytes", fail)
    assert "could not be read" in refusal(photo_png)


class _as_nobody:  # noqa: N801
    """Root may read everything; give that up for a while."""

    def __enter__(self) -> None:
        self.root = hasattr(os, "geteuid") and os.geteuid() == 0
        if self.root:
            os.seteuid(65534)

    def __exit__(self, *_: object) -> None:
        if self.root:
            os.seteuid(0)


# Bombs


@pytest.mark.parametrize("size", [(50_000, 50_000), (300_000, 1), (2**31 - 1, 2**31 - 1), (20_001, 20_000)])
def test_decompression_bomb(tmp_path: Path, size: tuple[int, int]) -> None:
    (tmp_path / "x.png").write_bytes(bomb_png(*size))
    tracemalloc.start()
    sentence = refusal(tmp_path / "x.png")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "400 million" in sentence
    assert peak < 5_000_000


def test_bomb_at_sixteen_bits(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    data = bytearray(bomb_png(50_000, 50_000))
    data[24] = 16
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    path.write_bytes(data)
    assert "50000 × 50000 pixels" in refusal(path)


def test_tiff_bomb(tmp_path: Path) -> None:
    write_deep(tmp_path / "x.tif", noise((4, 4, 3), np.uint16))
    data = bytearray((tmp_path / "x.tif").read_bytes())
    start = int.from_bytes(data[4:8], "little")
    for index in range(int.from_bytes(data[start : start + 2], "little")):
        entry = start + 2 + 12 * index
        if int.from_bytes(data[entry : entry + 2], "little") in (256, 257):
            data[entry + 2 : entry + 12] = (
                (4).to_bytes(2, "little") + (1).to_bytes(4, "little") + (60_000).to_bytes(4, "little")
            )
    (tmp_path / "x.tif").write_bytes(data)
    assert "400 million" in refusal(tmp_path / "x.tif")


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt"])
def test_text_bomb(photo_png: Path, kind: bytes) -> None:
    packed = zlib.compress(bytes(200_000_000), 9)
    content = b"Comment\0\0" + packed if kind == b"zTXt" else b"Comment\0\1\0\0\0" + packed
    photo_png.write_bytes(insert_chunk(photo_png.read_bytes(), kind, content))
    tracemalloc.start()
    sentence = refusal(photo_png)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "hides far more text or data" in sentence
    assert peak < 60_000_000


def test_many_small_text_bombs(photo_png: Path) -> None:
    packed = b"Comment\0\0" + zlib.compress(bytes(1_000_000), 9)
    data = photo_png.read_bytes()
    for _ in range(80):
        data = insert_chunk(data, b"zTXt", packed)
    photo_png.write_bytes(data)
    assert "hides far more text or data" in refusal(photo_png)


def test_profile_bomb(photo_png: Path) -> None:
    packed = b"ICC\0\0" + zlib.compress(bytes(200_000_000), 9)
    photo_png.write_bytes(insert_chunk(photo_png.read_bytes(), b"iCCP", packed))
    assert "hides far more text or data" in refusal(photo_png)


def test_a_file_beyond_all_measure(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.truncate(FILE_LIMIT + 1)  # sparse
    with pytest.raises(FileProblem, match="larger than 8 GB"):
        read_all(path)


def test_out_of_memory(photo_png: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("editor.files.flat.open_with_pillow", full)
    assert "not enough memory" in refusal(photo_png)
