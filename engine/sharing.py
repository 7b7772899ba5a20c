"""Keys and values of self-attention, kept from one network call and lent to another: what a thing looks like.

Where an edited picture's queries meet the keys and values of the original, the original's looks come through (MasaCtrl,
Cao et al., ICCV 2023; DragDiffusion, section 3.4). Hooks on the layers that make keys and values do it, so it works
with every attention processor and any model of this family.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

KeysValues = Mapping[str, tuple[Tensor, Tensor]]
"""By the name of an attention layer its keys and values, (N, tokens, width) each, before they are split into heads."""

_Hook = Callable[[nn.Module, tuple[Tensor, ...], Tensor], Tensor | None]


@dataclass(frozen=True, eq=False)
class KeepKeysValues:
    """A patch that keeps what the named attention layers make of the picture.

    Attributes:
        names: attention layers, e.g. `layout.shared_attention`.
        kept: filled by the network call, detached.
    """

    names: Sequence[str]
    kept: dict[str, tuple[Tensor, Tensor]] = field(default_factory=dict)

    @contextmanager
    def on(self, unet: nn.Module) -> Iterator[None]:
        """Kept inside, nothing left behind outside."""
        with ExitStack() as stack:
            for name in self.names:
                keys: list[Tensor] = []
                layer = unet.get_submodule(name)
                stack.enter_context(_hooked(layer.get_submodule("to_k"), _keeper(keys.append)))
                stack.enter_context(_hooked(layer.get_submodule("to_v"), _keeper(self._pair(name, keys))))
            yield

    def _pair(self, name: str, keys: list[Tensor]) -> Callable[[Tensor], None]:
        def keep(values: Tensor) -> None:
            self.kept[name] = keys.pop(), values

        return keep


@dataclass(frozen=True, eq=False)
class ShareKeysValues:
    """A patch that lets the named layers attend to kept keys and values.

    Attributes:
        lent: (1, …) is lent to every picture of the batch, (N, …) to each its own.
        beside: they stand beside the picture's own keys and values, not in their place.
    """

    lent: KeysValues
    beside: bool = False

    @contextmanager
    def on(self, unet: nn.Module) -> Iterator[None]:
        """Lent inside, nothing left behind outside."""
        with ExitStack() as stack:
            for name, (keys, values) in self.lent.items():
                layer = unet.get_submodule(name)
                stack.enter_context(_hooked(layer.get_submodule("to_k"), self._lender(keys)))
                stack.enter_context(_hooked(layer.get_submodule("to_v"), self._lender(values)))
            yield

    def _lender(self, lent: Tensor) -> _Hook:
        def lend(_layer: nn.Module, _inputs: tuple[Tensor, ...], own: Tensor) -> Tensor:
            given = lent.to(own).expand(len(own), -1, -1)
            return torch.cat([own, given], dim=1) if self.beside else given

        return lend


def bytes_of(kept: KeysValues) -> int:
    """Memory that keys and values take."""
    return sum(part.numel() * part.element_size() for pair in kept.values() for part in pair)


def _keeper(keep: Callable[[Tensor], None]) -> _Hook:
    def hook(_layer: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        keep(output.detach())

    return hook


@contextmanager
def _hooked(layer: nn.Module, hook: _Hook) -> Iterator[None]:
    handle = layer.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()
