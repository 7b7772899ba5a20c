"""A model folder becomes a Backbone: one policy for device, number type and memory layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
from diffusers.utils import logging as diffusers_logging
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer
from transformers.utils import logging as transformers_logging

from engine.backbone import Backbone
from engine.errors import EngineError, OutOfMemory
from engine.models import store
from engine.models.tuning import tuned

_AUTOENCODERS = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}
_LIBRARIES = (diffusers_logging, transformers_logging)


@dataclass(frozen=True)
class Policy:
    """Where a model runs and in which numbers.

    Attributes:
        device: the torch device.
        dtype: of the UNet and the text encoder.
        vae_dtype: of the autoencoder; some of them overflow in float16.
    """

    device: torch.device
    dtype: torch.dtype
    vae_dtype: torch.dtype

    def without_overflow(self) -> Policy:
        """The same with an autoencoder that cannot overflow."""
        safe = torch.float32 if self.vae_dtype is torch.float16 else self.vae_dtype
        return Policy(self.device, self.dtype, safe)


def best_policy() -> Policy:
    """The fastest that this machine does well: CUDA bf16 (else fp16), MPS fp16, CPU bf16 in hardware, else fp32."""
    if torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
        return _policy("cuda", torch.bfloat16 if native else torch.float16)
    if torch.backends.mps.is_available():
        return _policy("mps", torch.float16)
    return _policy("cpu", torch.bfloat16 if cpu_has_bfloat16() else torch.float32)


def cpu_has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware (AVX512-BF16 or AMX); emulated it is slower than fp32."""
    checks: tuple[Callable[[], bool] | None, ...] = (
        getattr(torch.cpu, "_is_avx512_bf16_supported", None),
        getattr(torch.cpu, "_is_amx_tile_supported", None),
    )
    onednn: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return onednn and any(check is not None and check() for check in checks)


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
    policy = best_policy()
    if device is not None or dtype is not None:
        policy = _policy(device or policy.device.type, dtype or (policy.dtype if device is None else torch.float32))
    try:
        with _silence():
            return _load(folder, policy)
    except EngineError:
        raise
    except (MemoryError, torch.OutOfMemoryError) as error:
        raise OutOfMemory(f"There is not enough memory to load the model “{folder.name}”.") from error
    except Exception as error:  # readers of foreign files fail in as many ways as files can be wrong
        raise store.broken(folder, f"its files cannot be read ({_first_line(error)})") from error


@contextmanager
def _silence() -> Iterator[None]:
    """No progress bars; what the libraries warn about is either harmless here or becomes an error of ours."""
    before = [(library, library.get_verbosity(), library.is_progress_bar_enabled()) for library in _LIBRARIES]
    for library in _LIBRARIES:
        library.set_verbosity_error()
        library.disable_progress_bar()
    try:
        yield
    finally:
        for library, level, bars in before:
            library.set_verbosity(level)
            if bars:
                library.enable_progress_bar()


def _load(folder: Path, policy: Policy) -> Backbone:
    index = store.index_of(folder)
    autoencoder = _AUTOENCODERS.get(str((index.get("vae") or [None, "AutoencoderKL"])[1]))
    if autoencoder is None:
        raise store.broken(folder, f"its autoencoder is of an unknown kind, {index['vae'][1]}")
    vae_config = autoencoder.load_config(folder / "vae", local_files_only=True)
    if vae_config.get("force_upcast") and not _is_bfloat16(policy.vae_dtype):
        policy = policy.without_overflow()
    unet = _network(UNet2DConditionModel, folder, "unet", policy.dtype)
    vae = _network(autoencoder, folder, "vae", policy.vae_dtype)
    text_encoder = _network(CLIPTextModel, folder, "text_encoder", policy.dtype)
    tokenizer = CLIPTokenizer.from_pretrained(str(folder / "tokenizer"), local_files_only=True)
    scheduler = UNet2DConditionModel.load_config(folder / "scheduler" / "scheduler_config.json", local_files_only=True)
    _check_fit(folder, unet, vae, text_encoder, tokenizer)
    unet, vae = (tuned(network.to(policy.device), policy.device) for network in (unet, vae))
    return Backbone(unet, vae, text_encoder.to(policy.device), tokenizer, scheduler, folder.name)


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


def _check_fit(folder: Path, unet: Any, vae: Any, text_encoder: Any, tokenizer: Any) -> None:
    """Refuse parts that do not belong together."""
    latent = vae.config.latent_channels
    if unet.config.in_channels not in (latent, 2 * latent + 1):
        raise store.broken(
            folder,
            f"its network takes {unet.config.in_channels} channels, where a base model takes {latent} "
            f"and one that fills {2 * latent + 1}",
        )
    if unet.config.cross_attention_dim != text_encoder.config.hidden_size:
        raise store.broken(folder, "its text encoder belongs to another network")
    if len(tokenizer) > text_encoder.config.vocab_size:
        raise store.broken(folder, "its tokenizer knows more words than its text encoder")


def _policy(device: str, dtype: torch.dtype) -> Policy:
    return Policy(torch.device(device), dtype, dtype)


def _is_bfloat16(dtype: torch.dtype) -> bool:
    return dtype is torch.bfloat16


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200].rstrip(".") if lines else type(error).__name__
