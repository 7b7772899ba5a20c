"""A picture remembered: once, exactly, in the calls of its inversion alone, and a stop in it is the same again."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine import inversion, sampling
from engine.backbone import Backbone
from engine.features import FeatureTap
from engine.holding import Holding
from engine.original import Inverting, Original, Wanted
from engine.request import Step
from engine.sampling import Sampled
from engine.sharing import KeepKeysValues
from tests.engine.methods.support import photo, state_of


def wanted(backbone: Backbone) -> Wanted:
    layout = backbone.layout
    return Wanted(layout.shared_attention, layout.energy_features, (layout.drag_features,))


def inverting(backbone: Backbone, number: int, prompt: str = "a ball", asked: Wanted | None = None) -> Inverting:
    picture = (photo(64, 48) / np.float32(255)).astype(np.float32)
    picture[0, 0] = number / 255
    times = backbone.schedule.ddim_times(4, 1.0)
    return Inverting(backbone, picture, prompt, times, wanted(backbone) if asked is None else asked)


def made(backbone: Backbone, number: int, asked: Wanted | None = None) -> Original:
    run = inverting(backbone, number, asked=asked)
    for _ in run.run():
        pass
    assert run.original is not None
    return run.original


@torch.no_grad()
def test_it_holds_what_the_network_saw_at_each_time(backbone: Backbone) -> None:
    run, before, calls = inverting(backbone, 1), state_of(backbone), backbone.calls
    for done, _ in enumerate(run.run(), 1):
        assert backbone.calls == calls + done + (done == 4)  # what is pointed at takes a call of its own
        assert state_of(backbone) == before
    original, words = run.original, backbone.embed("a ball")
    assert original is not None
    assert len(original.moments) == len(original.times) == 4
    plain = inversion.invert(
        lambda z, t: backbone.predict(z, t, words), backbone.schedule, original.risen.source, original.times
    )
    latents = inversion.trajectory(original.risen.source, list(plain)).latents
    assert (original.risen.latents - latents).abs().max() < 1e-4
    # The first step up asks the network at the clean latent: that is the last moment of the way down.
    keep, tap = KeepKeysValues(backbone.layout.shared_attention), FeatureTap(backbone.layout.energy_features)
    backbone.predict(original.risen.source, original.times[-1], words, patches=[keep, tap])
    for name, pair in keep.kept.items():
        for mine, kept in zip(pair, original.moments[-1].keys_values[name], strict=True):
            assert torch.allclose(mine, kept, atol=1e-5)
    for name, output in tap.outputs.items():
        assert torch.allclose(output, original.moments[-1].features[name], atol=1e-5)
    name = backbone.layout.drag_features
    found = backbone.features(original.risen.at(0), original.times[0], words, [name])[name]
    assert torch.allclose(found, original.pointed[name], atol=1e-5)
    assert original.bytes > original.risen.bytes


@torch.no_grad()
def test_nothing_more_is_kept_than_is_wanted(backbone: Backbone) -> None:
    calls = backbone.calls
    original = made(backbone, 4, Wanted())
    assert backbone.calls - calls == 4
    assert original.bytes == original.risen.bytes
    assert (original.risen.latents - made(backbone, 4).risen.latents).abs().max() < 1e-4


@torch.no_grad()
def test_an_equal_picture_with_equal_words_is_not_inverted_again(backbone: Backbone) -> None:
    original = made(backbone, 2)
    calls = backbone.calls
    again = inverting(backbone, 2)
    assert list(again.run()) == []
    assert again.original is original
    assert backbone.calls == calls
    assert inverting(backbone, 3).original is None
    assert inverting(backbone, 2, "a cube").original is None
    assert inverting(backbone, 2, asked=Wanted()).original is None


@torch.no_grad()
@pytest.mark.parametrize("stop", [3, 4, 5])
def test_a_recipe_that_ends_in_it_ends_there_whatever_is_remembered(backbone: Backbone, stop: int) -> None:
    def ends(number: int) -> object:
        run = inverting(backbone, number).remembered(show, stop, {}, before=2)
        try:
            while True:
                next(run)
        except StopIteration as ended:
            return ended.value

    def show(step: Sampled) -> Step:
        return Step(2 + step.done, 20)

    made(backbone, 5)
    assert ends(5) == ends(6 + stop) == stop


@torch.no_grad()
def test_another_latent_is_drawn_with_its_keys_and_values_and_holds_the_rest(backbone: Backbone) -> None:
    original, words = made(backbone, 7), backbone.embed("a cube")
    cells = np.zeros((6, 8), np.float32)
    cells[:, 4:] = 1
    start = original.risen.at(0) + torch.from_numpy(cells) * 0.5
    *_, last = original.drawn(backbone, start, words, Holding(cells, 4))
    *_, plain = sampling.ddim(lambda z, t: backbone.predict(z, t, words), backbone.schedule, start, original.times)
    assert torch.equal(last.latent[..., :4], original.risen.source[..., :4])
    assert (last.latent - plain.latent)[..., 4:].abs().mean() > 1e-3
