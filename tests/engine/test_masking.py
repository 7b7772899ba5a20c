"""Masks: how far they reach, to the pixel."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.masking import blurred, composite_mask, denoise_mask, dilate, distance_to, grown, to_cells


def disc(size: int, radius: float, value: float = 1.0) -> np.ndarray:
    rows, columns = np.mgrid[:size, :size]
    inside = np.hypot(rows - size / 2, columns - size / 2) <= radius
    return np.where(inside, np.float32(value), np.float32(0))


@pytest.mark.parametrize(("grow", "feather"), [(0, 0), (0, 6), (8, 8), (12, 3), (3, 12)])
def test_nothing_reaches_farther_than_grow_and_feather(grow: int, feather: int) -> None:
    mask = disc(160, 30)
    denoise = denoise_mask(mask, grow, feather)
    alpha = composite_mask(mask, denoise, grow, feather, 1 / 20)
    drawn = (mask * 255).astype(np.uint8)
    assert alpha[dilate(drawn, grow + feather) == 0].max(initial=0) == 0
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * (grow + feather) + 1,) * 2)
    assert alpha[cv2.dilate(drawn, kernel) == 0].max(initial=0) == 0
    assert alpha.max() > 0.999
    if grow >= feather:
        assert alpha[mask > 0].min() > 0.9
    assert denoise[mask > 0].min() >= (0.98 if grow >= feather else 0.2)


def test_the_new_picture_is_only_seen_where_it_was_free_to_change() -> None:
    mask = disc(160, 30)
    denoise = denoise_mask(mask, 8, 8)
    alpha = composite_mask(mask, denoise, 8, 8, 1 / 10)
    assert (denoise[alpha > 0.9] >= 1 / 10).all()


def test_a_soft_mask_keeps_the_picture_opaque() -> None:
    mask = disc(120, 30, 0.5)
    alpha = composite_mask(mask, denoise_mask(mask, 4, 4), 4, 4, 1 / 20)
    assert alpha[disc(120, 26) > 0].min() > 0.999


def test_parts_too_faint_to_change_are_not_seen() -> None:
    mask = np.zeros((60, 120), np.float32)
    mask[20:40, 10:50], mask[20:40, 70:110] = 1.0, 0.04
    alpha = composite_mask(mask, denoise_mask(mask, 0, 4), 0, 4, 1 / 10)
    assert alpha[:, :52].max() > 0.999
    assert alpha[:, 60:].max() == 0


def test_a_line_thinner_than_the_feather_is_still_seen() -> None:
    mask = np.zeros((60, 60), np.float32)
    mask[30, 10:50] = 1
    assert composite_mask(mask, denoise_mask(mask, 0, 6), 0, 6, 1 / 20).max() > 0.3


def test_growing_keeps_each_strength() -> None:
    mask = np.zeros((80, 160), np.float32)
    mask[30:50, 20:60], mask[30:50, 100:140] = 1.0, 0.4
    wide = grown(mask, 10)
    assert wide[40, 69] == 1
    assert wide[40, 95] == np.float32(0.4)
    assert wide[40, 81] == 0
    assert (wide >= mask).all()
    soft = cv2.GaussianBlur(mask, (15, 15), 4)
    assert (grown(soft, 5) >= soft).all()


def test_blur_reaches_exactly_its_radius() -> None:
    line = np.zeros((41, 41), np.float32)
    line[:, 20:] = 1
    soft = blurred(line, 5)
    assert soft[20, 14] == 0
    assert 0 < soft[20, 15] < 0.05
    assert soft[20, 25] == pytest.approx(1)


def test_a_cell_is_as_free_as_its_freest_pixel() -> None:
    mask = np.zeros((16, 24), np.float32)
    mask[9, 17] = 0.5
    assert to_cells(mask, 8).tolist() == [[0, 0, 0], [0, 0, 0.5]]


def test_distance_without_a_region_is_infinite() -> None:
    assert np.isinf(distance_to(np.zeros((3, 4), bool))).all()
