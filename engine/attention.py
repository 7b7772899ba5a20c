"""Attention as it runs on a CPU when no method patches it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.models.packed import Derived, joinable, linear, packed_weight, unwatched

_LARGEST_SCORES = 2**22  # elements of the score matrix that are still faster to write out than to fuse


class SmallMapAttention:
    """Attention for CPUs: written out while the maps are small, fused above; keys and values of the words are kept.

    PyTorch's fused kernel takes about twice as long as two batched products on maps of 8² and 16² with small heads.
    The words of an edit do not change from step to step, so their keys and values are computed once.
    One instance belongs to one attention layer.
    """

    def __init__(self) -> None:
        self._of_words: Derived[tuple[Tensor, Tensor]] = Derived()
        self._joined: Derived[Tensor] = Derived()
        self._words: Tensor | None = None

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> Tensor:
        """(N, tokens, width) -> the same shape; `encoder_hidden_states` are the words in cross-attention."""
        output: Tensor = attn.to_out[0](self.mixed(attn, hidden_states, encoder_hidden_states, attention_mask))
        return output

    def mixed(
        self, attn: Any, tokens: Tensor, words: Tensor | None = None, attention_mask: Tensor | None = None
    ) -> Tensor:
        """Everything but the output layer."""
        if attention_mask is not None:
            raise NotImplementedError("masked attention is not used by this family of models")
        batch, count, width = tokens.shape
        heads, size = attn.heads, width // attn.heads
        if words is None:
            queries, keys, values = self._of_tokens(attn, tokens)
        else:
            queries, (keys, values) = attn.to_q(tokens), self._keys_values_of(attn, words)
        if batch * heads * count * keys.shape[2] > _LARGEST_SCORES:
            return _fused(queries, keys, values, heads, attn.scale)
        queries = queries.view(batch, count, heads, size).transpose(1, 2).reshape(batch * heads, count, size)
        # beta = 0: the first argument only lends its shape and type.
        scores = torch.baddbmm(queries.new_empty(1, 1, 1), queries, keys, beta=0, alpha=attn.scale)
        mixed = torch.bmm(scores.softmax(-1), values)
        return mixed.view(batch, heads, count, size).transpose(1, 2).reshape(batch, count, width)

    def _of_tokens(self, attn: Any, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries as they come, keys and values ready for products; one product for all where possible."""
        layers = attn.to_q, attn.to_k, attn.to_v
        if torch.is_grad_enabled() or not joinable(layers):
            return attn.to_q(tokens), *_ready(attn.to_k(tokens), attn.to_v(tokens), attn.heads)
        weights = [layer.weight for layer in layers]
        joined = self._joined.get(weights, lambda: packed_weight(torch.cat([weight.detach() for weight in weights])))
        queries, keys, values = linear(tokens, joined, None).chunk(3, dim=-1)
        return queries, *_ready(keys, values, attn.heads)

    def _keys_values_of(self, attn: Any, words: Tensor) -> tuple[Tensor, Tensor]:
        def make() -> tuple[Tensor, Tensor]:
            return _ready(attn.to_k(words), attn.to_v(words), attn.heads)

        layers = attn.to_k, attn.to_v
        if torch.is_grad_enabled() or not all(isinstance(layer, nn.Linear) and unwatched(layer) for layer in layers):
            return make()  # weights in training, or an adapter or hook that may be switched at any time
        if self._words is not words:
            self._words, self._of_words = words, Derived()
        return self._of_words.get((words, *(layer.weight for layer in layers)), make)


def _ready(keys: Tensor, values: Tensor, heads: int) -> tuple[Tensor, Tensor]:
    """(N, tokens, width) each -> (N · heads, d, tokens) and (N · heads, tokens, d), ready for batched products."""
    batch, count, _ = keys.shape
    keys, values = keys.view(batch, count, heads, -1), values.view(batch, count, heads, -1)
    return keys.permute(0, 2, 3, 1).flatten(0, 1), values.transpose(1, 2).flatten(0, 1)


def _fused(queries: Tensor, keys: Tensor, values: Tensor, heads: int, scale: float) -> Tensor:
    """The same through PyTorch's own kernel, which never holds the whole score matrix."""
    batch, count, width = queries.shape
    queries = queries.reshape(batch, count, heads, width // heads).transpose(1, 2)
    keys = keys.view(batch, heads, width // heads, -1).transpose(2, 3)
    # Those of several pictures lie in strides that the kernel does not take: PyTorch would write the scores out.
    if keys.stride(-1) != 1:
        keys = keys.contiguous()
    values = values.view(batch, heads, -1, width // heads)
    return functional.scaled_dot_product_attention(queries, keys, values, scale=scale).transpose(1, 2).flatten(2)
