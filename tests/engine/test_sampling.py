"""Samplers against diffusers' own pipeline and against problems with a known answer."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionImg2ImgPipeline
from torch import Tensor

from engine import sampling
from engine.backbone import Backbone
from engine.sampling import ddim, dpm_solver, plan, seeded_noise
from engine.schedule import Level, Schedule, noised
from engine.words import WordReader

SPREAD = 0.7  # of the Gaussian data in the problem with a known answer


def image_to_image(backbone: Backbone, latent: Tensor, steps: int, strength: float, seed: int, **words: Any) -> Tensor:
    """What diffusers' pipeline makes of a latent, with DDIM and the same noise."""
    assert isinstance(backbone.reader, WordReader)
    pipeline = StableDiffusionImg2ImgPipeline(
        vae=backbone.vae,
        text_encoder=backbone.reader.encoder,
        tokenizer=backbone.reader.tokenizer,
        unet=backbone.unet,
        scheduler=DDIMScheduler.from_config({**backbone.schedule.config, "clip_sample": False}),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    generator = torch.Generator("cpu").manual_seed(seed)
    result: Tensor = pipeline(
        image=latent,
        num_inference_steps=steps,
        strength=strength,
        generator=generator,
        output_type="latent",
        **words,
    ).images
    return result


def test_ddim_gives_the_latents_of_diffusers_image_to_image(backbone: Backbone) -> None:
    latent = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    words = backbone.embed("a red ball", "blue")
    sampler, times = plan("ddim", backbone.schedule, 10, 0.6)
    z = noised(latent, seeded_noise(latent.shape, 5), backbone.schedule.level(times[0]))
    with torch.no_grad():
        steps = list(sampler(lambda z, t: backbone.predict(z, t, words, 4.0), backbone.schedule, z, times))
    theirs = image_to_image(
        backbone, latent, 10, 0.6, 5, prompt="a red ball", negative_prompt="blue", guidance_scale=4.0
    )
    assert [step.done for step in steps] == [1, 2, 3, 4, 5, 6]
    assert (steps[-1].latent - theirs).abs().max() < 1e-4


@pytest.mark.parametrize("sampler", [ddim, dpm_solver])
def test_a_perfect_network_leads_back_to_the_clean_latent(sd15: Backbone, sampler: Any) -> None:
    clean, noise = seeded_noise((1, 4, 6, 6), 1), seeded_noise((1, 4, 6, 6), 2)
    times = sd15.schedule.ddim_times(10, 0.5)
    steps = list(sampler(lambda z, t: noise, sd15.schedule, noised(clean, noise, sd15.schedule.level(times[0])), times))
    assert all((step.clean - clean).abs().max() < 1e-4 for step in steps)
    last = sd15.schedule.final if sampler is ddim else Level(1.0, 0.0)
    assert (steps[-1].latent - noised(clean, noise, last)).abs().max() < 1e-4


def gaussian_error(name: str, schedule: Schedule, steps: int) -> float:
    """How far a sampler lands from the exact answer for data spread as N(0, SPREAD²)."""

    def predict(z: Tensor, t: int) -> Tensor:
        level = schedule.level(t)
        return level.noise * z / (level.signal**2 * SPREAD**2 + level.noise**2)

    sampler, times = plan(name, schedule, steps, 0.9)
    level = schedule.level(times[0])
    start = seeded_noise((1, 4, 8, 8), 3)
    exact = start * SPREAD / (level.signal**2 * SPREAD**2 + level.noise**2) ** 0.5
    *_, last = sampler(predict, schedule, start, times)
    return float((last.clean - exact).abs().mean())


def test_the_fast_solver_needs_fewer_steps(sd15: Backbone) -> None:
    fast, slow = gaussian_error("fast", sd15.schedule, 10), gaussian_error("ddim", sd15.schedule, 10)
    assert fast < slow / 2
    assert gaussian_error("fast", sd15.schedule, 40) < 0.004


@pytest.mark.parametrize("name", sampling.SAMPLERS)
def test_what_is_held_is_held_at_the_level_of_the_latent(sd15: Backbone, name: str) -> None:
    seen: list[tuple[int, Level]] = []

    def hold(z: Tensor, index: int, level: Level) -> Tensor:
        seen.append((index, level))
        return z * 0 + index

    sampler, times = plan(name, sd15.schedule, 8, 0.5)
    steps = list(sampler(lambda z, t: z, sd15.schedule, seeded_noise((1, 4, 4, 4), 0), times, hold))
    assert [index for index, _ in seen] == [0, 1, 2, 3]
    assert [level for _, level in seen[:-1]] == [sd15.schedule.level(t) for t in times[1:]]
    assert all(bool((step.latent == step.done - 1).all()) for step in steps)


def test_noise_depends_on_the_seed_alone() -> None:
    assert torch.equal(seeded_noise((1, 4, 5, 6), 9), seeded_noise((1, 4, 5, 6), 9))
    assert not torch.equal(seeded_noise((1, 4, 5, 6), 9), seeded_noise((1, 4, 5, 6), 10))
