"""The examples that were used last, as files in a folder of the program's own: PNGs and a small index. No Qt.

What cannot be read is dropped without a word: the tray is a convenience, and the artist's own files are elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image

from app.cutting.cut import Bytes, shrunk
from editor.errors import DocumentError
from editor.files.writing import atomic_write

MOST = 12
LARGEST = 1024  # pixels of the longer side; larger ones are none of ours
SMALL = 96  # pixels of the longer side of a thumbnail
LONGEST_NAME = 120  # letters
INDEX = "index.json"
_KEY = re.compile(r"[0-9a-f]{32}")
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Kept:
    """An example in the tray.

    Attributes:
        key: of its content, 32 hexadecimal digits.
        name: where it came from, for the artist.
        small: (h, w, 4), a thumbnail.
    """

    key: str
    name: str
    small: Bytes


class TrayFiles:
    """Reads and writes the folder; every method may be called in any thread, and takes its time.

    Args:
        folder: made when the first example is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._kept: tuple[Kept, ...] = ()

    @property
    def kept(self) -> tuple[Kept, ...]:
        """What is known to be there, newest first."""
        return self._kept

    def load(self) -> None:
        """See what is there; what is broken or missing is dropped."""
        with self._lock:
            listed = self._listed()
            kept = [found for key, name in listed if (found := self._seen(key, name)) is not None]
            self._kept = tuple(kept)
            if [(one.key, one.name) for one in kept] != listed:
                self._attempt("the list of examples", lambda: self._store(self._kept))

    def add(self, pixels: Bytes, name: str, instead_of: str = "") -> str:
        """Put an example, (h, w, 4), in front; the oldest goes where there are too many.

        Where it cannot be written, the tray stays as it was, and the log says so.

        Args:
            instead_of: key of one that it takes the place of.

        Returns:
            Its key.
        """
        pixels, name = shrunk(pixels, LARGEST), name[:LONGEST_NAME]
        key = key_of(pixels)
        new = Kept(key, name, shrunk(pixels, SMALL))

        def keep() -> None:
            self._folder.mkdir(parents=True, exist_ok=True)
            if not self._path(key).is_file():
                with atomic_write(self._path(key)) as path:
                    Image.fromarray(pixels).save(path, format="PNG", compress_level=1)
            others = [one for one in self._others() if one.key not in (key, instead_of)]
            kept = (new, *others)[:MOST]
            self._store(kept)
            self._kept = kept

        with self._lock:
            self._attempt(f"“{name}”", keep)
        return key

    def read(self, key: str) -> Bytes | None:
        """The pixels (h, w, 4) of one; None, and it is dropped, where they cannot be read."""
        with self._lock:
            pixels = self._pixels(key)
        if pixels is None:
            self.remove(key)
        return pixels

    def remove(self, key: str) -> None:
        """Drop one."""
        self._drop(lambda one: one.key != key)

    def clear(self) -> None:
        """Drop all."""
        self._drop(lambda _: False)

    def _drop(self, stays: Callable[[Kept], bool]) -> None:
        with self._lock:
            self._kept = tuple(one for one in self._others() if stays(one))
            if self._folder.is_dir():
                self._attempt("the list of examples", lambda: self._store(self._kept))

    def _others(self) -> list[Kept]:
        """What is there now, another window's examples included."""
        known = {one.key: one for one in self._kept}
        found = (known.get(key) or self._seen(key, name) for key, name in self._listed())
        return [one for one in found if one is not None]

    # the folder

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.png"

    def _listed(self) -> list[tuple[str, str]]:
        """(key, name) of what the index names, newest first; nothing where it cannot be read."""
        try:
            index: Any = json.loads((self._folder / INDEX).read_text(encoding="utf-8"))
            listed = [(str(one["key"]), str(one["name"])[:LONGEST_NAME]) for one in index["examples"]]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return []
        names: dict[str, str] = {}
        for key, name in listed:
            if _KEY.fullmatch(key):
                names.setdefault(key, name)
        return list(names.items())[:MOST]

    def _seen(self, key: str, name: str) -> Kept | None:
        pixels = self._pixels(key)
        return Kept(key, name, shrunk(pixels, SMALL)) if pixels is not None else None

    def _pixels(self, key: str) -> Bytes | None:
        try:
            with Image.open(self._path(key), formats=("PNG",)) as image:
                if image.mode != "RGBA" or max(image.size) > LARGEST:
                    return None
                pixels = np.asarray(image, np.uint8).copy()
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return None
        return pixels if pixels[..., 3].any() else None

    def _store(self, kept: Sequence[Kept]) -> None:
        """Write the index, and remove the pictures that it does not name."""
        index = {"examples": [{"key": one.key, "name": one.name} for one in kept]}
        with atomic_write(self._folder / INDEX) as path:
            path.write_text(json.dumps(index, ensure_ascii=False, indent=1), encoding="utf-8")
        named = {one.key for one in kept}
        for path in self._folder.glob("*.png"):
            if _KEY.fullmatch(path.stem) and path.stem not in named:
                with suppress(OSError):
                    path.unlink()

    @staticmethod
    def _attempt(what: str, write: Callable[[], None]) -> None:
        try:
            write()
        except (OSError, DocumentError) as error:
            log.warning("The tray of examples could not keep %s: %s", what, error)


def key_of(pixels: Bytes) -> str:
    """The same for the same picture, whatever it is called."""
    shape = f"{pixels.shape}".encode()
    return hashlib.sha256(shape + np.ascontiguousarray(pixels).tobytes()).hexdigest()[:32]
