"""A folder for undo steps that no longer fit into memory: compressed, exact, gone when the document closes."""

from __future__ import annotations

import io
import os
import pickle
import platform
import shutil
import sys
import tempfile
import weakref
import zlib
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from editor.identity import Identity

FAST = 1  # zlib level: on painted tiles level 6 is 4x slower and 10 % smaller
_swept: set[Path] = set()  # places where the leavings of dead processes were looked for


class SpillFolder:
    """Values written to files of a private temporary folder; the folder is removed with this object.

    The files never leave this process, which is why pickle may read them back. The folder carries the process' number:
    what a killed process left is removed when the next one makes its first folder at the same place.

    Args:
        parent: where the folder is made; None = the user's cache, which unlike /tmp always lies on a disk.

    Raises:
        OSError: the folder cannot be made.
    """

    def __init__(self, parent: Path | None = None) -> None:
        place = user_cache_path("pentimento") / "undo" if parent is None else parent
        place.mkdir(mode=0o700, parents=parent is None, exist_ok=True)
        if place not in _swept:
            _swept.add(place)
            _remove_leavings(place)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_host()}.{os.getpid()}.", dir=place))
        self._count = 0
        self._remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def reserve(self) -> Path:
        """A path that no other value uses."""
        self._count += 1
        return self.folder / f"{self._count:06d}"

    @staticmethod
    def write(path: Path, value: Any) -> tuple[Identity, ...]:
        """Compress a value into a file. Whatever goes wrong, no file is left behind.

        Returns:
            the identities of its pictures: they stay in memory, and `read` wants them.

        Raises:
            OSError: the disk is full.
        """
        try:
            with path.open("wb") as file:
                packed = zlib.compressobj(FAST)

                def put(part: memoryview | bytes) -> None:
                    file.write(packed.compress(part))

                pickler = _Pickler(put)
                pickler.dump(value)
                file.write(packed.flush())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return tuple(pickler.kept)

    @staticmethod
    def read(path: Path, kept: tuple[Identity, ...]) -> Any:
        """The value, equal to what was written.

        Args:
            kept: what `write` returned.

        Raises:
            OSError, zlib.error, pickle.UnpicklingError, …: the file is gone or damaged.
        """
        return _Unpickler(zlib.decompress(path.read_bytes()), kept).load()

    def close(self) -> None:
        """Delete the folder and all values in it."""
        self._remove()


class _Pickler(pickle.Pickler):
    """Hands on each part of a value; identities are counted and kept instead."""

    def __init__(self, put: Any) -> None:
        super().__init__(_Writer(put), protocol=5)
        self.kept: list[Identity] = []

    def persistent_id(self, value: Any) -> int | None:
        if not isinstance(value, Identity):
            return None
        self.kept.append(value)
        return len(self.kept) - 1


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: bytes, kept: tuple[Identity, ...]) -> None:
        super().__init__(io.BytesIO(data))
        self._kept = kept

    def persistent_load(self, number: int) -> Identity:
        return self._kept[number]


class _Writer:
    """A file for the pickler that hands each part on."""

    def __init__(self, put: Any) -> None:
        self.write = put


def _host() -> str:
    """This computer in a file's name: a home folder may be shared, and process numbers count on one computer only."""
    return "".join(letter if letter.isalnum() else "-" for letter in platform.node()) or "local"


def _remove_leavings(place: Path) -> None:
    """Remove the folders of processes of this computer that no longer run."""
    for folder in place.glob(f"{_host()}.*.*"):
        number = folder.name.split(".")[1]
        if number.isdecimal() and not _runs(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _runs(process: int) -> bool:
    """Whether a process of that number runs; True where that cannot be told."""
    if sys.platform == "win32":  # there os.kill would end it
        import ctypes

        kernel, query = ctypes.windll.kernel32, 0x1000
        handle = kernel.OpenProcess(query, False, process)
        if handle:
            kernel.CloseHandle(handle)
        return bool(handle) or kernel.GetLastError() == 5  # access denied: it is there
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
