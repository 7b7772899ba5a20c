"""The base model: noise prediction on latents, with a text encoder trained jointly."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from engine.studio.checkpoints import load_state
from engine.studio.curves import sheet
from engine.studio.data import LatentCache, SceneCache, object_cover, to_pictures
from engine.studio.hints import Hints, Overview, Reader, hints, read_side
from engine.studio.networks import (
    Shape,
    build_scheduler,
    build_text_encoder,
    build_unet,
    build_vae,
    load_tokenizer,
    weights_of,
)
from engine.studio.noising import Noising
from engine.studio.training import Recipe, Report, precision, step_generator
from engine.studio.words import learn_tokenizer

BASE_RECIPE = Recipe(rate=8e-4, warmup=300, batch=16, average=0.9995, weight_decay=0.01)
EMPTY_CAPTIONS = 0.1
# Objects cover a tenth of the picture, and nearly everything that an artist looks at.
OBJECT_WEIGHT = 3.0  # added to a cell's weight of 1 where an object covers it
# Only where the noise lets one see where they are: the mean of what may be there, weighed by what is there, is too much
# object, and a sampler that starts from noise then draws two balls for one.
SEEN, UNSEEN = 0.4, 0.7  # times (share of all) up to which that weight is whole, and from which it is none
# Of the side tasks (engine/studio/hints.py), whose losses fall from about 1 to 0.5; the noise loss is about 0.07.
HINT_WEIGHT = 0.1
OVERVIEW_WEIGHT = 2.0  # of where objects stand, beside 1 for what lies in each cell
GUIDANCE = 3.0
PROMPTS = (
    "a red ball on grass, clear sky",
    "a large shiny blue cube on sand, clear sky",
    "a green cone on snow, cloudy sky",
    "a yellow star on wood, sunset",
    "a red cube and a blue ball on marble",
    "an orange pyramid on water at night",
)


class BaseStage:
    """Trains a UNet and a text encoder to predict the noise in balanced latents."""

    name = "base"

    def __init__(
        self,
        unet: UNet2DConditionModel,
        text_encoder: CLIPTextModel,
        tokenizer: CLIPTokenizer,
        latents: Tensor,
        captions: list[list[str]],
        cover: Tensor,
        device: torch.device,
        hints: Hints | None = None,
    ) -> None:
        self.unet = unet.to(device, memory_format=torch.channels_last)
        self.text_encoder = text_encoder.to(device)
        self.tokenizer, self.latents, self.cover, self.device = tokenizer, latents, cover, device
        self.tokens = [self.tokenize(texts) for texts in captions]
        self.sided = [[" left " in text or " right " in text for text in texts] for texts in captions]
        self.empty = self.tokenize([""])
        self.scheduler: DDIMScheduler = build_scheduler()
        self.noising = Noising(self.scheduler, device)
        self.hints = hints
        self.reader = Reader(self.unet, hints.classes).to(device) if hints is not None else None
        self.overview = Overview(self.unet).to(device) if hints is not None else None
        self.predict: nn.Module = self.unet
        self.vae: AutoencoderKL | None = None
        self.about: dict[str, Any] = {}

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The UNet, the text encoder and the side tasks' layers."""
        networks: dict[str, nn.Module] = {"unet": self.unet, "text_encoder": self.text_encoder}
        if self.reader is not None and self.overview is not None:
            networks |= {"reader": self.reader, "overview": self.overview}
        return networks

    def tokenize(self, texts: list[str]) -> Tensor:
        """Texts as the pipeline will tokenize them, (N, longest)."""
        length = self.tokenizer.model_max_length
        read = self.tokenizer(texts, padding="max_length", truncation=True, max_length=length, return_tensors="pt")
        return cast(Tensor, read.input_ids)

    def loss(self, step: int, batch: int, share: slice) -> Tensor:
        """The weighted squared error of the noise predicted at random times."""
        generator = step_generator(step)
        rows, tokens = self._draw(batch, generator)
        rows, tokens = rows[share], tokens[share]
        clean, cover = (values[rows].float().to(self.device) for values in (self.latents, self.cover))
        noised = self.noising.draw(clean, batch, share, generator)
        latents = noised.latents.to(memory_format=torch.channels_last)
        with precision(self.device):
            context = self.text_encoder(tokens).last_hidden_state
            predicted = self.predict(latents, noised.times, context).sample
        loss = self.noising.loss(predicted, noised, cell_weights(cover, self.noising.level(noised)))
        if self.hints is None or self.reader is None or self.overview is None:
            return loss
        targets = [target.to(self.device) for target in self.hints.targets(rows)]
        profiles = self.hints.profiles(rows).to(self.device)
        return loss + HINT_WEIGHT * (self.reader.loss(targets) + OVERVIEW_WEIGHT * self.overview.loss(profiles))

    def _draw(self, batch: int, generator: torch.Generator) -> tuple[list[int], Tensor]:
        """Rows of random scenes' latents, some mirrored, and the tokens of one wording of each."""
        which = torch.randint(len(self.tokens), (batch,), generator=generator).tolist()
        chances = torch.rand(batch, 3, generator=generator).tolist()
        rows, tokens = [], []
        for i, (mirror, wording, empty) in zip(which, chances, strict=True):
            worded = int(wording * len(self.tokens[i]))
            # What is said to be on the left must stay there.
            rows.append(2 * i + (mirror < 0.5 and not self.sided[i][worded]))
            tokens.append(self.empty[0] if empty < EMPTY_CAPTIONS else self.tokens[i][worded])
        return rows, torch.stack(tokens).to(self.device)

    @torch.no_grad()
    def sample(self, texts: list[str], seed: int = 0, steps: int = 25) -> Tensor:
        """Latents drawn for texts by DDIM with guidance, (N, C, h, w)."""
        generator = torch.Generator().manual_seed(seed)
        latents = torch.randn((len(texts), *self.latents.shape[1:]), generator=generator).to(self.device)
        tokens = torch.cat([self.tokenize([""] * len(texts)), self.tokenize(texts)]).to(self.device)
        self.scheduler.set_timesteps(steps)
        with precision(self.device):
            context = self.text_encoder(tokens).last_hidden_state
            for t in self.scheduler.timesteps:
                both = self.unet(torch.cat([latents, latents]), t, context).sample.float()
                without, given = both.chunk(2)
                guided = without + GUIDANCE * (given - without)
                latents = self.scheduler.step(guided, t, latents).prev_sample
        return latents

    def report(self) -> Report:
        """Pictures drawn for a few prompts."""
        latents = torch.cat([self.sample(list(PROMPTS), seed) for seed in (0, 1)])
        return Report(sheet(self.decode(latents), len(PROMPTS)), {"latent_deviation": float(latents.std())})

    @torch.no_grad()
    def decode(self, latents: Tensor) -> NDArray[np.uint8]:
        """Latents as pictures."""
        if self.vae is None:
            return to_pictures(latents[:, :3])
        with precision(self.device):
            return to_pictures(self.vae.decode(latents.float()).sample)

    def notes(self) -> dict[str, Any]:
        """What the weights were learned from."""
        return self.about


def cell_weights(cover: Tensor, times: Tensor) -> Tensor:
    """How much the squared error of each cell counts, 1..1 + OBJECT_WEIGHT.

    Args:
        cover: (B, 1, h, w) share of each cell that objects cover.
        times: (B,) noise levels, 0..1.
    """
    sure = ((UNSEEN - times) / (UNSEEN - SEEN)).clamp(0, 1)
    return 1 + OBJECT_WEIGHT * sure.view(-1, 1, 1, 1) * cover


def trained_vae(folder: Path, shape: Shape, device: torch.device) -> AutoencoderKL:
    """The autoencoder with its averaged weights, as trained (latents not balanced)."""
    vae = build_vae(shape).to(device)
    vae.load_state_dict(weights_of(load_state(folder / "vae.pt"), "vae"))
    return vae.eval().requires_grad_(False)


@torch.no_grad()
def balance_vae(vae: AutoencoderKL, centre: Tensor, deviation: Tensor) -> AutoencoderKL:
    """Fold the latents' mean and deviation (C,) into the 1x1 convolutions around them.

    The result encodes the same pictures to latents of zero mean and unit variance a channel, and decodes those,
    so that its scaling_factor is 1.
    """
    channels = len(centre)
    first, last = vae.quant_conv, vae.post_quant_conv
    scale = torch.cat([deviation, torch.ones_like(deviation)]).to(first.weight)
    shift = torch.cat([centre, 2 * deviation.log()]).to(first.weight)  # a variance scales by the square
    first.weight.div_(scale.view(-1, 1, 1, 1))
    first.bias.sub_(shift).div_(scale)
    weight = last.weight.view(channels, channels)
    last.bias.add_(weight @ centre.to(weight))
    last.weight.mul_(deviation.to(weight).view(1, -1, 1, 1))
    return vae


def scene_hints(scenes: SceneCache, count: int, side: int) -> Hints | None:
    """What lies where in the first scenes, in side x side cells; None where nobody knows."""
    world = scenes.world
    if world.labels is None:
        return None
    labels = world.labels(range(scenes.first, scenes.first + count))
    return hints(scenes.ids(count), labels, world.classes, side)


def load_base_stage(
    folder: Path, scenes: SceneCache, count: int, shape: Shape, device: torch.device, compiled: bool = False
) -> BaseStage:
    """Everything the base training needs, from the training folder: latents, tokenizer (learned once), networks."""
    vae = trained_vae(folder, shape, device)
    cache = LatentCache(folder / "cache", vae, shape.latent_size)
    latents = cache.extend(scenes, count, device)
    captions = scenes.captions(count)
    words = folder / "tokenizer"
    if not words.exists():
        learn_tokenizer((text for texts in captions for text in texts), words, shape.text_tokens)
    tokenizer = load_tokenizer(words)
    cover = object_cover(scenes.ids(count), shape.latent_size)
    unet, text_encoder = build_unet(shape), build_text_encoder(shape, tokenizer)
    known = scene_hints(scenes, count, read_side(unet))
    stage = BaseStage(unet, text_encoder, tokenizer, latents, captions, cover, device, known)
    stage.vae = balance_vae(vae, *cache.balance)
    stage.about = {"encoder": cache.mark, "scenes": count}
    if compiled:
        stage.predict = cast(nn.Module, torch.compile(stage.unet))
    return stage
