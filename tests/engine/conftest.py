"""Tiny random models, written once and loaded once per run."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from engine.backbone import Backbone
from engine.models.loader import load
from tests.engine.tiny_models import write_paint_by_example, write_sd2, write_sd15


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Networks this small are faster on one thread, above all beside other work."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def sd15_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder shaped like Stable Diffusion 1.5: predicts noise; 64² native."""
    return write_sd15(tmp_path_factory.mktemp("models") / "sd15")


@pytest.fixture(scope="session")
def sd2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder shaped like Stable Diffusion 2.1: predicts v; 96² native."""
    return write_sd2(tmp_path_factory.mktemp("models") / "sd2")


@pytest.fixture(scope="session")
def sd15(sd15_folder: Path) -> Backbone:
    return load(str(sd15_folder), "cpu", torch.float32)


@pytest.fixture(scope="session")
def sd2(sd2_folder: Path) -> Backbone:
    return load(str(sd2_folder), "cpu", torch.float32)


@pytest.fixture(scope="session")
def filling(tmp_path_factory: pytest.TempPathFactory) -> Backbone:
    """Shaped like Stable Diffusion 1.5's inpainting model: 9 channels."""
    return load(str(write_sd15(tmp_path_factory.mktemp("models") / "filling", 9)), "cpu", torch.float32)


@pytest.fixture(scope="session")
def exemplar(tmp_path_factory: pytest.TempPathFactory) -> Backbone:
    """Shaped like Paint by Example: 9 channels, told by a picture; 64² native."""
    return load(str(write_paint_by_example(tmp_path_factory.mktemp("models") / "exemplar")), "cpu", torch.float32)


@pytest.fixture(params=["sd15", "sd2"])
def backbone(request: pytest.FixtureRequest) -> Backbone:
    """Each of the tiny models in turn."""
    loaded: Backbone = request.getfixturevalue(request.param)
    return loaded
