"""The search's looks: which haze each noise has."""

from __future__ import annotations

import pytest

from engine.search import Looking


@pytest.mark.parametrize(
    ("noises", "expected"),
    [(1, [500]), (2, [800, 500]), (3, [800, 500, 500]), (6, [800, 800, 800, 500, 500, 500])],
)
def test_each_look_sees_things_and_backdrops_alike(noises: int, expected: list[int]) -> None:
    assert Looking(10, 0.5, 90).times(noises, 1000) == expected


def test_no_haze_hides_everything() -> None:
    assert Looking(10, 0.9, 90).times(2, 1000) == [950, 900]
