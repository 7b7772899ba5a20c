"""Read entries of a ZIP that may mean harm: names, sizes and totals are checked before anything is unpacked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path, PurePosixPath
from threading import Lock
from types import TracebackType
from typing import Self

from editor import limits
from editor.errors import FileProblem
from editor.files import png
from editor.files.reading import broken, check_size, no_memory, reading_problem
from editor.files.zips import ENTRIES, opened_zip

TOTAL = 16 << 30  # bytes unpacked from one file
_HEAD = 1 << 20  # bytes of a PNG in which its header and profile are looked for


class Archive:
    """An opened ZIP; nothing of it ever reaches the disk.

    Raises:
        FileProblem: from every method, when the ZIP is damaged or asks for too much.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._lock = Lock()
        self._bytes_left = TOTAL
        self._pixels_left = limits.TOTAL_PIXELS
        self._open = ExitStack()
        with self._refusing():
            self._zip = self._open.enter_context(opened_zip(path))
        entries = self._zip.infolist()
        if len(entries) > ENTRIES or any(_escapes(entry.filename) for entry in entries):
            self._open.close()
            raise FileProblem(f"“{self.name}” holds entries that no OpenRaster document has and was not opened.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def __contains__(self, entry: str) -> bool:
        return entry in self._zip.NameToInfo

    def sizes(self) -> dict[str, int]:
        """Unpacked bytes of every entry, as the directory says."""
        return {info.filename: info.file_size for info in self._zip.infolist()}

    def read(self, entry: str, limit: int) -> bytes:
        """The whole entry, at most `limit` bytes of it unpacked."""
        with self._refusing():
            size = self._zip.getinfo(entry).file_size
            with self._lock:  # pictures are read on several threads
                self._bytes_left -= size
            if size > limit or self._bytes_left < 0:
                raise self.too_much()
            return self._zip.read(entry)

    def read_picture(self, entry: str) -> bytes:
        """The bytes of a PNG entry, no more of them than its pixels can need."""
        head = self.picture_head(entry)
        found = png.header(head)
        raw = found.width * found.height * 8 + found.height
        return self.read(entry, raw + raw // 500 + (64 << 20))  # deflate adds a little, text and profile the rest

    def picture_head(self, entry: str) -> bytes:
        """The first bytes of a PNG entry, its size found within the limits of one picture."""
        with self._refusing(), self._zip.open(entry) as file:
            head = file.read(_HEAD)
            found = png.header(head)
            check_size(self.name, found.width, found.height)
            return head

    def spend_pixels(self, count: int) -> None:
        """Take `count` pixels from what all pictures of the file may hold together."""
        self._pixels_left -= count
        if self._pixels_left < 0:
            raise self.too_much()

    def too_much(self) -> FileProblem:
        return FileProblem(f"“{self.name}” would unpack to far more than a document needs and was not opened.")

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except (FileProblem, KeyError):
            raise
        except MemoryError as error:
            raise no_memory(self.name) from error
        except OSError as error:
            raise (reading_problem(error, Path(self.name)) if error.errno else broken(self.name)) from error
        except Exception as error:  # zipfile answers hostile bytes with many exceptions
            raise broken(self.name) from error


def _escapes(entry: str) -> bool:
    """Whether a name points outside the folder that one would unpack to."""
    plain = PurePosixPath(entry.replace("\\", "/"))
    return plain.is_absolute() or ".." in plain.parts or ":" in entry or "\0" in entry
