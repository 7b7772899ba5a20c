"""Learning a picture's look: it is learnt, it is kept, and nobody else sees it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
import torch

from engine import identity, memory
from engine.backbone import Backbone
from engine.errors import OutOfMemory
from engine.identity import ADAPTED, Identity, IdentityParameters, Learning, identity_of, training
from engine.memory import Checkpointed, bytes_of_step
from engine.models.loader import load
from engine.request import EditRequest
from engine.studio.world import VALIDATION_SEEDS, captions, render, sample_scene
from engine.workpiece import to_tensor
from tests.engine.methods.support import photo, square, state_of


def request(side: int = 64, steps: int = 4, checkpoints: str = "auto", **changes: Any) -> EditRequest:
    values: dict[str, Any] = {"prompt": "a red ball", "mask": square(side, 8, 40), **changes}
    parameters = IdentityParameters(identity=steps, checkpoints=checkpoints)
    return EditRequest("drag_diffusion", photo(side, side), parameters, **values)


def latent(backbone: Backbone) -> torch.Tensor:
    return torch.randn(1, backbone.channels, 8, 8, generator=torch.Generator().manual_seed(3))


def learnt(backbone: Backbone, steps: int = 3) -> Identity:
    made, words = Identity(backbone.unet, Learning(rank=4, rate=1e-2)), backbone.embed("a red ball")
    for _ in range(steps):
        made.learn(backbone, latent(backbone), words)
    return made


@torch.no_grad()
def test_at_first_it_changes_nothing_and_later_only_where_it_is_on(backbone: Backbone) -> None:
    z, words = latent(backbone), backbone.embed("a red ball", "blue")
    plain = backbone.predict(z, 300, words)
    fresh = Identity(backbone.unet, Learning(rank=4))
    assert torch.allclose(backbone.predict(z, 300, words, patches=[fresh]), plain, atol=1e-5)
    before = state_of(backbone)
    made = learnt(backbone)
    other = backbone.predict(z, 300, words, patches=[made])
    assert (other - plain).abs().mean() > 1e-3
    assert state_of(backbone) == before
    assert torch.equal(backbone.predict(z, 300, words), plain)
    assert torch.equal(backbone.predict(z, 300, words, patches=[made]), other)


@torch.no_grad()
@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_merged_layers_and_pefts_own_say_the_same(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch, guidance: float
) -> None:
    z, words, made = latent(backbone), backbone.embed("a red ball", "blue"), learnt(backbone)
    merged = backbone.predict(z, 300, words, guidance, patches=[made])
    made._merged = {}
    monkeypatch.setattr(identity, "_MOST_MERGED", 0)
    assert torch.allclose(backbone.predict(z, 300, words, guidance, patches=[made]), merged, atol=1e-4)


@torch.no_grad()
def test_two_identities_do_not_take_each_other_for_themselves(backbone: Backbone) -> None:
    """Packed copies of weights that are gone must not serve those that now lie at the same address."""
    z, words = latent(backbone), backbone.embed("a red ball")
    found = []
    for steps in (1, 3, 1, 3):
        made = learnt(backbone, steps)
        found.append(backbone.predict(z, 300, words, patches=[made]))
        del made
        gc.collect()
    assert torch.equal(found[0], found[2])
    assert torch.equal(found[1], found[3])
    assert not torch.equal(found[0], found[1])


def test_gradients_flow_to_the_latent_and_not_into_weights(backbone: Backbone) -> None:
    made, z = learnt(backbone, 1), latent(backbone).requires_grad_(True)
    backbone.predict(z, 300, backbone.embed(""), patches=[made]).sum().backward()
    assert z.grad is not None
    assert z.grad.abs().max() > 0
    assert all(weight.grad is None for weight in backbone.unet.parameters())
    assert all(weight.grad is None for weight in made._weights)


def test_every_attention_layer_is_adapted(backbone: Backbone) -> None:
    made = Identity(backbone.unet, Learning())
    assert len(made._layers) == len(ADAPTED) * len(backbone.layout.attention)
    assert made.bytes > 0


def test_learning_goes_on_where_it_was_left_and_is_then_done(backbone: Backbone) -> None:
    edit = request(seed=11, prompt="a blue cube")
    first = [step.done for step, _ in zip(training(backbone, edit), range(2), strict=False)]
    rest = [(step.done, step.total) for step in training(backbone, edit)]
    assert first == [1, 2]
    assert rest[-1] == (4, 4)
    assert list(training(backbone, edit)) == []
    assert identity_of(backbone, edit).steps == 4


def test_left_halfway_it_is_learnt_as_in_one_go(sd15: Backbone) -> None:
    edit, words, z = request(prompt="red"), sd15.embed("red"), latent(sd15)
    run = training(sd15, edit)
    next(run)
    run.close()
    list(training(sd15, edit))
    halves = identity_of(sd15, edit)
    whole = Identity(sd15.unet, Learning())
    source = sd15.encode(to_tensor(identity._crop(sd15, edit)))
    for _ in range(4):
        whole.learn(sd15, source, words)
    with torch.no_grad():
        assert torch.equal(
            *(sd15.predict(z, 200, words, patches=[each]) for each in (halves, whole)),
        )


def test_other_pictures_words_and_lengths_are_others(sd15: Backbone) -> None:
    edits = [request(), request(prompt="a cube"), request(steps=5), request(96, mask=square(96, 60, 90))]
    assert len({identity.key_of(sd15, edit) for edit in edits}) == len(edits)
    moved = request(points=np.array([[[20.0, 20.0], [40.0, 40.0]]]))
    assert identity.key_of(sd15, moved) == identity.key_of(sd15, request())


def test_a_call_that_fails_leaves_nothing(backbone: Backbone) -> None:
    made, before = learnt(backbone, 1), state_of(backbone)
    with pytest.raises(RuntimeError):
        backbone.predict(latent(backbone)[:, :1], 300, backbone.embed(""), patches=[made])
    with pytest.raises(RuntimeError):
        made.learn(backbone, latent(backbone)[:, :1], backbone.embed(""))
    assert state_of(backbone) == before


@pytest.mark.parametrize("size", [(64, 64), (128, 96), (256, 256)])
def test_the_estimate_is_near_what_a_lesson_keeps(backbone: Backbone, size: tuple[int, int]) -> None:
    made, seen = Identity(backbone.unet, Learning(rank=4)), dict[int, int]()
    weights = {each.untyped_storage().data_ptr() for each in (*backbone.unet.parameters(), *made._weights)}

    def pack(tensor: torch.Tensor) -> tuple[torch.Tensor, torch.UntypedStorage]:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            seen[storage.data_ptr()] = storage.nbytes()
        return tensor, storage  # held, so that no two lie at the same address

    source = torch.randn(1, backbone.channels, size[1] // backbone.factor, size[0] // backbone.factor)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept[0]):
        made.learn(backbone, source, backbone.embed("a red ball"))
    assert 0.6 < bytes_of_step(backbone, size, batch=4) / sum(seen.values()) < 1.7


def test_with_checkpoints_the_same_is_learnt_and_they_are_gone_afterwards(backbone: Backbone) -> None:
    before, found = state_of(backbone), []
    for checkpoints in ("off", "on"):
        edit = request(steps=3, checkpoints=checkpoints)
        made = Identity(backbone.unet, Learning())
        for _ in training(backbone, edit, made):
            assert state_of(backbone) == before
            assert not backbone.unet.is_gradient_checkpointing
        found.append(made._weights)
    plain, again, unlearnt = (
        torch.cat([weight.detach().flatten() for weight in weights])
        for weights in (*found, Identity(backbone.unet, Learning())._weights)
    )
    assert (again - plain).abs().max() <= 1e-6
    assert (unlearnt - plain).abs().max() > 1e-3, "it did learn"


def test_checkpoints_come_where_a_lesson_would_not_fit_and_then_the_refusal(
    sd15: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    entered: list[bool] = []

    class Noted(Checkpointed):
        @contextmanager
        def on(self, unet: Any) -> Iterator[None]:
            with super().on(unet):
                entered.append(True)
                yield

    monkeypatch.setattr(memory, "Checkpointed", Noted)
    plain, small = (bytes_of_step(sd15, (64, 64), checkpointed, batch=4) for checkpointed in (False, True))
    for free, expected in ((2 * plain, 0), ((plain + small) // 2 * 1.25, 2)):
        monkeypatch.setattr(memory, "free_bytes", lambda device, free=free: int(free))
        list(training(sd15, request(steps=2), Identity(sd15.unet, Learning())))
        assert len(entered) == expected
    monkeypatch.setattr(memory, "free_bytes", lambda device: small // 2)
    calls, made = sd15.calls, Identity(sd15.unet, Learning())
    with pytest.raises(OutOfMemory, match="“Drag: fast” or “Drag: quick”"):
        list(training(sd15, request(), made))
    assert (sd15.calls, made.steps) == (calls, 0)


def test_the_bundled_model_learns_a_picture() -> None:
    """Same noises before and after: the loss falls."""
    studio, scene = load("studio"), sample_scene(VALIDATION_SEEDS.start + 5)
    picture = render([scene], 256).images[0].astype(np.float32) / 255
    words, source = studio.embed(captions(scene)[0]), studio.encode(to_tensor(picture))
    made = Identity(studio.unet, Learning())

    @torch.no_grad()
    def loss() -> float:
        noise = torch.randn(4, *source.shape[1:], generator=torch.Generator().manual_seed(9))
        times = [100, 300, 500, 700]
        found = [
            studio.predict(
                studio.schedule.level(t).signal * source + studio.schedule.level(t).noise * each[None],
                t,
                words,
                patches=[made],
            )
            - each
            for t, each in zip(times, noise, strict=True)
        ]
        return float(torch.cat(found).square().mean())

    before = loss()
    for _ in range(12):
        made.learn(studio, source, words)
    assert loss() < 0.98 * before
