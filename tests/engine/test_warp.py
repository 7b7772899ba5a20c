"""Where the pixels of a drag come from: against a plain loop of the formula, and by what must be true of any warp."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.points import MOST_PAIRS
from engine.warp import Warper, belongs, warp, warped

WIDTH, HEIGHT = 96, 64  # not square
SIZE = WIDTH, HEIGHT


def pairs(*values: tuple[tuple[float, float], tuple[float, float]]) -> NDArray[np.float64]:
    return np.array(values, float).reshape(-1, 2, 2)


def disc(x: float = 40, y: float = 30, radius: float = 14) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    return np.where(np.hypot(columns - x, rows - y) <= radius, np.uint8(255), np.uint8(0))


def photo(dtype: type = np.uint8) -> NDArray[np.generic]:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    waves = np.stack([0.5 + 0.4 * np.sin(columns / (5 + c) + rows / 9) for c in range(3)], axis=2)
    top = 1.0 if dtype is np.float32 else np.iinfo(dtype).max
    return np.asarray(waves * top).astype(dtype)


def scattered(count: int, seed: int = 1, spread: float = 9) -> NDArray[np.float64]:
    """Handles on the disc, targets at random to the right of them."""
    rng = np.random.default_rng(seed)
    angle, far = rng.uniform(0, 2 * np.pi, count), 12 * np.sqrt(rng.uniform(0, 1, count))
    handles = np.stack([40 + far * np.cos(angle), 30 + far * np.sin(angle)], 1)
    return np.stack([handles, handles + rng.uniform(-spread, spread, (count, 2)) + (18, 2)], 1)


def carried(points: NDArray[np.float64], spots: NDArray[np.float64], place: tuple[float, float]) -> NDArray[np.float64]:
    """The formula for one place, as it is written down: weights 1/distance of the four nearest spots."""
    ways = points[:, 1] - points[:, 0]
    near = np.array([1 / max(np.hypot(*(spot - place)) - 0.75, 1e-4) for spot in spots])
    if len(near) > 4:
        near = np.maximum(near - np.sort(near)[-5] * 0.999, 0)
    total: NDArray[np.float64] = (near[:, None] * ways).sum(0) / near.sum()
    return total


def is_thing(mask: NDArray[np.uint8], place: NDArray[np.float64]) -> bool:
    column, row = np.floor(place).astype(int)
    return bool(0 <= column < WIDTH and 0 <= row < HEIGHT and mask[row, column])


@pytest.mark.parametrize("count", [1, 2, 4, 5, 8, MOST_PAIRS])
def test_it_is_the_formula(count: int) -> None:
    points, mask = scattered(count), disc()
    found = warp(points, mask, SIZE)
    reached = np.zeros((HEIGHT, WIDTH), bool)
    for row, column in np.argwhere(mask > 0):
        place = column + 0.5, row + 0.5
        x, y = (np.array(place) + carried(points, points[:, 0], place)).astype(int)
        if 0 <= x < WIDTH and 0 <= y < HEIGHT:
            reached[y, x] = True
    for row, column in np.argwhere(reached):
        source = np.array([column, row]) - carried(points, points[:, 1], (column + 0.5, row + 0.5))
        # Half-way between two pixels either is the nearest one.
        known = {is_thing(mask, source + 0.5 + off) for off in (-0.01, 0.01, (0.01, -0.01), (-0.01, 0.01))}
        assert found.moved[row, column] in known
        if found.moved[row, column]:
            assert np.abs(found.map[row, column] - source).max() < 0.01
    assert found.moved.sum() > 300


@pytest.mark.parametrize("way", [(20, 5), (20.5, -3.25), (-0.5, 0.5), (30, 11.75)])
def test_one_pair_is_a_translation(way: tuple[float, float]) -> None:
    mask = disc()
    found = warp(pairs(((38, 29), (38 + way[0], 29 + way[1]))), mask, SIZE)
    rows, columns = np.nonzero(found.moved)
    assert np.abs(found.map[rows, columns] - (np.stack([columns, rows], 1) - way)).max() < 1e-4
    assert found.moved.sum() == (mask > 0).sum(), "none is lost, none is doubled"
    middle = np.array([columns.mean(), rows.mean()]) - [axis.mean() for axis in np.nonzero(mask.T)]
    assert np.abs(middle - way).max() <= 0.5


def test_a_translation_by_whole_pixels_keeps_them() -> None:
    mask, picture = disc(), photo()
    found = warp(pairs(((40, 30), (61, 33))), mask, SIZE)
    assert np.array_equal(found.moved, np.roll(mask > 0, (3, 21), (0, 1)))
    assert np.array_equal(warped(picture, found)[found.moved], np.roll(picture, (3, 21), (0, 1))[found.moved])


def test_holes_are_what_the_thing_has_left() -> None:
    mask = disc()
    found = warp(pairs(((40, 30), (52, 30))), mask, SIZE)
    assert np.array_equal(found.holes, (mask > 0) & ~found.moved)
    rest = ~found.moved
    assert np.array_equal(found.map[rest][:, 0], np.nonzero(rest)[1])
    assert np.array_equal(found.map[rest][:, 1], np.nonzero(rest)[0])


def test_two_handles_stretch_what_lies_between() -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[20:40, 30:50] = 255
    found = warp(pairs(((31.5, 30), (21.5, 30)), ((48.5, 30), (68.5, 30))), mask, SIZE)
    row = found.map[30, :, 0]
    inside = np.flatnonzero(found.moved[30])
    assert inside[0] <= 22
    assert inside[-1] >= 67
    assert np.array_equal(inside, np.arange(inside[0], inside[-1] + 1)), "no pinholes"
    assert (np.diff(row[inside]) >= 0).all(), "nothing is folded over"
    assert found.moved.sum() > 1.5 * (mask > 0).sum()
    assert not (found.moved & found.holes).any()


@pytest.mark.parametrize("count", [1, 3, 8, MOST_PAIRS])
@pytest.mark.parametrize("masked", [True, False])
def test_the_pixel_at_a_target_comes_from_its_handle(count: int, masked: bool) -> None:
    points = scattered(count)
    apart = np.linalg.norm(points[:, None] - points[None], axis=3).min(2) + 9 * np.eye(count)
    found = warp(points, disc() if masked else None, SIZE)
    checked = 0
    for (handle, target), alone in zip(points, apart.min(1) > 2.5, strict=True):
        column, row = target.astype(int)
        if alone:
            assert np.abs(found.map[row, column] + 0.5 - (handle + (column, row) + 0.5 - target)).max() <= 0.5
            checked += 1
    assert checked >= max(count // 10, 1)


def test_nothing_is_torn_where_a_nearer_handle_takes_over() -> None:
    points, mask = scattered(8, seed=4, spread=5), disc()
    found = warp(points, mask, SIZE)
    both = found.moved[:, 1:] & found.moved[:, :-1]
    away = np.ones((HEIGHT, WIDTH), bool)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    for x, y in points[:, 1]:
        away &= np.hypot(columns - x, rows - y) > 3
    steps = np.abs(np.diff(found.map, axis=1) - (1, 0)).max(2)[both & away[:, 1:] & away[:, :-1]]
    assert steps.max() < 1.5


def test_a_thing_may_leave_the_picture() -> None:
    mask = disc(14, 14, 14)  # touches two borders
    half = warp(pairs(((14, 14), (2, 14))), mask, SIZE)
    assert 0 < half.moved.sum() < (mask > 0).sum()
    assert np.array_equal(half.moved, np.concatenate([mask[:, 12:] > 0, np.zeros((HEIGHT, 12), bool)], 1))
    gone = warp(pairs(((14, 14), (-60, 14))), mask, SIZE)
    assert not gone.moved.any()
    assert np.array_equal(gone.holes, mask > 0)
    assert np.array_equal(warped(photo(), gone), photo())


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_only_what_moved_is_painted(dtype: type) -> None:
    picture = photo(dtype)
    found = warp(scattered(3), disc(), SIZE)
    after = warped(picture, found)
    assert after.dtype == picture.dtype
    assert np.array_equal(after[~found.moved], picture[~found.moved])
    assert not np.array_equal(after, picture)
    assert np.array_equal(warped(picture[..., 0], found), after[..., 0])


def test_a_warper_gives_what_a_warp_gives() -> None:
    points, mask = scattered(6), disc()
    warper = Warper(points[:, 0], mask, SIZE)
    for shift in (0, 3.5, -7):
        moved = points + np.array([[0, 0], [shift, 1]])
        again, once = warper.to(moved[:, 1]), warp(moved, mask, SIZE)
        assert np.array_equal(again.map, once.map)
        assert np.array_equal(again.moved, once.moved)
        assert np.array_equal(again.holes, once.holes)


def test_outside_of_its_box_a_warp_rests() -> None:
    found = warp(scattered(3), disc(), SIZE)
    x, y, width, height = found.box
    outside = np.ones((HEIGHT, WIDTH), bool)
    outside[y : y + height, x : x + width] = False
    assert not (found.moved | found.holes)[outside].any()
    assert width * height < 0.7 * WIDTH * HEIGHT


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("handle", [300.5, 36000.5])
def test_pictures_wider_than_opencv_takes(handle: float, masked: bool) -> None:
    mask = np.zeros((40, 40000), np.uint8)
    mask[10:20, int(handle) - 10 : int(handle) + 10] = 255
    picture = np.random.default_rng(4).integers(0, 256, (40, 40000, 3), np.uint8)
    points = pairs(((handle, 15.5), (handle + 3, 17.5)))
    found = warp(points, mask if masked else None, (40000, 40))
    after = warped(picture, found)
    assert np.array_equal(after[17, int(handle) + 3], picture[15, int(handle)])
    assert np.array_equal(after[~found.moved], picture[~found.moved])
    if masked:
        rows, columns = np.nonzero(mask)
        assert found.moved.sum() == 200
        assert np.array_equal(after[rows + 2, columns + 3], picture[rows, columns])


def test_a_thing_goes_from_one_end_of_a_wide_picture_to_the_other() -> None:
    mask = np.zeros((40, 40000), np.uint8)
    mask[10:20, 10:40] = 255
    picture = np.random.default_rng(5).integers(0, 256, (40, 40000), np.uint8)
    found = warp(pairs(((20.5, 15.5), (39920.5, 12.5))), mask, (40000, 40))
    assert np.array_equal(warped(picture, found)[7:17, 39910:39940], picture[10:20, 10:40])
    assert np.array_equal(found.holes, mask > 0)


def test_of_a_soft_mask_the_strong_half_moves() -> None:
    mask = np.array([[0, 60, 99, 100, 101, 200]], np.uint8)
    assert belongs(mask).tolist() == [[False, False, False, True, True, True]]
    assert not belongs(np.zeros((2, 2), np.uint8)).any()
