"""The judge: reads pictures of the world back, rendered ones and those that went through an autoencoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from diffusers import AutoencoderKL
from numpy.typing import NDArray
from torch import Tensor, nn

from engine.models.store import models_folder
from engine.studio.accuracy import annotated, measure
from engine.studio.curves import sheet
from engine.studio.data import SceneCache, to_pictures, to_tensor
from engine.studio.degrade import FLAWS, OBJECT_IDS, Example, degrade
from engine.studio.judge import Judge, on_device
from engine.studio.judge_network import ATTRIBUTES, CELL, KINDS, OFFSET_UNIT, SCENERY, Answers, JudgeNetwork, JudgeShape
from engine.studio.scene import GROUNDS, SKIES, Scene, sample_scene
from engine.studio.train_vae import VALIDATION_SCENES
from engine.studio.training import Recipe, Report, precision

JUDGE_RECIPE = Recipe(rate=2e-3, warmup=150, batch=8, average=0.998, weight_decay=0.01)
CROPS = 4  # crops of half the side cost as much as one picture
_KIND_OF_ID = np.full(256, KINDS.index("object"), np.int64)
_KIND_OF_ID[[0, 1, 255]] = KINDS.index("sky"), KINDS.index("ground"), KINDS.index("scenery")
_TRIP_BATCH = 8  # pictures
_TRIPPED = 0.3  # share of examples that are round trips
_SMALL = 100  # px: smaller objects count less


@dataclass(frozen=True)
class JudgeLoss:
    """Weights of the loss's parts."""

    kinds: float = 2.0  # cross-entropy of a pixel, objects and their surroundings counting `near` times as much
    near: float = 6.0
    looks: float = 1.0  # cross-entropy of an object's attribute, from all its cells together
    cells: float = 0.25  # likewise, of a single cell
    material: float = 3.0  # on top of the two before: told by highlights alone, it is learned last
    offsets: float = 1.5
    whole: float = 0.3  # ground, sky, scenery, contents and flaws, each


class RoundTrips:
    """The first scenes after a round trip through an autoencoder, half of them with noise on their latents."""

    def __init__(self, folder: Path, scenes: SceneCache, vae: AutoencoderKL) -> None:
        self.scenes, self.vae = scenes, vae
        self._file = folder / "judge-round-trips.u8"

    def pictures(self, count: int) -> NDArray[np.uint8]:
        """So many pictures (N, H, W, 3), made as far as they are missing."""
        side = self.scenes.world.size
        have = self._file.stat().st_size // (3 * side * side) if self._file.exists() else 0
        with self._file.open("ab") as file:
            file.truncate(have * 3 * side * side)
            for first in range(have, count, _TRIP_BATCH):
                file.write(self._made(first, min(first + _TRIP_BATCH, count)).tobytes())
                file.flush()
        return np.memmap(self._file, np.uint8, "r", shape=(count, side, side, 3))

    def _made(self, first: int, end: int) -> NDArray[np.uint8]:
        rng = np.random.default_rng((first, end))
        noise = rng.uniform(0, 0.5, end - first) * rng.integers(0, 2, end - first)
        return round_trip(self.vae, self.scenes.pictures(end)[first:], noise, first)


@torch.no_grad()
def round_trip(
    vae: AutoencoderKL, pictures: NDArray[np.uint8], noise: NDArray[np.float64] | None = None, seed: int = 0
) -> NDArray[np.uint8]:
    """Pictures (N, H, W, 3) encoded and decoded.

    Args:
        noise: deviation (N,) of what is added to each picture's latents, in their own units; None = nothing is.
    """
    generator, made = torch.Generator().manual_seed(seed), []
    for first in range(0, len(pictures), _TRIP_BATCH):
        part = slice(first, first + _TRIP_BATCH)
        with precision(vae.device):
            latents = vae.encode(to_tensor(np.array(pictures[part]), vae.device)).latent_dist.mean.float()
            if noise is not None:
                strength = torch.from_numpy(noise[part]).float().view(-1, 1, 1, 1)
                latents = latents + (torch.randn(latents.shape, generator=generator) * strength).to(vae.device)
            made.append(to_pictures(vae.decode(latents).sample))
    return np.concatenate(made)


@dataclass(frozen=True)
class _Truth:
    """What the answers about a batch are compared with."""

    ids: Tensor  # (N, H, W) uint8
    lost: Tensor  # (N, 3), see Example
    flaws: Tensor  # (N, flaws)
    looks: Tensor  # (N, 3, 4) index of each attribute's name, -1 where there is no such object
    whole: Tensor  # (N, 4): ground, sky, mountains, trees


class JudgeStage:
    """Trains the judge on whole pictures, and every second step on four times as many crops around objects."""

    name = "judge"

    def __init__(
        self,
        network: JudgeNetwork,
        scenes: SceneCache,
        validation: SceneCache,
        truths: tuple[Sequence[Scene], Sequence[Scene]],
        device: torch.device,
        vae: AutoencoderKL | None = None,
        round_trips: int = 0,
    ) -> None:
        """
        Args:
            truths: the scenes behind the training and the validation pictures.
            vae: its round trips are read, too; None = only renders are.
            round_trips: of how many training scenes.
        """
        self.network = on_device(network, device)
        self.scenes, self.validation = truths
        self.pictures, self.ids = scenes.pictures(len(self.scenes)), scenes.ids(len(self.scenes))
        self.shown = validation.pictures(len(self.validation)), validation.ids(len(self.validation))
        self.device, self.vae, self.parts = device, vae, JudgeLoss()
        self.trips = RoundTrips(scenes.folder.parents[1], scenes, vae).pictures(round_trips) if vae else None
        self.looks = torch.from_numpy(np.stack([_looks(scene) for scene in self.scenes]))
        self.whole = torch.tensor(
            [[GROUNDS.index(s.ground), SKIES.index(s.sky), s.mountains, s.trees] for s in self.scenes]
        )

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The judge's network."""
        return {"judge": self.network}

    def loss(self, step: int, batch: int, share: slice) -> Tensor:
        """How wrong the answers about a share of the step's pictures are."""
        crop = step % 2 == 1
        rows = range(batch * CROPS if crop else batch)[share]
        pictures, truth = self._examples([np.random.default_rng((step, row)) for row in rows], crop)
        images = to_tensor(pictures, self.device).contiguous(memory_format=torch.channels_last)
        with precision(self.device):
            answers: Answers = self.network(images)
        loss = self._objects(answers, truth) + self.parts.kinds * self._kinds(answers, truth)
        if crop:
            return loss + 0.0 * answers.flaws.sum()  # helpers add up gradients of all parameters, in every step
        return loss + self.parts.whole * self._whole(answers, truth)

    def _examples(self, draws: Sequence[np.random.Generator], crop: bool) -> tuple[NDArray[np.uint8], _Truth]:
        chosen, examples = [], []
        for rng in draws:
            tripped = self.trips is not None and rng.random() < _TRIPPED
            pictures = self.trips if self.trips is not None and tripped else self.pictures
            chosen.append(int(rng.integers(len(pictures))))
            examples.append(self._example(pictures[chosen[-1]], self.ids[chosen[-1]], rng, crop))
            examples[-1].flaws[FLAWS.index("round trip")] = float(tripped)
        truth = _Truth(
            torch.from_numpy(np.stack([e.ids for e in examples])).to(self.device),
            torch.from_numpy(np.stack([e.lost for e in examples])).to(self.device),
            torch.from_numpy(np.stack([e.flaws for e in examples])).to(self.device),
            self.looks[chosen].to(self.device),
            self.whole[chosen].to(self.device),
        )
        return np.stack([e.picture for e in examples]), truth

    def _example(
        self, picture: NDArray[np.uint8], ids: NDArray[np.uint8], rng: np.random.Generator, crop: bool
    ) -> Example:
        if rng.random() < 0.5:
            picture, ids = picture[:, ::-1], ids[:, ::-1]
        example = _crop(picture, ids, rng) if crop else Example(picture, ids)
        degrade(example, rng)
        return example

    def _kinds(self, answers: Answers, truth: _Truth) -> Tensor:
        """Mean cross-entropy of pixels, those of objects and around them counting more."""
        kinds = torch.from_numpy(_KIND_OF_ID).to(self.device)[truth.ids.long()]
        objects = (kinds == KINDS.index("object")).float()[:, None]
        near = F.max_pool2d(F.max_pool2d(objects, CELL), 3, stride=1, padding=1)  # coarse first: 20 times faster
        weights = 1 + (self.parts.near - 1) * F.interpolate(near, scale_factor=float(CELL))[:, 0]
        return (F.cross_entropy(answers.kinds, kinds, reduction="none") * weights).sum() / weights.sum()

    def _objects(self, answers: Answers, truth: _Truth) -> Tensor:
        """What is said of objects: their looks, cell by cell and from all cells together, and where their centre is."""
        values = torch.tensor(list(OBJECT_IDS), device=self.device).view(1, -1, 1, 1)
        cells = (truth.ids[:, None, CELL // 2 :: CELL, CELL // 2 :: CELL] == values).float()  # (N, 3, h, w)
        count = cells.sum((2, 3))
        weight = (count * CELL**2 / _SMALL).clamp(max=1.0) * (count >= 3) * (truth.looks[..., 0] >= 0)  # (N, 3)
        share = cells / count.clamp(min=1.0)[:, :, None, None]
        total = weight.sum().clamp(min=1.0)
        loss = self.parts.offsets * (self._offsets(answers.offsets, share) * weight).sum() / total
        parts = torch.split(answers.looks, [len(names) for names in ATTRIBUTES.values()], dim=1)
        for column, (name, logits) in enumerate(zip(ATTRIBUTES, parts, strict=True)):
            target = self._target(truth, column, logits.shape[1])
            together = torch.einsum("nkhw,nchw->nkc", share, logits).log_softmax(2)
            single = torch.einsum("nkhw,nchw->nkc", share, logits.log_softmax(1))
            wrong = -(target * (self.parts.looks * together + self.parts.cells * single)).sum(2)
            known = 1 - truth.lost if name in ("material", "size") else 1.0
            harder = self.parts.material if name == "material" else 1.0
            loss = loss + harder * (wrong * weight * known).sum() / total
        return loss

    def _target(self, truth: _Truth, column: int, names: int) -> Tensor:
        """Probabilities (N, 3, names) of one attribute: of a lost shape any is as likely."""
        certain = F.one_hot(truth.looks[..., column].clamp(min=0), names).float()
        if column != list(ATTRIBUTES).index("shape"):
            return certain
        return certain + truth.lost[..., None] * (1 / names - certain)

    def _offsets(self, offsets: Tensor, share: Tensor) -> Tensor:
        """Mean distance (N, 3) between where cells say their object's centre is and where it is, in OFFSET_UNIT."""
        height, width = share.shape[2:]
        x = torch.arange(width, device=self.device) * (CELL / OFFSET_UNIT)
        y = torch.arange(height, device=self.device) * (CELL / OFFSET_UNIT)
        centres = torch.stack([share.sum(2) @ x, share.sum(3) @ y], dim=2)  # (N, 3, 2)
        said = torch.stack([offsets[:, 0] + x, offsets[:, 1] + y[:, None]], dim=1)  # (N, 2, h, w)
        apart = (said[:, None] - centres[..., None, None]).abs().sum(2)
        return (apart * share).sum((2, 3))

    def _whole(self, answers: Answers, truth: _Truth) -> Tensor:
        """What is said of the picture as a whole."""
        present = torch.stack([(truth.ids == i).flatten(1).sum(1) >= _SMALL for i in OBJECT_IDS], dim=1)
        contents = [
            F.one_hot(truth.looks[..., column].clamp(min=0), len(names)).mul(present[..., None]).amax(1)
            for column, names in enumerate(ATTRIBUTES.values())
        ]
        return (
            F.cross_entropy(answers.ground, truth.whole[:, 0])
            + F.cross_entropy(answers.sky, truth.whole[:, 1])
            + F.binary_cross_entropy_with_logits(answers.scenery, truth.whole[:, 2 : 2 + len(SCENERY)].float())
            + F.binary_cross_entropy_with_logits(answers.contents, torch.cat(contents, dim=1).float())
            + F.mse_loss(answers.flaws, truth.flaws)
        )

    def report(self) -> Report:
        """Validation scenes as they are read, and the shares of what is read right, after a round trip too."""
        judge, (pictures, ids) = Judge(self.network, self.device), self.shown
        pictures = np.array(pictures)
        readings = judge.read(pictures)
        figures = measure(readings, self.validation, ids).figures()
        shown = [annotated(p, r) for p, r in zip(pictures[:12], readings[:12], strict=True)]
        if self.vae is not None:
            made = round_trip(self.vae, pictures)
            readings = judge.read(made)
            figures |= {f"{k}_vae": v for k, v in measure(readings, self.validation, ids).figures().items()}
            shown += [annotated(p, r) for p, r in zip(made[:12], readings[:12], strict=True)]
        return Report(sheet(np.stack(shown), 6), figures)

    def notes(self) -> dict[str, Any]:
        """How much it was shown."""
        return {"scenes": len(self.scenes), "round_trips": 0 if self.trips is None else len(self.trips)}


def _looks(scene: Scene) -> NDArray[np.int64]:
    """Index of each attribute's name (3, 4) of a scene's objects, -1 where there is no such object."""
    looks = np.full((len(OBJECT_IDS), len(ATTRIBUTES)), -1)
    for row, item in enumerate(scene.objects):
        looks[row] = [names.index(getattr(item, name)) for name, names in ATTRIBUTES.items()]
    return looks


def _crop(picture: NDArray[np.uint8], ids: NDArray[np.uint8], rng: np.random.Generator) -> Example:
    """Half the picture's side, around one of its objects where there is one; objects cut in two lose their shape."""
    side = ids.shape[0] // 2
    whole = np.array([np.count_nonzero(ids == value) for value in OBJECT_IDS])
    if whole.any():
        rows, columns = np.nonzero(ids == OBJECT_IDS[int(rng.choice(np.flatnonzero(whole)))])
        middle = np.array([rows.min() + rows.max(), columns.min() + columns.max()]) / 2
    else:
        middle = rng.uniform(0, ids.shape[0], 2)
    corner = np.clip(middle - side / 2 + rng.uniform(-0.15, 0.15, 2) * side, 0, ids.shape[0] - side).astype(int)
    place = slice(corner[0], corner[0] + side), slice(corner[1], corner[1] + side)
    example = Example(picture[place], ids[place])
    left = np.array([np.count_nonzero(example.ids == value) for value in OBJECT_IDS]) / np.maximum(whole, 1)
    example.lost = np.clip((0.85 - left) / 0.35, 0, 1).astype(np.float32) * (whole > 0)
    return example


def load_judge_stage(
    scenes: SceneCache, count: int, validation: SceneCache, shape: JudgeShape, round_trips: int, device: torch.device
) -> JudgeStage:
    """A stage over the first scenes of the studio world; it reads round trips where a trained model is exported."""
    learned = [sample_scene(scenes.first + i) for i in range(count)]
    shown = [sample_scene(validation.first + i) for i in range(VALIDATION_SCENES)]
    folder = models_folder() / "studio" / "vae"
    vae = AutoencoderKL.from_pretrained(folder).to(device).eval() if folder.is_dir() and round_trips else None
    return JudgeStage(JudgeNetwork(shape), scenes, validation, (learned, shown), device, vae, min(round_trips, count))
