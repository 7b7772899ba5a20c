"""Self-attention over lent keys and values, of which each query may see only some.

`engine.sharing` lends all to all; here a place that a thing has left can be kept from seeing the thing, and the looks
of one picture can be offered to a part of another (DragonDiffusion, section 4.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.layout import Layout
from engine.sharing import KeysValues


class Lent(NamedTuple):
    """What one attention layer sees instead of its own keys and values."""

    keys: Tensor  # (1, m, width), before they are split into heads
    values: Tensor  # likewise
    seen: Tensor | None = None  # (queries, m) bool, which queries see which keys; None = all see all


@dataclass(frozen=True, eq=False)
class LendParts:
    """A patch that lets the named self-attention layers attend to what is lent."""

    lent: Mapping[str, Lent]

    @contextmanager
    def on(self, unet: nn.Module) -> Iterator[None]:
        """Lent inside; outside each layer has its own attention processor again."""
        with ExitStack() as stack:
            for name, lent in self.lent.items():
                layer: Any = unet.get_submodule(name)
                stack.callback(layer.set_processor, layer.processor)
                layer.set_processor(_LentAttention(lent))
            yield


def joined(first: Lent, kept: Tensor, second: Lent, brought: Tensor, seeing: Tensor) -> Lent:
    """Some keys and values of one picture beside some of another: [base outside, reference inside].

    Args:
        kept, brought: (m,) bool, which of the first and of the second are there.
        seeing: (queries,) bool, the queries that also see the second's; the others see the first's alone.
    """
    keys = torch.cat([first.keys[:, kept], second.keys[:, brought].to(first.keys)], dim=1)
    values = torch.cat([first.values[:, kept], second.values[:, brought].to(first.values)], dim=1)
    if not kept.any():
        return Lent(keys, values)
    old, new = int(kept.sum()), int(brought.sum())
    seen = torch.cat([torch.ones(len(seeing), old, dtype=torch.bool), seeing.cpu()[:, None].expand(-1, new)], dim=1)
    return Lent(keys, values, seen.to(keys.device))


def hidden(lent: Lent, queries: Tensor, keys: Tensor) -> Lent:
    """The same, but some queries do not see some keys.

    Args:
        queries: (n,) bool, the queries it is about.
        keys: (m,) bool, what they do not see; where that is everything, nothing is hidden.
    """
    if bool(keys.all()) or not bool(queries.any()):
        return lent
    return lent._replace(seen=~(queries[:, None] & keys[None]).to(lent.keys.device))


def lent_by_place(layout: Layout, kept: KeysValues, hole: Tensor, thing: Tensor) -> dict[str, Lent]:
    """A picture's keys and values lent to another, but a place that a thing has left does not see the thing.

    Args:
        hole: (h, w) bool, latent cells that the thing has left.
        thing: (h, w) bool, latent cells where it stood.
    """
    divisors = {layer.name: layer.divisor for layer in layout.attention}
    return {
        name: hidden(Lent(*pair), _tokens(hole, divisors[name]), _tokens(thing, divisors[name]))
        for name, pair in kept.items()
    }


def _tokens(cells: Tensor, divisor: int) -> Tensor:
    """Which tokens of a layer hold any of the cells, (tokens,) bool."""
    size = ceil(cells.shape[0] / divisor), ceil(cells.shape[1] / divisor)
    return functional.adaptive_max_pool2d(cells[None].float(), size).flatten() > 0


class _LentAttention:
    """An attention processor whose keys and values come from elsewhere."""

    def __init__(self, lent: Lent) -> None:
        self._lent = lent

    def __call__(
        self,
        attn: Any,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
    ) -> Tensor:
        """(N, tokens, width) -> the same shape."""
        batch, count, width = hidden_states.shape
        size = width // attn.heads

        def split(tokens: Tensor) -> Tensor:
            return tokens.to(hidden_states).view(len(tokens), -1, attn.heads, size).transpose(1, 2)

        queries = split(attn.to_q(hidden_states))
        keys, values = (split(tokens).expand(batch, -1, -1, -1) for tokens in self._lent[:2])
        mixed = functional.scaled_dot_product_attention(
            queries, keys, values, attn_mask=self._lent.seen, scale=attn.scale
        )
        output: Tensor = attn.to_out[0](mixed.transpose(1, 2).reshape(batch, count, width))
        return output
