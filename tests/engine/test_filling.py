"""What filling a gap promises, whatever the solver; the rest is told by inpaint and the quick drag."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine import sampling
from engine.backbone import Backbone
from engine.filling import Filling, Start, flowed_in
from engine.request import EditRequest, Parameters
from engine.workpiece import Seam, cut_out, to_tensor
from tests.engine.methods.support import SIZE, photo, square


def test_the_surroundings_flow_in_and_stay_themselves() -> None:
    picture = np.full((40, 40, 3), 0.5, np.float32)
    picture[15:25, 15:25] = (1, 0, 0)
    gap = np.zeros((40, 40), bool)
    gap[14:26, 14:26] = True
    filled = flowed_in(picture, gap)
    assert np.abs(filled[gap] - 0.5).max() < 0.01
    assert np.array_equal(filled[~gap], picture[~gap])


@pytest.mark.parametrize("start", list(Start))
@torch.no_grad()
def test_the_fast_solver_ends_exact_outside(sd15: Backbone, start: Start) -> None:
    request = EditRequest("inpaint", photo(), Parameters(), mask=square())
    piece = cut_out(request, request.mask, Seam(0, 0, 0.7), sd15)
    plan = sampling.plan("fast", sd15.schedule, 6, 0.8)
    filling = Filling(sd15, piece, plan, 3, start=start)
    steps = list(filling.run(sd15.embed(""), 1.0))
    assert len(steps) == filling.total == len(plan.times)
    source = sd15.encode(to_tensor(piece.region.to_work(piece.source)))
    held = torch.from_numpy(square().reshape(8, 8, 8, 8).max(axis=(1, 3)) == 0)
    assert torch.equal(steps[-1].latent[..., held], source[..., held])
    assert torch.equal(filling.stopped(steps[1])[..., held], source[..., held])
    assert not torch.allclose(steps[-1].latent[..., ~held], source[..., ~held], atol=0.05)


def test_without_a_mask_there_is_no_gap(sd15: Backbone) -> None:
    piece = cut_out(EditRequest("inpaint", photo(SIZE, SIZE), Parameters()), None, Seam(0, 0, 0.7), sd15)
    with pytest.raises(ValueError, match="no mask"):
        Filling(sd15, piece, sampling.plan("fast", sd15.schedule, 4, 1.0), 1)
