"""Geometry of the box in which a thing shall stand."""

from __future__ import annotations

import pytest

from editor.box import Way, drawn, moved, resized
from editor.geometry import Point, Rect
from editor.placement import Grip

CANVAS, BOX = Rect(0, 0, 300, 280), Rect(40, 30, 80, 60)
FREE = Way()


@pytest.mark.parametrize(
    ("now", "way", "box"),
    [
        ((70.4, 50.2), FREE, Rect(20, 10, 50, 40)),
        ((5.0, 4.0), FREE, Rect(5, 4, 15, 6)),
        ((20.2, 10.3), FREE, Rect(20, 10, 1, 1)),
        ((70.0, 30.0), Way(centred=True), Rect(-30, -10, 100, 40)),
        ((70.0, 30.0), Way(1.0), Rect(20, 10, 50, 50)),
        ((70.0, 30.0), Way(2.0), Rect(20, 10, 50, 25)),
        ((70.0, 90.0), Way(2.0), Rect(20, 10, 160, 80)),
        ((10.0, 60.0), Way(1.0), Rect(-30, 10, 50, 50)),
        ((10.0, 0.0), Way(0.5), Rect(10, -10, 10, 20)),
        ((30.0, 15.0), Way(1.0, centred=True), Rect(10, 0, 20, 20)),
    ],
)
def test_a_box_is_drawn_from_a_corner_or_its_middle(now: Point, way: Way, box: Rect) -> None:
    assert drawn((20.0, 10.0), now, way) == box


@pytest.mark.parametrize(
    ("grip", "shift", "way", "box"),
    [
        (Grip.BOTTOM_RIGHT, (10.0, 20.0), FREE, Rect(40, 30, 90, 80)),
        (Grip.TOP_LEFT, (10.0, 20.0), FREE, Rect(50, 50, 70, 40)),
        (Grip.LEFT, (-10.0, 20.0), FREE, Rect(30, 30, 90, 60)),
        (Grip.BOTTOM, (-10.0, 20.0), FREE, Rect(40, 30, 80, 80)),
        (Grip.RIGHT, (10.0, 0.0), Way(centred=True), Rect(30, 30, 100, 60)),
        (Grip.TOP_RIGHT, (10.0, -5.0), Way(centred=True), Rect(30, 25, 100, 70)),
        (Grip.BOTTOM_RIGHT, (40.0, 0.0), Way(80 / 60), Rect(40, 30, 120, 90)),
        (Grip.TOP_LEFT, (40.0, 30.0), Way(80 / 60), Rect(80, 60, 40, 30)),
        (Grip.RIGHT, (40.0, 0.0), Way(80 / 60), Rect(40, 15, 120, 90)),
        (Grip.TOP, (0.0, 30.0), Way(80 / 60), Rect(60, 60, 40, 30)),
        (Grip.BOTTOM, (0.0, 20.0), Way(2.0, centred=True), Rect(-20, 10, 200, 100)),
        (Grip.RIGHT, (-100.0, 0.0), FREE, Rect(20, 30, 20, 60)),
        (Grip.BOTTOM_RIGHT, (-100.0, -90.0), Way(80 / 60), Rect(0, 0, 40, 30)),
        (Grip.RIGHT, (-80.0, 0.0), FREE, Rect(40, 30, 1, 60)),
    ],
)
def test_a_handle_resizes_it_and_pulls_it_over(grip: Grip, shift: Point, way: Way, box: Rect) -> None:
    assert resized(BOX, grip, shift, way) == box


def test_whatever_is_done_it_keeps_a_pixel_and_its_proportion() -> None:
    for grip in (*Grip,):
        for dx in range(-200, 201, 25):
            for dy in range(-150, 151, 25):
                shift = (float(dx), float(dy))
                for centred in (False, True):
                    free = resized(BOX, grip, shift, Way(centred=centred))
                    kept = resized(BOX, grip, shift, Way(1.5, centred))
                    assert min(free.width, free.height, kept.width, kept.height) >= 1
                    assert abs(kept.width - 1.5 * kept.height) <= 2.5, (grip, shift)


def test_it_is_moved_by_whole_pixels_and_some_of_it_stays_on_the_canvas() -> None:
    assert moved(BOX, (10.4, -5.6), CANVAS) == Rect(50, 24, 80, 60)
    assert moved(BOX, (10.4, -5.6), CANVAS, straight=True) == Rect(50, 30, 80, 60)
    assert moved(BOX, (1.0, -5.6), CANVAS, straight=True) == Rect(40, 24, 80, 60)
    assert moved(BOX, (999.0, 999.0), CANVAS) == Rect(299, 279, 80, 60)
    assert moved(BOX, (-999.0, -999.0), CANVAS) == Rect(-79, -59, 80, 60)
