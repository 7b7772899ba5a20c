"""The last net around the public functions of this folder: whatever goes wrong inside becomes one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import cv2

from editor.errors import DocumentError, FileProblem
from editor.files.reading import broken, no_memory, reading_problem
from editor.files.writing import writing_problem

_CV_NO_MEMORY = -4  # cv::Error::StsNoMem


@contextmanager
def guarded(path: Path, doing: Literal["open", "save", "export"]) -> Iterator[None]:
    """Let nothing but a FileProblem out of the block: decoders and encoders raise any exception there is."""
    try:
        yield
    except FileProblem:
        raise
    except DocumentError as error:
        raise FileProblem(str(error)) from error
    except OSError as error:
        told = reading_problem(error, path) if doing == "open" and error.errno else writing_problem(error, path)
        raise (broken(path.name) if doing == "open" and not error.errno else told) from error
    except Exception as error:
        full = isinstance(error, MemoryError) or (isinstance(error, cv2.error) and error.code == _CV_NO_MEMORY)
        if doing == "open":
            raise (no_memory(path.name) if full else broken(path.name)) from error
        why = "there is not enough memory" if full else f"{type(error).__name__}: {str(error)[:120]}"
        raise FileProblem(
            f"“{path.name}” could not be {doing}{'d' if doing == 'save' else 'ed'} ({why}). "
            "Close other pictures and try again; nothing on the disk was changed."
        ) from error
