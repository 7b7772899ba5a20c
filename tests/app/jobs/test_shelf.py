"""Which models stay in memory."""

from __future__ import annotations

from typing import Any

import pytest

from app.jobs.shelf import Shelf
from engine.errors import ModelMissing


class Weighty:
    def __init__(self, bytes: int) -> None:
        self.bytes = bytes


def shelf_of(sizes: dict[str, int], read: list[str]) -> Shelf:
    def load(model: str) -> Any:
        read.append(model)
        if model not in sizes:
            raise ModelMissing("Open Models to install it.")
        return Weighty(sizes[model])

    return Shelf(load, 100)


def test_small_models_stay_beside_each_other() -> None:
    read: list[str] = []
    shelf = shelf_of({"studio": 40, "studio-exemplar": 40}, read)
    first = shelf.take("studio")
    other = shelf.take("studio-exemplar")
    assert (shelf.take("studio"), shelf.take("studio-exemplar")) == (first, other)
    assert read == ["studio", "studio-exemplar"]


def test_a_large_one_goes_before_another_is_read() -> None:
    read: list[str] = []
    shelf = shelf_of({"large": 101, "studio": 40}, read)
    for model in ("large", "large", "studio", "large"):
        shelf.take(model)
    assert read == ["large", "studio", "large"]


def test_the_one_that_was_not_used_for_longest_goes_first() -> None:
    read: list[str] = []
    shelf = shelf_of({"a": 60, "b": 60, "c": 10}, read)
    for model in ("a", "b", "a", "c", "a"):  # before c is read a and b are too much, and b was used before a
        shelf.take(model)
    assert read == ["a", "b", "c"]


def test_what_cannot_be_read_is_not_kept_and_nothing_is_after_clearing() -> None:
    read: list[str] = []
    shelf = shelf_of({"a": 1}, read)
    for _ in range(2):
        with pytest.raises(ModelMissing):
            shelf.take("absent")
    shelf.take("a")
    shelf.clear()
    shelf.take("a")
    assert read == ["absent", "absent", "a", "a"]
