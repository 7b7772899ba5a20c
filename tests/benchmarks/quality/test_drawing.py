"""Drawing many pictures at once is drawing each alone, and is what diffusers' own pipeline draws."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

from engine.backbone import Backbone
from engine.models.loader import load
from engine.sampling import plan
from engine.studio.data import to_pictures
from tests.benchmarks.quality import drawing
from tests.benchmarks.sdedit import default_pipeline
from tests.engine.tiny_models import write_sd2, write_sd15
from tests.images import assert_identical

WORDS = [f"a {colour} {shape} on grass" for shape in ("ball", "cube") for colour in ("red", "blue", "a", "on", "cube")]


@pytest.fixture(params=[write_sd15, write_sd2], scope="module")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    write: Callable[[Path], Path] = request.param
    return write(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def backbone(folder: Path) -> Backbone:
    return load(str(folder), "cpu", torch.float32)


@torch.no_grad()
def alone(backbone: Backbone, words: str, seed: int) -> np.ndarray:
    """One picture, by the backbone's own guided prediction."""
    ddim = plan("ddim", backbone.schedule, 5, 1.0)
    text = backbone.embed(words)
    z = drawing.noise(backbone, [seed])

    def predict(z: torch.Tensor, t: int) -> torch.Tensor:
        return backbone.predict(z, t, text, drawing.GUIDANCE)

    for done in ddim.sampler(predict, backbone.schedule, z, ddim.times):
        z = done.latent
    return to_pictures(backbone.decode(z))[0]


def test_pictures_drawn_together_are_those_drawn_alone(backbone: Backbone) -> None:
    seeds = list(range(len(WORDS)))
    assert len(WORDS) > drawing.BATCH
    together = drawing.draw(backbone, WORDS, seeds, steps=5)
    assert together.shape == (len(WORDS), backbone.native, backbone.native, 3)
    for row in (0, 3, 9):
        assert np.abs(together[row].astype(int) - alone(backbone, WORDS[row], seeds[row])).max() <= 1
    assert_identical(drawing.draw(backbone, WORDS[8:], seeds[8:], steps=5), together[8:])
    assert np.abs(together[0].astype(int) - drawing.draw(backbone, WORDS[:1], [1], steps=5)[0]).max() > 1


@pytest.mark.filterwarnings("ignore:The configuration file of this scheduler:FutureWarning")
def test_the_peer_draws_the_same_from_the_same_noise(backbone: Backbone, folder: Path) -> None:
    pipe = StableDiffusionPipeline(**default_pipeline(folder).components, requires_safety_checker=False)
    pipe.set_progress_bar_config(disable=True)
    peer = drawing.draw_with_peer(pipe, backbone, WORDS[:3], [4, 5, 6])
    assert np.abs(peer.astype(int) - drawing.draw(backbone, WORDS[:3], [4, 5, 6])).max() <= 2


def test_a_round_trip_is_the_autoencoder_alone(backbone: Backbone) -> None:
    side = backbone.native
    pictures = np.random.default_rng(0).integers(0, 256, (drawing.BATCH + 1, side, side, 3), np.uint8)
    done = drawing.round_trip(backbone, pictures)
    assert done.shape == pictures.shape
    last = torch.from_numpy(pictures[-1:]).permute(0, 3, 1, 2) / 127.5 - 1
    assert np.abs(done[-1].astype(int) - to_pictures(backbone.decode(backbone.encode(last)))[0]).max() <= 1
