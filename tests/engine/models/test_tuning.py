"""The faster layers compute the same, and step aside for gradients, hooks, adapters and processors."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor2_0
from peft import LoraConfig
from torch import Tensor, nn

from engine.attention import SmallMapAttention
from engine.models.lean import LeanGEGLU, LeanResnet, LeanTransformer, LeanTransformerBlock
from engine.models.packed import Derived, PackedConv2d, PackedLinear, SmallMapGroupNorm
from engine.models.tuning import packing_works, tuned

CPU = torch.device("cpu")


def unet(**changes: Any) -> UNet2DConditionModel:
    torch.manual_seed(4)
    shape = {
        "sample_size": 8,
        "block_out_channels": (16, 32, 32),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "attention_head_dim": 4,
        "cross_attention_dim": 24,
    }
    return UNet2DConditionModel(**{**shape, **changes}).eval().requires_grad_(False)


def autoencoder() -> AutoencoderKL:
    torch.manual_seed(5)
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    return AutoencoderKL(**blocks, block_out_channels=(8, 16), norm_num_groups=4).eval().requires_grad_(False)


def inputs(dtype: torch.dtype = torch.float32, size: int = 8, batch: int = 2) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(6)
    z, words = torch.randn(batch, 4, size, size, generator=generator), torch.randn(batch, 7, 24, generator=generator)
    return z.to(dtype), torch.tensor([400]), words.to(dtype)


@torch.no_grad()
def run(network: nn.Module, *arguments: Tensor) -> Tensor:
    output: Tensor = network(*arguments, return_dict=False)[0]
    return output.float()


@pytest.mark.parametrize("size", [1, 6, 8, 40])
@pytest.mark.parametrize("changes", [{}, {"use_linear_projection": True}, {"attention_head_dim": (1, 2, 4)}])
def test_the_same_is_computed(changes: dict[str, Any], size: int) -> None:
    stock, fast = unet(**changes), tuned(unet(**changes), CPU)
    expected = run(stock, *inputs(size=size))
    assert (run(fast, *inputs(size=size)) - expected).abs().max() < 1e-5 * expected.abs().max() + 1e-5
    with torch.enable_grad():
        again = fast(*inputs(size=size), return_dict=False)[0]
    assert torch.allclose(again, expected, atol=1e-5)


@pytest.mark.parametrize("size", [6, 40])
def test_one_token_is_heard_everywhere_without_being_asked(size: int) -> None:
    stock, fast = unet(), tuned(unet(), CPU)
    z, time, words = inputs(size=size)
    expected = run(stock, z, time, words[:, :1])
    asked: list[str] = []
    layer = fast.down_blocks[1].attentions[0].transformer_blocks[0].attn2
    assert (run(fast, z, time, words[:, :1]) - expected).abs().max() < 1e-5 * expected.abs().max() + 1e-5
    handle = layer.to_q.register_forward_hook(lambda *_: asked.append("q"))  # whoever wants to see queries sees them
    assert torch.allclose(run(fast, z, time, words[:, :1]), expected, atol=1e-5)
    assert asked == ["q"]
    handle.remove()


def test_half_precision_is_at_least_as_exact() -> None:
    exact = run(unet(), *inputs())
    stock = (run(unet().to(torch.bfloat16), *inputs(torch.bfloat16)) - exact).abs().mean()
    fast = (run(tuned(unet().to(torch.bfloat16), CPU), *inputs(torch.bfloat16)) - exact).abs().mean()
    assert fast < 1.1 * stock


def test_the_autoencoder_gives_the_same_pictures() -> None:
    stock, fast = autoencoder(), tuned(autoencoder(), CPU)
    picture = torch.rand(1, 3, 24, 16) * 2 - 1
    with torch.no_grad():
        latents = [each.encode(picture).latent_dist.mode() for each in (stock, fast)]
        pictures = [each.decode(latents[0]).sample for each in (stock, fast)]
    assert torch.allclose(*latents, atol=1e-5)
    assert torch.allclose(*pictures, atol=1e-5)


def test_layers_keep_their_names_weights_and_kinds() -> None:
    stock, fast = unet(), tuned(unet(), CPU)
    assert list(stock.state_dict()) == list(fast.state_dict())
    for (name, before), after in zip(stock.named_modules(), fast.modules(), strict=True):
        assert isinstance(after, type(before)), name
    kinds = {type(layer) for layer in tuned(unet().to(torch.bfloat16), CPU).modules()}
    assert kinds >= {LeanResnet, LeanTransformer, LeanTransformerBlock, SmallMapGroupNorm}
    if packing_works():
        assert kinds >= {PackedConv2d, PackedLinear, LeanGEGLU}


def test_nothing_is_exchanged_elsewhere_than_on_a_cpu() -> None:
    assert not any(isinstance(layer, LeanResnet) for layer in tuned(unet(), torch.device("meta")).modules())


def inner_layers(network: nn.Module) -> list[str]:
    """Layers whose own call the lean blocks leave out."""
    endings = (".conv2", ".proj_out", ".to_out.0", ".to_k", ".ff", ".ff.net.2", ".attn1", ".net.0.proj")
    return [name for name, _ in network.named_modules() if name.endswith(endings)]


def test_every_hook_sees_its_layer() -> None:
    fast = tuned(unet(), CPU)
    run(fast, *inputs())
    names = inner_layers(fast)
    assert len(names) > 30
    for name in names:
        seen: list[Tensor] = []
        layer = fast.get_submodule(name)
        handle = layer.register_forward_hook(lambda module, given, output, seen=seen: seen.append(output))
        changed = layer.register_forward_hook(lambda module, given, output: output * 0)
        without = run(fast, *inputs())
        handle.remove()
        changed.remove()
        assert len(seen) == 1, name
        assert not torch.equal(without, run(fast, *inputs())), name


def test_a_processor_of_a_method_is_used() -> None:
    class Counted(AttnProcessor2_0):  # type: ignore[misc]
        calls = 0

        def __call__(self, *arguments: Any, **named: Any) -> Any:
            Counted.calls += 1
            return super().__call__(*arguments, **named)

    fast = tuned(unet(), CPU)
    before = run(fast, *inputs())
    own = fast.attn_processors
    assert all(isinstance(each, SmallMapAttention) for each in own.values())
    fast.set_attn_processor({name: Counted() for name in own})
    assert torch.allclose(run(fast, *inputs()), before, atol=1e-5)
    assert Counted.calls == len(own)
    fast.set_attn_processor(dict(own))
    assert torch.equal(run(fast, *inputs()), before)


def test_an_adapter_takes_part_and_can_be_switched_off() -> None:
    fast = tuned(unet(), CPU)
    before = run(fast, *inputs())
    fast.add_adapter(LoraConfig(r=2, target_modules=["to_q", "to_k", "to_v", "to_out.0"], init_lora_weights=False))
    with_adapter = run(fast, *inputs())
    assert (with_adapter - before).abs().max() > 1e-3
    fast.disable_adapters()
    assert torch.allclose(run(fast, *inputs()), before, atol=1e-5)
    fast.enable_adapters()
    assert torch.allclose(run(fast, *inputs()), with_adapter, atol=1e-5)


def test_gradients_reach_the_input_and_the_weights() -> None:
    stock, fast = unet(), tuned(unet(), CPU)
    gradients = []
    for network in (stock, fast):
        network.get_submodule("mid_block").requires_grad_(True)
        z, t, words = inputs()
        z.requires_grad_(True)
        network(z, t, words, return_dict=False)[0].square().sum().backward()
        gradients.append((z.grad, next(network.get_submodule("mid_block").parameters()).grad))
    for mine, theirs in zip(*gradients, strict=True):
        assert mine is not None
        assert torch.allclose(mine, theirs, rtol=1e-3, atol=1e-4)


def test_changed_and_moved_weights_are_seen() -> None:
    stock, fast = unet(), tuned(unet(), CPU)
    run(fast, *inputs())
    with torch.no_grad():
        for network in (stock, fast):
            for weight in network.parameters():
                weight.mul_(1.1)
    assert torch.allclose(run(fast, *inputs()), run(stock, *inputs()), atol=1e-4)
    moved = fast.to(torch.float64)
    assert torch.allclose(moved.to(torch.float32)(*inputs(), return_dict=False)[0], run(stock, *inputs()), atol=1e-4)
    assert torch.allclose(run(fast, *inputs()), run(stock, *inputs()), atol=1e-4)


def test_words_are_told_apart_even_in_the_same_memory() -> None:
    stock, fast = unet(), tuned(unet(), CPU)
    z, t, words = inputs()
    assert torch.allclose(run(fast, z, t, words), run(stock, z, t, words), atol=1e-5)
    assert torch.allclose(run(fast, z[:1], t, words[:1]), run(stock, z[:1], t, words[:1]), atol=1e-5)
    words.mul_(2)
    assert torch.allclose(run(fast, z, t, words), run(stock, z, t, words), atol=1e-5)


def test_a_tuned_network_can_be_copied() -> None:
    fast = tuned(unet(), CPU)
    before = run(fast, *inputs())
    twin = copy.deepcopy(fast)
    assert torch.equal(run(twin, *inputs()), before)
    with torch.no_grad():
        next(twin.parameters()).zero_()
    assert torch.equal(run(fast, *inputs()), before)


def test_what_is_derived_is_made_once_until_its_weights_change() -> None:
    derived: Derived[float] = Derived()
    weight, made = torch.ones(3), []

    def make() -> float:
        made.append(1)
        return float(weight.sum())

    assert [derived.get((weight,), make) for _ in range(3)] == [3.0] * 3
    weight.add_(1)
    assert derived.get((weight,), make) == 6.0
    assert len(made) == 2


@pytest.mark.skipif(not packing_works(), reason="no oneDNN weight layout on this machine")
def test_large_networks_are_not_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.models.tuning._MOST_PACKED", 1000)
    assert not any(isinstance(layer, PackedConv2d) for layer in tuned(unet(), CPU).modules())
