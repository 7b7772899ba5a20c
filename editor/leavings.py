"""What programs that died had autosaved and nobody has saved since.

Each running program autosaves into a folder of its own and holds a lock in it. A folder whose lock can be taken belongs
to a program that is gone; while it is looked through here, no other program takes it for its own to offer.
(Process numbers would not tell: they come back, and count on one computer only.)
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from editor.locks import Lock

LOCK = "lock"
_TITLE = 200  # letters; a comment has room for 65535 bytes


def usual_place() -> Path:
    """Where all running programs have their folders: the user's data, which no system cleans up by itself."""
    return user_data_path("pentimento", appauthor=False) / "autosave"


@dataclass(frozen=True)
class Left:
    """A document that was not saved when its program died.

    Attributes:
        file: the autosaved .ora.
        title: what it was called.
        path: where it had been saved to before; None = never.
        time: as of when it was autosaved, seconds since 1970.
    """

    file: Path
    title: str
    path: Path | None
    time: float

    @property
    def saved_since(self) -> bool:
        """Whether the file at `path` was written after that, and may hold newer work."""
        try:
            return self.path is not None and self.path.stat().st_mtime > self.time
        except OSError:
            return False

    def discard(self) -> None:
        """Delete it for good.

        Raises:
            OSError: it cannot be deleted.
        """
        self.file.unlink(missing_ok=True)


class Leavings:
    """All documents left behind at a place, newest first, held until `close`.

    Args:
        place: None = the usual one.
    """

    def __init__(self, place: Path | None = None) -> None:
        self._held: list[tuple[Path, Lock]] = []
        found: list[Left] = []
        for folder in _folders(usual_place() if place is None else place):
            with suppress(OSError):  # one that cannot be looked into must not hide the others
                lock = Lock.take(folder / LOCK) if (folder / LOCK).exists() else None
                if lock is not None:
                    self._held.append((folder, lock))
                    found += [_left(file) for file in autosaved_in(folder)]
        self.documents = tuple(sorted(found, key=lambda left: -left.time))

    def close(self) -> None:
        """Let go of what is still there, for the next start to offer again; emptied folders are removed."""
        for folder, lock in self._held:
            with suppress(OSError):
                if not autosaved_in(folder):
                    shutil.rmtree(folder, ignore_errors=True)
            lock.release()
        self._held.clear()


def described(title: str, path: Path | None, time: float) -> bytes:
    """What is noted about an autosaved document, as the comment of its ZIP: so it always belongs to the pictures."""
    return json.dumps({"title": title[:_TITLE], "path": None if path is None else str(path), "time": time}).encode()


def autosaved_in(folder: Path) -> list[Path]:
    """The documents in the folder of one program; half-written ones have another name."""
    return sorted(file for file in folder.glob("*.ora") if file.stem.isdecimal())


def _folders(place: Path) -> Iterator[Path]:
    with suppress(OSError):  # nothing was ever autosaved
        yield from sorted(folder for folder in place.iterdir() if folder.is_dir())


def _left(file: Path) -> Left:
    title, path, time = "", None, file.stat().st_mtime
    with suppress(OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):  # it is offered all the same
        with zipfile.ZipFile(file) as archive:
            about = json.loads(archive.comment)
        title, time = str(about["title"]), float(about["time"])
        path = None if about["path"] is None else Path(about["path"])
    return Left(file, title or "Untitled", path, time)
