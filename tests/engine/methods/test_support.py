"""The tests' own eyes: what they would see if a run left something behind."""

from __future__ import annotations

import copy

from engine.backbone import Backbone
from tests.engine.methods.support import state_of


def test_an_exchanged_layer_of_the_same_type_is_seen(backbone: Backbone) -> None:
    before = state_of(backbone)
    blocks = backbone.unet.mid_block.resnets[0]._modules
    kept = blocks["nonlinearity"]
    try:
        blocks["nonlinearity"] = copy.deepcopy(kept)  # it has no weights by which it could be told
        assert state_of(backbone) != before
    finally:
        blocks["nonlinearity"] = kept
    assert state_of(backbone) == before
