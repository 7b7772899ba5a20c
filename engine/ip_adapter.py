"""A picture said beside the words: IP-Adapter (Ye et al., 2023, arXiv 2308.06721), for networks that read words.

An image encoder and a small projection make a few tokens of a picture; each cross-attention layer has a second pair of
keys and values for them, and its two answers are added (section 3.2, eq. 5). Every layer is diffusers' own; here they
are lent to a UNet for one network call at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from diffusers.models.embeddings import ImageProjection
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

from engine.calling import Patch, roomy
from engine.errors import ModelBroken

_SECOND_LAST = -2  # of the encoder's layers, the one whose tokens a resampler reads


class IpAdapter:
    """An IP-Adapter loaded for one UNet; see `engine.models.ip_adapter_loader`."""

    def __init__(
        self,
        layers: Mapping[str, nn.Module],
        projection: nn.Module,
        encoder: CLIPVisionModelWithProjection,
        processor: CLIPImageProcessor,
    ) -> None:
        """Put together what was loaded.

        Args:
            layers: attention processors by the name of the cross-attention layer that each belongs to.
            projection: makes of what the encoder says the tokens that the UNet reads.
            encoder, processor: what sees the picture, and what makes it ready for that.
        """
        self._layers, self._projection = layers, projection
        self._encoder, self._processor = encoder, processor

    @property
    def bytes(self) -> int:
        """What its weights take."""
        parts = self._projection, self._encoder, *self._layers.values()
        weights = (weight for part in parts for weight in part.parameters())
        return sum(weight.numel() * weight.element_size() for weight in weights)

    @roomy
    @torch.no_grad()
    def embed(self, picture: NDArray[np.uint8]) -> Tensor:
        """A picture as the network reads it.

        Args:
            picture: (s, s, 3), sRGB.

        Returns:
            (2, n, D): no picture, this picture; n = 4 tokens, with the plus kind 16, as wide as the words.

        Raises:
            ModelBroken: what comes out are no numbers.
        """
        ready = self._processor(images=picture, input_data_format="channels_last", return_tensors="pt")
        weight = next(self._encoder.parameters())
        pixels = ready["pixel_values"].to(weight.device, weight.dtype)
        if isinstance(self._projection, ImageProjection):
            seen = self._encoder(pixels).image_embeds
            both = torch.cat([torch.zeros_like(seen), seen])
        else:
            # Here "no picture" is a grey one, as the resampler was trained.
            grey_and_seen = torch.cat([torch.zeros_like(pixels), pixels])
            both = self._encoder(grey_and_seen, output_hidden_states=True).hidden_states[_SECOND_LAST]
        tokens: Tensor = self._projection(both)
        if not tokens.isfinite().all():
            raise ModelBroken(
                "The IP-Adapter cannot read this picture: its image encoder is damaged. Download it again."
            )
        return tokens

    def patch(self, tokens: Tensor, scale: float = 1.0) -> Patch:
        """What makes the network see a picture during a call, to be given to `Backbone.predict` and its like.

        Args:
            tokens: (2, n, D), of `embed`.
            scale: how much the picture says beside the words; 0 = nothing, 1 = as it was trained.
        """
        return ShowPicture(self._layers, tokens, scale)


@dataclass(frozen=True, eq=False)
class ShowPicture:
    """A patch that lets the cross-attention layers see a picture's tokens beside the words.

    In a guided call the rows that read the negative prompt see "no picture", as in diffusers' pipelines.

    Attributes:
        layers: attention processors by the name of the attention layer.
        tokens: (2, n, D): no picture, the picture.
        scale: of the picture's answer, beside the words'.
    """

    layers: Mapping[str, nn.Module]
    tokens: Tensor
    scale: float

    @contextmanager
    def on(self, unet: nn.Module) -> Iterator[None]:
        """Seen inside; outside each layer has its own attention processor again."""
        with ExitStack() as stack:
            if self.scale != 0:
                stack.callback(unet.register_forward_pre_hook(self._beside_the_words).remove)
                for name, processor in self.layers.items():
                    layer: Any = unet.get_submodule(name)
                    stack.callback(layer.set_processor, layer.processor)
                    processor.scale = [self.scale]  # type: ignore[assignment]
                    layer.set_processor(processor)
            yield

    def _beside_the_words(self, _unet: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """The network's inputs (z, times, words) with the words as the layers take them: words, pictures."""
        z, times, words, *others = inputs
        return z, times, (words, [self._rows(len(words), len(times)).to(words)]), *others

    def _rows(self, count: int, times: int) -> Tensor:
        """(count, n, D) for a batch: the negative prompt's half, then the prompt's; or the prompt's alone.

        Only a batch of latents with a time for each reads the prompt in every row (`Backbone.predict_each`).
        """
        if count == 1 or times > 1:
            return self.tokens[1:].expand(count, -1, -1)
        return self.tokens.repeat_interleave(count // 2, dim=0)
