"""A model folder becomes a Backbone."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer

from engine.backbone import Backbone
from engine.errors import EngineError, OutOfMemory
from engine.exemplar import ExemplarReader
from engine.models import store
from engine.models.exemplar_loader import load_exemplar_reader
from engine.models.ip_adapter_loader import load_ip_adapter
from engine.models.ip_adapter_store import find_ip_adapter
from engine.models.policy import Policy, policy_for
from engine.models.silence import silenced
from engine.models.tuning import tuned
from engine.words import WordReader

_AUTOENCODERS = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}


def load(model: str, device: str | None = None, dtype: torch.dtype | None = None) -> Backbone:
    """Load a model by id or folder.

    Args:
        device: a torch device; None = the best there is.
        dtype: of all networks; None = the fastest that the device does well.

    Raises:
        ModelMissing: there is no such model, or it is not complete.
        ModelBroken: its files cannot be read, or do not belong together.
        OutOfMemory: it does not fit.
    """
    folder = store.find(model)
    policy = policy_for(device, dtype)
    try:
        with silenced():
            return _load(folder, policy)
    except EngineError:
        raise
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise OutOfMemory(f"There is not enough memory to load the model “{folder.name}”.") from error
    except Exception as error:  # readers of foreign files fail in as many ways as files can be wrong
        raise store.broken(folder, f"its files cannot be read ({_first_line(error)})") from error


def _load(folder: Path, policy: Policy) -> Backbone:
    index = store.index_of(folder)
    autoencoder = _AUTOENCODERS.get(str((index.get("vae") or [None, "AutoencoderKL"])[1]))
    if autoencoder is None:
        raise store.broken(folder, f"its autoencoder is of an unknown kind, {index['vae'][1]}")
    vae_config = autoencoder.load_config(folder / "vae", local_files_only=True)
    if vae_config.get("force_upcast") and policy.vae_dtype is not torch.bfloat16:
        policy = policy.without_overflow()
    unet = _network(UNet2DConditionModel, folder, "unet", policy.dtype)
    vae = _network(autoencoder, folder, "vae", policy.vae_dtype)
    reader = load_exemplar_reader(folder, policy) if store.reads_examples(folder) else _word_reader(folder, policy)
    scheduler = UNet2DConditionModel.load_config(folder / "scheduler" / "scheduler_config.json", local_files_only=True)
    _check_fit(folder, unet, vae, reader)
    unet, vae = (tuned(network.to(policy.device), policy.device) for network in (unet, vae))
    backbone = Backbone(unet, vae, reader, scheduler, folder.name)
    beside = find_ip_adapter(folder)
    if beside is not None and not backbone.reads_examples:
        backbone.open_adapter = partial(load_ip_adapter, beside)
    return backbone


def _word_reader(folder: Path, policy: Policy) -> WordReader:
    encoder = _network(CLIPTextModel, folder, "text_encoder", policy.dtype)
    tokenizer = CLIPTokenizer.from_pretrained(str(folder / "tokenizer"), local_files_only=True)
    if len(tokenizer) > int(cast(Any, encoder).config.vocab_size):
        raise store.broken(folder, "its tokenizer knows more words than its text encoder")
    return WordReader(encoder.to(policy.device), tokenizer)


def _network(kind: Any, folder: Path, part: str, dtype: torch.dtype) -> nn.Module:
    """One network with all of its weights, in eval mode, without gradients."""
    files = [path.name for path in store.weight_files(folder / part)]
    plain = any("fp16" not in name for name in files)
    network, report = kind.from_pretrained(
        str(folder / part),
        dtype=dtype,
        variant=None if plain else "fp16",
        use_safetensors=any(name.endswith(".safetensors") for name in files),
        local_files_only=True,
        output_loading_info=True,
    )
    absent = [key for key in report["missing_keys"] if not key.endswith("position_ids")]
    if absent or report.get("mismatched_keys"):
        raise store.broken(folder, f"weights are missing in its {part}, among them {(absent or ['some'])[0]}")
    module: nn.Module = network.eval().requires_grad_(False)
    return module


def _check_fit(folder: Path, unet: Any, vae: Any, reader: WordReader | ExemplarReader) -> None:
    """Refuse parts that do not belong together."""
    latent, takes = vae.config.latent_channels, unet.config.in_channels
    if isinstance(reader, ExemplarReader):
        if takes != 2 * latent + 1:
            raise store.broken(
                folder, f"its network takes {takes} channels, where Paint by Example takes {2 * latent + 1}"
            )
    elif takes not in (latent, 2 * latent + 1):
        raise store.broken(
            folder,
            f"its network takes {takes} channels, where a base model takes {latent} "
            f"and one that fills {2 * latent + 1}",
        )
    if unet.config.cross_attention_dim != reader.width:
        kind = "image encoder" if isinstance(reader, ExemplarReader) else "text encoder"
        raise store.broken(folder, f"its {kind} belongs to another network")


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200].rstrip(".") if lines else type(error).__name__
