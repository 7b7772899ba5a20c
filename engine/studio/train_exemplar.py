"""Paint by Example (Yang et al., CVPR 2023) in the world: an exemplar's object is painted into a hole.

The UNet starts as the base model's, with zeroed weights for what it reads in addition; the image encoder, whose one
token stands where the text stood, from what it learned by itself (engine/studio/train_names.py). Both learn from the
noise's error, from the side task on the UNet (engine/studio/hints.py), and from a second one: to name what the exemplar
shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from engine.exemplar import ExemplarEncoder
from engine.studio.checkpoints import load_state
from engine.studio.data import SceneCache
from engine.studio.example_networks import build_image_encoder, widened
from engine.studio.examples import EXAMPLES_A_SCENE, ExampleCache, tensor_of
from engine.studio.hints import Hints, Reader, read_side
from engine.studio.networks import Shape, build_scheduler, weights_of
from engine.studio.noising import Noising
from engine.studio.shown_examples import Shown, show
from engine.studio.train_base import scene_hints
from engine.studio.train_names import NamesStage, build_namer, placed, spread_places, upright
from engine.studio.training import Recipe, Report, precision, step_generator

EXEMPLAR_RECIPE = Recipe(rate=4e-4, warmup=200, batch=16, average=0.9995, weight_decay=0.01)
DROPPED = 0.15  # of the examples learn the unconditional vector instead of their exemplar
# The hole, not the object: the network sees where it is at every noise level. Cells weighed by what it cannot know yet
# would draw its mean towards too much object (as they did in the base model, engine/studio/train_base.py).
HOLE_WEIGHT = 3.0  # added to a cell's weight of 1 in the hole and on its rim
HINT_WEIGHT = 0.1  # of what the UNet says of its cells, as in the base training
NAME_WEIGHT = 0.03  # of what is said of the exemplar, whose loss begins at about 6
GUIDANCE = 3.0
SHOWN = 12  # validation examples in the report
HELD_BACK = 20  # one in so many exemplars is not learned from but named in the report


class ExemplarStage:
    """Trains a UNet of nine channels and an image encoder to predict the noise in pictures with a hole."""

    name = "exemplar"

    def __init__(
        self,
        unet: UNet2DConditionModel,
        encoder: ExemplarEncoder,
        records: NDArray[np.void],
        device: torch.device,
        hints: Hints | None = None,
    ) -> None:
        """`showing`, set from outside, makes what the report shows; not before the training's helpers are there.

        Args:
            records: see `ExampleCache.encoded`.
            hints: of the scenes that the records are of; None = no side tasks.
        """
        self.unet = unet.to(device, memory_format=torch.channels_last)
        self.encoder, self.records, self.device, self.hints = encoder.to(device), records, device, hints
        self.size = int(encoder.config.image_size)
        self.scheduler: DDIMScheduler = build_scheduler()
        self.noising = Noising(self.scheduler, device)
        self.reader = Reader(self.unet, hints.classes).to(device) if hints is not None else None
        self.namer = build_namer(encoder, hints.classes).to(device) if hints is not None else None
        self.predict: nn.Module = self.unet
        self.showing: Callable[[], Shown] | None = None
        self._shown: Shown | None = None
        self.about: dict[str, Any] = {}

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The UNet, the image encoder and the side tasks' layers."""
        networks: dict[str, nn.Module] = {"unet": self.unet, "image_encoder": self.encoder}
        if self.reader is None or self.namer is None:
            return networks
        return networks | {"reader": self.reader, "namer": self.namer}

    def notes(self) -> dict[str, Any]:
        """What the weights were learned from."""
        return self.about

    def loss(self, step: int, batch: int, share: slice) -> Tensor:
        """The weighted squared error of the noise predicted at random times, and the side tasks' losses."""
        generator = step_generator(step)
        rows = torch.randint(len(self.records), (batch,), generator=generator)
        places = spread_places(batch, generator)
        dropped = torch.rand(batch, generator=generator)[share] < DROPPED
        records = self.records[rows[share].numpy()]
        clean, holed, keep = (tensor_of(records, name).to(self.device) for name in ("clean", "holed", "keep"))
        noised = self.noising.draw(clean, batch, share, generator)
        read = torch.cat([noised.latents, holed, keep], dim=1).to(memory_format=torch.channels_last)
        exemplars = placed(records["exemplar"], places[share], self.size, self.device)
        without = self.encoder.uncond_vector
        with precision(self.device):
            tokens = self.encoder(exemplars)
            context = torch.where(dropped.to(self.device).view(-1, 1, 1), without.to(tokens.dtype), tokens)
            predicted = self.predict(read, noised.times, context).sample
        near = F.max_pool2d(1 - keep, 3, stride=1, padding=1)
        loss = self.noising.loss(predicted, noised, 1 + HOLE_WEIGHT * near)
        if self.hints is None or self.reader is None or self.namer is None:
            return loss
        seen = (2 * records["scene"] + records["mirrored"]).tolist()
        targets = [target.to(self.device) for target in self.hints.targets(seen)]
        missed, _ = self.namer.judged(tokens, self.hints.labels_of(records["scene"], records["index"]))
        return loss + HINT_WEIGHT * self.reader.loss(targets) + NAME_WEIGHT * missed

    @torch.no_grad()
    def paint(self, records: NDArray[np.void], seed: int = 0, steps: int = 25) -> Tensor:
        """Latents (N, C, h, w) painted from noise by DDIM with guidance."""
        holed, keep = (tensor_of(records, name).to(self.device) for name in ("holed", "keep"))
        latents = torch.randn(holed.shape, generator=torch.Generator().manual_seed(seed)).to(self.device)
        tokens, without = self._tokens(records)
        context = torch.cat([without.expand_as(tokens), tokens])
        self.scheduler.set_timesteps(steps)
        with precision(self.device):
            for t in self.scheduler.timesteps:
                read = torch.cat([latents, holed, keep], dim=1)
                unguided, given = self.unet(torch.cat([read, read]), t, context).sample.float().chunk(2)
                guided = unguided + GUIDANCE * (given - unguided)
                latents = self.scheduler.step(guided, t, latents).prev_sample
        return latents

    def _tokens(self, records: NDArray[np.void]) -> tuple[Tensor, Tensor]:
        """What the encoder makes of upright exemplars, (N, 1, width), and the unconditional vector (1, 1, width)."""
        images = placed(records["exemplar"], upright(len(records)), self.size, self.device)
        with precision(self.device):
            tokens = self.encoder(images)
        return tokens.float(), self.encoder.uncond_vector.float()

    @torch.no_grad()
    def report(self) -> Report:
        """For each validation example: the picture with its hole, the exemplar, what was painted, the truth."""
        if self.showing is None:
            return Report(Image.new("RGB", (1, 1)), {})
        shown = self._shown = self._shown or self.showing()
        painted = shown.pasted(self.paint(shown.records))
        figures = shown.figures(painted)
        if shown.labels is not None and self.namer is not None:
            right = self.namer.judged(self._tokens(shown.records)[0], shown.labels)[1]
            figures["exemplar_named"] = float(right.float().amin(1).mean())
        return Report(shown.sheet(painted), figures)


def load_names_stage(
    base: Path, folder: Path, scenes: SceneCache, count: int, shape: Shape, device: torch.device, apart: bool = False
) -> NamesStage:
    """What the encoder learns from by itself: the exemplars of the first scenes, the last few held back.

    Args:
        apart: see `ExampleCache.extend`.
    """
    vae = AutoencoderKL.from_pretrained(str(base / "vae"), local_files_only=True).float().to(device).eval()
    config = UNet2DConditionModel.load_config(str(base / "unet"), local_files_only=True)
    records = ExampleCache(folder / "cache", vae, scenes).extend(count * EXAMPLES_A_SCENE, apart)
    hints = scene_hints(scenes, count, 1)
    if hints is None:
        raise ValueError("This world names nothing: there is nothing to train an encoder on.")
    labels = hints.labels_of(records["scene"], records["index"])
    encoder = build_image_encoder(shape, config["cross_attention_dim"])
    namer = build_namer(encoder, scenes.world.classes)
    return NamesStage(encoder, namer, records["exemplar"], labels, len(records) // HELD_BACK, device)


def start_from(state: dict[str, Any], networks: Mapping[str, nn.Module]) -> None:
    """Give the image encoder and the namer the averaged weights of a names training."""
    for key in ("image_encoder", "namer"):
        if key in networks:
            networks[key].load_state_dict({**state["networks"][key], **weights_of(state, key)})


def load_exemplar_stage(
    base: Path,
    folder: Path,
    scenes: SceneCache,
    count: int,
    validation: SceneCache,
    shape: Shape,
    device: torch.device,
    compiled: bool = False,
    apart: bool = False,
) -> ExemplarStage:
    """Everything the exemplar training needs: networks from a base model's folder, examples of the first scenes.

    Args:
        apart: see `ExampleCache.extend`.
    """
    vae = AutoencoderKL.from_pretrained(str(base / "vae"), local_files_only=True)
    vae = vae.float().to(device).eval().requires_grad_(False)
    unet = UNet2DConditionModel.from_pretrained(str(base / "unet"), local_files_only=True)
    cache = ExampleCache(folder / "cache", vae, scenes)
    records = cache.extend(count * EXAMPLES_A_SCENE, apart)
    encoder = build_image_encoder(shape, unet.config["cross_attention_dim"])
    hints = scene_hints(scenes, count, read_side(unet))
    stage = ExemplarStage(widened(unet), encoder, records, device, hints)
    if (folder / "names.pt").exists():
        start_from(load_state(folder / "names.pt"), stage.networks)
    stage.showing = lambda: show(ExampleCache(folder / "cache", vae, validation), SHOWN)
    stage.about = {"encoder": cache.mark, "scenes": count, "examples": len(records)}
    if compiled:
        stage.predict = cast(nn.Module, torch.compile(stage.unet))
    return stage
