"""The seam: sizes from configs, guidance in one batch, patches that leave no trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from diffusers import AutoencoderTiny
from torch import Tensor, nn

from engine.backbone import Backbone
from engine.calling import roomy
from engine.errors import OutOfMemory
from engine.words import WordReader


class Doubled:
    """A patch: the output of one layer times two, by a forward hook."""

    def __init__(self, layer: str) -> None:
        self.layer, self.inside = layer, 0

    @contextmanager
    def on(self, unet: nn.Module) -> Iterator[None]:
        def double(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
            self.inside += 1
            return output * 2

        handle = unet.get_submodule(self.layer).register_forward_hook(double)
        try:
            yield
        finally:
            handle.remove()


def words_of(backbone: Backbone) -> WordReader:
    assert isinstance(backbone.reader, WordReader)
    return backbone.reader


def hooks(network: nn.Module) -> int:
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in network.modules())


def test_sizes_come_from_the_configs(sd15: Backbone, sd2: Backbone) -> None:
    assert (sd15.channels, sd15.factor, sd15.native, words_of(sd15).length) == (4, 8, 64, 16)
    assert (sd2.channels, sd2.factor, sd2.native, words_of(sd2).length) == (4, 8, 96, 16)
    assert (sd15.schedule.prediction, sd2.schedule.prediction) == ("epsilon", "v_prediction")


def test_layers_are_found_by_role(backbone: Backbone) -> None:
    layout = backbone.layout
    assert layout.drag_features == "up_blocks.2"
    assert layout.shared_attention == tuple(
        f"up_blocks.{block}.attentions.{index}.transformer_blocks.0.attn1" for block in (2, 3) for index in (0, 1)
    )
    assert [layer.divisor for layer in layout.attention if layer.path == "mid"] == [8, 8]
    assert {layer.divisor for layer in layout.attention if layer.path == "up"} == {4, 2, 1}
    for layer in layout.attention:
        assert backbone.unet.get_submodule(layer.name).is_cross_attention == layer.cross


@torch.no_grad()
def test_guidance_is_one_batch_of_two(backbone: Backbone) -> None:
    z, words = torch.randn(1, 4, 8, 8), backbone.embed("a red ball", "blue")
    sizes: list[int] = []
    handle = backbone.unet.register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))
    before = backbone.calls
    guided = backbone.predict(z, 400, words, 3.0)
    with_words = backbone.predict(z, 400, words)
    without = backbone.predict(z, 400, backbone.embed("blue"))
    handle.remove()
    assert sizes == [2, 1, 1]
    assert backbone.calls - before == 3
    assert torch.allclose(guided, without + 3.0 * (with_words - without), atol=1e-4)


def test_patches_are_there_inside_the_call_only(backbone: Backbone) -> None:
    z, words, patch = torch.randn(1, 4, 8, 8), backbone.embed("a ball"), Doubled(backbone.layout.drag_features)
    clean = backbone.predict(z, 300, words)
    patched = backbone.predict(z, 300, words, patches=[patch])
    assert patch.inside == 1
    assert hooks(backbone.unet) == 0
    assert not torch.allclose(clean, patched, atol=1e-4)
    assert torch.equal(backbone.predict(z, 300, words), clean)
    with pytest.raises(RuntimeError):
        backbone.predict(torch.randn(1, 5, 8, 8), 300, words, patches=[patch])
    assert hooks(backbone.unet) == 0


def test_gradients_flow_to_the_latent(sd15: Backbone) -> None:
    z = torch.randn(1, 4, 8, 8, requires_grad=True)
    sd15.predict(z, 300, sd15.embed("a ball"), 2.0).square().mean().backward()
    assert z.grad is not None
    assert z.grad.abs().sum() > 0


def test_words_are_remembered_and_long_ones_are_cut(sd15: Backbone) -> None:
    assert sd15.embed("a red ball") is sd15.embed("a red ball")
    short, long = sd15.embed("a red ball"), sd15.embed("a red ball " * 1000)
    assert (short.truncated, long.truncated) == (False, True)
    assert short.both.shape == long.both.shape == (2, 16, 24)
    for index in range(40):
        sd15.embed(f"ball {index}")
    assert len(words_of(sd15)._read) == 32


def test_pictures_of_any_size_in_whole_cells_go_through_the_autoencoder(backbone: Backbone) -> None:
    picture = torch.rand(1, 3, 8, 40) * 2 - 1
    latent = backbone.encode(picture)
    assert latent.shape == (1, 4, 1, 5)
    assert torch.equal(latent, backbone.encode(picture))
    decoded = backbone.decode(latent)
    assert decoded.shape == picture.shape
    assert decoded.abs().max() <= 1


def test_an_autoencoder_without_a_posterior_serves_too(sd15: Backbone) -> None:
    tiny = AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8),
        num_encoder_blocks=(1, 1, 1, 1),
        num_decoder_blocks=(1, 1, 1, 1),
    )
    backbone = Backbone(sd15.unet, tiny.eval(), sd15.reader, sd15.schedule.config)
    assert backbone.factor == 8
    assert backbone.decode(backbone.encode(torch.zeros(1, 3, 16, 24))).shape == (1, 3, 16, 24)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_running_out_of_memory_is_one_sentence(error: Exception) -> None:
    @roomy
    def work() -> None:
        raise error

    with pytest.raises(OutOfMemory, match="smaller part"):
        work()
