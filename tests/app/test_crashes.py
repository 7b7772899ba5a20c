"""A program that is killed while it paints, runs and saves loses at most what was done since its last autosave.

Each crash goes on where the one before it ended: what was recovered is worked on, autosaved, saved and killed again.
PENTIMENTO_CRASHES=50 makes it fifty.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from editor.files import open_document
from editor.leavings import Leavings
from tests.app.crashing.journal import TITLES, is_whole, number_of, on_disk

CRASHES = int(os.environ.get("PENTIMENTO_CRASHES", "6"))
MOST_WRITTEN = 12  # files before a crash
LONGEST = 0.4  # seconds between the last of them and the crash
PATIENCE = 30.0  # seconds until a slow machine is killed all the same
ROOT = Path(__file__).parents[2]


def lines(journal: Path) -> list[str]:
    return journal.read_text().splitlines() if journal.exists() else []


def crash(program: subprocess.Popen[str], folder: Path, chance: random.Random) -> None:
    """Let the program work and kill it at a random moment, sooner or later after it wrote a file."""
    assert program.stdin is not None
    assert program.stdout is not None
    journal = folder / "journal"
    seen = len(lines(journal))
    program.stdin.write(f"{chance.randrange(1 << 30)}\n")
    program.stdin.flush()
    child = int(program.stdout.readline())
    until = time.monotonic() + PATIENCE
    wanted = seen + 1 + chance.randrange(MOST_WRITTEN)
    while len(lines(journal)) < wanted and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(chance.uniform(0.0, LONGEST))
    os.kill(child, signal.SIGKILL)
    assert program.stdout.readline() == f"{signal.SIGKILL:d}\n"  # it did not end before, and now it is gone


@pytest.fixture
def program(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Starts a worker for each seed that it is told."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CACHE_HOME": str(tmp_path / "cache")}
    words = [sys.executable, "-m", "tests.app.crashing", str(tmp_path)]
    with subprocess.Popen(
        words, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as started:
        yield started


def found(folder: Path) -> dict[str, int]:
    """By title, the newest change in what was saved and what was autosaved; all of it opens and is whole."""
    newest = dict.fromkeys(TITLES, 0)
    leavings = Leavings(folder / "autosave")
    files = [(left.title, left.file) for left in leavings.documents]
    files += [(title, folder / f"{title}.ora") for title in TITLES if (folder / f"{title}.ora").exists()]
    for title, file in files:
        snapshot = open_document(file).snapshot()
        assert is_whole(snapshot), (title, file)
        newest[title] = max(newest[title], number_of(snapshot))
    leavings.close()
    return newest


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Qt is safe after a fork on Linux only")
@pytest.mark.timeout(60 + 40 * CRASHES)
def test_killed_at_random_moments_at_most_the_work_since_the_last_autosave_is_missing(
    program: subprocess.Popen[str], tmp_path: Path
) -> None:
    chance = random.Random(int.from_bytes(os.urandom(4), "big"))
    for _ in range(CRASHES):
        crash(program, tmp_path, chance)
        newest, noted = found(tmp_path), on_disk(tmp_path / "journal")
        for title in TITLES:
            assert newest[title] >= noted[title], (title, newest, noted)
    journal = (tmp_path / "journal").read_text()
    assert all(number > 0 for number in noted.values())
    assert "!" not in journal  # no error was told
    print(f"{CRASHES} crashes, changes on the disk {noted}, {journal.count('autosaved')} autosaves, "
          f"{journal.count(' saved')} saves")  # fmt: skip
    assert len(list((tmp_path / "autosave").iterdir())) <= 2  # nothing piles up
