"""One policy for where models run and in which numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Policy:
    """Where a model runs and in which numbers.

    Attributes:
        device: the torch device.
        dtype: of the UNet and of what reads words or examples.
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
        return _everywhere("cuda", torch.bfloat16 if native else torch.float16)
    if torch.backends.mps.is_available():
        return _everywhere("mps", torch.float16)
    return _everywhere("cpu", torch.bfloat16 if cpu_has_bfloat16() else torch.float32)


def cpu_has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 in hardware (AVX512-BF16 or AMX); emulated it is slower than fp32."""
    checks: tuple[Callable[[], bool] | None, ...] = (
        getattr(torch.cpu, "_is_avx512_bf16_supported", None),
        getattr(torch.cpu, "_is_amx_tile_supported", None),
    )
    onednn: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return onednn and any(check is not None and check() for check in checks)


def policy_for(device: str | None = None, dtype: torch.dtype | None = None) -> Policy:
    """The best policy, or the one that is asked for.

    Args:
        device: a torch device; None = the best there is.
        dtype: of all networks; None = the fastest that the best device does well, float32 on one that was named.
    """
    best = best_policy()
    if device is None and dtype is None:
        return best
    return _everywhere(device or best.device.type, dtype or (best.dtype if device is None else torch.float32))


def _everywhere(device: str, dtype: torch.dtype) -> Policy:
    return Policy(torch.device(device), dtype, dtype)
