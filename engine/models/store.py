"""Where models lie on this machine. Imports no torch, so that a form can say at once what is missing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from engine.errors import ModelBroken, ModelMissing

BUNDLED = "studio"
EXEMPLAR = "studio-exemplar"  # bundled, too
PARTS = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")
EXEMPLAR_PARTS = ("unet", "vae", "image_encoder", "scheduler")  # of the Paint by Example family
_WEIGHTS = ("unet", "vae", "text_encoder", "image_encoder")
_SUFFIXES = (".safetensors", ".bin")


def models_folder() -> Path:
    """The folder of the models that come with the program, also in a packaged one."""
    program = Path(getattr(sys, "_MEIPASS", "") or Path(__file__).resolve().parents[2])
    return program / "resources" / "models"


def find(model: str) -> Path:
    """The folder of a model, given its id or a folder's path.

    Raises:
        ModelMissing: there is no such model, or parts of it are not there.
        ModelBroken: the folder cannot be a model of this family.
    """
    folder = Path(model).expanduser()
    if not folder.is_absolute():
        inside = models_folder() / model
        # An id is one plain name; only then may it be looked up among the models of the program.
        folder = inside if folder.name == model and inside.is_dir() else folder
    if not folder.is_dir():
        hint = (
            "Reinstall Pentimento."
            if model in (BUNDLED, EXEMPLAR)
            else "Choose another model, or give the path of its folder."
        )
        raise ModelMissing(f"The model “{model}” is not installed. {hint}")
    _check_parts(folder)
    return folder


def reads_examples(folder: Path) -> bool:
    """Whether a folder's network is told by a picture what to paint (Paint by Example), and not by words."""
    return (folder / "image_encoder").is_dir() and not (folder / "text_encoder").is_dir()


def index_of(folder: Path) -> dict[str, Any]:
    """The model's `model_index.json`: its parts and their classes; empty where there is none.

    Raises:
        ModelBroken: it cannot be read.
    """
    path = folder / "model_index.json"
    if not path.exists():
        return {}
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise broken(folder, "its model_index.json cannot be read") from error
    if not isinstance(index, dict):
        raise broken(folder, "its model_index.json is not a list of parts")
    return index


def weight_files(folder: Path) -> list[Path]:
    """Weight files of one part, in name order."""
    return sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES)


def broken(folder: Path, problem: str) -> ModelBroken:
    """The sentence for a model that is there but cannot be used."""
    return ModelBroken(f"The model “{folder.name}” cannot be used: {problem}. Install it again, or choose another one.")


def _check_parts(folder: Path) -> None:
    if "text_encoder_2" in index_of(folder) or (folder / "text_encoder_2").is_dir():
        raise broken(folder, "it is an SDXL model, and so far only those like Stable Diffusion 1 and 2 are supported")
    parts = EXEMPLAR_PARTS if reads_examples(folder) else PARTS
    learned = [part for part in parts if part in _WEIGHTS]
    missing = [part for part in parts if not (folder / part).is_dir()]
    missing += [f"{part} weights" for part in learned if part not in missing and not weight_files(folder / part)]
    if missing:
        raise ModelMissing(
            f"The model “{folder.name}” is not complete: {', '.join(missing)} missing in {folder}. Install it again."
        )
    empty = [path for part in learned for path in weight_files(folder / part) if not path.stat().st_size]
    if empty:
        raise broken(folder, f"{empty[0].relative_to(folder)} is empty")
