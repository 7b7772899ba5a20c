"""Where the IP-Adapter of a model lies on this machine. Imports no torch, so that a form can say at once what is there.

What is read is the `models` folder of h94/IP-Adapter as it was published: the weights beside `image_encoder`.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import ModelMissing
from engine.models.store import models_folder

ENCODER = "image_encoder"
_KINDS = ("ip-adapter-plus_sd15", "ip-adapter_sd15")  # plus first: it sees the parts of a picture, not only its gist
_SUFFIXES = (".safetensors", ".bin")
_WEIGHTS = tuple(kind + suffix for kind in _KINDS for suffix in _SUFFIXES)
_INSIDE = "models"  # of the repository's folders, the one for Stable Diffusion 1
_OWN = "ip_adapter"
_SHARED = ("ip-adapter", "IP-Adapter")


def find_ip_adapter(model_folder: Path) -> Path | None:
    """The folder of the IP-Adapter to use with a model, None where there is none.

    Looked for in this order: `ip_adapter` in the model's folder; `ip-adapter` or `IP-Adapter` beside it; `ip-adapter`
    among the models of the program. Each may be the whole repository or its `models` folder.

    Args:
        model_folder: of an ordinary Stable Diffusion 1 model, as `store.find` gives it.

    Returns:
        the folder that holds the weights.
    """
    beside, program = model_folder.resolve().parent, models_folder()
    shared = [folder / name for folder in (beside, program) for name in _SHARED]
    for place in (model_folder / _OWN, *shared):
        file = _weights_in(place)
        if file is not None:
            return file.parent
    return None


def weights_file(path: Path) -> Path:
    """The weights in an IP-Adapter's folder; of several the ones that follow a picture most closely.

    Args:
        path: a folder, or one file of weights in it.

    Raises:
        ModelMissing: there are none, or the image encoder that belongs to them is not there.
    """
    file = path if path.is_file() else _weights_in(path)
    if file is None:
        raise ModelMissing(
            f"There is no IP-Adapter in {path}: it needs {_WEIGHTS[-2]} and beside it the folder {ENCODER}. "
            "Download the folder models of h94/IP-Adapter."
        )
    encoder = file.parent / ENCODER
    if not (encoder / "config.json").is_file() or not any(part.suffix in _SUFFIXES for part in encoder.iterdir()):
        raise ModelMissing(
            f"The IP-Adapter “{file.name}” is not complete: {ENCODER} missing in {file.parent}. Download it again, "
            "with that folder."
        )
    return file


def _weights_in(folder: Path) -> Path | None:
    files = (place / name for place in (folder, folder / _INSIDE) for name in _WEIGHTS)
    return next((file for file in files if file.is_file()), None)
