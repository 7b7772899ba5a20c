from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from editor import spill
from editor.spill import SpillFolder
from editor.tiles import TiledImage
from tests.editor.builders import noise

KILLED = """
import os, sys
from pathlib import Path
from editor.spill import SpillFolder
folder = SpillFolder(Path(sys.argv[1]))
folder.write(folder.reserve(), b"left")
print(folder.folder.name, flush=True)
os.kill(os.getpid(), 9)
"""


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "_swept", set())


def test_values_come_back_equal_and_the_folder_goes(tmp_path: Path) -> None:
    folder = SpillFolder(tmp_path)
    picture = TiledImage.from_array(noise(300, 280))
    paths = [folder.reserve() for _ in range(3)]
    assert len(set(paths)) == 3
    kept = folder.write(paths[0], picture)
    found = folder.read(paths[0], kept)
    assert found.equals(picture)
    assert found is not picture
    assert found.identity is picture.identity
    assert found.identity is not TiledImage().identity
    assert folder.folder.stat().st_mode & 0o077 == 0
    folder.close()
    assert list(tmp_path.iterdir()) == []


def test_a_value_that_cannot_be_written_leaves_no_file(tmp_path: Path) -> None:
    folder = SpillFolder(tmp_path)
    path = folder.reserve()
    with pytest.raises((AttributeError, TypeError)):
        folder.write(path, [np.zeros(9), lambda: None])
    assert not path.exists()


def test_the_users_cache_is_the_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "user_cache_path", lambda name: tmp_path / name)
    folder = SpillFolder()
    assert folder.folder.parent == tmp_path / "pentimento" / "undo"
    assert folder.folder.name.split(".")[1] == str(os.getpid())


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, check=False)
    (left,) = tmp_path.iterdir()
    assert left.name == done.stdout.strip()
    others = [tmp_path / f"{spill._host()}.{os.getppid()}.abc", tmp_path / "elsewhere.999999999.abc", tmp_path / "mine"]
    for other in others:
        other.mkdir()
    mine = SpillFolder(tmp_path)
    assert not left.exists()
    assert set(tmp_path.iterdir()) == {*others, mine.folder}
