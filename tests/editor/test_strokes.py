from __future__ import annotations

from itertools import pairwise
from math import hypot, pi

import numpy as np
import pytest

from editor.geometry import Rect
from editor.strokes import Brush, Dab, Trail, dab_print, disc, thin_prints


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


@pytest.mark.parametrize("hardness", [0.0, 0.6, 1.0])
def test_thin_dabs_leave_the_same_together_as_one_by_one(hardness: float) -> None:
    dabs = [Dab(40.1 + 1.3 * i, 30.0 - 0.7 * i, 0.4 + 0.8 * i, 1.0) for i in range(28)]
    prints, columns, rows = thin_prints(dabs, hardness)
    for dab, together, column, row in zip(dabs, prints, columns.tolist(), rows.tolist(), strict=True):
        mask, rect, strength = dab_print(dab, hardness)
        padded = np.zeros((200, 200), np.float32)
        padded[rect.slices((-60, -60))] = mask * strength
        inside = Rect(column, row, together.shape[1], together.shape[0])
        np.testing.assert_allclose(together, padded[inside.slices((-60, -60))], atol=1e-5)
        assert padded.sum() == pytest.approx(together.sum(), rel=1e-4)


def test_ways_outside_the_clip_leave_no_dabs_and_inside_they_stay_where_they_were() -> None:
    brush, clip = Brush(size=10, spacing=0.25, pressure_size=False), Rect(0, 0, 100, 100)
    points = [(50.0, 50.0, 1.0), (1_000_000.0, 50.0, 1.0), (1_000_000.0, 9_000.0, 1.0), (-400.0, -400.0, 1.0)]
    way = [*points[:2], (50.0, 50.0, 1.0), (-2000.0, 60.0, 1.0)]
    trail = Trail(brush, clip)
    dabs = trail.start(*way[0])
    for point in way[1:]:
        dabs += trail.move(*point)
    free = [dab for dab in walked(brush, [way[0], (4000.0, 50.0, 1.0)]) if dab.x <= 107]
    assert len(dabs) < 200
    assert [dab.x for dab in dabs[: len(free)]] == pytest.approx([dab.x for dab in free])
    assert all(-7 <= dab.x <= 107 and -7 <= dab.y <= 107 for dab in dabs)
    trail = Trail(brush, clip)
    trail.start(*points[0])
    assert sum(len(trail.move(*point)) for point in points[1:]) < 120


@pytest.mark.parametrize("nonsense", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_left_out(nonsense: float) -> None:
    brush = Brush(size=10, pressure_size=True, smoothing=0.3)
    trail = Trail(brush)
    assert trail.start(nonsense, 3.0, 1.0) == []
    assert len(trail.move(5.0, 5.0, 1.0)) == 1
    assert trail.move(9.0, nonsense, 1.0) == []
    dabs = trail.move(30.0, 5.0, nonsense) + trail.finish()
    assert dabs
    assert all(np.isfinite((dab.x, dab.y, dab.size, dab.cap)).all() for dab in dabs)
