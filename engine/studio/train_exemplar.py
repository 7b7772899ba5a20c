"""Paint by Example (Yang et al., CVPR 2023) in the world: an exemplar's object is painted into a hole.

The UNet starts as the base model's, with zeroed weights for what it reads in addition; the image encoder, whose one
token stands where the text stood, starts from nothing. It learns from the noise's error, from the side task on the
UNet (engine/studio/hints.py), and from a second one: to name what the exemplar shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from diffusers.pipelines.deprecated.paint_by_example.image_encoder import PaintByExampleImageEncoder
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from engine.studio.data import SceneCache, to_tensor
from engine.studio.example_networks import build_image_encoder, widened
from engine.studio.examples import EXAMPLES_A_SCENE, ExampleCache, tensor_of
from engine.studio.hints import Hints, Reader, read_side
from engine.studio.networks import Shape, build_scheduler
from engine.studio.noising import Noising
from engine.studio.shown_examples import Shown, show
from engine.studio.train_base import scene_hints
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
_TURN = 0.26  # radians an exemplar is turned at most, each way
_SCALE, _SHIFT = 0.15, 0.06  # how far it is scaled and moved at most, each way


class ExemplarStage:
    """Trains a UNet of nine channels and an image encoder to predict the noise in pictures with a hole."""

    name = "exemplar"

    def __init__(
        self,
        unet: UNet2DConditionModel,
        encoder: PaintByExampleImageEncoder,
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
        self.namer = nn.Linear(encoder.proj_size, sum(hints.classes)).to(device) if hints is not None else None
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
        exemplars = self._placed(records["exemplar"], places[share])
        with precision(self.device):
            tokens, without = self.encoder(exemplars, return_uncond_vector=True)
            context = torch.where(dropped.to(self.device).view(-1, 1, 1), without.to(tokens.dtype), tokens)
            predicted = self.predict(read, noised.times, context).sample
        near = F.max_pool2d(1 - keep, 3, stride=1, padding=1)
        loss = self.noising.loss(predicted, noised, 1 + HOLE_WEIGHT * near)
        if self.hints is None or self.reader is None:
            return loss
        seen = (2 * records["scene"] + records["mirrored"]).tolist()
        targets = [target.to(self.device) for target in self.hints.targets(seen)]
        missed, _ = self._named(tokens, self.hints.labels_of(records["scene"], records["index"]))
        return loss + HINT_WEIGHT * self.reader.loss(targets) + NAME_WEIGHT * missed

    def _placed(self, exemplars: NDArray[np.uint8], places: Tensor) -> Tensor:
        """Exemplars (N, side, side, 3), turned, moved and scaled, for the encoder: (N, 3, size, size) in -1..1.

        Args:
            places: (N, 2, 3), see `spread_places`.
        """
        images = to_tensor(np.array(exemplars), self.device)
        grid = F.affine_grid(places.to(self.device), [len(images), 3, self.size, self.size], align_corners=False)
        return F.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)

    def _named(self, tokens: Tensor, labels: Tensor) -> tuple[Tensor, float]:
        """How wrong, and in what share wholly right, exemplars are named.

        Args:
            tokens: (N, 1, width), what the encoder made of them.
            labels: (N, groups), the true kind, colour, …; -1 = does not apply.
        Returns:
            The cross-entropy, summed over the groups, and the share of exemplars named right in all of them.
        """
        assert self.hints is not None
        assert self.namer is not None
        labels = labels.to(self.device)
        answers = self.namer(tokens[:, 0].float()).split(self.hints.classes, dim=1)
        loss, right = torch.zeros((), device=self.device), torch.ones(len(labels), device=self.device)
        for answer, label in zip(answers, labels.T, strict=True):
            known = label >= 0
            missed = F.cross_entropy(answer, label.clamp(min=0), reduction="none")
            loss = loss + (missed * known).sum() / known.sum().clamp(min=1)
            right = right * ((answer.argmax(1) == label) | ~known)
        return loss, float(right.mean())

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
        upright = torch.eye(2, 3).expand(len(records), 2, 3)
        with precision(self.device):
            tokens, without = self.encoder(self._placed(records["exemplar"], upright), return_uncond_vector=True)
        return tokens.float(), without.float()

    @torch.no_grad()
    def report(self) -> Report:
        """For each validation example: the picture with its hole, the exemplar, what was painted, the truth."""
        if self.showing is None:
            return Report(Image.new("RGB", (1, 1)), {})
        shown = self._shown = self._shown or self.showing()
        painted = shown.pasted(self.paint(shown.records))
        figures = shown.figures(painted)
        if shown.labels is not None and self.hints is not None:
            figures["exemplar_named"] = self._named(self._tokens(shown.records)[0], shown.labels)[1]
        return Report(shown.sheet(painted), figures)


def spread_places(count: int, generator: torch.Generator) -> Tensor:
    """How exemplars are turned, mirrored, scaled and moved: maps (N, 2, 3) for `affine_grid`."""
    turn, scale, x, y = (torch.rand(4, count, generator=generator) * 2 - 1).unbind()
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    cosine, sine = (_TURN * turn).cos(), (_TURN * turn).sin()
    scale = 1 + _SCALE * scale
    across = torch.stack([scale * cosine * mirror, -scale * sine, _SHIFT * x], dim=1)
    down = torch.stack([scale * sine * mirror, scale * cosine, _SHIFT * y], dim=1)
    return torch.stack([across, down], dim=1)


def load_exemplar_stage(
    base: Path,
    folder: Path,
    scenes: SceneCache,
    count: int,
    validation: SceneCache,
    shape: Shape,
    device: torch.device,
    compiled: bool = False,
) -> ExemplarStage:
    """Everything the exemplar training needs: networks from a base model's folder, examples of the first scenes."""
    vae = AutoencoderKL.from_pretrained(str(base / "vae"), local_files_only=True)
    vae = vae.float().to(device).eval().requires_grad_(False)
    unet = UNet2DConditionModel.from_pretrained(str(base / "unet"), local_files_only=True)
    cache = ExampleCache(folder / "cache", vae, scenes)
    records = cache.extend(count * EXAMPLES_A_SCENE)
    encoder = build_image_encoder(shape, unet.config["cross_attention_dim"])
    hints = scene_hints(scenes, count, read_side(unet))
    stage = ExemplarStage(widened(unet), encoder, records, device, hints)
    stage.showing = lambda: show(ExampleCache(folder / "cache", vae, validation), SHOWN)
    stage.about = {"encoder": cache.mark, "scenes": count, "examples": len(records)}
    if compiled:
        stage.predict = cast(nn.Module, torch.compile(stage.unet))
    return stage
