"""The estimate of what a way back keeps, against what it really keeps; and what is said where it does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine import memory
from engine.backbone import Backbone
from engine.errors import OutOfMemory
from engine.memory import Checkpointed, bytes_of_step, free_bytes, patches_for
from tests.engine.methods.support import state_of


def kept(backbone: Backbone, size: tuple[int, int]) -> int:
    """Bytes that autograd keeps for the way back of one call, weights left out."""
    weights = {weight.untyped_storage().data_ptr() for weight in backbone.unet.parameters()}
    seen: dict[int, int] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            seen[storage.data_ptr()] = storage.nbytes()
        return tensor

    cells = [side // backbone.factor for side in size]
    z = torch.randn(1, backbone.channels, cells[1], cells[0]).requires_grad_(True)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        noise = backbone.predict(z, 300, backbone.embed(""))
    noise.sum().backward()
    return sum(seen.values())


@pytest.mark.parametrize("size", [(64, 64), (128, 96), (256, 256)])
def test_the_estimate_is_near_what_is_kept(backbone: Backbone, size: tuple[int, int]) -> None:
    assert 0.6 < bytes_of_step(backbone, size) / kept(backbone, size) < 1.7


def test_it_grows_with_the_picture_and_shrinks_with_checkpoints(backbone: Backbone) -> None:
    small, large = (bytes_of_step(backbone, (side, side)) for side in (128, 256))
    assert large > 3.5 * small
    assert bytes_of_step(backbone, (256, 256), checkpointed=True) < 0.6 * large


def test_several_latents_in_one_call_take_as_many_times_as_much(backbone: Backbone) -> None:
    size = 128, 96
    for checkpointed in (False, True):
        one, four = (bytes_of_step(backbone, size, checkpointed, batch) for batch in (1, 4))
        assert four == pytest.approx(4 * one, rel=1e-6)
    one, four = (bytes_of_step(backbone, (256, 256), batch=batch) for batch in (1, 4))
    assert one < four < 4 * one, "scores of four together are no longer written out"


def test_checkpoints_give_the_same_gradient_and_are_gone_afterwards(backbone: Backbone) -> None:
    before, words = state_of(backbone), backbone.embed("a red ball")
    z = torch.randn(1, backbone.channels, 8, 8, generator=torch.Generator().manual_seed(1)).requires_grad_(True)
    (plain,) = torch.autograd.grad(backbone.predict(z, 300, words).sum(), z)
    flags = [block.__dict__.get("_gradient_checkpointing_func") for block in backbone.unet.modules()]
    with Checkpointed().on(backbone.unet):
        assert backbone.unet.is_gradient_checkpointing
        (again,) = torch.autograd.grad(backbone.predict(z, 300, words).sum(), z)
    assert torch.allclose(again, plain, atol=1e-6)
    assert not backbone.unet.is_gradient_checkpointing
    assert [block.__dict__.get("_gradient_checkpointing_func") for block in backbone.unet.modules()] == flags
    assert state_of(backbone) == before


def test_checkpoints_come_where_it_would_not_fit_and_then_the_refusal(
    sd15: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 256, 256
    plain, small = (bytes_of_step(sd15, size, checkpointed) for checkpointed in (False, True))
    for free, choice, patches in (
        (2 * plain, "auto", 0),
        (2 * plain, "on", 1),
        ((plain + small) // 2 * 1.25, "auto", 1),
    ):
        monkeypatch.setattr(memory, "free_bytes", lambda device, free=free: int(free))
        assert len(patches_for(sd15, size, choice)) == patches
    with pytest.raises(OutOfMemory):
        patches_for(sd15, size, "off")
    monkeypatch.setattr(memory, "free_bytes", lambda device: small // 2)
    with pytest.raises(OutOfMemory, match="“Drag: fast” or “Drag: quick”"):
        patches_for(sd15, size, "auto")


def test_four_latents_need_checkpoints_where_one_does_not(sd15: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    size = 128, 96
    monkeypatch.setattr(memory, "free_bytes", lambda device: 2 * bytes_of_step(sd15, size))
    assert [len(patches_for(sd15, size, "auto", batch)) for batch in (1, 4)] == [0, 1]


def test_free_memory_is_a_sensible_number() -> None:
    assert 2**20 < free_bytes(torch.device("cpu")) < 2**50


def test_what_torch_keeps_unused_on_the_card_can_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (1 * 2**30, 24 * 2**30))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 20 * 2**30)
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 5 * 2**30)
    assert free_bytes(torch.device("cuda")) == 16 * 2**30


def test_files_kept_in_memory_do_not_count_against_a_containers_limit(tmp_path: Path) -> None:
    assert memory._allowed(tmp_path) == 2**62
    (tmp_path / "memory.max").write_text("8000000\n")
    (tmp_path / "memory.current").write_text("7500000\n")
    (tmp_path / "memory.stat").write_text(
        "anon 1500000\nfile 5900000\nshmem 100000\ninactive_file 3000000\nactive_file 2800000\nslab_reclaimable 50000\n"
    )
    assert memory._allowed(tmp_path) == 500_000 + 3_000_000 + 2_800_000 + 50_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._allowed(tmp_path) == 2**62
