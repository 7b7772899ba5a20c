"""Segment-anything networks: which shapes there are, and how a checkpoint's weights become one (Kirillov et al., 2023).

Every network is built of the published package's own classes. The published checkpoints say by their weights' shapes
which of three they are; the bundled small one carries its shape in a `config.json` beside its weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
from segment_anything.modeling.image_encoder import PatchEmbed
from torch import nn

PIXEL_MEAN, PIXEL_STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)  # of 0..255, as published


@dataclass(frozen=True)
class SamShape:
    """Everything that tells one network from another.

    Attributes:
        title: what the artist reads.
        side: pictures are scaled and padded to this square, pixels.
        patch: pixels of a cell of the embedding.
        width, depth, heads, mlp_ratio, window: of the image encoder; `window` in cells.
        global_blocks: blocks that attend to the whole picture instead of windows.
        stem: channels of 3 × 3 convolutions of stride 2 before the patches (Xiao et al., NeurIPS 2021), which a short
            training needs; the published networks have none.
        prompt_width: channels of embeddings and prompts.
        decoder_mlp, decoder_heads: of the mask decoder's transformer.
        snap: pixels of the square by which its masks' edges may be off, and are moved to where the colours part.
    """

    title: str
    side: int
    patch: int
    width: int
    depth: int
    heads: int
    mlp_ratio: float
    window: int
    global_blocks: tuple[int, ...]
    stem: tuple[int, ...] = ()
    prompt_width: int = 256
    decoder_mlp: int = 2048
    decoder_heads: int = 8
    snap: float = 0.0

    @property
    def cells(self) -> int:
        """Side of the embedding."""
        return self.side // self.patch

    @property
    def mask_side(self) -> int:
        """Side of the masks that the decoder draws: four to a cell."""
        return 4 * self.cells


def _published(title: str, width: int, depth: int, heads: int) -> SamShape:
    every = depth // 4
    return SamShape(title, 1024, 16, width, depth, heads, 4.0, 14, tuple(range(every - 1, depth, every)))


PUBLISHED = {
    "vit_b": _published("SAM ViT-B", 768, 12, 12),
    "vit_l": _published("SAM ViT-L", 1024, 24, 16),
    "vit_h": _published("SAM ViT-H", 1280, 32, 16),
}
STUDIO = SamShape(
    "Studio SAM",
    side=256,
    patch=8,
    width=96,
    depth=5,
    heads=3,
    mlp_ratio=3.0,
    window=8,
    global_blocks=(2,),
    stem=(24, 48),
    prompt_width=64,
    decoder_mlp=256,
    decoder_heads=2,
    snap=3.0,
)


def build_sam(shape: SamShape) -> Sam:
    """The network of a shape, its weights drawn at random."""
    encoder = ImageEncoderViT(
        img_size=shape.side,
        patch_size=shape.patch,
        embed_dim=shape.width,
        depth=shape.depth,
        num_heads=shape.heads,
        mlp_ratio=shape.mlp_ratio,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
        use_rel_pos=True,
        global_attn_indexes=shape.global_blocks,
        window_size=shape.window,
        out_chans=shape.prompt_width,
    )
    if shape.stem:
        encoder.patch_embed = _stem(shape)
    prompts = PromptEncoder(
        embed_dim=shape.prompt_width,
        image_embedding_size=(shape.cells, shape.cells),
        input_image_size=(shape.side, shape.side),
        mask_in_chans=16,
    )
    transformer = TwoWayTransformer(
        depth=2, embedding_dim=shape.prompt_width, mlp_dim=shape.decoder_mlp, num_heads=shape.decoder_heads
    )
    decoder = MaskDecoder(
        transformer_dim=shape.prompt_width, transformer=transformer, iou_head_hidden_dim=shape.prompt_width
    )
    sam = Sam(encoder, prompts, decoder, list(PIXEL_MEAN), list(PIXEL_STD))
    return sam.eval()


def _stem(shape: SamShape) -> nn.Sequential:
    """Convolutions that halve the picture, then the package's patches over what is left to halve."""
    layers: list[nn.Module] = []
    channels = 3
    for width in shape.stem:
        layers += [nn.Conv2d(channels, width, 3, stride=2, padding=1), nn.GELU()]
        channels = width
    stride = shape.patch // 2 ** len(shape.stem)
    kernel, padding = stride + 1, stride // 2
    patches = PatchEmbed((kernel, kernel), (stride, stride), (padding, padding), channels, shape.width)
    return nn.Sequential(*layers, patches)
