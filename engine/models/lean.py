"""The building blocks of Stable Diffusion's networks without detours, for CPU calls without gradients.

diffusers' blocks serve dozens of model families; at 32 × 32 latents the questions they ask cost as much as a tenth of
the arithmetic. Each class here computes the same as its parent for the one shape that this family uses, in fewer passes
over memory, and hands everything else to its parent: gradients, training, unusual arguments, hooks, adapters. Only
`tuning` puts them into a network, by changing the class of blocks that `fits` accepts.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers.models.activations import GEGLU
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.transformers.transformer_2d import Transformer2DModel
from torch import Tensor, nn
from torch.nn import functional

from engine.attention import SmallMapAttention
from engine.models.packed import Derived, PackedLinear, packed_weight, plus, unwatched


class LeanResnet(ResnetBlock2D):  # type: ignore[misc]
    """norm, SiLU, convolution, twice; the time in between, the input added at the end."""

    @staticmethod
    def fits(block: Any) -> bool:
        """Plain blocks only: no resampling, no scaling of the output, the time added."""
        return (
            block.upsample is None
            and block.downsample is None
            and block.time_embedding_norm == "default"
            and block.output_scale_factor == 1.0
            and isinstance(block.nonlinearity, nn.SiLU)
            and not block.skip_time_act
        )

    def forward(self, input_tensor: Tensor, temb: Tensor | None, *args: Any, **kwargs: Any) -> Tensor:
        """As in ResnetBlock2D."""
        if torch.is_grad_enabled() or self.training or args or kwargs:
            parents: Tensor = super().forward(input_tensor, temb, *args, **kwargs)
            return parents
        hidden = self.conv1(functional.silu(self.norm1(input_tensor), inplace=True))
        if temb is not None and self.time_emb_proj is not None:
            hidden = hidden + self.time_emb_proj(functional.silu(temb))[:, :, None, None]
        hidden = functional.silu(self.norm2(hidden), inplace=True)
        return plus(
            self.conv2, hidden, input_tensor if self.conv_shortcut is None else self.conv_shortcut(input_tensor)
        )


class LeanTransformer(Transformer2DModel):  # type: ignore[misc]
    """Picture to tokens, blocks, tokens to picture, the input added at the end."""

    @staticmethod
    def fits(block: Any) -> bool:
        """Continuous input through 1 × 1 convolutions, as in Stable Diffusion 1."""
        return bool(block.is_input_continuous) and not block.use_linear_projection

    def forward(
        self,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        timestep: Tensor | None = None,
        return_dict: bool = True,
        **others: Any,
    ) -> Any:
        """As in Transformer2DModel."""
        if (
            torch.is_grad_enabled()
            or self.training
            or return_dict
            or any(value is not None for value in others.values())
        ):
            return super().forward(
                hidden_states, encoder_hidden_states, timestep=timestep, return_dict=return_dict, **others
            )
        batch, _, height, width = hidden_states.shape
        tokens = self.proj_in(self.norm(hidden_states)).permute(0, 2, 3, 1).flatten(1, 2)
        for block in self.transformer_blocks:
            tokens = block(tokens, encoder_hidden_states=encoder_hidden_states)
        picture = tokens.view(batch, height, width, -1).permute(0, 3, 1, 2)
        return (plus(self.proj_out, picture, hidden_states),)


class LeanTransformerBlock(BasicTransformerBlock):  # type: ignore[misc]
    """Self-attention, cross-attention, feed-forward, each after a layer norm and added to what came in."""

    @staticmethod
    def fits(block: Any) -> bool:
        """Plain layer norms, one attention of each kind."""
        return (
            block.norm_type == "layer_norm"
            and block.pos_embed is None
            and block.attn2 is not None
            and not block.only_cross_attention
            and not hasattr(block, "fuser")
            and isinstance(block.ff.net[0], GEGLU)
            and isinstance(block.ff.net[2], nn.Linear)
        )

    def forward(
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        encoder_hidden_states: Tensor | None = None,
        *rest: Any,
        **others: Any,
    ) -> Tensor:
        """As in BasicTransformerBlock."""
        unusual = attention_mask is not None or any(value is not None for value in (*rest, *others.values()))
        if torch.is_grad_enabled() or self.training or unusual or self._chunk_size is not None:
            parents: Tensor = super().forward(hidden_states, attention_mask, encoder_hidden_states, *rest, **others)
            return parents
        tokens = _attended(self.attn1, self.norm1(hidden_states), None, hidden_states)
        if _is_one_token(self.attn2, encoder_hidden_states):
            # The softmax over one key is 1 whatever is asked: every place hears the same (Paint by Example).
            tokens = tokens + self.attn2.to_out[0](self.attn2.to_v(encoder_hidden_states))
        else:
            tokens = _attended(self.attn2, self.norm2(tokens), encoder_hidden_states, tokens)
        if not unwatched(self.ff):
            changed: Tensor = self.ff(self.norm3(tokens))
            return changed + tokens
        return plus(self.ff.net[2], self.ff.net[0](self.norm3(tokens)), tokens)


class LeanGEGLU(GEGLU):  # type: ignore[misc]
    """value · GELU(gate), both straight from their halves of the linear layer."""

    kept: Derived[tuple[Tensor, Tensor, Tensor, Tensor]]

    def forward(self, hidden_states: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """As in GEGLU."""
        layer = self.proj
        plain = isinstance(layer, PackedLinear) and layer.bias is not None and unwatched(layer)
        if torch.is_grad_enabled() or not plain:
            parents: Tensor = super().forward(hidden_states, *args, **kwargs)
            return parents
        weight, bias = layer.weight, layer.bias
        value, value_bias, gate, gate_bias = self.kept.get((weight, bias), lambda: _halves(weight, bias))
        gated = torch.ops.mkldnn._linear_pointwise(hidden_states, gate, gate_bias, "gelu", [], "none")
        output: Tensor = torch.ops.mkldnn._linear_pointwise.binary(hidden_states, gated, value, value_bias, "mul")
        return output


def _halves(weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """The weights and biases of the two halves, packed."""
    (values, gates), (value_bias, gate_bias) = weight.detach().chunk(2), bias.detach().chunk(2)
    return packed_weight(values), value_bias.contiguous(), packed_weight(gates), gate_bias.contiguous()


def _is_one_token(attn: Any, words: Tensor | None) -> bool:
    """Whether a layer attends to one token only, and nobody looks at how."""
    if not isinstance(words, Tensor) or words.shape[1] != 1:
        return False
    watched = (attn, attn.to_q, attn.to_k, attn.to_v, attn.to_out[0])
    return isinstance(attn.processor, SmallMapAttention) and all(unwatched(layer) for layer in watched)


def _attended(attn: Any, tokens: Tensor, words: Tensor | None, residual: Tensor) -> Tensor:
    """Attention plus the residual; through the layer itself wherever a method has put its own processor or hook."""
    if isinstance(attn.processor, SmallMapAttention) and unwatched(attn):
        return plus(attn.to_out[0], attn.processor.mixed(attn, tokens, words), residual)
    output: Tensor = attn(tokens, encoder_hidden_states=words)
    return output + residual


LEAN: tuple[tuple[type[nn.Module], Any], ...] = (
    (ResnetBlock2D, LeanResnet),
    (Transformer2DModel, LeanTransformer),
    (BasicTransformerBlock, LeanTransformerBlock),
)
"""Blocks, and what replaces those of them that fit."""
