"""What one picture's things look like, learnt into a small LoRA beside the network (DragDiffusion, section 3.2).

The layers are PEFT's. They are put around the network's own only inside of `Identity.on`, for one call, and taken out
again: a half-learnt identity, a paused drag and another edit share one network without seeing each other, and the
network's own weights never change. What was learnt is kept per picture, words and model; learning goes on where it was
left, whoever asked for it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from typing import NamedTuple

import torch
from peft import LoraConfig
from peft.tuners.lora import Linear as LoraLinear
from torch import Tensor, nn
from torch.nn import functional

from engine import memory, region
from engine.backbone import Backbone
from engine.cache import cache_of, content
from engine.calling import Patch, roomy
from engine.layout import read_layout
from engine.region import Picture
from engine.request import EditRequest, Parameters, knob
from engine.schedule import noised
from engine.words import Conditioning
from engine.workpiece import to_tensor

ADAPTED = ("to_q", "to_k", "to_v", "to_out.0")
_ADAPTER = "identity"
_SEED = 20230614
_MOST_MERGED = 2**26  # bytes of weights that may be there a second time, so that calls cost no more than without
_CONTEXT = 0.5  # surroundings of what shall move, in parts of its longer side


@dataclass(frozen=True)
class IdentityParameters(Parameters):
    """Knobs of a method that learns what a picture's things look like before it changes them."""

    identity: int = knob(
        60, 0, 400, "Steps in which the picture's own look is learnt, once per picture; 0 trusts the model as it is."
    )
    identity_rank: int = knob(16, 1, 64, "How much can be learnt of the picture's look.", advanced=True)
    checkpoints: str = knob(
        "auto",
        None,
        None,
        "Whether to save memory by computing things twice; auto does where it would not fit otherwise.",
        choices=("auto", "on", "off"),
        advanced=True,
    )


@dataclass(frozen=True)
class Learning:
    """How an identity is learnt.

    Attributes:
        rank: of the LoRA.
        batch: noises per step.
        rate, decay: of AdamW.
    """

    rank: int = 16
    batch: int = 4
    rate: float = 5e-4
    decay: float = 1e-2


class Progress(NamedTuple):
    """One training step is done."""

    done: int
    total: int
    loss: float


class Identity:
    """A LoRA around a network's attention layers, and how far it has been learnt. It is a patch.

    Attributes:
        steps: training steps done.
    """

    def __init__(self, unet: nn.Module, learning: Learning, seed: int = _SEED) -> None:
        self.steps = 0
        self._learning = learning
        self._noise = torch.Generator("cpu").manual_seed(seed)
        with torch.random.fork_rng(devices=[]):  # PEFT draws first weights from the global generator
            torch.manual_seed(seed)
            self._layers = {name: _layer(unet.get_submodule(name), learning.rank) for name in _adapted(unet)}
        self._weights = [
            part[_ADAPTER].weight for layer in self._layers.values() for part in (layer.lora_A, layer.lora_B)
        ]
        self._merged: dict[str, nn.Module] = {}
        self._optimizer = torch.optim.AdamW(self._weights, lr=learning.rate, weight_decay=learning.decay)

    @property
    def bytes(self) -> int:
        """Memory that the weights and what the optimiser knows about them take, and the merged layers where small."""
        own: int = 3 * sum(weight.numel() * weight.element_size() for weight in self._weights)
        return own + (self._bytes_merged if self._bytes_merged <= _MOST_MERGED else 0)

    @contextmanager
    def on(self, unet: nn.Module) -> Iterator[None]:
        """In the places of the network's layers inside, gone outside."""
        if not self._merged and self._bytes_merged <= _MOST_MERGED:
            self._merged = {name: _merged(layer) for name, layer in self._layers.items()}
        with _exchanged(unet, self._merged or self._layers):
            yield

    @roomy
    @torch.enable_grad()
    def learn(self, backbone: Backbone, source: Tensor, words: Conditioning, around: Sequence[Patch] = ()) -> float:
        """One training step: predict the noise in the noised picture, a few times at once.

        Args:
            source: clean latent of the picture, (1, C, h, w), scaled.
            around: patches around the network call, forth and back.

        Returns:
            the loss.
        """
        schedule, batch, before = backbone.schedule, self._learning.batch, self._noise.get_state()
        self._ask_for_gradients(True)
        try:
            times = torch.randint(schedule.length, (batch,), generator=self._noise).tolist()
            noise = torch.randn((batch, *source.shape[1:]), generator=self._noise).to(source.device)
            z = torch.cat([noised(source, noise[i : i + 1], schedule.level(t)) for i, t in enumerate(times)])
            with ExitStack() as stack:
                for patch in (_Learnt(self._layers), *around):  # around the way back, too: see `memory.Checkpointed`
                    stack.enter_context(patch.on(backbone.unet))
                loss = functional.mse_loss(backbone.predict_each(z, times, words), noise)
                gradients = torch.autograd.grad(loss, self._weights)
        except BaseException:  # the step was not done: done later, it must be the same one
            self._noise.set_state(before)
            raise
        finally:
            self._ask_for_gradients(False)
        for weight, gradient in zip(self._weights, gradients, strict=True):
            weight.grad = gradient
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._merged = {}
        self.steps += 1
        return float(loss.detach())

    def _ask_for_gradients(self, asked: bool) -> None:
        for weight in self._weights:
            weight.requires_grad_(asked)

    @property
    def _bytes_merged(self) -> int:
        weights = [layer.get_base_layer().weight for layer in self._layers.values()]
        return sum(weight.numel() * weight.element_size() for weight in weights)


@dataclass(frozen=True, eq=False)
class _Learnt:
    """The patch that an identity is while it is learnt."""

    layers: Mapping[str, nn.Module]

    @contextmanager
    def on(self, unet: nn.Module) -> Iterator[None]:
        with _exchanged(unet, self.layers):
            yield


@contextmanager
def _exchanged(unet: nn.Module, layers: Mapping[str, nn.Module]) -> Iterator[None]:
    """Other layers in the places of those of these names; afterwards the old ones again."""
    with ExitStack() as stack:
        for name, layer in layers.items():
            parent, _, child = name.rpartition(".")
            modules = unet.get_submodule(parent)._modules
            stack.callback(modules.__setitem__, child, modules[child])
            modules[child] = layer
        yield


def identity_of(backbone: Backbone, request: EditRequest) -> Identity:
    """The identity of the request's picture as far as it has been learnt: at first not at all."""
    key, cache = key_of(backbone, request), cache_of(backbone)
    known: Identity | None = cache.get(key)
    if known is None:
        known = Identity(backbone.unet, _learning(request))
        cache.keep(key, known, known.bytes)
    return known


def key_of(backbone: Backbone, request: EditRequest) -> str:
    """Stands for all that the learnt identity depends on; one that is to be learnt for longer is another one."""
    return content("identity", _crop(backbone, request), request.prompt, _learning(request), steps_of(request))


def training(
    backbone: Backbone, request: EditRequest, begun: Identity | None = None
) -> Generator[Progress, None, Identity]:
    """Learn what the request's picture shows; one training step per item, as many as are still missing.

    To be run in the background as soon as a handle is placed: only the request's picture, mask, prompt and parameters
    (`IdentityParameters`) matter. May be left at any step; what was learnt is kept, and the drag goes on from there.

    Args:
        begun: the one to go on with, where the caller holds it; else the one that is remembered, or a new one.

    Yields:
        how far it is.

    Returns:
        the identity, a patch for `Backbone.predict` and `Backbone.features`.

    Raises:
        OutOfMemory: learning would not fit.
    """
    identity = begun or identity_of(backbone, request)
    total = steps_of(request)
    if identity.steps < total:
        picture = _crop(backbone, request)
        size = picture.shape[1], picture.shape[0]
        around = memory.patches_for(backbone, size, _checkpoints(request), _learning(request).batch)
        words = backbone.embed(request.prompt)
        source = backbone.encode(to_tensor(picture))
        while identity.steps < total:  # another run may have learnt meanwhile
            loss = identity.learn(backbone, source, words, around)
            yield Progress(identity.steps, total, loss)
    return identity


def steps_of(request: EditRequest) -> int:
    """How many steps the request wants its picture's look to be learnt in."""
    return request.parameters.identity if isinstance(request.parameters, IdentityParameters) else 0


def _learning(request: EditRequest) -> Learning:
    options = request.parameters
    return Learning(options.identity_rank) if isinstance(options, IdentityParameters) else Learning()


def _checkpoints(request: EditRequest) -> str:
    return request.parameters.checkpoints if isinstance(request.parameters, IdentityParameters) else "auto"


def _crop(backbone: Backbone, request: EditRequest) -> Picture:
    """The part of the picture whose look is learnt: around the mask, whatever the targets, which may still change."""
    size = request.image.shape[1], request.image.shape[0]
    box = None if request.mask is None else region.bounds(request.mask)
    area = region.whole(size, backbone.native, backbone.factor)
    if box is not None:
        area = region.around(box, 0, size, backbone.native, backbone.factor, _CONTEXT, closest=1.0)
    return area.to_work(region.as_float(request.image[area.slices]))


def _adapted(unet: nn.Module) -> list[str]:
    """The names of the layers that are adapted: those of every attention layer."""
    return [f"{attention.name}.{part}" for attention in read_layout(unet).attention for part in ADAPTED]


def _layer(base: nn.Module, rank: int) -> LoraLinear:
    """PEFT's LoRA around one linear layer; at first it changes nothing. Its weights are float32, and frozen."""
    config = LoraConfig(r=rank, lora_alpha=rank, init_lora_weights=True)
    layer = LoraLinear(base, _ADAPTER, config, r=rank, lora_alpha=rank)
    for part in (layer.lora_A, layer.lora_B):
        part.float().requires_grad_(False)
    return layer.eval()


@torch.no_grad()
def _merged(layer: LoraLinear) -> nn.Module:
    """A linear layer of the base's own kind that does what base and LoRA do together."""
    base = layer.get_base_layer()
    both: nn.Module = deepcopy(base)
    both.weight = nn.Parameter((base.weight.float() + layer.get_delta_weight(_ADAPTER)).to(base.weight.dtype), False)
    return both
