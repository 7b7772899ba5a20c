"""The original's keys and values lent to an edited picture, but not everything to every place.

Where a thing stood, the ground shall come: queries from there may not see what the thing looked like, or it comes back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.layout import Layout
from engine.sharing import KeysValues


@dataclass(frozen=True, eq=False)
class LendByPlace:
    """A patch in which the named layers attend to kept keys and values as far as each query may.

    Attributes:
        lent: of the original, (1, tokens, width) each.
        seen: by layer, (tokens, tokens) bool: which keys (second) each query (first) may see; at least one each.
    """

    lent: KeysValues
    seen: dict[str, Tensor]

    @contextmanager
    def on(self, unet: nn.Module) -> Iterator[None]:
        """Lent inside, the layers' own processors again outside."""
        with ExitStack() as stack:
            for name, (keys, values) in self.lent.items():
                layer: Any = unet.get_submodule(name)
                stack.callback(layer.set_processor, layer.processor)
                layer.set_processor(_Lender(keys, values, self.seen[name]))
            yield


class _Lender:
    """Attention to given keys and values, for a layer without any of the extras of other model families."""

    def __init__(self, keys: Tensor, values: Tensor, seen: Tensor) -> None:
        self._keys, self._values, self._seen = keys, values, seen

    def __call__(self, attn: Any, hidden_states: Tensor, *_: Any, **__: Any) -> Tensor:
        """(N, tokens, width) -> the same shape."""
        batch, count, width = hidden_states.shape
        queries = attn.to_q(hidden_states)

        def split(each: Tensor) -> Tensor:
            each = each.to(queries).expand(batch, -1, -1)
            return each.view(batch, -1, attn.heads, width // attn.heads).transpose(1, 2)

        mixed = functional.scaled_dot_product_attention(
            split(queries), split(self._keys), split(self._values), self._seen.to(queries.device), scale=attn.scale
        )
        output: Tensor = attn.to_out[0](mixed.transpose(1, 2).reshape(batch, count, width))
        return output


def unseen_from(layout: Layout, hole: Tensor, thing: Tensor) -> dict[str, Tensor]:
    """`LendByPlace.seen` for the shared layers: queries of the hole do not see the thing.

    Args:
        hole: (h, w) bool, latent cells that the thing has left.
        thing: (h, w) bool, latent cells where it stood.
    """
    divisors = {layer.name: layer.divisor for layer in layout.attention}
    return {name: _seen(hole, thing, divisors[name]) for name in layout.shared_attention}


def _seen(hole: Tensor, thing: Tensor, divisor: int) -> Tensor:
    size = ceil(hole.shape[0] / divisor), ceil(hole.shape[1] / divisor)
    queries, keys = (functional.adaptive_max_pool2d(each[None].float(), size).flatten() > 0 for each in (hole, thing))
    if keys.all():  # nothing would be left to look at
        keys = torch.zeros_like(keys)
    return ~(queries[:, None] & keys[None])
