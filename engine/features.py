"""What a network knows about each place of a picture: outputs of its blocks, tapped during one call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn


class Enough(Exception):
    """Everything that was to be tapped is there; `Backbone.features` ends the call with it."""


@dataclass(frozen=True, eq=False)
class FeatureTap:
    """A patch that keeps the outputs of the named blocks, with their gradients.

    Attributes:
        names: modules of the UNet, e.g. `layout.drag_features`.
        ends: raise `Enough` when the last of them is there.
        outputs: filled by the network call, (N, channels, h, w) each.
    """

    names: Sequence[str]
    ends: bool = False
    outputs: dict[str, Tensor] = field(default_factory=dict)

    @contextmanager
    def on(self, unet: nn.Module) -> Iterator[None]:
        """Tapped inside, nothing left behind outside."""
        with ExitStack() as stack:
            for name in self.names:
                handle = unet.get_submodule(name).register_forward_hook(self._keeper(name))
                stack.callback(handle.remove)
            yield

    def _keeper(self, name: str) -> Any:
        def keep(_layer: nn.Module, _inputs: tuple[Any, ...], output: Any) -> None:
            self.outputs[name] = output[0] if isinstance(output, tuple) else output
            if self.ends and len(self.outputs) == len(self.names):
                raise Enough

        return keep
