from __future__ import annotations

from itertools import pairwise
from math import hypot, pi

import numpy as np
import pytest

from editor.strokes import Brush, Dab, Trail, dab_print, disc


def walked(brush: Brush, points: list[tuple[float, float, float]]) -> list[Dab]:
    trail = Trail(brush)
    dabs = trail.start(*points[0])
    for point in points[1:]:
        dabs += trail.move(*point)
    return dabs + trail.finish()


@pytest.mark.parametrize("size", [1.0, 3.0, 20.0, 64.0, 201.0])
def test_a_hard_disc_covers_the_area_of_its_circle(size: float) -> None:
    mask = disc(size, 1.0, 0.3, 0.7)
    assert mask.dtype == np.float32
    assert mask.sum() == pytest.approx(pi * size * size / 4, rel=0.4 if size < 2 else 0.04 if size < 10 else 0.01)
    assert mask.max() <= 1
    assert mask[[0, -1]].max() == mask[:, [0, -1]].max() == 0


def test_a_soft_disc_falls_from_one_to_zero_at_the_radius() -> None:
    mask = disc(100.0, 0.5, 0.5, 0.5)
    middle = mask.shape[0] // 2
    row = mask[middle, middle:]
    assert (row[:25] == 1).all()
    assert row[37] == pytest.approx(0.5, abs=0.05)
    assert (np.diff(row) <= 0).all()
    assert (row[51:] == 0).all()


def test_dabs_are_spaced_by_a_share_of_the_size_however_events_come() -> None:
    brush = Brush(size=40, spacing=0.25)
    straight = walked(brush, [(0, 0, 1), (200, 0, 1)])
    assert [dab.x for dab in straight] == pytest.approx(list(range(0, 201, 10)))
    chopped = walked(brush, [(0, 0, 1), *[(x, 0, 1) for x in range(3, 200, 7)], (200, 0, 1)])
    assert [dab.x for dab in chopped] == pytest.approx([dab.x for dab in straight])
    assert len(walked(brush, [(5, 5, 1)])) == 1
    assert len(walked(Brush(size=1, spacing=0.01), [(0, 0, 1), (100, 0, 1)])) == 201


def test_pressure_scales_size_and_cap_and_is_interpolated() -> None:
    both = walked(Brush(size=40, pressure_size=True, pressure_opacity=True), [(0, 0, 0.5), (100, 0, 1.0)])
    assert (both[0].size, both[0].cap) == (20, 0.5)
    assert all(a.size < b.size and a.cap < b.cap for a, b in pairwise(both))
    neither = walked(Brush(size=40, pressure_size=False), [(0, 0, 0.5), (100, 0, 1.0)])
    assert {(dab.size, dab.cap) for dab in neither} == {(40, 1.0)}


def test_smoothing_rounds_the_way_and_still_arrives() -> None:
    zigzag = [(x * 10.0, (x % 2) * 20.0, 1.0) for x in range(20)]
    rough = walked(Brush(size=10), zigzag)
    smooth = walked(Brush(size=10, smoothing=0.7), zigzag)

    def length(dabs: list[Dab]) -> float:
        return sum(hypot(a.x - b.x, a.y - b.y) for a, b in pairwise(dabs))

    assert length(smooth) < 0.8 * length(rough)
    assert hypot(smooth[-1].x - 190, smooth[-1].y - 20) <= 1.0


def test_prints_land_where_the_dab_is() -> None:
    for size, precision in ((7.0, 0.13), (50.0, 0.13), (150.0, 0.26), (500.0, 0.51)):
        for x, y in ((100.0, 50.0), (99.4, 50.8), (-3.3, -7.9)):
            mask, rect, strength = dab_print(Dab(x, y, size, 1.0), 1.0)
            assert mask.shape == (rect.height, rect.width)
            ys, xs = np.mgrid[rect.y : rect.bottom, rect.x : rect.right] + 0.5
            assert (mask * xs).sum() / mask.sum() == pytest.approx(x, abs=precision)
            assert (mask * ys).sum() / mask.sum() == pytest.approx(y, abs=precision)
            assert strength == 1.0


def test_the_same_disc_is_used_again() -> None:
    one, _, _ = dab_print(Dab(10.0, 10.0, 500.0, 1.0), 0.5)
    other, _, _ = dab_print(Dab(1234.4, 999.2, 500.0, 0.3), 0.5)
    assert one is other


def test_brushes_below_a_pixel_grow_faint_instead_of_vanishing() -> None:
    mask, _, strength = dab_print(Dab(5.5, 5.5, 0.5, 1.0), 1.0)
    assert strength == 0.25
    assert mask.max() > 0.9
