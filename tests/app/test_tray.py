"""The examples used last, in a folder: newest first, each once, bounded; what is broken goes without a word."""

from __future__ import annotations

import errno
import json
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.tray import INDEX, LARGEST, MOST, SMALL, TrayFiles, key_of


def plain(value: int, width: int = 6, height: int = 4) -> np.ndarray:
    return np.full((height, width, 4), (value, 20, 30, 255), np.uint8)


def names(tray: TrayFiles) -> list[str]:
    return [one.name for one in tray.kept]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "examples"


def test_they_come_back_in_the_next_session_with_alpha_and_hidden_colours(folder: Path) -> None:
    pixels = plain(7)
    pixels[:, 3:, 3] = 0
    pixels[1, 1, 3] = 100
    TrayFiles(folder).add(pixels, "cup.png")
    next_time = TrayFiles(folder)
    assert next_time.kept == ()
    next_time.load()
    (kept,) = next_time.kept
    assert kept.name == "cup.png"
    found = next_time.read(kept.key)
    assert found is not None
    assert np.array_equal(found, pixels)
    assert np.array_equal(kept.small, pixels)


def test_the_newest_is_first_each_is_there_once_and_the_oldest_go(folder: Path) -> None:
    tray = TrayFiles(folder)
    for value in range(MOST + 3):
        tray.add(plain(value), f"{value}")
    assert names(tray) == [f"{value}" for value in range(MOST + 2, 2, -1)]
    tray.add(plain(5), "five again")
    assert names(tray)[:2] == ["five again", f"{MOST + 2}"]
    assert len(tray.kept) == MOST
    assert len(list(folder.glob("*.png"))) == MOST
    assert {path.stem for path in folder.glob("*.png")} == {one.key for one in tray.kept}


def test_one_can_take_the_place_of_another(folder: Path) -> None:
    tray = TrayFiles(folder)
    first = tray.add(plain(1), "rough cut")
    tray.add(plain(2), "other")
    tray.add(plain(3), "fine cut", instead_of=first)
    assert names(tray) == ["fine cut", "other"]
    assert not (folder / f"{first}.png").exists()


def test_large_ones_are_made_smaller(folder: Path) -> None:
    tray = TrayFiles(folder)
    key = tray.add(plain(1, 3000, 1500), "large")
    found = tray.read(key)
    assert found is not None
    assert found.shape == (LARGEST // 2, LARGEST, 4)
    assert tray.kept[0].small.shape == (SMALL // 2, SMALL, 4)


def test_what_is_missing_or_broken_is_dropped_and_removed(folder: Path) -> None:
    tray = TrayFiles(folder)
    keys = [tray.add(plain(value), f"{value}") for value in range(6)]
    paths = [folder / f"{key}.png" for key in keys]
    paths[0].unlink()
    paths[1].write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(30))
    paths[2].write_bytes(paths[3].read_bytes()[:45])
    Image.new("RGB", (4, 4)).save(paths[4])
    (folder / f"{'0' * 32}.png").write_bytes(b"of nobody")
    (folder / "holiday.png").write_bytes(b"the artist's own")
    again = TrayFiles(folder)
    again.load()
    assert names(again) == ["5", "3"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [paths[3].name, paths[5].name, "holiday.png", INDEX]
    )
    paths[5].unlink()
    assert again.read(keys[5]) is None
    assert names(again) == ["3"]


@pytest.mark.parametrize(
    "index",
    [
        "",
        "{",
        "[]",
        "[" * 100_000,
        '{"examples": 3}',
        '{"examples": [{"key": "../../secret", "name": "x"}]}',
        '{"examples": [{}]}',
    ],
)
def test_a_broken_index_is_an_empty_tray(folder: Path, index: str) -> None:
    tray = TrayFiles(folder)
    tray.add(plain(1), "a")
    (folder / INDEX).write_text(index)
    again = TrayFiles(folder)
    again.load()
    assert again.kept == ()
    again.add(plain(2), "b")
    assert names(again) == ["b"]
    assert len(list(folder.glob("*.png"))) == 1


def test_a_picture_that_the_index_names_twice_is_there_once(folder: Path) -> None:
    key = TrayFiles(folder).add(plain(1), "a")
    twice = [{"key": key, "name": name} for name in ("new", "old", "new")]
    (folder / INDEX).write_text(json.dumps({"examples": twice}))
    again = TrayFiles(folder)
    again.load()
    assert names(again) == ["new"]


def test_a_full_disk_is_one_line_in_the_log(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tray = TrayFiles(folder)
    tray.add(plain(1), "a")

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with caplog.at_level(logging.WARNING):
        tray.add(plain(2), "b")
    assert len(caplog.records) == 1
    assert "“b”" in caplog.records[0].getMessage()
    assert names(tray) == ["a"]
    assert sorted(path.name for path in folder.iterdir()) == sorted([f"{key_of(plain(1))}.png", INDEX])


def test_a_folder_that_cannot_be_made_keeps_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("in the way")
    tray = TrayFiles(tmp_path / "file" / "examples")
    tray.load()
    tray.add(plain(1), "a")
    tray.remove("0" * 32)
    tray.clear()
    assert tray.kept == ()
    assert len(caplog.records) == 1


def test_two_windows_share_it(folder: Path) -> None:
    one, other = TrayFiles(folder), TrayFiles(folder)
    one.add(plain(1), "a")
    other.add(plain(2), "b")
    one.add(plain(3), "c")
    assert names(one) == ["c", "b", "a"]
    other.remove(key_of(plain(1)))
    one.load()
    assert names(one) == ["c", "b"]
    one.clear()
    assert json.loads((folder / INDEX).read_text()) == {"examples": []}
    assert not list(folder.glob("*.png"))
