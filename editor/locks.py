"""A lock that the system lets go of however its program ends: who can take it knows that its holder is gone."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import BinaryIO

_HELD = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}


class Lock:
    """A file held by one program at a time; `take` makes one."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    @classmethod
    def take(cls, path: Path) -> Lock | None:
        """Hold the file, made where it is not there; None while somebody holds it, this program included.

        Raises:
            OSError: the file cannot be made, or its file system knows no locks.
        """
        file = path.open("ab")
        try:
            _hold(file)
        except OSError as error:
            file.close()
            if error.errno in _HELD:
                return None
            raise
        return cls(file)

    def release(self) -> None:
        """Let go; the file stays."""
        self._file.close()


def _hold(file: BinaryIO) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        # not lockf: its locks end when the program closes any other handle of the file, and do not hold against itself
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
