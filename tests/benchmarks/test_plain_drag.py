"""The plain loop's own parts, and that a whole run of it is whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from tests.benchmarks.plain_drag import PlainDrag, PlainParameters, _patch
from tests.engine.tiny_models import write_sd15


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> PlainDrag:
    few = PlainParameters(inversion_steps=5, steps=3, lora_steps=2, lora_rank=2, lora_batch=2)
    return PlainDrag(write_sd15(tmp_path_factory.mktemp("plain") / "tiny"), options=few)


def smooth(seed: int) -> torch.Tensor:
    noise = torch.randn(1, 6, 12, 12, generator=torch.Generator().manual_seed(seed))
    return functional.interpolate(noise, (48, 48), mode="bicubic")


def test_a_patch_lies_between_cells() -> None:
    features = torch.arange(25.0).view(1, 1, 5, 5)
    assert _patch(features, np.array([2.0, 2.0]), 1).flatten().tolist() == pytest.approx(
        [6, 7, 8, 11, 12, 13, 16, 17, 18]
    )
    assert float(_patch(features, np.array([1.5, 2.25]), 0)) == pytest.approx(1.5 + 5 * 2.25)


def test_tracking_finds_a_known_shift(plain: PlainDrag) -> None:
    first = smooth(3)
    moved = torch.roll(first, (2, -3), dims=(2, 3))
    handle = np.array([20.0, 24.0])
    assert plain._tracked(moved, first, handle, handle).tolist() == [17.0, 26.0]


def test_a_run_goes_up_drags_and_comes_down(plain: PlainDrag) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    points = np.array([[[20.0, 20.0], [44.0, 40.0]]])
    done = plain(picture, points, np.ones((64, 64), bool), "a red ball")
    assert done.picture.shape == (64, 64, 3)
    assert done.picture.dtype == np.uint8
    assert done.marks.shape == (1, 2)
    assert done.steps == 3
    # 2 of the LoRA, 3 up (5 · 0.7), the first features, 3 of the drag, 3 down.
    assert done.calls == 2 + 3 + 1 + 3 + 3
    assert set(done.seconds) == {"lora", "invert", "drag", "draw"}
    again = plain(picture, points, np.ones((64, 64), bool), "a red ball")
    assert np.array_equal(done.picture, again.picture)
    assert len(plain._shared_layers()) == 2 * sum(
        len(block.attentions) for block in plain.unet.up_blocks[-2:] if hasattr(block, "attentions")
    )


def test_a_point_that_is_there_already_changes_nothing(plain: PlainDrag) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    done = plain(picture, np.array([[[20.0, 20.0], [22.0, 20.0]]]), np.ones((64, 64), bool), "a red ball")
    assert done.steps == 0
    assert done.marks[0] == pytest.approx([20.0, 20.0])
