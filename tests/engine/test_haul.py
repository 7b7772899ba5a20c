"""Where a thing is taken to: the part that is worked on, what fills its place, and where the handles come to."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.backbone import Backbone
from engine.haul import Haul
from engine.methods.fast_drag import FastDragParameters
from engine.request import EditRequest
from engine.workpiece import Seam
from tests.engine.methods.support import photo

SEAM = Seam(4, 4, 0.1)


def haul(backbone: Backbone, points: Any, side: int = 64, mask: Any = "thing", kind: str = "whole") -> Haul:
    thing: NDArray[np.uint8] | None = None
    if mask is not None:
        thing = np.zeros((side, side), np.uint8)
        thing[16:32, 8:24] = 255
    pairs = np.array(points, float).reshape(-1, 2, 2)
    return Haul(
        EditRequest("fast_drag", photo(side, side), FastDragParameters(), points=pairs, mask=thing),
        kind,
        SEAM,
        backbone,
    )


def test_the_thing_lands_where_it_is_led_and_its_place_is_filled_from_the_ground(sd15: Backbone) -> None:
    made = haul(sd15, (16, 24, 40, 40))
    there = np.zeros((8, 8), bool)
    there[4:6, 4:6] = True
    assert np.array_equal(made.warp.landed & there, there)
    (left, fill), (gaps, _) = made.fills
    assert left[2:4, 1:3].all()
    assert not (left & made.warp.landed).any()
    assert not gaps.any()
    for direction, used in zip(fill.index, fill.weight > 0, strict=True):
        taken = direction[used & left]
        assert not np.isin(taken, np.flatnonzero(left | made.warp.landed)).any(), "neither from the thing nor its place"


def test_handles_go_whole_cells(sd15: Backbone) -> None:
    made = haul(sd15, (16, 24, 37, 27))
    assert np.array_equal(made.before.marks, [(16, 24)])
    assert np.array_equal(made.after.marks, [(16 + 24, 24)])
    assert made.before.left == pytest.approx(np.hypot(21, 3))
    assert made.after.left == pytest.approx(np.hypot(3, 3))


def test_a_thing_that_two_pairs_widen_has_no_gaps(sd15: Backbone) -> None:
    made = haul(sd15, [(9, 24, 25, 24), (23, 24, 50, 24)])
    _, (gaps, fill) = made.fills
    assert gaps.any()
    assert (fill.filled | ~gaps).all()
    row = made.warp.landed[3] | gaps[3]
    columns = np.flatnonzero(row)
    assert row[columns[0] : columns[-1] + 1].all()


@pytest.mark.parametrize("kind", ["whole", "stretch"])
def test_without_a_mask_the_whole_picture_is_stretched(sd15: Backbone, kind: str) -> None:
    made = haul(sd15, (32, 32, 48, 32), mask=None, kind=kind)
    assert made.piece.mask is None
    ((holes, _),) = made.fills
    assert holes.any()
    corners = np.arange(64).reshape(8, 8)
    assert made.warp.source[0, 0] == corners[0, 0]
    assert made.warp.source[7, 0] == corners[7, 0]
    assert made.warp.source[4, 6] == corners[4, 4]


def test_a_target_moved_a_little_asks_for_the_same_part(sd15: Backbone) -> None:
    boxes = {haul(sd15, (16, 24, 40 + x, 40 - x), side=400).piece.region.box for x in range(6)}
    assert len(boxes) == 1
    near, far = next(iter(boxes)), haul(sd15, (16, 24, 300, 300), side=400).piece.region.box
    assert far[2] > near[2]
    assert far[0] + far[2] >= 300 + 16
