"""The exemplar model's encoder learns names first, and the exemplar training starts from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from engine.studio.checkpoints import load_state
from engine.studio.train import main
from engine.studio.train_names import Namer, placed, spread_places, upright
from tests.engine.studio.test_train_exemplar import EXAMPLES, SMALL, base, stage_of

__all__ = ["base"]  # a fixture


def test_names_are_learned_and_the_exemplar_training_starts_from_them(base: Path, tmp_path: Path) -> None:
    options = ["--scenes", "20", "--base", str(base), "--folder", str(tmp_path)]
    main(["names", "--minutes", "0.08", "--decay", *options], EXAMPLES, SMALL)
    state = load_state(tmp_path / "names.pt")
    losses = [loss for _, loss in state["curve"]]
    assert state["figures"]["all"] == 1.0  # three colours, of exemplars that were held back
    assert state["notes"] == {"exemplars": 38}
    assert np.isfinite(losses).all()
    stage = stage_of(base, tmp_path)
    assert stage.namer is not None
    learned = state["average"]["image_encoder.proj_out.weight"]
    assert torch.equal(stage.encoder.proj_out.weight, learned)
    labels = stage.hints.labels_of(stage.records["scene"], stage.records["index"]) if stage.hints else torch.empty(0)
    assert stage.namer.judged(stage._tokens(stage.records)[0], labels)[1].float().mean() > 0.95


def test_what_does_not_apply_is_neither_wrong_nor_learned() -> None:
    namer = Namer(4, [3, 2])
    tokens = torch.randn(5, 1, 4)
    loss, right = namer.judged(tokens, torch.full((5, 2), -1))
    assert float(loss.detach()) == 0.0
    assert right.all()
    best = torch.stack([answer.argmax(1) for answer in namer.layer(tokens[:, 0]).split([3, 2], 1)], 1)
    _, right = namer.judged(tokens, best)
    assert right.all()
    _, right = namer.judged(tokens, (best + 1) % torch.tensor([3, 2]))
    assert not right.any()


@pytest.mark.parametrize("size", [16, 20])
def test_upright_exemplars_are_only_resized(size: int) -> None:
    exemplars = np.random.default_rng(0).integers(0, 256, (2, 20, 20, 3), np.uint8)
    seen = placed(exemplars, upright(2), size, torch.device("cpu"))
    assert seen.shape == (2, 3, size, size)
    if size == 20:
        wanted = torch.from_numpy(exemplars).permute(0, 3, 1, 2).float() / 127.5 - 1
        assert torch.allclose(seen, wanted, atol=1e-2)
    turned = placed(exemplars, spread_places(2, torch.Generator().manual_seed(1)), size, torch.device("cpu"))
    assert not torch.allclose(turned, seen, atol=0.1)
