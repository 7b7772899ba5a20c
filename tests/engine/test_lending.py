"""Lent attention: exact where the lent is the own, blind where it must be, gone afterwards."""

from __future__ import annotations

import pytest
import torch

from engine.backbone import Backbone
from engine.lending import LendParts, Lent, hidden, joined, lent_by_place
from engine.sharing import KeepKeysValues
from tests.engine.methods.support import state_of


def latents(backbone: Backbone) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    first, second = torch.randn(2, 1, backbone.channels, 12, 8, generator=generator)
    return first, second


def kept_of(backbone: Backbone, z: torch.Tensor) -> dict[str, Lent]:
    keep = KeepKeysValues(backbone.layout.shared_attention)
    backbone.predict(z, 300, backbone.embed("a red ball"), patches=[keep])
    return {name: Lent(*pair) for name, pair in keep.kept.items()}


@torch.no_grad()
def test_own_keys_and_values_change_nothing_with_and_without_a_mask(backbone: Backbone) -> None:
    z, _ = latents(backbone)
    words, before = backbone.embed("a red ball"), state_of(backbone)
    plain, own = backbone.predict(z, 300, words), kept_of(backbone, z)
    assert torch.allclose(backbone.predict(z, 300, words, patches=[LendParts(own)]), plain, atol=1e-5)
    count = {name: lent.keys.shape[1] for name, lent in own.items()}
    all_seen = {n: lent._replace(seen=torch.ones(count[n], count[n], dtype=torch.bool)) for n, lent in own.items()}
    assert torch.allclose(backbone.predict(z, 300, words, patches=[LendParts(all_seen)]), plain, atol=1e-5)
    assert state_of(backbone) == before


@torch.no_grad()
def test_what_is_hidden_has_no_influence(backbone: Backbone) -> None:
    """A layer's queries that must not see some keys give the same, whatever those keys are."""
    layer = backbone.unet.get_submodule(backbone.layout.shared_attention[0])
    width = layer.to_k.in_features
    tokens, keys, values = torch.randn(3, 1, 10, width, generator=torch.Generator().manual_seed(2))
    queries, blocked = torch.arange(10) < 4, torch.arange(10) > 6
    outputs = []
    for change in (0.0, 5.0):
        lent = Lent(keys + change * blocked[:, None], values + change * blocked[:, None])
        patch = LendParts({backbone.layout.shared_attention[0]: hidden(lent, queries, blocked)})
        with patch.on(backbone.unet):
            outputs.append(layer(tokens))
    assert torch.equal(outputs[0][:, queries], outputs[1][:, queries])
    assert (outputs[0][:, ~queries] - outputs[1][:, ~queries]).abs().max() > 1e-3


def test_nothing_is_hidden_where_nothing_else_is_left() -> None:
    lent = Lent(torch.zeros(1, 3, 2), torch.zeros(1, 3, 2))
    every, none = torch.ones(3, dtype=torch.bool), torch.zeros(3, dtype=torch.bool)
    assert hidden(lent, every, every).seen is None
    assert hidden(lent, none, ~none & torch.tensor([True, False, False])).seen is None


def test_joined_keys_are_some_of_each_and_only_some_queries_see_the_second() -> None:
    one, other = torch.randn(2, 1, 4, 2, generator=torch.Generator().manual_seed(4))
    kept, brought = torch.tensor([1, 0, 1, 1]).bool(), torch.tensor([0, 1, 0, 0]).bool()
    seeing = torch.tensor([0, 1]).bool()
    both = joined(Lent(one, -one), kept, Lent(other, -other), brought, seeing)
    assert torch.equal(both.keys, torch.cat([one[:, kept], other[:, brought]], 1))
    assert torch.equal(both.values, -both.keys)
    assert both.seen is not None
    assert both.seen.tolist() == [[True, True, True, False], [True, True, True, True]]
    assert joined(Lent(one, one), kept & False, Lent(other, other), brought, seeing).seen is None


def test_a_call_that_fails_leaves_the_processors(backbone: Backbone) -> None:
    z, _ = latents(backbone)
    own, before = kept_of(backbone, z), state_of(backbone)
    with pytest.raises(RuntimeError):
        backbone.predict(z[:, :1], 300, backbone.embed(""), patches=[LendParts(own)])
    assert state_of(backbone) == before


def test_lent_attention_has_gradients(backbone: Backbone) -> None:
    z, other = latents(backbone)
    with torch.no_grad():
        lent = kept_of(backbone, other)
    z.requires_grad_(True)
    backbone.predict(z, 300, backbone.embed(""), patches=[LendParts(lent)]).sum().backward()
    assert z.grad is not None
    assert z.grad.abs().max() > 0


@torch.no_grad()
def test_guidance_may_differ_from_cell_to_cell(backbone: Backbone) -> None:
    z, _ = latents(backbone)
    words = backbone.embed("a red ball", "blue")
    even = backbone.predict(z, 300, words, 3.0)
    guidance = torch.full((1, 1, 12, 8), 3.0)
    guidance[..., :4] = 0.0
    mixed = backbone.predict(z, 300, words, guidance)
    without = backbone.predict(z, 300, backbone.embed("blue", "blue"))
    assert torch.allclose(mixed[..., 4:], even[..., 4:], atol=1e-5)
    assert torch.allclose(mixed[..., :4], without[..., :4], atol=1e-4)
    assert (even - without).abs().max() > 1e-3


def test_only_what_the_thing_has_left_does_not_see_it(backbone: Backbone) -> None:
    z, _ = latents(backbone)
    hole, thing = torch.zeros(2, 12, 8, dtype=torch.bool)
    hole[:4, :4] = thing[:8, :4] = True
    keep = KeepKeysValues(backbone.layout.shared_attention)
    with torch.no_grad():
        backbone.predict(z, 300, backbone.embed(""), patches=[keep])
    divisors = {layer.name: layer.divisor for layer in backbone.layout.attention}
    for name, lent in lent_by_place(backbone.layout, keep.kept, hole, thing).items():
        height, width = 12 // divisors[name], 8 // divisors[name]
        assert lent.seen is not None
        blocked = (~lent.seen).view(height, width, height, width)
        rows, columns = -(-4 // divisors[name]), 4 // divisors[name]
        assert blocked[:rows, :columns, : 8 // divisors[name], :columns].all()
        assert int(blocked.sum()) == rows * columns * (8 // divisors[name]) * columns
