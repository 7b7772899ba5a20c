"""Where a thing goes: matrices, boxes and pixels."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine import placing, region
from engine.errors import BadRequest

CENTRE = (20.0, 30.0)


def put(matrix: placing.Matrix, x: float, y: float) -> tuple[float, float]:
    return tuple((matrix @ (x, y, 1.0)).round(6))


def test_resized_and_turned_about_the_centre_then_shifted() -> None:
    matrix = placing.about(CENTRE, (7.0, -3.0), 2.0, 90.0)
    assert put(matrix, *CENTRE) == (27.0, 27.0)
    assert put(matrix, 21.0, 30.0) == (27.0, 29.0), "clockwise as it is seen: what was right is below"
    assert abs(placing.area(matrix) - 4.0) < 1e-9
    assert np.allclose(placing.after(matrix, placing.back(matrix)), np.eye(2, 3))


@pytest.mark.parametrize(("scale", "turn"), [(1.0, 0.0), (1.4, 25.0), (0.6, -170.0)])
def test_several_points_say_shift_size_and_turn(scale: float, turn: float) -> None:
    wanted = placing.about(CENTRE, (12.0, 5.0), scale, turn)
    handles = np.array([[10.0, 10.0], [40.0, 22.0], [25.0, 50.0]])
    points = np.stack([handles, np.array([put(wanted, *handle) for handle in handles])], axis=1)
    assert np.allclose(placing.fitted(points), wanted, atol=1e-4)


def test_handles_beside_each_other_are_only_a_shift() -> None:
    points = np.array([[[10.0, 10.0], [30.0, 10.0]], [[11.0, 10.0], [30.0, 14.0]]])
    assert np.allclose(placing.fitted(points), [[1, 0, 19.5], [0, 1, 2]])
    assert np.allclose(placing.fitted(points[:1]), [[1, 0, 20], [0, 1, 0]])


@pytest.mark.parametrize(
    ("targets", "times"),
    [
        ([[50.0, 50.0], [50.0, 50.0]], "0 times"),
        ([[50.0, 50.0], [50.5, 50.0]], "0.025 times"),
        ([[0.0, 50.0], [300.0, 50.0]], "15 times"),
    ],
)
def test_points_that_leave_no_thing_or_too_much_of_it(targets: list[list[float]], times: str) -> None:
    points = np.stack([np.array([[10.0, 10.0], [30.0, 10.0]]), np.array(targets)], axis=1)
    with pytest.raises(BadRequest, match=f"would make the thing {times} as large; 0.1 to 10 times"):
        placing.fitted(points)
    points[:, 1] = [[40.0, 40.0], [42.5, 40.0]]
    assert placing.area(placing.fitted(points)) ** 0.5 == pytest.approx(0.125)


def test_an_example_stands_on_the_lower_edge_of_its_box() -> None:
    matrix = placing.into((10, 0, 20, 40), (100, 50, 60, 60))
    assert put(matrix, 10, 0) == (115.0, 50.0)
    assert put(matrix, 30, 40) == (145.0, 110.0)


def spot(height: int = 40, width: int = 60) -> NDArray[np.float32]:
    pixels = np.zeros((height, width), np.float32)
    pixels[10:20, 12:24] = 1.0
    return pixels


def test_pixels_are_carried_exactly_by_whole_pixels() -> None:
    moved = placing.carried(spot(), np.array([[1.0, 0, 20], [0, 1.0, 7]]), (60, 40))
    assert np.array_equal(moved[17:27, 32:44], np.ones((10, 12), np.float32))
    assert moved.sum() == 120


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_size_and_place_of_what_is_resized(scale: float) -> None:
    matrix = placing.about((18.0, 15.0), (5.0, 3.0), scale, 0.0)
    moved = placing.carried(spot(), matrix, (60, 40))
    assert abs(moved.sum() / (120 * scale**2) - 1) < 0.05
    rows, columns = np.mgrid[:40, :60] + 0.5
    assert abs((columns * moved).sum() / moved.sum() - 23) < 0.1
    assert abs((rows * moved).sum() / moved.sum() - 18) < 0.1


def test_a_matrix_over_the_picture_is_the_same_over_a_region() -> None:
    part = region.around((100, 80, 40, 30), 8, (400, 300), 200, 8, 0.35)
    assert part.scale != 1.0
    matrix, work = placing.about((120.0, 95.0), (9.0, 4.0), 1.5, 30.0), placing.into_work(part)
    inside = placing.between(matrix, part)
    for place in ((100.0, 80.0), (130.0, 101.0)):
        assert np.allclose(put(inside, *put(work, *place)), put(work, *put(matrix, *place)), atol=1e-4)
