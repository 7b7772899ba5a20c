"""FastDrag's map and fill against plain loops of their formulas."""

from __future__ import annotations

from math import hypot, sqrt

import numpy as np
import pytest

from engine.latent_warp import Circle, carried, circle_around, fill_of, shifts
from engine.points import Points


def pairs(*ways: tuple[float, float, float, float]) -> Points:
    """(handle x, handle y, target x, target y) each."""
    return np.array(ways, float).reshape(-1, 2, 2)


def plain_shift(place: tuple[float, float], points: Points, circle: Circle | None) -> tuple[float, float]:
    """The formula for one cell, its circle met by halving a long ray."""
    total, across, down = 0.0, 0.0, 0.0
    for (ax, ay), (bx, by) in points.tolist():
        distance = hypot(place[0] - ax, place[1] - ay)
        if distance == 0:
            return bx - ax, by - ay
        part = 1.0
        if circle is not None:
            ux, uy = (place[0] - ax) / distance, (place[1] - ay) / distance
            near, far = 0.0, 4 * circle.radius
            for _ in range(80):
                middle = (near + far) / 2
                inside = hypot(ax + middle * ux - circle.x, ay + middle * uy - circle.y) < circle.radius
                near, far = (middle, far) if inside else (near, middle)
            part = max(near - distance, 0.0) / near  # |PC| / |AP|
        weight = 1 / distance
        total += weight
        across += weight * part * (bx - ax)
        down += weight * part * (by - ay)
    return across / total, down / total


@pytest.mark.parametrize("count", [1, 2, 5, 30])
@pytest.mark.parametrize("kind", ["stretch", "whole"])
def test_the_map_is_the_plain_loops(kind: str, count: int) -> None:
    rng = np.random.default_rng(count)
    circle = Circle(9.0, 7.0, 8.0)
    angle, way = rng.uniform(0, 2 * np.pi, count), circle.radius * np.sqrt(rng.uniform(0, 0.9, count))
    handles = np.stack([circle.x + way * np.cos(angle), circle.y + way * np.sin(angle)], axis=1)
    points = np.stack([handles, handles + rng.uniform(-6, 6, (count, 2))], axis=1)
    places = np.array([(x + 0.5, y + 0.5) for x in range(18) for y in range(14)])
    chosen = circle if kind == "stretch" else None
    wanted = [plain_shift((float(x), float(y)), points, chosen) for x, y in places]
    assert np.abs(shifts(places, points, chosen) - wanted).max() < 1e-5


def test_a_handle_goes_all_the_way_and_the_circle_none() -> None:
    circle, points = Circle(5.0, 5.0, 5.0), pairs((4.0, 6.0, 9.0, 3.0))
    rim = np.array([(5 + 5 * np.cos(angle), 5 + 5 * np.sin(angle)) for angle in np.linspace(0, 6, 20)])
    assert np.abs(shifts(points[:, 0], points, circle) - (5, -3)).max() < 1e-9
    assert np.abs(shifts(rim, points, circle)).max() < 1e-6
    assert np.abs(shifts(rim, points, None) - (5, -3)).max() < 1e-9


def test_the_circle_is_the_smallest_one() -> None:
    cells = np.zeros((9, 12), bool)
    cells[2:5, 3:9] = True
    circle = circle_around(cells)
    assert (circle.x, circle.y) == pytest.approx((6.0, 3.5), abs=1e-3)
    assert circle.radius == pytest.approx(sqrt(3**2 + 1.5**2), abs=1e-2)


def test_a_thing_goes_whole() -> None:
    moving = np.zeros((8, 10), bool)
    moving[2:5, 1:4] = True
    warp = carried(moving, pairs((2.5, 3.5, 6.8, 4.4)), "whole")
    there = np.zeros_like(moving)
    there[3:6, 5:8] = True
    assert np.array_equal(warp.landed, there)
    assert np.array_equal(warp.vacated, moving)
    rows, columns = np.nonzero(there)
    assert np.array_equal(warp.source[there], (rows - 1) * 10 + columns - 4)
    assert np.array_equal(warp.source[~there], np.arange(80).reshape(8, 10)[~there])


def test_what_leaves_the_latent_is_gone() -> None:
    moving = np.zeros((6, 6), bool)
    moving[1:5, 1:5] = True
    warp = carried(moving, pairs((3.0, 3.0, 6.0, 0.0)), "whole")
    assert warp.landed.sum() == 2 * 2
    nothing = carried(np.zeros((4, 4), bool), pairs((1.0, 1.0, 3.0, 3.0)), "whole")
    assert not nothing.landed.any()
    assert not nothing.vacated.any()


def test_where_two_cells_meet_the_one_nearest_to_a_handle_stays() -> None:
    moving = np.zeros((7, 12), bool)
    moving[1:6, 1:8] = True
    points = pairs((2.5, 3.5, 6.5, 3.5))
    warp, circle = carried(moving, points, "stretch"), circle_around(moving)
    best: dict[tuple[int, int], tuple[float, int]] = {}
    meetings = 0
    for row, column in zip(*np.nonzero(moving), strict=True):
        place = (column + 0.5, row + 0.5)
        across, down = shifts(np.array([place]), points, circle)[0]
        cell = (int(np.floor(place[1] + down)), int(np.floor(place[0] + across)))
        mine = (hypot(place[0] - 2.5, place[1] - 3.5), int(row) * 12 + int(column))
        meetings += cell in best
        best[cell] = min(best.get(cell, mine), mine)
    assert meetings > 3, "the front of a stretched thing is squeezed"
    assert {(int(r), int(c)): int(warp.source[r, c]) for r, c in zip(*np.nonzero(warp.landed), strict=True)} == {
        cell: source for cell, (_, source) in best.items()
    }
    assert warp.source[3, 6] == 3 * 12 + 2, "the handle's own cell is at the target"


def test_holes_are_filled_from_four_sides_by_distance() -> None:
    rng = np.random.default_rng(3)
    holes = rng.random((9, 11)) < 0.5
    known = ~holes & (rng.random((9, 11)) < 0.6)
    values, fill = rng.normal(size=(9, 11)), fill_of(holes, known)
    mixed = (values.reshape(-1)[fill.index] * fill.weight).sum(0)
    for row, column in np.ndindex(9, 11):
        total = value = 0.0
        for down, across in ((0, -1), (0, 1), (-1, 0), (1, 0)):
            for way in range(1, 12):
                r, c = row + way * down, column + way * across
                if not (0 <= r < 9 and 0 <= c < 11):
                    break
                if known[r, c]:
                    total, value = total + 1 / way, value + values[r, c] / way
                    break
        filled = holes[row, column] and total > 0
        assert fill.filled[row, column] == filled
        assert mixed[row, column] == pytest.approx(value / total if filled else values[row, column], abs=1e-5)
