"""Published networks become checkpoints that a training resumes from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from engine.models.store import models_folder
from engine.studio.checkpoints import load_state
from engine.studio.train import main


@pytest.mark.parametrize(("name", "model"), [("judge", "studio-judge"), ("sam", "studio-sam")])
def test_a_published_network_is_gone_on_with(name: str, model: str, tmp_path: Path) -> None:
    main([f"go-on-{name}", "--folder", str(tmp_path)])
    state = load_state(tmp_path / f"{name}.pt")
    published = load_file(models_folder() / model / "model.safetensors")
    assert state["steps"] > 1000
    assert state["optimizer"] is None
    assert state["networks"][name].keys() == published.keys()
    for key, value in published.items():
        torch.testing.assert_close(state["networks"][name][key], value.float(), rtol=0, atol=0)
    assert all(value.dtype == torch.float32 for value in state["average"].values())
    with pytest.raises(FileExistsError, match="exists already"):
        main([f"go-on-{name}", "--folder", str(tmp_path)])
