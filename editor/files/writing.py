"""Replace files whole or not at all: written beside, flushed to the disk, then renamed over the old one."""

from __future__ import annotations

import errno
import glob
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from editor.errors import FileProblem

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_NOT_ALLOWED = {errno.EACCES, errno.EPERM, errno.EROFS}
_ABANDONED = 3600.0  # seconds since a half-written file grew: nobody writes it any more


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield the path of a new empty file beside `path` that takes its place when the block ends well.

    Whatever goes wrong, the file that was there stays as it was and the new one is removed. The new file keeps the
    suffix, the permissions of the file it replaces, and a symbolic link goes on pointing at it.

    Raises:
        FileProblem: the place cannot be written, or the block raised an OSError (a full disk, for instance).
    """
    try:
        target = path.resolve() if path.is_symlink() else path
        temporary = _created_beside(target)
    except OSError as error:
        raise writing_problem(error, path) from error
    try:
        yield temporary
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        if target.exists():
            with suppress(OSError):  # a file system without permissions
                shutil.copymode(target, temporary)
        temporary.replace(target)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise writing_problem(error, path) from error
        raise
    _flush_folder(target.parent)


def writing_problem(error: OSError, path: Path) -> FileProblem:
    """What an OSError while writing `path` means, as a sentence."""
    name, folder = path.name, path.absolute().parent
    if error.errno in _NO_ROOM:
        return FileProblem(
            f"There is not enough room on the disk to save “{name}”. Free some space or save it elsewhere; "
            "nothing on the disk was changed."
        )
    if error.errno == errno.ENAMETOOLONG:
        return FileProblem(f"The name “{name[:40]}…” is too long. Save under a shorter name.")
    if path.is_dir():
        return FileProblem(f"“{name}” is a folder. Save under another name.")
    if not folder.is_dir():
        return FileProblem(f"The folder “{folder}” is not there. Save “{name}” elsewhere.")
    if error.errno in _NOT_ALLOWED:
        what = f"“{name}” is write-protected" if path.exists() else f"The folder “{folder}” is write-protected"
        return FileProblem(f"{what}. Save “{name}” elsewhere.")
    return FileProblem(f"“{name}” could not be saved ({error.strerror or error}). Save it elsewhere.")


def _created_beside(target: Path) -> Path:
    """A new empty file in the target's folder, made with the usual permissions of new files."""
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if target.exists() and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    head, tail = f".{target.stem[:40]}-", f".part{target.suffix[:16]}"
    _remove_leavings(target.parent, f"{glob.escape(head)}????????{glob.escape(tail)}")
    temporary = target.with_name(f"{head}{secrets.token_hex(4)}{tail}")
    temporary.open("xb").close()
    return temporary


def _remove_leavings(folder: Path, pattern: str) -> None:
    """Remove what was half written when a program was killed."""
    for left in folder.glob(pattern):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED:
                left.unlink()


def _flush_folder(folder: Path) -> None:
    """Make the rename itself survive a power cut, where the system lets a folder be opened."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
