"""The cache: equal contents, bounded bytes."""

from __future__ import annotations

import numpy as np

from engine.cache import Cache, content


def test_the_oldest_goes_first_and_bytes_are_bounded() -> None:
    cache = Cache(100)
    for name in "abc":
        cache.keep(name, name, 40)
    assert [cache.get(name) for name in "abc"] == [None, "b", "c"]
    cache.get("b")
    cache.keep("d", "d", 40)
    assert [cache.get(name) for name in "bcd"] == ["b", None, "d"]
    cache.keep("b", "new", 50)
    assert (cache.get("b"), cache.get("d")) == ("new", "d")
    cache.keep("huge", "huge", 101)
    assert cache.get("huge") is None
    assert cache.get("b") == "new"


def test_a_key_depends_on_every_byte_shape_and_type() -> None:
    array = np.arange(12, dtype=np.uint8)
    variants = [array, array.reshape(3, 4), array.astype(np.uint16), np.where(array == 5, np.uint8(9), array)]
    keys = {content("name", variant, 1) for variant in variants} | {content("name", array, 2), content("other", array)}
    assert len(keys) == 6
    assert content("name", array, 1) == content("name", array.copy(), 1)
    assert content("ab", "c") != content("a", "bc")
