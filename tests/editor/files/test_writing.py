"""A file is written whole or not at all; the old one survives everything."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from editor.errors import FileProblem
from editor.files import atomic_write

ROOT = Path(__file__).parents[3]


def put(path: Path, content: bytes) -> None:
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)


def fail(path: Path, error: BaseException) -> None:
    """Run into an error half way."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(b"half")
        raise error


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_new_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "x.ora"
    put(path, b"one")
    assert path.read_bytes() == b"one"
    put(path, b"two")
    assert path.read_bytes() == b"two"
    assert names(tmp_path) == ["x.ora"]


def test_the_old_file_is_there_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "x.ora"
    put(path, b"old")
    with atomic_write(path) as temporary:
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
        assert temporary.parent == path.parent
        assert temporary.suffix == ".ora"
    assert path.read_bytes() == b"new"


def test_permissions_are_those_of_the_old_file_or_the_usual_ones(tmp_path: Path) -> None:
    old, new, plain = tmp_path / "old", tmp_path / "new", tmp_path / "plain"
    put(old, b"1")
    old.chmod(0o640)
    put(old, b"2")
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    put(new, b"1")
    plain.write_bytes(b"1")
    assert new.stat().st_mode == plain.stat().st_mode


def test_a_link_goes_on_pointing(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "real.ora", tmp_path / "link.ora"
    real.write_bytes(b"old")
    link.symlink_to(real)
    put(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert names(tmp_path / "there") == ["real.ora"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_full_disk(tmp_path: Path, number: int) -> None:
    path = tmp_path / "x.ora"
    path.write_bytes(b"old")
    with pytest.raises(FileProblem, match=r"not enough room on the disk to save “x\.ora”"):
        fail(path, OSError(number, os.strerror(number)))
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x.ora"]


def test_any_other_error_leaves_the_old_file_too(tmp_path: Path) -> None:
    path = tmp_path / "x.ora"
    path.write_bytes(b"old")
    for error in (ValueError("a bug"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            fail(path, error)
        assert path.read_bytes() == b"old"
        assert names(tmp_path) == ["x.ora"]


def test_a_new_file_that_failed_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="could not be saved"):
        fail(tmp_path / "x", OSError(errno.EIO, os.strerror(errno.EIO)))
    assert names(tmp_path) == []


def test_places_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "folder.ora").mkdir()
    with pytest.raises(FileProblem, match=r"“folder\.ora” is a folder"):
        put(tmp_path / "folder.ora", b"")
    with pytest.raises(FileProblem, match=r"folder “.*gone” is not there"):
        put(tmp_path / "gone" / "x.ora", b"")
    with pytest.raises(FileProblem, match="too long"):
        put(tmp_path / ("x" * 300), b"")
    assert names(tmp_path) == ["folder.ora"]


def as_nobody(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run Python as an ordinary user; root, whom nothing stops, is given up first."""
    return subprocess.run(
        [sys.executable, "-c", dedent(code), *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


SAVE = """
    import sys
    from pathlib import Path
    from editor.errors import FileProblem
    from editor.files.writing import atomic_write
    import os
    if sys.argv[3:] == ["nobody"] and os.geteuid() == 0:
        os.setuid(65534)
    try:
        with atomic_write(Path(sys.argv[1])) as temporary:
            temporary.write_bytes(bytes(int(sys.argv[2])))
    except FileProblem as problem:
        print(problem)
"""


def test_unwritable_folder(open_folder: Path) -> None:
    path = open_folder / "x.ora"
    path.write_bytes(b"old")
    path.chmod(0o666)
    open_folder.chmod(0o555)
    done = as_nobody(SAVE, open_folder / "new.ora", 10, "nobody")
    assert done.stdout == f"The folder “{open_folder}” is write-protected. Save “new.ora” elsewhere.\n", done.stderr
    done = as_nobody(SAVE, path, 10, "nobody")
    assert "is write-protected. Save “x.ora” elsewhere." in done.stdout, done.stderr
    assert path.read_bytes() == b"old"
    assert names(open_folder) == ["x.ora"]


def test_unwritable_file(open_folder: Path) -> None:
    path = open_folder / "x.ora"
    path.write_bytes(b"old")
    path.chmod(0o444)
    open_folder.chmod(0o777)
    assert as_nobody(SAVE, path, 10, "nobody").stdout == "“x.ora” is write-protected. Save “x.ora” elsewhere.\n"
    assert path.read_bytes() == b"old"
    assert names(open_folder) == ["x.ora"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits on file sizes as Linux has them")
def test_no_room_told_by_the_system(tmp_path: Path) -> None:
    """The system itself stops the write half way."""
    path = tmp_path / "x.ora"
    path.write_bytes(b"old")
    limited = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n" + dedent(SAVE)
    done = subprocess.run(
        [sys.executable, "-c", limited, str(path), "1000000"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "not enough room on the disk" in done.stdout, done.stderr
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["x.ora"]


def test_really_full_disk(small_disk: Path) -> None:
    path = small_disk / "x.ora"
    put(path, bytes(600_000))
    with pytest.raises(FileProblem, match="not enough room on the disk"):
        put(path, bytes([1]) * 600_000)
    assert path.read_bytes() == bytes(600_000)
    assert names(small_disk) == ["x.ora"]


def test_what_a_killed_save_left_long_ago_goes_with_the_next_one(tmp_path: Path) -> None:
    old, fresh, other = (tmp_path / f".{name}.part.ora" for name in ("x-0123abcd", "x-4567abcd", "xy-0123abcd"))
    for left in (old, fresh, other):
        left.write_bytes(b"half")
    for left in (old, other):
        os.utime(left, (1000.0, 1000.0))
    put(tmp_path / "x.ora", b"whole")
    assert names(tmp_path) == sorted([fresh.name, other.name, "x.ora"])
