"""What was computed from equal contents is not computed again; bounded by bytes, per model."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from engine.backbone import Backbone

_LARGEST = 2**28  # bytes per model


class Cache:
    """Values by the content they were made from; the ones unused for longest go first."""

    def __init__(self, largest: int = _LARGEST) -> None:
        """`largest`: bytes that all values together may take."""
        self._largest, self._bytes = largest, 0
        self._kept: OrderedDict[str, tuple[Any, int]] = OrderedDict()

    def get(self, key: str) -> Any | None:
        """What was kept under the key, None where it is not there."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key][0]

    def keep(self, key: str, value: Any, size: int) -> None:
        """Keep a value of `size` bytes; one that is too large by itself is not kept."""
        if key in self._kept:
            self._bytes -= self._kept.pop(key)[1]
        if size > self._largest:
            return
        self._kept[key] = value, size
        self._bytes += size
        while self._bytes > self._largest:
            _, (_, freed) = self._kept.popitem(last=False)
            self._bytes -= freed


_CACHES: WeakKeyDictionary[Backbone, Cache] = WeakKeyDictionary()


def cache_of(backbone: Backbone) -> Cache:
    """The model's own cache; it goes with the model."""
    return _CACHES.setdefault(backbone, Cache())


def content(*parts: Any) -> str:
    """SHA-256 over arrays (shape, type and every byte) and plain values: a key."""
    sha = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            sha.update(f"{part.shape}{part.dtype}".encode())
            sha.update(np.ascontiguousarray(part).data)
        else:
            sha.update(f"{part!r}\0".encode())
    return sha.hexdigest()
