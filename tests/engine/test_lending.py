"""Keys and values by place: the own ones change nothing, unseen ones have no say, and nothing is left behind."""

from __future__ import annotations

import torch

from engine.backbone import Backbone
from engine.lending import LendByPlace, unseen_from
from engine.sharing import KeepKeysValues
from tests.engine.methods.support import state_of


def latent(backbone: Backbone, seed: int) -> torch.Tensor:
    return torch.randn(1, backbone.channels, 12, 8, generator=torch.Generator().manual_seed(seed))


def places() -> tuple[torch.Tensor, torch.Tensor]:
    hole, thing = torch.zeros(12, 8, dtype=torch.bool), torch.zeros(12, 8, dtype=torch.bool)
    hole[:4, :4] = thing[:8, :4] = True
    return hole, thing


@torch.no_grad()
def test_a_pictures_own_keys_and_values_change_nothing(backbone: Backbone) -> None:
    z, words = latent(backbone, 1), backbone.embed("a red ball")
    keep, before = KeepKeysValues(backbone.layout.shared_attention), state_of(backbone)
    backbone.predict(z, 300, words, patches=[keep])
    nowhere = torch.zeros(12, 8, dtype=torch.bool)
    lend = LendByPlace(keep.kept, unseen_from(backbone.layout, nowhere, nowhere))
    assert torch.allclose(backbone.predict(z, 300, words, patches=[lend]), backbone.predict(z, 300, words), atol=1e-5)
    assert state_of(backbone) == before


def test_only_the_hole_does_not_see_the_thing(backbone: Backbone) -> None:
    hole, thing = places()
    divisors = {layer.name: layer.divisor for layer in backbone.layout.attention}
    for name, seen in unseen_from(backbone.layout, hole, thing).items():
        side = 12 // divisors[name], 8 // divisors[name]
        from_hole, to_thing = (
            torch.nn.functional.adaptive_max_pool2d(each[None].float(), side).flatten() > 0 for each in (hole, thing)
        )
        assert seen.shape == (side[0] * side[1],) * 2
        assert not seen[from_hole][:, to_thing].any()
        assert seen[~from_hole].all()
        assert seen[:, ~to_thing].all()


def test_where_nothing_else_is_there_everything_is_seen(backbone: Backbone) -> None:
    everywhere = torch.ones(12, 8, dtype=torch.bool)
    assert all(seen.all() for seen in unseen_from(backbone.layout, everywhere, everywhere).values())


@torch.no_grad()
def test_what_is_not_seen_has_no_say(backbone: Backbone) -> None:
    """Two originals that differ only in the values of the thing: seen from the hole alone nothing differs."""
    z, words = latent(backbone, 1), backbone.embed("")
    keep = KeepKeysValues(backbone.layout.shared_attention)
    backbone.predict(latent(backbone, 2), 300, words, patches=[keep])
    everywhere, (_, thing) = torch.ones(12, 8, dtype=torch.bool), places()
    divisors = {layer.name: layer.divisor for layer in backbone.layout.attention}
    other = {}
    for name, (keys, values) in keep.kept.items():
        side = 12 // divisors[name], 8 // divisors[name]
        of_thing = torch.nn.functional.adaptive_max_pool2d(thing[None].float(), side).flatten() > 0
        other[name] = keys, torch.where(of_thing[None, :, None], values + 5, values)
    unseen = unseen_from(backbone.layout, everywhere, thing)
    hidden = [backbone.predict(z, 300, words, patches=[LendByPlace(lent, unseen)]) for lent in (keep.kept, other)]
    assert torch.allclose(*hidden, atol=1e-5)
    shown = {name: torch.ones_like(seen) for name, seen in unseen.items()}
    plain = backbone.predict(z, 300, words, patches=[LendByPlace(other, shown)])
    assert (plain - hidden[0]).abs().mean() > 1e-4
