"""A folder for undo steps that no longer fit into memory: compressed, exact, gone when the document closes."""

from __future__ import annotations

import pickle
import shutil
import tempfile
import weakref
import zlib
from pathlib import Path
from typing import Any

FAST = 1  # zlib level: on painted tiles level 6 is 4x slower and 10 % smaller


class SpillFolder:
    """Values written to files of a private temporary folder; the folder is removed with this object.

    The files never leave this process, which is why pickle may read them back.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="pentimento-undo-", dir=parent))
        self._count = 0
        self._remove = weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def reserve(self) -> Path:
        """A path that no other value uses."""
        self._count += 1
        return self.folder / f"{self._count:06d}"

    @staticmethod
    def write(path: Path, value: Any) -> None:
        """Compress a value into a file; OSError when the disk is full, with no file left behind."""
        try:
            with path.open("wb") as file:
                packed = zlib.compressobj(FAST)

                def put(part: memoryview | bytes) -> None:
                    file.write(packed.compress(part))

                pickle.Pickler(_Writer(put), protocol=5).dump(value)
                file.write(packed.flush())
        except OSError:
            path.unlink(missing_ok=True)
            raise

    @staticmethod
    def read(path: Path) -> Any:
        """The value, equal to what was written."""
        return pickle.loads(zlib.decompress(path.read_bytes()))

    def close(self) -> None:
        """Delete the folder and all values in it."""
        self._remove()


class _Writer:
    """A file for the pickler that hands each part on."""

    def __init__(self, put: Any) -> None:
        self.write = put
