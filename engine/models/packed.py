"""Layers that do what their torch namesakes do, faster on a CPU. Only `tuning` puts them into a network.

Each is a subclass without weights of its own: an existing layer changes its class and stays the same object with the
same parameters and hooks. Calls with gradients take torch's own way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar
from weakref import ref

import torch
from torch import Tensor, nn
from torch.nn import functional

T = TypeVar("T")

_SMALL_MAP = 1024  # cells of a map below which the half-precision group norm for channels_last is slow


class Derived(Generic[T]):
    """Something made from weights, kept until one of them is moved or changed in place."""

    def __init__(self) -> None:
        self._made_from: list[tuple[int, int]] = []
        self._weights: list[ref[Tensor]] = []
        self._value: T | None = None

    def get(self, weights: Sequence[Tensor], make: Callable[[], T]) -> T:
        """What `make` made, or makes now because the weights are not what they were."""
        state = [(weight.data_ptr(), 0 if weight.is_inference() else weight._version) for weight in weights]
        if self._value is None or state != self._made_from or not self._are_still(weights):
            self._made_from, self._value = state, make()
            self._weights = [ref(weight) for weight in weights]
        return self._value

    def _are_still(self, weights: Sequence[Tensor]) -> bool:
        """Not others that lie where weights that are gone lay."""
        return all(known() is weight for known, weight in zip(self._weights, weights, strict=True))

    def __deepcopy__(self, memo: dict[int, Any]) -> Derived[T]:
        return Derived()


class PackedConv2d(nn.Conv2d):
    """A convolution that keeps a copy of its weight in oneDNN's layout instead of reordering it in every call."""

    kept: Derived[tuple[Any, ...]]

    def forward(self, input: Tensor) -> Tensor:
        """As in nn.Conv2d."""
        if torch.is_grad_enabled():
            return super().forward(input)
        output: Tensor = torch.ops.mkldnn._convolution_pointwise(input, *self._arguments(input), "none", [], "")
        return output

    def plus(self, input: Tensor, other: Tensor) -> Tensor:
        """The layer's output plus `other`, in one pass over memory. Without gradients only."""
        output: Tensor = torch.ops.mkldnn._convolution_pointwise.binary(
            input, other, *self._arguments(input), "add", 1.0, None, [], None
        )
        return output

    def _arguments(self, input: Tensor) -> tuple[Any, ...]:
        """Packed weight, bias and geometry."""
        weight, bias = _own(self, "weight"), _own(self, "bias")

        def pack() -> tuple[Any, ...]:
            geometry = self.padding, self.stride, self.dilation, self.groups
            size = list(input.shape)
            return torch.ops.mkldnn._reorder_convolution_weight(weight.detach(), *geometry, size), bias, *geometry

        return self.kept.get((weight,), pack)


class PackedLinear(nn.Linear):
    """A linear layer that keeps a copy of its weight in oneDNN's layout instead of reordering it in every call."""

    kept: Derived[Tensor]

    def forward(self, input: Tensor) -> Tensor:
        """As in nn.Linear."""
        if torch.is_grad_enabled():
            return super().forward(input)
        return linear(input, self._packed(), _own(self, "bias"))

    def plus(self, input: Tensor, other: Tensor) -> Tensor:
        """The layer's output plus `other`, in one pass over memory. Without gradients only."""
        output: Tensor = torch.ops.mkldnn._linear_pointwise.binary(input, other, self._packed(), self.bias, "add")
        return output

    def _packed(self) -> Tensor:
        weight = _own(self, "weight")
        return self.kept.get((weight,), lambda: packed_weight(weight))


class SmallMapGroupNorm(nn.GroupNorm):
    """A group norm that computes small half-precision maps in float32: three to five times faster, and more exact."""

    kept: Derived[tuple[Tensor, Tensor]]

    def forward(self, input: Tensor) -> Tensor:
        """As in nn.GroupNorm."""
        if torch.is_grad_enabled() or input.dim() != 4 or input.shape[2] * input.shape[3] >= _SMALL_MAP:
            return super().forward(input)
        weight, bias = _own(self, "weight"), _own(self, "bias")
        exact = self.kept.get((weight, bias), lambda: (weight.float(), bias.float()))
        return functional.group_norm(input.float(), self.num_groups, *exact, self.eps).to(input.dtype)


def packed_weight(weight: Tensor) -> Tensor:
    """(outputs, inputs) -> the same in oneDNN's layout."""
    packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.detach().contiguous())
    return packed


def linear(input: Tensor, packed: Tensor, bias: Tensor | None) -> Tensor:
    """A linear layer with a packed weight."""
    output: Tensor = torch.ops.mkldnn._linear_pointwise(input, packed, bias, "none", [], "")
    return output


def plus(layer: nn.Module, input: Tensor, other: Tensor) -> Tensor:
    """layer(input) + other, in one pass where nothing is hooked to the layer or wrapped around it."""
    if isinstance(layer, PackedConv2d | PackedLinear) and unwatched(layer):
        return layer.plus(input, other)
    output: Tensor = layer(input)
    return output + other


def unwatched(layer: nn.Module) -> bool:
    """No hook wants to see what goes in or out."""
    return not (layer._forward_hooks or layer._forward_pre_hooks)


def joinable(layers: Sequence[nn.Module]) -> bool:
    """The layers are plain packed ones without bias, so that one product can serve them all."""
    return all(isinstance(layer, PackedLinear) and _own(layer, "bias") is None and unwatched(layer) for layer in layers)


def _own(layer: nn.Module, name: str) -> Any:
    """A parameter; several times cheaper than through torch's attribute look-up, which counts in small layers."""
    return layer._parameters[name]
