"""The window from the command line: what it opens, and what is done where there can be none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from PIL import Image

import app.cli as cli
from tests.app.conftest import Call


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> list[list[Path]]:
    """The files of each window that would have been opened."""
    opened: list[list[Path]] = []

    def run_window(paths: list[Path]) -> int:
        opened.append(paths)
        return 0

    monkeypatch.setattr("app.application.run_window", run_window)
    monkeypatch.setattr("app.application.check_qt_libraries", lambda: "")
    monkeypatch.setattr(cli, "has_display", lambda: True)
    return opened


def test_photos_open_in_the_window_with_and_without_the_word_open(
    call: Call, windows: list[list[Path]], tmp_path: Path
) -> None:
    photos = [tmp_path / "a.png", tmp_path / "demo"]
    for photo in photos:
        Image.new("RGB", (2, 2)).save(photo, "PNG")
    assert call()[0] == 0
    assert call(*photos)[0] == 0
    assert call("open", *photos)[0] == 0
    assert windows == [[], photos, photos]


def test_a_photo_that_is_not_there(call: Call, windows: list[list[Path]], tmp_path: Path) -> None:
    code, _, err = call(tmp_path / "absent.png")
    assert (code, windows) == (2, [])
    assert "absent.png" in err
    code, _, err = call("dmeo")
    assert code == 2
    assert "demo" in err, "the commands are named where a command was meant"


def test_missing_system_libraries_are_named(
    call: Call, windows: list[list[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.application.check_qt_libraries", lambda: "sudo apt install libegl1")
    code, _, err = call()
    assert (code, err.strip(), windows) == (1, "sudo apt install libegl1", [])


def test_without_a_display_the_demo_runs(
    call: Call, windows: list[list[Path]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ran: list[tuple[Path, list[str]]] = []
    monkeypatch.setattr("app.demo.run_demo", lambda out, methods, say: ran.append((out, methods)))
    monkeypatch.setattr(cli, "has_display", lambda: False)
    monkeypatch.chdir(tmp_path)
    code, _, err = call()
    assert code == 0
    assert err.splitlines()[0].startswith("No display found: running the demo instead. Pictures will be in")
    assert ran[0][0] == tmp_path / "demo"
    assert "sdedit" in ran[0][1]
    assert windows == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="display servers are Linux's")
@pytest.mark.parametrize(
    ("environment", "shown"),
    [
        ({}, False),
        ({"DISPLAY": ":87"}, False),
        ({"DISPLAY": "nonsense"}, False),
        ({"WAYLAND_DISPLAY": "wayland-87"}, False),
        ({"QT_QPA_PLATFORM": "offscreen"}, True),
        ({"QT_QPA_PLATFORM": "xcb"}, False),
    ],
)
def test_a_display_counts_only_when_it_answers(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], shown: bool
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cli.has_display() is shown


def test_an_x_server_that_listens_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    name = f"\0/tmp/.X11-unix/X{40_000 + os.getpid() % 10_000}"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(name)
        server.listen()
        monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        monkeypatch.setenv("DISPLAY", f":{name.rpartition('X')[2]}.0")
        assert cli.has_display()
