"""Keep what is not saved on the disk, so that a crash costs at most what was done since."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from contextlib import suppress
from pathlib import Path

from editor.document import Snapshot
from editor.errors import FileProblem
from editor.files import atomic_write, save_snapshot
from editor.leavings import LOCK, Left, described, usual_place
from editor.locks import Lock


class Autosave:
    """The folder of this running program: one file for each document that is not saved, its newest state.

    The files are whole .ora documents, so that other programs open them, too, where this one does not start any more.
    Every method reads or writes the disk, and only one thread at a time may call them.

    Args:
        place: where the folder is made when it is first needed; None = the usual one.
    """

    def __init__(self, place: Path | None = None) -> None:
        self._place = usual_place() if place is None else place
        self._own: tuple[Path, Lock] | None = None

    def keep(self, key: int, snapshot: Snapshot, title: str, path: Path | None, time: float) -> None:
        """Write a document in place of what was kept of it before, whole or not at all.

        Args:
            key: stands for the document.
            path: where the artist saves it; None = nowhere yet.
            time: when the snapshot was taken, seconds since 1970. (When the file is written tells less: a later state
                may have been saved meanwhile.)

        Raises:
            FileProblem: it cannot be written; what was kept before is still there.
        """
        try:
            with atomic_write(self._file(key)) as temporary:
                save_snapshot(snapshot, temporary, title)
                with zipfile.ZipFile(temporary, "a") as archive:
                    archive.comment = described(title, path, time)
        except (FileProblem, OSError) as error:
            raise FileProblem(
                f"“{title}” could not be autosaved ({_reason(error)}). Save it yourself from time to time."
            ) from error

    def adopt(self, left: Left, key: int) -> None:
        """Make what a dead program left behind this program's own.

        Raises:
            OSError: it cannot be moved; it is where it was.
        """
        left.file.replace(self._file(key))

    def drop(self, key: int) -> None:
        """The document was saved or closed: nothing of it needs to be kept.

        Raises:
            OSError: its file cannot be deleted.
        """
        if self._own is not None:
            (self._own[0] / f"{key}.ora").unlink(missing_ok=True)

    def close(self) -> None:
        """Delete the folder: the program ends as it should."""
        if self._own is not None:
            folder, lock = self._own
            self._own = None
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()

    def _file(self, key: int) -> Path:
        if self._own is None or not self._own[0].is_dir():
            self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._own = _new_folder(self._place)
        return self._own[0] / f"{key}.ora"


def _new_folder(place: Path) -> tuple[Path, Lock]:
    """A folder with a lock held in it; another program that looks for leavings may sweep it away before that."""
    while True:
        folder = Path(tempfile.mkdtemp(dir=place))
        with suppress(FileNotFoundError):
            lock = Lock.take(folder / LOCK)
            if lock is not None and (folder / LOCK).exists():
                return folder, lock


def _reason(error: Exception) -> str:
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    return (cause.strerror if isinstance(cause, OSError) else None) or str(cause).rstrip(".")
