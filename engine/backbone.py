"""The one seam over Stable-Diffusion-shaped models: encode, decode, embed words or an example, predict noise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.calling import Patch, roomy
from engine.errors import BadRequest
from engine.exemplar import ExemplarReader
from engine.features import Enough, FeatureTap
from engine.layout import Layout, read_layout
from engine.schedule import Schedule
from engine.words import Conditioning, WordReader

if TYPE_CHECKING:
    from engine.ip_adapter import IpAdapter

_DEFAULT_SAMPLE_SIZE = 64  # latent cells, where the config does not say


class Inlet(Enum):
    """What a network takes besides the noisy latent z of C channels, in the order in which it takes it."""

    NOTHING = "nothing"
    FILL = "fill"  # Stable Diffusion's inpainting models: z, mask with 1 = fill, latent of the picture without the part
    EXAMPLE = "example"  # Paint by Example: z, latent of the picture without the part, mask with 1 = keep


class Backbone:
    """One loaded model. Every size and constant is read from the configs of its parts.

    Attributes:
        name: what the artist calls the model.
        reader: of what the network is told, words or examples.
        schedule: its noise schedule.
        layout: its layers by role.
        calls: network calls made so far.
    """

    def __init__(
        self,
        unet: nn.Module,
        vae: nn.Module,
        reader: WordReader | ExemplarReader,
        scheduler_config: Mapping[str, Any],
        name: str = "",
    ) -> None:
        self.unet, self.vae, self.reader = unet, vae, reader
        self.name = name
        self.schedule = Schedule.from_config(scheduler_config)
        self.layout: Layout = read_layout(unet)
        self.calls = 0
        self.open_adapter: Callable[[Backbone], IpAdapter] | None = None  # where one lies beside the model
        self._adapter: IpAdapter | None = None
        self._open: Tensor | None = None  # the gap of a network that fills, where everything is to be filled

    @property
    def device(self) -> torch.device:
        return next(self.unet.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        return next(self.unet.parameters()).dtype

    @property
    def bytes(self) -> int:
        """What its weights take."""
        networks = self.unet, self.vae, self.reader.encoder
        weights = (weight for network in networks for weight in network.parameters())
        own = sum(weight.numel() * weight.element_size() for weight in weights)
        return own + (self._adapter.bytes if self._adapter is not None else 0)

    @property
    def adapter(self) -> IpAdapter | None:
        """What lets a network that reads words see a picture, read when it is first asked for; None = it has none.

        Raises:
            ModelBroken: it is there, but cannot be used with this model.
        """
        if self._adapter is None and self.open_adapter is not None:
            self._adapter = self.open_adapter(self)
        return self._adapter

    @property
    def channels(self) -> int:
        """Latent channels C."""
        return int(_config(self.vae)["latent_channels"])

    @property
    def inlet(self) -> Inlet:
        """What the network takes besides z."""
        if int(_config(self.unet)["in_channels"]) != 2 * self.channels + 1:
            return Inlet.NOTHING
        return Inlet.EXAMPLE if self.reads_examples else Inlet.FILL

    @property
    def fills(self) -> bool:
        """The network also takes what lies around the part to be filled (see `predict`)."""
        return self.inlet is not Inlet.NOTHING

    @property
    def reads_examples(self) -> bool:
        """The network is told by a picture what to paint, and not by words."""
        return isinstance(self.reader, ExemplarReader)

    @property
    def factor(self) -> int:
        """Picture pixels per latent cell, along one side."""
        config = _config(self.vae)
        blocks = config.get("block_out_channels") or config["encoder_block_out_channels"]
        return int(2 ** (len(blocks) - 1))

    @property
    def native(self) -> int:
        """Side of the square picture that the model was trained on, pixels."""
        size = _config(self.unet).get("sample_size") or _DEFAULT_SAMPLE_SIZE
        return self.factor * int(size if isinstance(size, int) else max(size))

    @roomy
    @torch.no_grad()
    def encode(self, image: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) in [-1, 1], H and W multiples of `factor` -> scaled latents (N, C, H/f, W/f), float32.

        The mode of the posterior, not a sample: the same picture always has the same latent.
        """
        weight = next(self.vae.parameters())
        encoded = self.vae.encode(image.to(weight.device, weight.dtype))  # type: ignore[operator]
        latent: Tensor = encoded.latent_dist.mode() if hasattr(encoded, "latent_dist") else encoded.latents
        shift, scale = self._latent_range
        return (latent.float() - shift) * scale

    @roomy
    @torch.no_grad()
    def decode(self, z: Tensor) -> Tensor:
        """Scaled latents (N, C, h, w) -> pictures (N, 3, h·f, w·f) in [-1, 1], float32."""
        weight = next(self.vae.parameters())
        shift, scale = self._latent_range
        z = (z / scale + shift).to(weight.device, weight.dtype)
        decoded: Tensor = self.vae.decode(z, return_dict=False)[0]  # type: ignore[operator]
        return decoded.float().clamp(-1.0, 1.0)

    @roomy
    @torch.no_grad()
    def embed(self, prompt: str, negative: str = "") -> Conditioning:
        """The words as the network reads them; the last few dozen pairs are remembered.

        Raises:
            BadRequest: the network reads examples.
        """
        if isinstance(self.reader, ExemplarReader):
            raise BadRequest(
                f"The model “{self.name}” is told by an example what to paint, not by words. "
                "Take “Paint by example”, or another model."
            )
        words = self.reader.read(prompt, negative)
        return words

    @roomy
    @torch.no_grad()
    def embed_example(self, picture: NDArray[np.uint8]) -> Conditioning:
        """An example as the network reads it.

        Args:
            picture: (s, s, 3), sRGB.

        Raises:
            BadRequest: the network reads words.
        """
        if not isinstance(self.reader, ExemplarReader):
            raise BadRequest(
                f"The model “{self.name}” cannot be told by an example what to paint. Take the model "
                "“studio-exemplar”, or put an IP-Adapter beside this one."
            )
        both = self.reader.read(picture).to(self.dtype)
        return Conditioning(both, both[1:])

    @roomy
    def predict(
        self,
        z: Tensor,
        t: int,
        words: Conditioning,
        guidance: float | Tensor = 1.0,
        patches: Sequence[Patch] = (),
        gap: Tensor | None = None,
    ) -> Tensor:
        """The noise ε in z, whatever the network was trained to predict.

        Args:
            z: (1, C, h, w), scaled, at training time t.
            guidance: of classifier-free guidance: one batch of two, or the prompt alone at 1. A tensor (1, 1, h, w)
                says it for each cell; where it is 0 the prompt has no say.
            patches: entered and left inside this call.
            gap: for a network that fills: (1, 1 + C, h, w), the cells to fill (1 = fill) and the latent of the picture
                without them, whatever order and sign the network takes them in. None = everything is to be filled.
                Other networks take no notice of it.

        Returns:
            (1, C, h, w) in z's dtype. Differentiable unless gradients are off.
        """
        guided = isinstance(guidance, Tensor) or guidance != 1.0
        seen = self._with_gap(z, gap)
        batch = seen.expand(2, -1, -1, -1) if guided else seen
        context = words.both if guided else words.prompt
        with ExitStack() as stack:
            for patch in patches:
                stack.enter_context(patch.on(self.unet))
            if not patches and not torch.is_grad_enabled():
                # A little faster than no_grad alone, but what a patch keeps must stay fit for gradients later.
                stack.enter_context(torch.inference_mode())
            output = self._network(batch, t, context)
        output = output.to(z.dtype, copy=output.is_inference())
        if guided:
            without, with_words = output.chunk(2)
            output = without + guidance * (with_words - without)
        return self.schedule.epsilon(output, z, t)

    @roomy
    def predict_each(
        self, z: Tensor, times: Sequence[int], words: Conditioning, patches: Sequence[Patch] = ()
    ) -> Tensor:
        """The noise ε in several latents with the prompt, each at a time of its own, in one network call.

        Args:
            z: (N, C, h, w), scaled.
            times: N training times.
            words, patches: as for `predict`.

        Returns:
            (N, C, h, w) in z's dtype. Differentiable unless gradients are off.
        """
        with ExitStack() as stack:
            for patch in patches:
                stack.enter_context(patch.on(self.unet))
            output = self._network(self._with_gap(z, None), times, words.prompt.expand(len(z), -1, -1)).to(z.dtype)
        parts = zip(output.split(1), z.split(1), times, strict=True)  # type: ignore[no-untyped-call]
        return torch.cat([self.schedule.epsilon(*part) for part in parts])

    @roomy
    def features(
        self,
        z: Tensor,
        t: int,
        words: Conditioning,
        names: Sequence[str],
        patches: Sequence[Patch] = (),
        gap: Tensor | None = None,
    ) -> dict[str, Tensor]:
        """Outputs of some blocks for z with the prompt; the network runs no further than the last of them.

        Args:
            z, t, words, patches, gap: as for `predict`.
            names: blocks of the UNet, e.g. `layout.drag_features`.

        Returns:
            by name (1, channels, h, w) in the network's dtype. Differentiable unless gradients are off.
        """
        tap = FeatureTap(names, ends=True)
        with ExitStack() as stack:
            for patch in (*patches, tap):
                stack.enter_context(patch.on(self.unet))
            try:
                self._network(self._with_gap(z, gap), t, words.prompt)
            except Enough:
                return tap.outputs
        raise ValueError(f"the network has no blocks {', '.join(names)}")

    @roomy
    @torch.inference_mode()
    def disagreement(self, z: Tensor, t: int, words: Conditioning) -> Tensor:
        """ε with the prompt minus ε with the negative prompt, for several latents in one network call.

        Args:
            z: (N, C, h, w), scaled, at training time t.

        Returns:
            (N, C, h, w) in z's dtype.
        """
        seen = self._with_gap(z, None)
        context = words.both.repeat_interleave(len(z), 0)
        output = self._network(torch.cat([seen, seen]), t, context).to(z.dtype)
        without, with_words = (self.schedule.epsilon(half, z, t) for half in output.chunk(2))
        return (with_words - without).clone()

    def _with_gap(self, z: Tensor, gap: Tensor | None) -> Tensor:
        """What the network takes: z, and for one that fills what it sees besides."""
        if not self.fills:
            return z
        if gap is None:
            if self._open is None or self._open.shape[2:] != z.shape[2:]:
                grey = torch.zeros(1, 3, z.shape[2] * self.factor, z.shape[3] * self.factor)
                latent = self.encode(grey)
                self._open = torch.cat([torch.ones_like(latent[:, :1]), latent], dim=1)
            gap = self._open
        gap = gap.to(z).expand(len(z), -1, -1, -1)
        if self.inlet is Inlet.EXAMPLE:
            return torch.cat([z, gap[:, 1:], 1 - gap[:, :1]], dim=1)
        return torch.cat([z, gap], dim=1)

    def _network(self, z: Tensor, t: int | Sequence[int], context: Tensor) -> Tensor:
        """One counted call; z (N, C, h, w) any float dtype -> the raw output in the network's dtype."""
        self.calls += 1
        z = z.to(self.device, self.dtype, memory_format=torch.channels_last)
        time = torch.tensor([t] if isinstance(t, int) else list(t), device=self.device)
        output: Tensor = self.unet(z, time, context, return_dict=False)[0]
        return output

    @property
    def _latent_range(self) -> tuple[float, float]:
        """(shift, scale) between the autoencoder's own latents and unit variance."""
        config = _config(self.vae)
        return float(config.get("shift_factor") or 0.0), float(config.get("scaling_factor") or 1.0)


def _config(network: nn.Module) -> Mapping[str, Any]:
    """The config of a diffusers or transformers network as a mapping."""
    config: Any = network.config
    plain: Mapping[str, Any] = config.to_dict() if hasattr(config, "to_dict") else config
    return plain
