"""Training states on disk: written whole or not at all, so that a slice may end at any moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write the state beside its place, then move it there in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    torch.save(state, part)
    part.replace(path)


def load_state(path: Path) -> dict[str, Any]:
    """Read a state that `save_state` wrote, onto the CPU."""
    if not path.exists():
        raise FileNotFoundError(
            f"{path} does not exist: train '{path.stem}' first (python -m engine.studio.train {path.stem})"
        )
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
