"""Layers of a UNet by role and resolution, so that methods name them by purpose for any model of this family."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class AttentionLayer:
    """One attention layer.

    Attributes:
        name: the module's dotted name inside the UNet.
        path: "down", "mid" or "up".
        cross: attends to the words (True) or to the picture itself.
        divisor: the latent's side divided by this is the layer's side.
    """

    name: str
    path: str
    cross: bool
    divisor: int


@dataclass(frozen=True)
class Layout:
    """The layers of one UNet.

    Attributes:
        attention: every attention layer in the order in which the network runs them.
        up_blocks: (name, divisor of its output) of the up path, coarse to fine.
    """

    attention: tuple[AttentionLayer, ...]
    up_blocks: tuple[tuple[str, int], ...]

    @property
    def drag_features(self) -> str:
        """The last but one up block: fine enough to point at, deep enough to know what it points at."""
        return self.up_blocks[-2 if len(self.up_blocks) > 1 else -1][0]

    @property
    def energy_features(self) -> tuple[str, ...]:
        """The two up blocks before the last (DragonDiffusion, section 4.1): what is where, coarsely and finely."""
        return tuple(name for name, _ in self.up_blocks[-3:-1] or self.up_blocks)

    @property
    def shared_attention(self) -> tuple[str, ...]:
        """Up-path self-attention at half and full latent resolution: what a thing looks like lives in its K and V."""
        return tuple(
            layer.name for layer in self.attention if layer.path == "up" and not layer.cross and layer.divisor <= 2
        )


def read_layout(unet: nn.Module) -> Layout:
    """Find the attention layers and up blocks of a `UNet2DConditionModel`, whatever its number of levels."""
    attention: list[AttentionLayer] = []
    up_blocks: list[tuple[str, int]] = []
    divisor = 1
    for path, name, block in _blocks(unet):
        attention += [
            AttentionLayer(f"{name}.{inner}", path, inner.endswith("attn2"), divisor)
            for inner, _ in block.named_modules()
            if inner.endswith((".attn1", ".attn2"))
        ]
        if getattr(block, "downsamplers", None) is not None:
            divisor *= 2
        if getattr(block, "upsamplers", None) is not None:
            divisor //= 2
        if path == "up":
            up_blocks.append((name, divisor))
    return Layout(tuple(attention), tuple(up_blocks))


def _blocks(unet: nn.Module) -> Iterator[tuple[str, str, nn.Module]]:
    """(path, name, block) in the order in which they run."""
    for index, block in enumerate(unet.get_submodule("down_blocks").children()):
        yield "down", f"down_blocks.{index}", block
    yield "mid", "mid_block", unet.get_submodule("mid_block")
    for index, block in enumerate(unet.get_submodule("up_blocks").children()):
        yield "up", f"up_blocks.{index}", block
