"""The files of an IP-Adapter become an IpAdapter for one model, through diffusers' own loader.

diffusers loads an adapter into a UNet for good. Of its loader only the two steps are used that make the layers; the
UNet is asked for its shape and stays as it is.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import CLIPVisionModelWithProjection

from engine.backbone import Backbone
from engine.errors import EngineError, ModelBroken, OutOfMemory
from engine.exemplar import processor_of
from engine.ip_adapter import IpAdapter
from engine.models.ip_adapter_store import ENCODER, weights_file
from engine.models.silence import silenced

PROJECTION, LAYERS = "image_proj", "ip_adapter"
_GIST, _PARTS = "proj.weight", "latents"  # a weight that only the plain kind has, and one of the plus kind
_ENDS = {_GIST: ("proj", "norm", "projection_dim"), _PARTS: ("proj_in", "norm_out", "hidden_size")}
"""Of each kind the projection's first and last layer, and where the encoder's config says how wide the first reads."""
_CROSS, _END = ".attn2.processor", ".processor"

Sections = dict[str, dict[str, Tensor]]
"""By section (`image_proj`, `ip_adapter`) the weights by name."""


def load_ip_adapter(path: Path, backbone: Backbone) -> IpAdapter:
    """Load an adapter for a model, on its device and in its number type.

    Args:
        path: the folder that `find_ip_adapter` gives, or a file of weights beside its image encoder.
        backbone: a Stable Diffusion 1 model that reads words; it is not changed.

    Raises:
        ModelMissing: there is no adapter, or it is not complete.
        ModelBroken: its files cannot be read, or belong to another model.
        OutOfMemory: it does not fit.
    """
    file = weights_file(path)
    try:
        return _load(file, backbone)
    except EngineError:
        raise
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise OutOfMemory(f"There is not enough memory to load the IP-Adapter “{file.name}”.") from error


def _load(file: Path, backbone: Backbone) -> IpAdapter:
    sections = _read(file)
    _check_kind(file, sections)
    _check_layers(file, sections[LAYERS], backbone.unet)
    layers, projection = _built(file, sections, backbone.unet)
    for part in (projection, *layers.values()):
        part.eval().requires_grad_(False).to(backbone.device, backbone.dtype)
    encoder, processor = _encoder(file, backbone)
    _check_ends(file, sections[PROJECTION], encoder.config, backbone.unet.config)
    return IpAdapter(layers, projection, encoder, processor)


def _read(file: Path) -> Sections:
    """The weights of a file by section; nothing in it is executed."""
    try:
        if file.suffix == ".safetensors":
            sections: Any = {PROJECTION: {}, LAYERS: {}}
            for key, value in load_file(file).items():
                section, _, name = key.partition(".")
                sections.setdefault(section, {})[name] = value
        else:
            sections = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise _broken(file, "it is not a plain list of weights (it may contain program code, never run)") from error
    except MemoryError:
        raise
    except Exception as error:  # readers of foreign files fail in as many ways as files can be wrong
        raise _broken(file, "its file cannot be read") from error
    if not isinstance(sections, dict) or set(sections) != {PROJECTION, LAYERS}:
        raise _broken(file, "its file holds something else than an IP-Adapter")
    if not all(isinstance(section, dict) and _only_weights(section) for section in sections.values()):
        raise _broken(file, "its file holds something else than weights")
    return sections


def _only_weights(section: dict[Any, Any]) -> bool:
    return all(isinstance(name, str) and isinstance(value, Tensor) and value.dim() for name, value in section.items())


def _check_kind(file: Path, sections: Sections) -> None:
    """Refuse adapters for faces, and damaged ones."""
    if not {_GIST, _PARTS} & set(sections[PROJECTION]):
        raise _broken(file, "it is made for faces, and only those for whole pictures are supported")
    for section, weights in sections.items():
        for name, value in weights.items():
            if not value.isfinite().all():
                raise _broken(file, f"its file is damaged: {section}.{name} holds something else than numbers")


def _check_layers(file: Path, weights: dict[str, Tensor], unet: Any) -> None:
    """Refuse adapters of other families: as wide as other words, for more or fewer layers."""
    width = int(unet.config.cross_attention_dim)
    found = {value.shape[-1] for name, value in weights.items() if name.endswith("to_k_ip.weight")}
    if found - {width}:
        other = min(found - {width})
        raise _broken(file, f"it belongs to another family of models (it reads words of {other} numbers, not {width})")
    count = len(_cross_attention(unet))
    wanted = {f"{2 * index + 1}.to_{which}_ip.weight" for index in range(count) for which in "kv"}
    odd = sorted(wanted ^ weights.keys())
    if odd:
        raise _broken(file, f"{len(odd)} weights are missing or do not belong to this model, among them {odd[0]}")


def _built(file: Path, sections: Sections, unet: Any) -> tuple[dict[str, nn.Module], nn.Module]:
    """Attention processors by the name of their layer, and the projection."""
    try:
        made = unet._convert_ip_adapter_attn_to_diffusers([sections], low_cpu_mem_usage=False)
        projection = unet._convert_ip_adapter_image_proj_to_diffusers(sections[PROJECTION], low_cpu_mem_usage=False)
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # diffusers tells by guessing from names and sizes what it has before it
        raise _broken(file, "some weights are missing, or have other sizes than the layers of this model") from error
    return {name.removesuffix(_END): made[name] for name in _cross_attention(unet)}, projection


def _cross_attention(unet: Any) -> list[str]:
    """The processors of the layers that read words, by name, in the order of the published numbers."""
    return [name for name in unet.attn_processors if name.endswith(_CROSS)]


def _encoder(file: Path, backbone: Backbone) -> tuple[Any, Any]:
    """The image encoder, frozen, and what makes pictures ready for it."""
    folder = file.parent / ENCODER
    try:
        with silenced():
            encoder, report = CLIPVisionModelWithProjection.from_pretrained(
                str(folder),
                dtype=backbone.dtype,
                use_safetensors=any(part.suffix == ".safetensors" for part in folder.iterdir()),
                local_files_only=True,
                output_loading_info=True,
            )
        processor = processor_of(folder, int(encoder.config.image_size))
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # readers of foreign files fail in as many ways as files can be wrong
        raise _broken(file, f"its {ENCODER} cannot be read") from error
    absent = sorted(key for key in report["missing_keys"] if not key.endswith("position_ids"))
    if absent:
        raise _broken(file, f"weights are missing in its {ENCODER}, among them {absent[0]}")
    return encoder.eval().requires_grad_(False).to(backbone.device), processor


def _check_ends(file: Path, projection: dict[str, Tensor], encoder: Any, unet: Any) -> None:
    """Refuse a projection that reads something else than the encoder says, or says something else than the UNet reads.

    Args:
        encoder, unet: their configs.
    """
    first, last, seen = _ENDS[_GIST if _GIST in projection else _PARTS]
    if projection[f"{first}.weight"].shape[-1] != getattr(encoder, seen):
        raise _broken(file, f"the {ENCODER} beside it belongs to another IP-Adapter")
    if projection[f"{last}.weight"].shape[0] != unet.cross_attention_dim:
        raise _broken(file, f"its {PROJECTION} belongs to another family of models")


def _broken(file: Path, problem: str) -> ModelBroken:
    return ModelBroken(f"The IP-Adapter “{file.name}” cannot be used: {problem}. Download it again, or take another.")
