"""Get at a file's bytes, or say in a sentence why not; limits that keep hostile files from filling the memory."""

from __future__ import annotations

import errno
from pathlib import Path

from editor import limits
from editor.errors import FileProblem
from editor.files.kinds import HEAD, OPENS, Kind, kind_of, stranger
from editor.files.zips import opened_zip

FILE_LIMIT = 8 << 30


def read_head(path: Path) -> bytes:
    """The first bytes of a file, enough for `kind_of`.

    Raises:
        FileProblem: it is missing, a folder, empty, or may not be read.
    """
    try:
        if path.is_dir():
            raise FileProblem(f"“{path.name}” is a folder. Choose a picture inside it.")
        if path.exists() and not path.is_file():
            raise FileProblem(f"“{path.name}” is a device, not a file. Choose a picture.")
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError as error:
        raise reading_problem(error, path) from error
    if not head:
        raise FileProblem(f"“{path.name}” is empty: 0 bytes. Copy or download it again.")
    return head


def read_kind(path: Path) -> Kind:
    """What kind of file it is, by its content.

    Raises:
        FileProblem: it cannot be read, or is of a kind that cannot be opened.
    """
    head = read_head(path)
    kind = Kind.ORA if head.startswith(b"PK") and _holds_stack(path) else kind_of(head)
    if kind is None:
        raise FileProblem(f"“{path.name}” is {stranger(head, path)}, which Pentimento cannot open. It opens {OPENS}.")
    return kind


def _holds_stack(path: Path) -> bool:
    """Whether a ZIP is OpenRaster although its first entry does not say so; some programs write it that way."""
    try:
        with opened_zip(path) as archive:
            return "stack.xml" in archive.NameToInfo
    except Exception:  # not a whole ZIP; its first bytes decide
        return False


def read_all(path: Path) -> bytes:
    """The whole file.

    Raises:
        FileProblem: it cannot be read or is larger than `FILE_LIMIT`.
    """
    try:
        if path.stat().st_size > FILE_LIMIT:
            raise FileProblem(f"“{path.name}” is larger than {FILE_LIMIT >> 30} GB and was not opened.")
        return path.read_bytes()
    except OSError as error:
        raise reading_problem(error, path) from error
    except MemoryError as error:
        raise no_memory(path.name) from error


def check_size(name: str, width: int, height: int) -> None:
    """Refuse a size before anything is decoded.

    Raises:
        FileProblem: more pixels or a longer side than the limits.
    """
    if width < 1 or height < 1:
        raise broken(name)
    if not limits.fits(width, height):
        raise FileProblem(
            f"“{name}” would be {width} × {height} pixels; Pentimento opens up to {limits.PIXELS // 10**6} million, "
            f"{limits.SIDE} to a side. Scale it down with another program first."
        )


def too_large(name: str) -> FileProblem:
    """What to say of a picture whose size was refused before it was known exactly."""
    return FileProblem(
        f"“{name}” has more than the {limits.PIXELS // 10**6} million pixels that Pentimento opens. "
        "Scale it down with another program first."
    )


def broken(name: str) -> FileProblem:
    """What to say of a file that stops early or makes no sense."""
    return FileProblem(f"“{name}” is damaged or not complete and cannot be opened. Copy or download it again.")


def no_memory(name: str) -> FileProblem:
    return FileProblem(f"There is not enough memory to open “{name}”. Close other pictures and try again.")


def reading_problem(error: OSError, path: Path) -> FileProblem:
    """What an OSError while reading `path` means, as a sentence."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return FileProblem(f"You are not allowed to read “{path.name}”. Change its permissions or open a copy.")
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return FileProblem(f"“{path.name}” is not there any more. Look for it in another folder.")
    return FileProblem(f"“{path.name}” could not be read ({error.strerror or error}). Copy it to this computer first.")
