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
from pathlib import Path

import pytest

from editor.files import open_document
from editor.leavings import Leavings
from tests.app.crashing.journal import TITLES, is_whole, number_of, on_disk

CRASHES = int(os.environ.get("PENTIMENTO_CRASHES", "6"))
LONGEST = 0.8  # seconds of work before a crash
ROOT = Path(__file__).parents[2]


def crash(folder: Path, chance: random.Random) -> None:
    """Start the program, wait until it works, and kill it at a random moment."""
    journal = folder / "journal"
    ready = journal.read_text().count("ready\n") + 1 if journal.exists() else 1
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CACHE_HOME": str(folder / "cache")}
    words = [sys.executable, "-m", "tests.app.crashing", str(folder), str(chance.randrange(1 << 30))]
    with subprocess.Popen(words, cwd=ROOT, env=environment) as child:
        try:
            while not journal.exists() or journal.read_text().count("ready\n") < ready:
                assert child.poll() is None, "the program ended by itself"
                time.sleep(0.01)
            time.sleep(chance.uniform(0.0, LONGEST))
            assert child.poll() is None, "the program ended by itself"
        finally:
            child.send_signal(signal.SIGKILL)


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


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of other systems")
@pytest.mark.timeout(60 + 20 * CRASHES)
def test_killed_at_random_moments_at_most_the_work_since_the_last_autosave_is_missing(tmp_path: Path) -> None:
    chance = random.Random(int.from_bytes(os.urandom(4), "big"))
    for _ in range(CRASHES):
        crash(tmp_path, chance)
        newest, noted = found(tmp_path), on_disk(tmp_path / "journal")
        for title in TITLES:
            assert newest[title] >= noted[title], (title, newest, noted)
    journal = (tmp_path / "journal").read_text()
    assert all(number > 0 for number in noted.values())
    assert "!" not in journal  # no error was told
    print(f"{CRASHES} crashes, changes on the disk {noted}, {journal.count('autosaved')} autosaves, "
          f"{journal.count(' saved')} saves")  # fmt: skip
    assert len(list((tmp_path / "autosave").iterdir())) <= 2  # nothing piles up
