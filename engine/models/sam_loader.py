"""Segment-anything weights on this machine become a network: published checkpoints and folders like the bundled one."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from segment_anything.modeling import Sam
from torch import Tensor

from engine.errors import ModelBroken, ModelMissing, OutOfMemory
from engine.models import store
from engine.models.policy import best_policy
from engine.models.sam import PIXEL_MEAN, PIXEL_STD, PUBLISHED, SamShape, build_sam

BUNDLED = "studio-sam"
CONFIG, WEIGHTS = "config.json", "model.safetensors"
_CHECKPOINTS = (".pth", ".pt", ".safetensors")
_LISTS = ("global_blocks", "stem")


@dataclass(frozen=True, eq=False)
class LoadedSam:
    """A network ready to answer.

    Attributes:
        dtype: of the image encoder; prompts and masks are computed in float32, which costs nothing there.
    """

    sam: Sam
    shape: SamShape
    device: torch.device
    dtype: torch.dtype


def find_sam(model: str = BUNDLED) -> Path:
    """The bundled model's folder, or a folder or checkpoint file at a path.

    Raises:
        ModelMissing: there is none.
    """
    path = Path(model).expanduser()
    if path.name == model and not path.is_absolute():
        path = store.models_folder() / model
    if path.is_dir() and (path / CONFIG).is_file() and (path / WEIGHTS).is_file():
        return path
    if path.is_file() and path.suffix in _CHECKPOINTS:
        return path
    hint = "Reinstall Pentimento." if model == BUNDLED else "Give the path of a segment-anything checkpoint (.pth)."
    raise ModelMissing(f"The segmentation model “{model}” is not installed. {hint}")


def load_sam(path: Path, device: str | None = None, dtype: torch.dtype | None = None) -> LoadedSam:
    """Load a checkpoint file or a folder.

    Args:
        device: a torch device; None = the best there is.
        dtype: of the image encoder; None = the fastest that the device does well.

    Raises:
        ModelBroken: the files cannot be read, or hold something else.
        OutOfMemory: it does not fit.
    """
    policy = best_policy()
    try:
        state = _read(path / WEIGHTS if path.is_dir() else path)
        shape = _configured(path) if path.is_dir() else published_shape(state)
        if shape is None:
            raise _broken(path, "it is no checkpoint of segment-anything (vit_b, vit_l or vit_h)")
        sam = _filled(path, shape, state)
        place = torch.device(device) if device is not None else policy.device
        numbers = dtype or (policy.dtype if device is None else torch.float32)
        sam.to(place).image_encoder.to(numbers)
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise OutOfMemory(f"There is not enough memory to load the segmentation model “{path.name}”.") from error
    return LoadedSam(sam, shape, place, numbers)


def published_shape(state: Mapping[str, Tensor]) -> SamShape | None:
    """Which of the published networks these weights belong to, by the width of the picture's first layer."""
    first = state.get("image_encoder.patch_embed.proj.weight")
    widths = {shape.width: shape for shape in PUBLISHED.values()}
    return None if first is None else widths.get(first.shape[0])


def write_config(folder: Path, shape: SamShape) -> None:
    """Write what `load_sam` needs beside the weights."""
    (folder / CONFIG).write_text(json.dumps(asdict(shape), indent=2) + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, Tensor]:
    """The named weights of a file; nothing in it is executed."""
    try:
        if path.suffix == ".safetensors":
            state: Any = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError as error:
        problem = "it is not a plain list of weights (it may contain program code, which is never run)"
        raise _broken(path, problem) from error
    except MemoryError:
        raise
    except Exception as error:  # readers of foreign files fail in as many ways as files can be wrong
        raise _broken(path, "its file cannot be read") from error
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise _broken(path, "its file holds something else than weights")
    return state


def _configured(folder: Path) -> SamShape:
    """The shape that a folder's config.json describes."""
    try:
        values = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        known = {spec.name for spec in fields(SamShape)}
        given: dict[str, Any] = {
            name: tuple(value) if name in _LISTS else value for name, value in values.items() if name in known
        }
        return SamShape(**given)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise _broken(folder, f"its {CONFIG} cannot be read") from error


def _filled(path: Path, shape: SamShape, state: dict[str, Tensor]) -> Sam:
    """The network with these weights, which must be exactly its own."""
    try:
        with torch.device("meta"):
            sam = build_sam(shape)
    except Exception as error:  # a config can be wrong in as many ways as a network can be built
        raise _broken(path, f"its {CONFIG} describes no network") from error
    wanted = {name: value.shape for name, value in sam.state_dict().items()}
    found = {name: value.shape for name, value in state.items()}
    if wanted != found:
        wrong = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
        raise _broken(path, f"{len(wrong)} of its weights are missing or have the wrong size, among them {wrong[0]}")
    sam.load_state_dict({name: value.float() for name, value in state.items()}, assign=True)
    sam.pixel_mean, sam.pixel_std = (torch.tensor(values).view(-1, 1, 1) for values in (PIXEL_MEAN, PIXEL_STD))
    sam.eval().requires_grad_(False)
    return sam


def _broken(path: Path, problem: str) -> ModelBroken:
    name = path.parent.name if path.name == WEIGHTS else path.name
    return ModelBroken(
        f"The segmentation model “{name}” cannot be used: {problem}. Download it again, or choose another one."
    )
