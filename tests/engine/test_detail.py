"""What a carried thing gets back of its detail, and what stays as the network has painted it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine import detail, relocation
from engine.backbone import Backbone
from engine.detail import Sharp
from engine.methods.dragon import DragonParameters
from engine.request import EditRequest
from engine.workpiece import Seam, cut_out
from tests.engine.methods.support import SIZE, photo, square

THING = np.zeros((64, 64), np.float32)
THING[16:48, 16:48] = 1
EVERYWHERE = np.ones((64, 64), np.float32)
CHECKED = np.where(np.indices((64, 64)).sum(0)[..., None] % 2, 0.6, 0.4).astype(np.float32) * np.ones(3, np.float32)


def test_the_tones_are_the_networks_and_the_detail_is_the_things_own() -> None:
    painted = cv2.GaussianBlur(CHECKED, (0, 0), 3) + THING[..., None] * np.float32([0.1, 0.0, -0.1])
    result = detail.given_back(painted, Sharp(CHECKED, THING, EVERYWHERE), 1.0, 1.0)
    wanted = CHECKED + THING[..., None] * np.float32([0.1, 0.0, -0.1])
    assert np.abs(result - wanted).max() < 0.02
    assert np.abs(painted - wanted).max() > 0.08


@pytest.mark.parametrize(("share", "known"), [(0.0, EVERYWHERE), (1.0, 0 * EVERYWHERE)])
def test_without_a_share_or_where_nothing_is_known_nothing_changes(share: float, known: np.ndarray) -> None:
    painted = cv2.GaussianBlur(CHECKED, (0, 0), 3)
    assert np.array_equal(detail.given_back(painted, Sharp(CHECKED, THING, known), share, 1.0), painted)


def test_what_the_network_has_drawn_anew_stands() -> None:
    painted = np.where(np.indices((64, 64))[1][..., None] // 16 % 2, 1.0, 0.0).astype(np.float32) * np.ones(3, "f4")
    sharp = Sharp(1 - painted, THING, EVERYWHERE)
    middle = np.s_[24:40, 22:26]
    result = detail.given_back(painted, sharp, 1.0, 4.0)
    assert np.abs(result - painted)[middle].max() < np.abs(1 - 2 * painted)[middle].min() / 2


def test_a_thing_that_is_surely_there_is_seen_whatever_was_drawn() -> None:
    painted = np.zeros((64, 64, 3), np.float32)
    sharp = Sharp(CHECKED, THING, EVERYWHERE)
    result = detail.given_back(painted, sharp, 1.0, 1.0, sure=True)
    assert np.abs(result - CHECKED)[THING > 0].max() <= 0.03 + 1e-6
    assert np.abs(detail.given_back(painted, sharp, 1.0, 1.0) - CHECKED)[THING > 0].min() > 0.3


def test_a_thing_is_carried_in_pixels_of_the_crop_without_its_rim(sd15: Backbone) -> None:
    edit = EditRequest("dragon", photo(), DragonParameters(), mask=square())
    place = relocation.move(edit, relocation.way(edit, (10.0, -6.0), 1.0, 0.0))
    piece = cut_out(edit, place.changing, Seam(2, 2, 0.35), sd15)
    sharp = detail.carried(piece, place, None)
    rows, columns = piece.region.slices
    there = np.roll(square(), (-6, 10), (0, 1))[rows, columns] > 0
    source = np.roll(edit.image, (-6, 10), (0, 1))[rows, columns].astype(np.float32) / 255
    whole = sharp.thing == 1
    assert 0.5 < whole.sum() / there.sum() < 1.0
    assert not sharp.thing[~there].any()
    assert np.abs(sharp.picture - source)[whole].max() < 1e-5
    left = (square()[rows, columns] > 0) & ~there
    assert not sharp.known[left].any()


def test_an_example_is_laid_over_the_picture(sd15: Backbone) -> None:
    example = np.full((30, 30, 4), 255, np.uint8)
    edit = EditRequest("dragon", photo(), DragonParameters(task="paste"), mask=square(), exemplar=example)
    place = relocation.paste(edit, relocation.way(edit, (0.0, 0.0), 1.0, 0.0))
    piece = cut_out(edit, place.changing, Seam(2, 2, 0.35), sd15)
    sharp = detail.carried(piece, place, example)
    inside = square(SIZE)[piece.region.slices] > 0
    assert sharp.picture[sharp.thing > 0.99].min() > 0.98
    assert np.array_equal(sharp.picture[sharp.thing == 0], piece.source[sharp.thing == 0])
    assert (sharp.thing > 0.99).sum() > 0.8 * inside.sum()
    assert sharp.known.min() == 1


def test_drag_points_carry_a_thing_as_a_move_does(sd15: Backbone) -> None:
    edit = EditRequest("dragon", photo(), DragonParameters(), mask=square())
    place = relocation.move(edit, relocation.way(edit, (10.0, -6.0), 1.0, 0.0))
    piece = cut_out(edit, place.changing, Seam(2, 2, 0.35), sd15)
    y, x = (float(each.mean()) for each in np.nonzero(square()))
    points = np.array([[[x, y], [x + 10, y - 6]]])
    moved, dragged = detail.carried(piece, place, None), detail.dragged(piece, square(), points)
    assert np.abs(moved.thing - dragged.thing).max() < 1e-4
    assert np.abs(moved.picture - dragged.picture).max() < 1e-4
    assert np.array_equal(moved.known > 0, dragged.known > 0)
