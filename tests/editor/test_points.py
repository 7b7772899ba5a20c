"""Where drag points may lie, and how they are handed on."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from editor.geometry import Rect
from editor.points import PointPair, as_array, clamped, cut_to

CANVAS = Rect(0, 0, 100, 40)
anywhere = st.tuples(st.floats(-300, 300), st.floats(-300, 300))


def test_pairs_as_an_array_hold_handles_then_targets() -> None:
    array = as_array((PointPair((1.5, 2.0), (3.0, 4.0)), PointPair((5.0, 6.0), (7.0, 8.25))))
    assert array.dtype == np.float64
    assert array.tolist() == [[[1.5, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.25]]]
    assert as_array(()).shape == (0, 2, 2)


def test_a_point_is_clamped_to_the_middle_of_the_outermost_pixel() -> None:
    assert clamped((-7.0, 55.0), CANVAS) == (0.5, 39.5)
    assert clamped((100.0, 12.3), CANVAS) == (99.5, 12.3)
    assert clamped((3.0, 3.0), Rect(0, 0, 1, 1)) == (0.5, 0.5)


def test_a_target_outside_is_drawn_in_along_its_arrow() -> None:
    inside, far = PointPair((10.0, 10.0), (90.0, 30.0)), PointPair((20.0, 20.0), (20.0 + 159.0, 20.0 + 79.5))
    assert cut_to((inside, far), CANVAS) == (inside, PointPair((20.0, 20.0), (59.0, 39.5)))
    assert cut_to((PointPair((-0.1, 5.0), (5.0, 5.0)),), CANVAS) == ()


@given(st.builds(PointPair, anywhere, anywhere))
def test_what_is_left_lies_on_the_canvas_and_points_the_same_way(pair: PointPair) -> None:
    left = cut_to((pair,), CANVAS)
    assert bool(left) == CANVAS.contains(*pair.handle)
    for cut in left:
        assert cut.handle == pair.handle
        assert CANVAS.contains(*cut.target)
        before, after = np.subtract(pair.target, pair.handle), np.subtract(cut.target, cut.handle)
        assert abs(before[0] * after[1] - before[1] * after[0]) < 1e-6
        assert before @ after >= 0
