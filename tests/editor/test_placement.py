"""The geometry of a placed thing: there and back, handles, and what a drag of each of them makes."""

from __future__ import annotations

from math import cos, hypot, radians, sin

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from editor.geometry import Rect
from editor.placement import ARM, REACH, SCALES, Grip, Placement, TransformBox

BOX = Rect(40, 30, 80, 60)  # its middle is (80, 60)
placements = st.builds(
    Placement,
    st.tuples(st.floats(-300, 300), st.floats(-300, 300)),
    st.floats(*SCALES),
    st.floats(-180, 180),
).map(Placement.tidy)


@given(placements, st.tuples(st.floats(-500, 500), st.floats(-500, 500)))
def test_there_and_back_is_the_same_place(placement: Placement, point: tuple[float, float]) -> None:
    there = placement.matrix((80, 60)) @ (*point, 1.0)
    assert placement.back((80, 60)) @ (*there, 1.0) == pytest.approx(point, abs=1e-9)


def test_the_matrix_turns_clockwise_about_the_middle_then_shifts() -> None:
    placement = Placement((10.0, -4.0), 2.0, 90.0)
    assert placement.matrix((80, 60)) @ (80, 60, 1) == pytest.approx((90, 56))
    # One pixel to the right of the middle comes to lie two below it: y points down.
    assert placement.matrix((80, 60)) @ (81, 60, 1) == pytest.approx((90, 58))
    assert np.linalg.det(placement.matrix((80, 60))[:, :2]) == pytest.approx(4.0)


def test_a_frame_that_rests_is_its_box() -> None:
    frame = TransformBox(BOX)
    assert Placement().rests
    assert frame.corners == ((40, 30), (120, 30), (120, 90), (40, 90))
    assert frame.middle == frame.centre == (80, 60)
    assert frame.contains((41, 31))
    assert not frame.contains((39, 31))


@pytest.mark.parametrize("scale", [0.1, 1.0, 4.0])
def test_handles_are_hit_as_large_at_every_zoom(scale: float) -> None:
    frame = TransformBox(Rect(0, 0, 2000, 1600), Placement((300.0, 40.0), 1.5, 30.0))
    grips = frame.grips(scale)
    assert len(grips) == 9
    for grip, (x, y) in grips.items():
        assert frame.hit((x, y), scale) is grip
        reach = (REACH - 0.5) / scale
        assert frame.hit((x + 0.6 * reach, y + 0.8 * reach), scale) is grip
    x, y = grips[Grip.TURN]
    away = (REACH + 0.5) / scale
    out = (sin(radians(30)), -cos(radians(30)))  # farther out than the grip nothing is hit
    assert frame.hit((x + away * out[0], y + away * out[1]), scale) is None
    assert frame.hit(frame.middle, scale) is Grip.INSIDE


def test_the_grip_that_turns_stands_above_the_thing_wherever_up_is() -> None:
    for turn in (0.0, 90.0, -135.0):
        frame = TransformBox(BOX, Placement((5.0, 6.0), 1.2, turn))
        x, y = frame.grips(2.0)[Grip.TURN]
        middle = frame.middle
        assert hypot(x - middle[0], y - middle[1]) == pytest.approx(1.2 * 30 + ARM / 2)
        assert (x - middle[0], y - middle[1]) == pytest.approx(
            ((36 + ARM / 2) * sin(radians(turn)), -(36 + ARM / 2) * cos(radians(turn)))
        )


def test_a_tiny_box_is_moved_and_a_small_one_has_no_handles_at_its_sides() -> None:
    tiny = TransformBox(Rect(10, 10, 8, 8))
    assert tiny.hit((14, 14), 1.0) is Grip.INSIDE
    assert tiny.hit((10, 10), 1.0) is Grip.INSIDE
    small = TransformBox(Rect(10, 10, 30, 30))
    assert set(small.grips(1.0)) == {
        Grip.TOP_LEFT, Grip.TOP_RIGHT, Grip.BOTTOM_LEFT, Grip.BOTTOM_RIGHT, Grip.TURN,
    }  # fmt: skip
    assert small.hit((40, 40), 1.0) is Grip.BOTTOM_RIGHT


def test_a_drag_inside_moves_by_whole_pixels_and_shift_keeps_to_one_axis() -> None:
    frame = TransformBox(BOX, Placement((2.5, 0.0), 1.3, 20.0))
    assert frame.dragged(Grip.INSIDE, (80, 60), (91.6, 55.2)) == Placement((14.5, -5.0), 1.3, 20.0)
    assert frame.dragged(Grip.INSIDE, (80, 60), (91.6, 55.2), straight=True) == Placement((14.5, 0.0), 1.3, 20.0)
    assert frame.dragged(Grip.INSIDE, (80, 60), (81, 20), straight=True).shift == (2.5, -40.0)


def test_a_corner_follows_the_pointer_and_the_opposite_one_stays() -> None:
    frame = TransformBox(BOX)
    larger = frame.dragged(Grip.BOTTOM_RIGHT, (120, 90), (160, 120))
    assert larger == Placement((20.0, 15.0), 1.5, 0.0)
    corners = TransformBox(BOX, larger).corners
    assert corners[0] == pytest.approx((40, 30))
    assert corners[2] == pytest.approx((160, 120))


@given(placements, st.sampled_from([grip for grip in Grip if grip not in (Grip.TURN, Grip.INSIDE)]))
def test_what_lies_opposite_stays_however_the_thing_is_placed(placement: Placement, grip: Grip) -> None:
    frame = TransformBox(BOX, placement)
    across, down = grip.value
    handle, opposite = frame._at(across, down), frame._at(1 - across, 1 - down)
    outwards = handle[0] + 0.25 * (handle[0] - opposite[0]), handle[1] + 0.25 * (handle[1] - opposite[1])
    now = TransformBox(BOX, frame.dragged(grip, handle, outwards))
    if placement.scale * 1.25 <= SCALES[1]:
        assert now.placement.scale == pytest.approx(placement.scale * 1.25, abs=1e-3)
    assert now._at(1 - across, 1 - down) == pytest.approx(opposite, abs=0.15)  # shift to a tenth of a pixel
    assert now.placement.turn == placement.turn


def test_alt_resizes_about_the_middle() -> None:
    assert TransformBox(BOX).dragged(Grip.RIGHT, (120, 60), (140, 60), centred=True) == Placement((0.0, 0.0), 1.5, 0.0)
    assert TransformBox(BOX).dragged(Grip.RIGHT, (120, 60), (140, 60)) == Placement((10.0, 0.0), 1.25, 0.0)


def test_a_thing_is_never_turned_inside_out() -> None:
    placed = TransformBox(BOX).dragged(Grip.BOTTOM_RIGHT, (120, 90), (-300, -300))
    assert placed.scale == SCALES[0]
    assert TransformBox(BOX, placed).corners[0] == pytest.approx((40, 30), abs=0.1)
    assert TransformBox(BOX).dragged(Grip.LEFT, (40, 60), (-3000, 60)).scale == SCALES[1]


def test_the_knob_turns_about_the_middle_and_shift_by_fifteen_degrees() -> None:
    frame = TransformBox(BOX, Placement((100.0, 0.0), 1.0, 10.0))  # its middle is at (180, 60)
    assert frame.dragged(Grip.TURN, (180, 0), (240, 60)) == Placement((100.0, 0.0), 1.0, 100.0)
    assert frame.dragged(Grip.TURN, (180, 0), (240, 60), straight=True).turn == 105.0
    over = TransformBox(BOX, Placement(turn=170.0)).dragged(Grip.TURN, (80, 0), (140, 60))
    assert over.turn == -100.0


def test_a_tidy_placement_has_round_numbers_within_the_limits() -> None:
    assert Placement((0.04, -3.06), 1.00049, 539.96).tidy() == Placement((0.0, -3.1), 1.0, 180.0)
    assert Placement((1e9, -1e9), 99.0, -180.0).tidy() == Placement((10_000.0, -10_000.0), SCALES[1], 180.0)
