"""Open a ZIP without letting its directory fill the memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ENTRIES = 100_000
_DIRECTORY = 16 << 20  # bytes: some 160 for each entry


class _Careful(io.BufferedReader):
    """A file that refuses to be read in large pieces while `opening`: zipfile reads a whole directory in one."""

    opening = True

    def read(self, size: int | None = -1, /) -> bytes:
        if self.opening and size is not None and size > _DIRECTORY:
            raise zipfile.BadZipFile("directory too large")
        return super().read(size)


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """The ZIP, closed at the end of the block.

    Raises:
        OSError, zipfile.BadZipFile, …: it cannot be read, or its directory is damaged or far too large.
    """
    with _Careful(io.FileIO(path)) as file, zipfile.ZipFile(file) as archive:
        file.opening = False
        yield archive
