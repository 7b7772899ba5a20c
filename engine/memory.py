"""Whether a way back through the network fits into memory, and how to make it smaller."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engine.backbone import Backbone
from engine.errors import OutOfMemory

_RESNET = 9  # maps of its width that a residual block keeps for the way back
_TRANSFORMER = 26  # likewise a transformer block, its feed-forward part four times as wide
_LARGEST_SCORES = 2**22  # elements of an attention's scores above which they are never written out
_SPARE = 0.8  # part of the free memory that may be planned for
_GIB = 2**30
_RECLAIMED = ("active_file", "inactive_file", "slab_reclaimable")  # what the system takes back before it runs out


class Checkpointed:
    """A patch under which the way back computes the network's blocks once more instead of keeping what is in them.

    It must be entered around the way back, too.
    """

    @contextmanager
    def on(self, unet: nn.Module) -> Iterator[None]:
        """diffusers' own checkpoints inside; outside every block as it was."""
        names = ("gradient_checkpointing", "_gradient_checkpointing_func")
        before = [(block, name, block.__dict__.get(name)) for block in unet.modules() for name in names]
        before = [entry for entry in before if hasattr(entry[0], "gradient_checkpointing")]
        unet.enable_gradient_checkpointing()  # type: ignore[operator]
        try:
            yield
        finally:
            for block, name, value in before:
                if value is None:
                    block.__dict__.pop(name, None)
                else:
                    setattr(block, name, value)


def patches_for(backbone: Backbone, size: tuple[int, int], checkpoints: str, batch: int = 1) -> list[Checkpointed]:
    """What to put around a way back so that it fits: nothing, or checkpoints.

    Args:
        size: (width, height) of the working picture.
        checkpoints: "on", "off", or "auto": where it would not fit without.
        batch: latents in one call.

    Raises:
        OutOfMemory: it will not fit.
    """
    free = free_bytes(backbone.device) * _SPARE
    plain, small = (bytes_of_step(backbone, size, checkpointed, batch) for checkpointed in (False, True))
    if checkpoints == "off" or (checkpoints == "auto" and plain <= free):
        needed, patches = plain, list[Checkpointed]()
    else:
        needed, patches = small, [Checkpointed()]
    if needed > free:
        raise OutOfMemory(
            f"This drag needs about {needed / _GIB:.1f} GB of memory at once, and {free / _GIB:.1f} GB can be had. "
            "Take “Drag: fast” or “Drag: quick”, which need far less, or close other programs."
        )
    return patches


def bytes_of_step(backbone: Backbone, size: tuple[int, int], checkpointed: bool = False, batch: int = 1) -> int:
    """About how much a call of the network keeps for the way back to its input, or to what is learnt in its layers.

    Args:
        size: (width, height) of the working picture.
        checkpointed: under `Checkpointed`.
        batch: latents in the call.
    """
    cells = [side / backbone.factor for side in size]
    blocks = list(_blocks(backbone.unet, cells[0] * cells[1], _LARGEST_SCORES / batch))
    itemsize = torch.empty((), dtype=backbone.dtype).element_size()
    inner = [kept for kept, _ in blocks]
    elements = max(inner) + sum(edge for _, edge in blocks) if checkpointed else sum(inner)
    return int(batch * elements * itemsize)


def free_bytes(device: torch.device) -> int:
    """Memory that can be had on a device, bytes."""
    if device.type == "cuda":
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)  # torch's own, unused
        return int(torch.cuda.mem_get_info(device)[0] + kept)
    if device.type == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    return min(_available(), _allowed(Path("/sys/fs/cgroup")))


def _blocks(unet: Any, cells: float, largest: float) -> Iterator[tuple[float, float]]:
    """Of each residual block, with the attention behind it: (elements kept in it, elements of its input), for a latent.

    Args:
        cells: of the latent.
        largest: see `_LARGEST_SCORES`, for one latent.
    """
    config = unet.config
    widths = list(config.block_out_channels)
    layers = _each(config.layers_per_block, len(widths))
    heads = _each(config.num_attention_heads or config.attention_head_dim, len(widths))
    down = ["CrossAttn" in kind for kind in config.down_block_types]
    up = ["CrossAttn" in kind for kind in reversed(config.up_block_types)]
    for level, width in enumerate(widths):
        places = cells / 4**level
        for wide, count, attends in ((1.0, layers[level], down[level]), (2.0, layers[level] + 1, up[level])):
            one = _resnet(width, wide, places) + (
                _transformer(width, heads[level], places, largest) if attends else 0.0
            )
            for _ in range(count):
                yield one, wide * width * places
    places = cells / 4 ** (len(widths) - 1)
    yield (
        2 * _resnet(widths[-1], 1.0, places) + _transformer(widths[-1], heads[-1], places, largest),
        widths[-1] * places,
    )


def _resnet(width: int, wide: float, places: float) -> float:
    """`wide`: how many times as wide its input is."""
    return (_RESNET + 2 * (wide - 1)) * width * places


def _transformer(width: int, heads: int, places: float, largest: float) -> float:
    scores = heads * places * places
    return _TRANSFORMER * width * places + (scores if scores <= largest else 0.0)


def _each(value: Any, count: int) -> list[int]:
    """A number for all levels, or one for each."""
    return [int(value)] * count if isinstance(value, int) else [int(each) for each in value]


def _available() -> int:
    """Memory that the system could give, bytes."""
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2  # systems that do not say: half of it all


def _allowed(group: Path) -> int:
    """What a container's limit leaves, bytes, files that are only kept in case they are read again not counted as used.

    Without a limit: everything.

    Args:
        group: folder of the container's control group (version 2).
    """
    try:
        left = int((group / "memory.max").read_text()) - int((group / "memory.current").read_text())
        counts = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return left + sum(int(counts.get(name, 0)) for name in _RECLAIMED)
    except (OSError, ValueError):
        return 2**62
