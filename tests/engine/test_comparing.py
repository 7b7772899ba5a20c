"""The map of differences: the same noise for both texts, the same map however it is cut into calls."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.backbone import Backbone
from engine.comparing import compare
from engine.sampling import seeded_noise
from engine.schedule import noised


def latent(backbone: Backbone) -> Tensor:
    side = backbone.native // backbone.factor
    return seeded_noise((1, backbone.channels, side, side), 1)


def test_chunking_gives_an_equal_map(backbone: Backbone) -> None:
    z = latent(backbone)
    noise, words = seeded_noise((7, *z.shape[1:]), 2), backbone.embed("a red ball", "a blue cube")
    maps = [list(compare(backbone, z, words, noise, [500] * 7, at_once))[-1] for at_once in (1, 2, 3, 7)]
    assert all(each.done == 7 for each in maps)
    for other in maps[1:]:
        np.testing.assert_allclose(maps[0].difference, other.difference, rtol=1e-4, atol=1e-6)


def test_both_texts_see_the_same_noise(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    z = latent(backbone)
    noise, words = seeded_noise((3, *z.shape[1:]), 2), backbone.embed("a red ball", "")
    seen: list[Tensor] = []
    network = backbone._network
    monkeypatch.setattr(backbone, "_network", lambda z, t, c: (seen.append(z.clone()), network(z, t, c))[1])
    list(compare(backbone, z, words, noise, [500] * 3, 3))
    assert len(seen) == 1
    first, second = seen[0].chunk(2)
    assert torch.equal(first, second)
    assert torch.allclose(first, noised(z, noise, backbone.schedule.level(500)))


def test_the_map_is_the_mean_difference_of_two_predictions(backbone: Backbone) -> None:
    z = latent(backbone)
    noise, words = seeded_noise((2, *z.shape[1:]), 2), backbone.embed("a red ball", "a blue cube")
    expected = []
    with torch.no_grad():
        for each in noise.split(1):
            there = noised(z, each, backbone.schedule.level(500))
            pair = [backbone.predict(there, 500, backbone.embed(text)) for text in ("a red ball", "a blue cube")]
            expected.append((pair[0] - pair[1]).abs().mean(1)[0].numpy())
    *_, last = compare(backbone, z, words, noise, [500, 500])
    np.testing.assert_allclose(last.difference, np.mean(expected, axis=0), rtol=1e-3, atol=1e-5)


def test_each_noise_is_added_at_its_own_time(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    z = latent(backbone)
    noise, words = seeded_noise((5, *z.shape[1:]), 2), backbone.embed("a red ball", "a blue cube")
    seen: list[tuple[int, int]] = []
    network = backbone._network
    monkeypatch.setattr(backbone, "_network", lambda z, t, c: (seen.append((t, len(z) // 2)), network(z, t, c))[1])
    *_, last = compare(backbone, z, words, noise, [800, 800, 500, 500, 800], 2)
    assert seen == [(800, 2), (500, 2), (800, 1)]
    singles = [
        list(compare(backbone, z, words, noise[i : i + 1], [t]))[-1].difference
        for i, t in enumerate([800, 800, 500, 500, 800])
    ]
    np.testing.assert_allclose(last.difference, np.mean(singles, axis=0), rtol=1e-4, atol=1e-6)
