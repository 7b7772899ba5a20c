from __future__ import annotations

from math import pi

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from editor import masks
from editor.geometry import Rect
from editor.masks import Combine
from editor.tiles import TiledImage
from tests.editor.builders import noise

CANVAS = Rect(0, 0, 120, 100)


def soft(seed: int = 0, height: int = 40, width: int = 50) -> masks.Mask:
    return noise(height, width, channels=1, seed=seed)[..., 0]


def blobs(seed: int = 0) -> masks.Mask:
    return (cv2.GaussianBlur(soft(seed), (0, 0), 3) > 140).astype(np.uint8) * 255


def grown_plainly(mask: masks.Mask, radius: int) -> masks.Mask:
    """The highest value within the radius, pixel by pixel."""
    height, width = mask.shape
    out = np.zeros_like(mask)
    rows, columns = np.mgrid[:height, :width]
    for row in range(height):
        for column in range(width):
            near = (rows - row) ** 2 + (columns - column) ** 2 <= radius * radius
            out[row, column] = mask[near].max()
    return out


@given(st.integers(0, 99), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_combinations_are_set_operations_on_soft_values(one: int, other: int) -> None:
    a, b = soft(one), soft(other)
    assert np.array_equal(masks.add(a, b), np.maximum(a, b))
    assert np.array_equal(masks.subtract(a, b), np.minimum(a, 255 - b))
    assert np.array_equal(masks.intersect(a, b), np.minimum(a, b))
    assert np.array_equal(masks.invert(masks.invert(a)), a)
    assert np.array_equal(masks.invert(masks.add(a, b)), masks.intersect(masks.invert(a), masks.invert(b)))


@pytest.mark.parametrize("radius", [1, 2, 5, 9])
@pytest.mark.parametrize("make", [soft, blobs])
def test_grow_and_shrink_are_the_extremes_within_a_disc(radius: int, make: object) -> None:
    mask = make(3)  # type: ignore[operator]
    assert np.array_equal(masks.grow(mask, radius), grown_plainly(mask, radius))
    assert np.array_equal(masks.shrink(mask, radius), 255 - grown_plainly(255 - mask, radius))
    assert np.array_equal(masks.grow(mask, -radius), masks.shrink(mask, radius))


def test_wide_growth_is_a_wide_disc() -> None:
    hard = np.zeros((401, 401), np.uint8)
    hard[200, 200] = 255
    assert (masks.grow(hard, 150) > 0).sum() == pytest.approx(pi * 150**2, rel=0.01)
    gentle = hard.copy()
    gentle[200, 200] = 200
    assert (masks.grow(gentle, 150) == 200).sum() == pytest.approx(pi * 150**2, rel=0.03)


def test_nothing_grows_from_nothing_and_the_border_is_no_edge() -> None:
    empty, full = np.zeros((30, 30), np.uint8), np.full((30, 30), 255, np.uint8)
    assert not masks.grow(empty, 5).any()
    assert (masks.shrink(full, 5) == 255).all()
    assert (masks.feather(full, 9) == 255).all()
    half = full.copy()
    half[:, :15] = 0
    assert np.array_equal(masks.shrink(half, 4)[:, 19:], half[:, 19:])
    assert not masks.shrink(half, 4)[:, :19].any()


def test_feather_is_a_gaussian_of_half_the_pixels() -> None:
    edge = np.zeros((60, 200), np.uint8)
    edge[:, 100:] = 255
    soft_edge = masks.feather(edge, 20).astype(float) / 255
    slope = np.diff(soft_edge[30])
    places = np.arange(1, 200)
    centre = (slope * places).sum() / slope.sum()
    assert centre == pytest.approx(100, abs=0.1)
    assert np.sqrt((slope * (places - centre) ** 2).sum()) == pytest.approx(10, rel=0.05)
    assert np.array_equal(masks.feather(edge, 0), edge)


def test_holes_are_filled_and_bays_are_not() -> None:
    ring = np.zeros((60, 60), np.uint8)
    ring[10:50, 10:50] = 255
    ring[20:40, 20:40] = 0
    ring[30, 30] = 90
    filled = masks.fill_holes(ring)
    assert (filled[10:50, 10:50] == 255).all()
    assert filled.sum() == 40 * 40 * 255
    ring[25:27, 40:60] = 0  # an opening to the border
    assert np.array_equal(masks.fill_holes(ring), ring)


def test_shapes_cover_their_area_and_stay_on_the_canvas() -> None:
    def area(selection: TiledImage) -> float:
        return float(selection.read(Rect(-50, -50, 400, 400)).sum()) / 255

    assert area(masks.rectangle(Rect(-10, 5, 30, 20), CANVAS)) == 20 * 20
    assert area(masks.ellipse(20, 10, 90, 70, CANVAS)) == pytest.approx(pi * 35 * 30, rel=0.01)
    assert area(masks.ellipse(20.5, 10.25, 26, 15, CANVAS)) == pytest.approx(pi * 2.75 * 2.375, rel=0.1)
    triangle = masks.polygon([(10, 10), (110, 10), (10, 90)], CANVAS)
    assert area(triangle) == pytest.approx(100 * 80 / 2, rel=0.001)
    values = triangle.read(CANVAS)[..., 0]
    assert values[20, 20] == 255
    assert 0 < ((values > 0) & (values < 255)).sum() < 300
    outside = masks.polygon([(-50, -50), (300, -50), (300, 300), (-50, 300)], CANVAS)
    assert outside.content() == CANVAS
    assert masks.polygon([(1, 1), (5, 5)], CANVAS).tiles == {}
    assert masks.polygon([(500, 500), (600, 500), (600, 600)], CANVAS).tiles == {}


def test_an_outline_covers_each_pixel_by_its_part_inside_over_tile_borders() -> None:
    big = Rect(0, 0, 700, 600)
    points = [(100.3, 90.7), (600.2, 200.9), (300.5, 550.1)]
    selection = masks.polygon(points, big).read(big)[..., 0]
    fine, cover = 16, np.zeros((600, 700))
    for row in range(fine):
        for column in range(fine):
            y, x = np.mgrid[:600, :700].astype(float)
            y, x = y + (row + 0.5) / fine, x + (column + 0.5) / fine
            inside = np.ones(x.shape, bool)
            for (x0, y0), (x1, y1) in zip(points, points[1:] + points[:1], strict=True):
                inside &= (x1 - x0) * (y - y0) > (y1 - y0) * (x - x0)
            cover += inside / fine**2
    error = selection / 255 - cover
    assert np.abs(error).max() < 0.08
    assert abs(error[(cover > 0) & (cover < 1)].mean()) < 0.002


def test_an_outline_that_crosses_itself_is_even_odd() -> None:
    star = [(60 + 45 * np.sin(4 * pi * i / 5), 50 - 45 * np.cos(4 * pi * i / 5)) for i in range(5)]
    values = masks.polygon(star, CANVAS).read(CANVAS)[..., 0]
    assert values[50, 60] == 0  # the middle is outside
    assert values[15, 60] == 255  # a ray is inside
    twice = masks.polygon(star + star, CANVAS)
    assert twice.tiles == {}


@pytest.mark.parametrize("how", Combine)
def test_selections_combine_like_their_arrays(how: Combine) -> None:
    area = Rect(0, 0, 600, 300)
    one = TiledImage.from_array(soft(1, 150, 350), (10, 20))
    two = TiledImage.from_array(soft(2, 200, 300), (250, 60))
    a, b = one.read(area), two.read(area)
    expected = {
        Combine.REPLACE: b,
        Combine.ADD: np.maximum(a, b),
        Combine.SUBTRACT: np.minimum(a, 255 - b),
        Combine.INTERSECT: np.minimum(a, b),
    }[how]
    result = masks.combined(one, two, how)
    assert result is not None
    assert np.array_equal(result.read(area), expected)


def test_combining_with_nothing() -> None:
    shape = masks.rectangle(Rect(5, 5, 10, 10), CANVAS)
    nothing = TiledImage(channels=1)
    assert masks.combined(None, shape, Combine.ADD) is shape
    assert masks.combined(None, shape, Combine.SUBTRACT) is None
    assert masks.combined(None, shape, Combine.INTERSECT) is None
    assert masks.combined(shape, nothing, Combine.REPLACE) is None
    assert masks.combined(shape, shape, Combine.SUBTRACT) is None
    assert masks.combined(shape, masks.rectangle(Rect(50, 50, 9, 9), CANVAS), Combine.INTERSECT) is None


DEPTHS = pytest.mark.parametrize("dtype", [np.uint8, np.uint16], ids=["8 bit", "16 bit"])


def disc(radius: int) -> np.ndarray:
    steps = np.arange(-radius, radius + 1)
    return steps[:, None] ** 2 + steps[None, :] ** 2 <= radius * radius


@DEPTHS
@given(seed=st.integers(0, 10_000), radius=st.integers(1, 7), hard=st.booleans())
@settings(max_examples=25, deadline=None)
def test_grow_and_shrink_are_the_grey_morphology_of_scipy(dtype: type, seed: int, radius: int, hard: bool) -> None:
    mask = noise(33, 41, dtype, seed, channels=1)[..., 0]
    if hard:
        mask = (mask > np.iinfo(dtype).max // 8 * 7).astype(dtype) * np.iinfo(dtype).max
    footprint = disc(radius)
    assert np.array_equal(masks.grow(mask, radius), ndimage.grey_dilation(mask, footprint=footprint, mode="nearest"))
    assert np.array_equal(masks.shrink(mask, radius), ndimage.grey_erosion(mask, footprint=footprint, mode="nearest"))


@DEPTHS
@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_holes_are_those_of_scipy_and_soft_values_stay(dtype: type, seed: int) -> None:
    mask = ndimage.gaussian_filter(noise(40, 50, dtype, seed, channels=1)[..., 0], 1.2)
    half = np.iinfo(dtype).max // 2 + 1
    inside = mask >= half
    holes = ndimage.binary_fill_holes(inside, structure=np.ones((3, 3)) > 0) & ~inside
    holes_over_sides = ndimage.binary_fill_holes(inside) & ~inside
    filled = masks.fill_holes(mask)
    assert np.array_equal(filled, np.where(holes_over_sides, np.iinfo(dtype).max, mask))
    assert (filled[holes] == np.iinfo(dtype).max).all()


@DEPTHS
@given(seed=st.integers(0, 10_000), least=st.integers(1, 60))
@settings(max_examples=25, deadline=None)
def test_specks_are_parts_of_less_than_their_area_as_scipy_labels_them(dtype: type, seed: int, least: int) -> None:
    full = int(np.iinfo(dtype).max)
    mask = noise(40, 50, dtype, seed, channels=1)[..., 0]
    mask[ndimage.gaussian_filter(mask / full, 1.5) < 0.5] = 0
    labels, count = ndimage.label(mask, structure=np.ones((3, 3)))
    areas = ndimage.sum_labels(mask / full, labels, np.arange(count + 1))
    expected = np.where((labels > 0) & (areas[labels] >= least - 1e-9), mask, 0)
    assert np.array_equal(masks.remove_specks(mask, least), expected)


def test_a_soft_edge_goes_and_stays_with_its_part() -> None:
    mask = np.zeros((60, 60), np.uint8)
    mask[5:8, 5:8], mask[30:50, 30:50] = 255, 255
    soft_mask = masks.feather(mask, 3)
    cleaned = masks.remove_specks(soft_mask, 40)
    assert not cleaned[:20, :20].any()
    assert np.array_equal(cleaned[22:, 22:], soft_mask[22:, 22:])
    assert not masks.remove_specks(np.zeros((9, 9), np.uint8), 5).any()
    assert (masks.remove_specks(np.full((9, 9), 255, np.uint8), 81) == 255).all()


@pytest.mark.parametrize("pixels", [1, 3, 9])
@pytest.mark.parametrize("make", [soft, blobs])
def test_smoothing_is_a_median_and_a_touch_of_blur(pixels: int, make: object) -> None:
    mask = make(5)  # type: ignore[operator]
    median = ndimage.median_filter(mask, size=2 * pixels + 1, mode="nearest").astype(float)
    expected = ndimage.gaussian_filter(median, 0.7, mode="nearest", truncate=3.0)
    assert np.abs(masks.smooth(mask, pixels) - expected).max() <= 3  # of 255: fixed point kernels


@DEPTHS
def test_smoothing_takes_teeth_and_keeps_straight_edges(dtype: type) -> None:
    full = np.iinfo(dtype).max
    mask = np.zeros((80, 80), dtype)
    mask[:, 40:] = full
    straight = masks.smooth(mask, 6)
    mask[::8, 36:40] = full  # teeth one pixel high
    mask[4::8, 40:44] = 0  # and notches
    assert np.array_equal(masks.smooth(mask, 6)[10:-10], straight[10:-10])
    assert (np.argmax(straight >= full // 2, axis=1) == 40).all()
    assert (masks.smooth(np.full((20, 20), full, dtype), 5) == full).all()
    with pytest.raises(ValueError, match="up to 127 pixels"):
        masks.smooth(mask, 200)


@DEPTHS
@pytest.mark.parametrize("pixels", [4.0, 15.9, 16.0, 40.0, 150.0])
@pytest.mark.parametrize("size", [(250, 311), (256, 320)])
def test_feather_is_the_gaussian_of_scipy_within_one_per_cent(
    dtype: type, pixels: float, size: tuple[int, int]
) -> None:
    full = int(np.iinfo(dtype).max)
    mask = (ndimage.gaussian_filter(noise(*size, np.uint8, 7, channels=1)[..., 0], 9) > 127).astype(dtype) * full
    exact = ndimage.gaussian_filter(mask.astype(float), pixels / 2, mode="nearest", truncate=4.0)
    assert np.abs(masks.feather(mask, pixels) - exact).max() <= 0.01 * full
    assert (masks.feather(np.full(size, full, dtype), pixels) == full).all()


def test_operations_on_nothing_and_on_everything() -> None:
    empty, full = np.zeros((30, 40), np.uint8), np.full((30, 40), 255, np.uint8)
    for change in (masks.grow, masks.shrink, masks.feather, masks.smooth, masks.remove_specks):
        assert np.array_equal(change(empty, 20), empty), change
        assert np.array_equal(change(full, 20), full), change
    assert np.array_equal(masks.fill_holes(empty), empty)
    assert np.array_equal(masks.fill_holes(full), full)
    assert np.array_equal(masks.invert(empty), full)
