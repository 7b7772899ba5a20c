"""A crop rectangle under the pointer."""

from __future__ import annotations

import pytest

from app.cutting.cropping import MIDDLE, NEW, Grip, grip_at, moved, pulled
from editor.geometry import Point, Rect

CANVAS = Rect(0, 0, 100, 60)
CROP = Rect(20, 10, 40, 30)


@pytest.mark.parametrize(
    ("at", "grip"),
    [
        ((20, 10), Grip(-1, -1)),
        ((61, 41), Grip(1, 1)),
        ((59, 9), Grip(1, -1)),
        ((40, 11), Grip(0, -1)),
        ((18, 25), Grip(-1, 0)),
        ((40, 25), MIDDLE),
        ((90, 25), NEW),
        ((20, 50), NEW),  # in line with an edge, but beside it
    ],
)
def test_what_is_held(at: Point, grip: Grip) -> None:
    assert grip_at(CROP, CANVAS, at, 3) == grip


def test_inside_the_whole_picture_a_new_one_is_drawn() -> None:
    assert grip_at(CANVAS, CANVAS, (50, 30), 3) == NEW
    assert grip_at(CANVAS, CANVAS, (99, 30), 3) == Grip(1, 0)


@pytest.mark.parametrize(
    ("grip", "by", "result"),
    [
        (Grip(1, 1), (10, -5), Rect(20, 10, 50, 25)),
        (Grip(-1, 0), (-500, 7), Rect(0, 10, 60, 30)),
        (Grip(-1, -1), (500, 500), Rect(59, 39, 1, 1)),
        (Grip(1, 0), (-500, 0), Rect(20, 10, 1, 30)),
        (Grip(0, 1), (0, 500), Rect(20, 10, 40, 50)),
        (MIDDLE, (500, -500), Rect(60, 0, 40, 30)),
    ],
)
def test_pulling_stays_inside_and_keeps_a_pixel(grip: Grip, by: Point, result: Rect) -> None:
    assert pulled(CROP, CANVAS, grip, (30, 30), (30 + by[0], 30 + by[1])) == result


def test_a_new_one_takes_in_every_pixel_that_it_touches() -> None:
    assert pulled(CROP, CANVAS, NEW, (30.5, 40.2), (10.1, 20.9)) == Rect(10, 20, 21, 21)
    assert pulled(CROP, CANVAS, NEW, (-5, -5), (500, 500)) == CANVAS
    assert pulled(CROP, CANVAS, NEW, (500, 500), (600, 600)) == Rect(99, 59, 1, 1)


def test_moving_stops_at_the_edges() -> None:
    assert moved(CROP, CANVAS, -3, 4) == Rect(17, 14, 40, 30)
    assert moved(CROP, CANVAS, -30, 40) == Rect(0, 30, 40, 30)
