from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.canvas.pyramid import Pixels, Pyramid, halved
from editor.geometry import Rect


class Painting:
    """A picture that changes, and how often each part of it was asked for."""

    def __init__(self, width: int, height: int, seed: int = 0) -> None:
        self.pixels: Pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 4), np.uint8)
        self.asked: list[Rect] = []

    def render(self, rect: Rect, _again: bool) -> Pixels:
        self.asked.append(rect)
        return self.pixels[rect.slices()].copy()

    def level(self, level: int) -> Pixels:
        pixels = self.pixels
        for _ in range(level):
            pixels = halved(pixels)
        return pixels


def test_halving_is_the_rounded_mean_of_four() -> None:
    array = np.random.default_rng(1).integers(0, 256, (6, 8, 4), np.uint8)
    mean = array.astype(int).reshape(3, 2, 4, 2, 4).sum(axis=(1, 3))
    assert np.array_equal(halved(array), (mean + 2) // 4)
    assert halved(array[:5, :7]).shape == (3, 4, 4)
    assert np.array_equal(halved(array[:5, :7])[:2, :3], halved(array)[:2, :3])


@pytest.mark.parametrize("size", [(1, 1), (256, 256), (1000, 700), (3000, 200), (513, 1025)])
def test_a_refreshed_level_equals_halving_the_whole_picture(size: tuple[int, int]) -> None:
    painting = Painting(*size)
    pyramid = Pyramid(size, painting.render)
    for level in reversed(range(len(pyramid.levels))):
        _, done = pyramid.refresh(level, pyramid.canvas, 60.0)
        assert done
        assert np.array_equal(pyramid.levels[level], painting.level(level))
    assert sum(rect.area for rect in painting.asked) == size[0] * size[1]


flags = st.booleans()
edits = st.lists(
    st.tuples(
        st.integers(0, 1099),
        st.integers(0, 899),
        st.integers(1, 500),
        st.integers(1, 500),
        st.booleans(),
        st.booleans(),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(edits=edits, level=st.integers(0, 3), seed=st.integers(0, 99))
def test_after_any_edits_all_levels_equal_a_fresh_computation(
    edits: list[tuple[int, int, int, int, bool, bool]], level: int, seed: int
) -> None:
    painting = Painting(1100, 900, seed)
    random = np.random.default_rng(seed)
    pyramid = Pyramid((1100, 900), painting.render)
    pyramid.set_coarse(np.zeros((90, 110, 4), np.uint8))
    for x, y, width, height, small, look in edits:
        rect = Rect(x, y, width, height).intersected(pyramid.canvas)
        painting.pixels[rect.slices()] = random.integers(0, 256, (rect.height, rect.width, 4), np.uint8)
        (pyramid.patch if small else pyramid.invalidate)(rect)
        if look:  # a view somewhere, at some zoom, in which there was time for a little
            at = Rect(int(random.integers(0, 800)), int(random.integers(0, 800)), 300, 200)
            pyramid.refresh(int(random.integers(0, 3)), at, 0.0)
    assert pyramid.refresh(level, pyramid.canvas, 60.0)[1]
    for upto in range(level + 1):
        assert np.array_equal(pyramid.levels[upto], painting.level(upto))


def test_a_small_change_asks_for_nothing_else() -> None:
    painting = Painting(1024, 1024)
    pyramid = Pyramid((1024, 1024), painting.render)
    pyramid.refresh(2, pyramid.canvas, 60.0)
    painting.asked.clear()
    painting.pixels[250:270, 500:530] = 7
    pyramid.patch(Rect(500, 250, 30, 20))
    assert painting.asked == [Rect(500, 250, 30, 20)]
    for level in range(3):
        assert np.array_equal(pyramid.levels[level], painting.level(level))


def test_work_starts_in_the_middle_and_ends_with_the_time() -> None:
    painting = Painting(2048, 2048)
    pyramid = Pyramid((2048, 2048), painting.render)
    changed, done = pyramid.refresh(0, Rect(0, 0, 2048, 2048), 0.0)
    assert not done
    assert len(changed) == 1
    assert changed[0].contains(1024, 1024) or changed[0].grown(1).contains(1023, 1023)
    assert not pyramid.is_fresh(0, pyramid.canvas)
    assert pyramid.is_fresh(0, changed[0])


def test_the_coarse_picture_stands_in_until_the_real_one_comes() -> None:
    painting = Painting(800, 600)
    pyramid = Pyramid((800, 600), painting.render)
    pyramid.set_coarse(np.full((60, 80, 4), 99, np.uint8))
    assert (pyramid.read(0, Rect(300, 200, 100, 100)) == 99).all()
    assert not painting.asked
    pyramid.refresh(0, pyramid.canvas, 60.0)
    assert np.array_equal(pyramid.read(0, pyramid.canvas), painting.pixels)
    pyramid.set_coarse(np.full((60, 80, 4), 50, np.uint8))
    pyramid.put_coarse(0, Rect(100, 100, 50, 60))
    assert (pyramid.read(0, Rect(100, 100, 50, 60)) == 50).all()
    assert np.array_equal(pyramid.read(0, Rect(150, 0, 500, 600)), painting.pixels[:, 150:650])
    pyramid.patch(Rect(100, 100, 50, 60))
    assert np.array_equal(pyramid.read(0, pyramid.canvas), painting.pixels)


def test_an_outdated_picture_stays_visible() -> None:
    painting = Painting(300, 300)
    pyramid = Pyramid((300, 300), painting.render)
    pyramid.refresh(0, pyramid.canvas, 60.0)
    old = painting.pixels.copy()
    painting.pixels[:] = 0
    pyramid.invalidate(pyramid.canvas)
    assert np.array_equal(pyramid.read(0, pyramid.canvas), old)


@pytest.mark.parametrize(("zoom", "level"), [(4.0, 0), (1.0, 0), (0.51, 0), (0.5, 1), (0.26, 1), (0.25, 2), (0.001, 3)])
def test_the_level_is_never_smaller_than_what_is_shown(zoom: float, level: int) -> None:
    pyramid = Pyramid((2048, 100), lambda rect, _: np.zeros((rect.height, rect.width, 4), np.uint8))
    assert pyramid.level_for(zoom) == level


def test_memory_counts_only_what_was_looked_at() -> None:
    render: Callable[[Rect, bool], Pixels] = lambda rect, _: np.zeros((rect.height, rect.width, 4), np.uint8)  # noqa: E731
    pyramid = Pyramid((8192, 8192), render)
    assert pyramid.nbytes == 0
    pyramid.refresh(0, Rect(0, 0, 512, 256), 60.0)
    assert pyramid.nbytes == 2 * 256 * 256 * 4
