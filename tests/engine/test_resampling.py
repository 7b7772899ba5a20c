"""Pictures of any size are resampled as cv2.remap does it with small ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.resampling import resampled

LONG = 70_000


@pytest.mark.parametrize("upright", [False, True])
@pytest.mark.parametrize(
    ("interpolation", "border"),
    [(cv2.INTER_CUBIC, cv2.BORDER_REPLICATE), (cv2.INTER_NEAREST, cv2.BORDER_CONSTANT)],
)
def test_each_part_is_what_a_small_picture_gives(interpolation: int, border: int, upright: bool) -> None:
    """A map that is longer than OpenCV takes one, beyond the ends, too."""
    random = np.random.default_rng(1)
    picture = random.integers(1, 256, (5, LONG, 3), np.uint8)
    grid = np.empty((5, LONG, 2), np.float32)
    grid[..., 0] = np.arange(-20, LONG - 20, dtype=np.float32) + np.float32(0.25)
    grid[..., 1] = np.arange(5, dtype=np.float32)[:, None]
    grid[:, -1, 0] = LONG + 7
    needed = np.ones((5, LONG), bool)
    if upright:
        picture, grid, needed = picture.swapaxes(0, 1).copy(), grid.swapaxes(0, 1)[..., ::-1].copy(), needed.T.copy()
    found = resampled(picture, grid, needed, interpolation, border)
    if upright:
        picture, grid, found = picture.swapaxes(0, 1), grid.swapaxes(0, 1)[..., ::-1], found.swapaxes(0, 1)
    for start in (0, 30_000, 40_000, LONG - 300):
        first = max(start - 30, 0)
        local = np.ascontiguousarray(grid[:, start : start + 300]) - np.array([first, 0], np.float32)
        crop = np.ascontiguousarray(picture[:, first : start + 310])
        wanted = cv2.remap(crop, local, None, interpolation, borderMode=border)
        assert np.abs(found[:, start : start + 300].astype(int) - wanted).max() <= 1


def test_what_is_not_needed_costs_nothing() -> None:
    picture, grid = np.ones((2, LONG), np.uint8), np.zeros((2, LONG, 2), np.float32)
    grid[..., 0] = np.random.default_rng(2).uniform(0, LONG, (2, LONG))
    needed = np.zeros((2, LONG), bool)
    assert not resampled(picture, grid, needed, cv2.INTER_CUBIC, cv2.BORDER_REPLICATE).any()
    needed[1, 7] = True
    assert resampled(picture, grid, needed, cv2.INTER_CUBIC, cv2.BORDER_REPLICATE)[1, 7] == 1
