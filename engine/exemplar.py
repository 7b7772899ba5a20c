"""An example becomes what a network reads in place of words: Paint by Example's image encoder and its mapper.

Yang et al., CVPR 2023, arXiv 2211.13227, section 3.2: of a picture only CLIP's one pooled token is kept, so that
nothing can be copied; transformer blocks map it to where the text's tokens lay. What stands for "no example" in
classifier-free guidance is a learned vector. Parameter names are those of the published folder.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.attention import BasicTransformerBlock
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPImageProcessor, CLIPVisionConfig, CLIPVisionModel

_LAYERS_A_BLOCK = 5  # of the vision transformer, for each block of the mapper
_OLD, _NEW = "model.vision_model.", "model."  # CLIP's layers as they were named before transformers 5, and since
_NOT_LEARNED = "position_ids"  # a buffer that old files hold


class Mapper(nn.Module):
    """One-head transformer blocks over a single token."""

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        made = [
            BasicTransformerBlock(width, 1, width, activation_fn="gelu", attention_bias=True) for _ in range(blocks)
        ]
        self.blocks = nn.ModuleList(made)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, 1, width) -> (N, 1, width)."""
        for block in self.blocks:
            tokens = block(tokens)
        return tokens


class ExemplarEncoder(nn.Module):
    """Pictures to one token each; for the published model 224² pixels and 768 numbers."""

    def __init__(self, config: CLIPVisionConfig) -> None:
        """`config.projection_dim` is the token's width, the UNet's cross_attention_dim."""
        super().__init__()
        self.config = config
        width, token = int(config.hidden_size), int(config.projection_dim)
        self.model = CLIPVisionModel(config)
        self.mapper = Mapper(width, (int(config.num_hidden_layers) + 1) // _LAYERS_A_BLOCK)
        self.final_layer_norm = nn.LayerNorm(width)
        self.proj_out = nn.Linear(width, token)
        self.uncond_vector = nn.Parameter(torch.randn(1, 1, token))

    def forward(self, pixel_values: Tensor) -> Tensor:
        """Pictures (N, 3, size, size) as the processor makes them -> tokens (N, 1, width)."""
        pooled: Tensor = self.model(pixel_values=pixel_values).pooler_output
        tokens: Tensor = self.proj_out(self.final_layer_norm(self.mapper(pooled[:, None])))
        return tokens

    def load_published(self, weights: Mapping[str, Tensor]) -> list[str]:
        """Take the weights of a file, whichever transformers named them; returns the names of those it lacks.

        Raises:
            RuntimeError: one has another shape.
        """
        own = self.state_dict()
        renamed = {_renamed(name, own): value for name, value in weights.items() if not name.endswith(_NOT_LEARNED)}
        known = {name: value for name, value in renamed.items() if name in own}
        missing = self.load_state_dict(known, strict=False).missing_keys
        return [name for name in missing if not name.endswith(_NOT_LEARNED)]


class ExemplarReader:
    """An encoder with what makes pictures ready for it."""

    def __init__(self, encoder: ExemplarEncoder, processor: CLIPImageProcessor) -> None:
        self.encoder, self.processor = encoder, processor

    @property
    def width(self) -> int:
        """Of a token: the cross_attention_dim of the networks that can read it."""
        return int(self.encoder.config.projection_dim)

    @torch.no_grad()
    def read(self, picture: NDArray[np.uint8]) -> Tensor:
        """What the network shall read: (2, 1, width), no example and this one.

        Args:
            picture: (s, s, 3), sRGB; see `exemplars.framed`.
        """
        weight = self.encoder.uncond_vector
        # Of pictures of 1, 3 or 4 pixels it could not tell by itself which axis is which.
        ready: Any = self.processor(images=picture, input_data_format="channels_last", return_tensors="pt")
        values = ready["pixel_values"]
        token = self.encoder(values.to(weight.device, weight.dtype))
        return torch.cat([weight, token])


def processor_of(folder: Path, size: int) -> CLIPImageProcessor:
    """The processor that a model's folder describes; CLIP's own, for pictures of `size`, where it says nothing."""
    if (folder / "preprocessor_config.json").is_file():
        read: CLIPImageProcessor = CLIPImageProcessor.from_pretrained(str(folder), local_files_only=True)
        return read
    return CLIPImageProcessor(size={"shortest_edge": size}, crop_size={"height": size, "width": size})


def _renamed(name: str, own: Mapping[str, Tensor]) -> str:
    if name in own:
        return name
    if name.startswith(_OLD):
        return _NEW + name.removeprefix(_OLD)
    return _OLD + name.removeprefix(_NEW) if name.startswith(_NEW) else name
