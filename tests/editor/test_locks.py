from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from editor.locks import Lock

HOLDER = """
import sys
from pathlib import Path
from editor.locks import Lock
lock = Lock.take(Path(sys.argv[1]))
print(lock is not None, flush=True)
sys.stdin.read()
"""


def test_one_holder_at_a_time_even_in_one_program(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = Lock.take(path)
    assert first is not None
    assert Lock.take(path) is None
    assert Lock.take(path) is None  # having looked did not let go of it
    first.release()
    assert path.exists()
    again = Lock.take(path)
    assert again is not None
    again.release()


def test_a_killed_holder_holds_no_longer(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    words = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert Lock.take(path) is None
        holder.kill()
        holder.wait()
    lock = Lock.take(path)
    assert lock is not None
    lock.release()


def test_a_place_that_is_not_there_is_an_error_not_a_held_lock(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Lock.take(tmp_path / "nowhere" / "lock")
