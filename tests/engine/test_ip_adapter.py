"""A picture beside the words: the same numbers as diffusers' pipeline with the same files, and no trace afterwards."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from engine.backbone import Backbone
from engine.errors import ModelBroken
from engine.features import FeatureTap
from engine.identity import Identity, Learning
from engine.ip_adapter import IpAdapter
from engine.models.ip_adapter_loader import load_ip_adapter
from engine.models.loader import load
from engine.sampling import ddim
from engine.sharing import KeepKeysValues, ShareKeysValues
from tests.engine.tiny_ip_adapter import PLAIN, PLUS, TOKENS, write_ip_adapter

GUIDANCE = 4.0
Loaded = tuple[IpAdapter, Any, str]


@pytest.fixture(scope="module", params=[PLAIN, PLUS])
def loaded(
    request: pytest.FixtureRequest, sd15: Backbone, sd15_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Loaded:
    """An adapter of each kind for the tiny model, and diffusers' pipeline with the same files."""
    root = tmp_path_factory.mktemp("adapters")
    file = write_ip_adapter(root / "models", sd15.unet, request.param)
    pipeline = StableDiffusionPipeline.from_pretrained(sd15_folder, safety_checker=None, local_files_only=True)
    pipeline.load_ip_adapter(str(root), subfolder="models", weight_name=file.name)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config, clip_sample=False)
    pipeline.set_progress_bar_config(disable=True)
    return load_ip_adapter(root, sd15), pipeline, request.param


def picture(seed: int, side: int = 48) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3)).astype(np.uint8)


def latent(count: int = 1) -> Tensor:
    return torch.randn(count, 4, 8, 8, generator=torch.Generator().manual_seed(3))


def state_of(unet: nn.Module) -> dict[str, Any]:
    """Everything that a patch could leave behind."""
    found: dict[str, Any] = {"config": dict(unet.config), "kind": unet.config.encoder_hid_dim_type}  # type: ignore[arg-type]
    for name, layer in unet.named_modules():
        found[f"{name} hooks"] = (len(layer._forward_hooks), len(layer._forward_pre_hooks))
        found[f"{name} parts"] = {key: id(part) for key, part in layer._modules.items()}
        found[f"{name} weights"] = {key: id(weight) for key, weight in layer._parameters.items()}
        found[f"{name} others"] = {
            key: id(value) for key, value in vars(layer).items() if key in ("processor", "encoder_hid_proj")
        }
    return found


@torch.no_grad()
def test_the_tokens_are_those_of_the_pipeline(loaded: Loaded) -> None:
    adapter, pipeline, kind = loaded
    tokens = adapter.embed(picture(1))
    assert tokens.shape == (2, TOKENS[kind], 24)
    embeds = pipeline.prepare_ip_adapter_image_embeds(Image.fromarray(picture(1)), None, "cpu", 1, True)
    (theirs,) = pipeline.unet.encoder_hid_proj(embeds)
    assert (tokens - theirs[:, 0]).abs().max() < 1e-5


@torch.no_grad()
def test_one_guided_prediction_is_the_pipelines(loaded: Loaded, sd15: Backbone) -> None:
    adapter, pipeline, _ = loaded
    pipeline.set_ip_adapter_scale(0.7)
    words, z = sd15.embed("a red ball", "blue"), latent()
    embeds = pipeline.prepare_ip_adapter_image_embeds(Image.fromarray(picture(1)), None, "cpu", 1, True)
    without, told = pipeline.unet(
        z.expand(2, -1, -1, -1), 400, words.both, added_cond_kwargs={"image_embeds": embeds}, return_dict=False
    )[0].chunk(2)
    ours = sd15.predict(z, 400, words, GUIDANCE, [adapter.patch(adapter.embed(picture(1)), 0.7)])
    assert (ours - (without + GUIDANCE * (told - without))).abs().max() < 1e-4
    assert (ours - sd15.predict(z, 400, words, GUIDANCE)).abs().mean() > 0.01


@torch.no_grad()
def test_a_short_run_ends_at_the_pipelines_latent(loaded: Loaded, sd15: Backbone) -> None:
    adapter, pipeline, _ = loaded
    pipeline.set_ip_adapter_scale(1.0)
    z, steps = latent(), 5
    theirs = pipeline(
        "a red ball",
        negative_prompt="blue",
        num_inference_steps=steps,
        guidance_scale=GUIDANCE,
        latents=z,
        ip_adapter_image=Image.fromarray(picture(1)),
        output_type="latent",
    ).images
    patches = [adapter.patch(adapter.embed(picture(1)))]
    predict = partial(sd15.predict, words=sd15.embed("a red ball", "blue"), guidance=GUIDANCE, patches=patches)
    *_, last = ddim(predict, sd15.schedule, z, sd15.schedule.ddim_times(steps, 1.0))
    assert (last.latent - theirs).abs().max() < 1e-4
    *_, plain = ddim(partial(predict, patches=()), sd15.schedule, z, sd15.schedule.ddim_times(steps, 1.0))
    assert (plain.latent - theirs).abs().mean() > 0.01


@torch.no_grad()
def test_the_network_is_what_it_was_before_and_after(loaded: Loaded, sd15: Backbone) -> None:
    adapter, _, _ = loaded
    words, z = sd15.embed("a red ball", "blue"), latent()
    before, plain = state_of(sd15.unet), sd15.predict(z, 400, words, GUIDANCE)
    patch = adapter.patch(adapter.embed(picture(1)))
    seen = sd15.predict(z, 400, words, GUIDANCE, [patch])
    assert state_of(sd15.unet) == before
    assert torch.equal(sd15.predict(z, 400, words, GUIDANCE), plain)
    with pytest.raises(RuntimeError):
        sd15.predict(z[:, :1], 400, words, GUIDANCE, [patch])
    assert state_of(sd15.unet) == before
    assert torch.equal(sd15.predict(z, 400, words, GUIDANCE, [patch]), seen)


@torch.no_grad()
def test_at_scale_0_nothing_is_seen_and_more_of_it_the_higher_the_scale(loaded: Loaded, sd15: Backbone) -> None:
    adapter, _, _ = loaded
    words, z, tokens = sd15.embed("a red ball"), latent(), adapter.embed(picture(1))

    def seen(scale: float) -> Tensor:
        return sd15.predict(z, 400, words, patches=[adapter.patch(tokens, scale)])

    plain = seen(0.0)
    assert torch.equal(plain, sd15.predict(z, 400, words, patches=[FeatureTap([])]))
    changes = [float((seen(scale) - plain).abs().mean()) for scale in (0.01, 0.3, 1.0)]
    assert 0 < changes[0] < changes[1] < changes[2]


@torch.no_grad()
def test_every_row_of_a_batch_sees_what_is_its_own(loaded: Loaded, sd15: Backbone) -> None:
    adapter, _, _ = loaded
    words, z, t = sd15.embed("a red ball", "blue"), latent(2), 400
    patch = adapter.patch(adapter.embed(picture(1)))
    each = [sd15.predict(one, t, words, patches=[patch]) for one in z.split(1)]  # type: ignore[no-untyped-call]
    together = sd15.predict_each(z, [t, t], words, [patch])
    assert torch.allclose(together, torch.cat(each), atol=1e-5)
    guided = sd15.predict(z[:1], t, words, GUIDANCE, [patch])
    with patch.on(sd15.unet):
        differences = sd15.disagreement(z, t, words)
    assert torch.allclose(guided, each[0] + (GUIDANCE - 1) * differences[:1], atol=1e-4)


@torch.no_grad()
def test_pictures_differ_and_the_smallest_and_largest_are_read(loaded: Loaded) -> None:
    adapter, _, _ = loaded
    first, again, other = (adapter.embed(picture(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert torch.equal(first[0], other[0])
    assert (first[1] - other[1]).abs().mean() > 0.01
    for side in (1, 3, 500):
        assert adapter.embed(picture(1, side)).shape == first.shape


@torch.no_grad()
def test_it_stands_beside_shared_keys_and_values(loaded: Loaded, sd15: Backbone) -> None:
    adapter, _, _ = loaded
    words, z, other = sd15.embed("a red ball"), *latent(2).split(1)  # type: ignore[no-untyped-call]
    keep, patch = KeepKeysValues(sd15.layout.shared_attention), adapter.patch(adapter.embed(picture(1)))
    sd15.predict(other, 400, words, patches=[keep])
    share = ShareKeysValues(keep.kept)
    alone = sd15.predict(z, 400, words, GUIDANCE, [share])
    both = sd15.predict(z, 400, words, GUIDANCE, [share, patch])
    assert torch.equal(both, sd15.predict(z, 400, words, GUIDANCE, [patch, share]))
    assert (both - alone).abs().mean() > 0.001
    assert (both - sd15.predict(z, 400, words, GUIDANCE, [patch])).abs().mean() > 0.001
    assert torch.equal(sd15.predict(z, 400, words, GUIDANCE, [share]), alone)


def test_it_stands_beside_a_learnt_identity(loaded: Loaded, sd15: Backbone) -> None:
    adapter, _, _ = loaded
    words, z, patch = sd15.embed("a red ball"), latent(), adapter.patch(adapter.embed(picture(1)))
    identity = Identity(sd15.unet, Learning(rate=0.05))
    before = state_of(sd15.unet)
    for _ in range(2):
        identity.learn(sd15, z, words)
    with torch.no_grad():
        learnt, seen, both = (
            sd15.predict(z, 400, words, patches=patches) for patches in ([identity], [patch], [identity, patch])
        )
        assert torch.equal(sd15.predict(z, 400, words, patches=[identity]), learnt)
        assert torch.equal(sd15.predict(z, 400, words, patches=[patch, identity]), both)
    assert (both - learnt).abs().mean() > 0.001
    assert (both - seen).abs().mean() > 0.001
    assert state_of(sd15.unet) == before


def test_gradients_reach_the_latent(loaded: Loaded, sd15: Backbone) -> None:
    adapter, _, _ = loaded
    z, patch = latent().requires_grad_(True), adapter.patch(adapter.embed(picture(1)))
    sd15.predict(z, 400, sd15.embed(""), patches=[patch]).sum().backward()
    assert z.grad is not None
    assert z.grad.abs().max() > 0
    assert not any(weight.requires_grad for weight in sd15.unet.parameters())


@torch.no_grad()
@pytest.mark.parametrize("kind", [PLAIN, PLUS])
def test_half_the_numbers_say_nearly_the_same(sd15: Backbone, sd15_folder: Path, tmp_path: Path, kind: str) -> None:
    write_ip_adapter(tmp_path, sd15.unet, kind)
    found: list[Tensor] = []
    for backbone in (sd15, load(str(sd15_folder), "cpu", torch.bfloat16)):
        adapter = load_ip_adapter(tmp_path, backbone)
        tokens = adapter.embed(picture(1))
        assert tokens.dtype == backbone.dtype
        words = backbone.embed("a red ball", "blue")
        found.append(backbone.predict(latent(), 400, words, GUIDANCE, [adapter.patch(tokens)]))
    assert found[1].dtype == torch.float32
    assert (found[0] - found[1]).abs().mean() < 0.1 * found[0].abs().mean()


@torch.no_grad()
def test_it_serves_a_network_that_fills(filling: Backbone, tmp_path: Path) -> None:
    adapter = load_ip_adapter(write_ip_adapter(tmp_path, filling.unet), filling)
    words, patch = filling.embed(""), adapter.patch(adapter.embed(picture(1)))
    change = filling.predict(latent(), 400, words, GUIDANCE, [patch]) - filling.predict(latent(), 400, words, GUIDANCE)
    assert change.abs().mean() > 0.01


def test_an_encoder_that_gives_no_numbers_is_broken(sd15: Backbone, tmp_path: Path) -> None:
    adapter = load_ip_adapter(write_ip_adapter(tmp_path, sd15.unet), sd15)
    adapter._encoder.visual_projection.weight.data.fill_(float("nan"))
    with pytest.raises(ModelBroken, match="damaged"):
        adapter.embed(picture(1))


def test_it_knows_its_size(sd15: Backbone, tmp_path: Path) -> None:
    file = write_ip_adapter(tmp_path, sd15.unet)
    on_disk = file.stat().st_size * 2 + (tmp_path / "image_encoder" / "model.safetensors").stat().st_size
    assert load_ip_adapter(file, sd15).bytes == pytest.approx(on_disk, rel=0.15)  # float16 on disk, and the headers
