"""A thing at its new place before any network has run."""

from __future__ import annotations

import numpy as np
import pytest

from engine.backbone import Backbone
from engine.carried import Carried, carry
from engine.request import EditRequest, Parameters
from engine.warp import sources, warp
from engine.workpiece import Seam
from tests.engine.methods.support import square

SIDE = 200
POINTS = np.array([[[90, 90], [131, 95]]], float)


def carried(backbone: Backbone, traces: bool = True, edge: float = 2) -> Carried:
    image = np.full((SIDE, SIDE, 3), 170, np.uint8)
    image[80:104, 80:104] = (200, 30, 30)
    mask = square(SIDE, 80, 104)
    request = EditRequest("warp_drag", image, Parameters(), mask=mask)
    found = warp(POINTS, mask, (SIDE, SIDE))
    return carry(request, found, lambda box: sources(POINTS, box), Seam(4, 4, 0.7), edge, traces, backbone)


@pytest.mark.parametrize("traces", [True, False])
def test_ground_flows_into_the_old_place_and_the_thing_is_at_the_new_one(sd15: Backbone, traces: bool) -> None:
    found = carried(sd15, traces)
    x, y = found.piece.region.box[:2]
    source = found.piece.source * 255
    assert np.abs(source[80 - y : 104 - y, 80 - x : 104 - x] - 170).max() < 4
    assert np.abs(source[88 - y : 106 - y, 124 - x : 142 - x] - (200, 30, 30)).max() < 2
    outside = ~found.known
    assert np.array_equal(np.unique(np.rint(source[outside])), [170])


def test_the_network_paints_the_hole_and_the_seam_but_not_the_thing(sd15: Backbone) -> None:
    found = carried(sd15)
    painted = found.painted(found.piece.alpha(0.1))
    x, y = found.piece.region.box[:2]
    assert painted[82 - y : 102 - y, 82 - x : 102 - x].min() == 1, "the hole"
    assert painted[88 - y : 106 - y, 124 - x : 142 - x].max() == 0, "the thing's own pixels"
    assert painted[96 - y, 121 - x] > 0, "its outline"
    seen = found.seen(painted)
    assert (seen[found.moved] == 1).all()
    assert seen[0].max() == seen[:, 0].max() == 0
    network = np.zeros_like(found.piece.source)
    joined = found.joined(network, painted)
    assert np.array_equal(joined[96 - y, 132 - x], found.piece.source[96 - y, 132 - x])
    assert joined[92 - y, 92 - x].max() == 0


def test_without_an_edge_there_is_no_seam(sd15: Backbone) -> None:
    found = carried(sd15, edge=0)
    assert not found.edge.any()
    assert set(np.unique(found.piece.mask)) == {0.0, 1.0}
