"""Click to mask: a small segment-anything network on the world's object ids (Kirillov et al., 2023, sections 3 and A).

Each picture is embedded once and asked several times: single clicks first, then either a second click where the first
answer was wrong, or boxes. One click leaves open what is meant, so of its three masks only the best learns; the single
mask for clear prompts always learns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from PIL import Image
from segment_anything.modeling import Sam
from torch import Tensor, nn

from engine.models.sam import PIXEL_MEAN, PIXEL_STD
from engine.studio import prompts
from engine.studio.checkpoints import load_state, save_state
from engine.studio.curves import sheet
from engine.studio.data import SceneCache
from engine.studio.prompts import Mask
from engine.studio.training import Recipe, Report, precision

SAM_RECIPE = Recipe(rate=1e-3, warmup=60, batch=4, average=0.997)
_CLICKED = 4  # single clicks on a picture
_AGAIN = 3  # of its second questions
_STRIPS = 0.25  # pictures that are not square
_SMALLEST = 100  # visible pixels of an object that figures count


@dataclass(frozen=True)
class SamLoss:
    """Weights of the loss's parts; overlap (dice) has weight 1."""

    pixels: float = 2.0  # binary cross entropy, mean over pixels: the edge's exact place
    others: float = 0.05  # overlap of all three open masks: else those that lost early would never be of use
    score: float = 0.5  # squared error of the predicted overlap


@dataclass(frozen=True)
class Questions:
    """P prompts, on pictures of a batch.

    Attributes:
        owner: (P,) which picture of the batch each is about.
        points, labels: (P, n, 2) as (x, y) in the network's pixels, and (P, n) of 1 = in, 0 = out.
        boxes: (P, 4) left, top, right, bottom.
        logits: (P, 1, m, m) an earlier answer.
    """

    owner: Tensor
    points: Tensor | None = None
    labels: Tensor | None = None
    boxes: Tensor | None = None
    logits: Tensor | None = None

    def asked(self, sam: Sam, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """All four masks (P, 4, m, m), logits, the single one first, and their scores (P, 4).

        The decoder repeats one embedding for all prompts; added to what each prompt says of the whole picture, each
        gets its own picture's instead.
        """
        clicks = None if self.points is None else (self.points, self.labels)
        sparse, dense = sam.prompt_encoder(clicks, self.boxes, self.logits)
        place = sam.prompt_encoder.get_dense_pe()
        none = torch.zeros_like(embeddings[:1])
        masks, scores = sam.mask_decoder.predict_masks(none, place, sparse, dense + embeddings[self.owner])
        return masks.float(), scores.float()


class SamStage:
    """Trains a network on clicks and boxes of rendered scenes."""

    name = "sam"

    def __init__(self, sam: Sam, scenes: SceneCache, validation: SceneCache, count: int, device: torch.device) -> None:
        self.sam = sam.train().to(device)
        self.pictures, self.ids = scenes.pictures(count), scenes.ids(count)
        self.validation = validation
        self.device, self.parts = device, SamLoss()
        self.scale = float(sam.image_encoder.img_size / self.pictures.shape[1])  # of the network's pixels

    @property
    def networks(self) -> Mapping[str, nn.Module]:
        """The whole network."""
        return {"sam": self.sam}

    def notes(self) -> dict[str, Any]:
        """How many scenes it was last trained on."""
        return {"scenes": len(self.pictures)}

    def loss(self, step: int, batch: int, share: slice) -> Tensor:
        """Loss of a share of a batch of pictures: two rounds of questions on each."""
        rows, random = range(batch)[share], np.random.default_rng([step, share.start or 0])
        which = random.integers(len(self.pictures), size=len(rows))
        scenes = [self._scene(int(index), random) for index in which]
        pictures, of = np.stack([picture for picture, _ in scenes]), [prompts.things(ids) for _, ids in scenes]
        with precision(self.device):
            embeddings = self.sam.image_encoder(self._read(pictures))
            targets = [mask for scene in of for mask in prompts.draw_targets(scene, _CLICKED, random)]
            clicks = [prompts.click_in(mask, random) for mask in targets]
            first = self._one_click(clicks, _owners(len(of), _CLICKED))
            masks, scores = first.asked(self.sam, embeddings)
            loss = self._answer_loss(masks, scores, targets)
            if random.random() < 0.5:
                some = torch.arange(len(targets)).view(len(of), _CLICKED)[:, :_AGAIN].flatten()
                best, targets = best_of_three(masks.detach(), scores)[some], [targets[i] for i in some]
                again = self._second_click(first, some, best, targets, random, with_answer=random.random() < 0.5)
            else:
                targets = [mask for scene in of for mask in prompts.draw_targets(scene, _AGAIN, random, True)]
                again = self._boxed(targets, _owners(len(of), _AGAIN), random)
            return loss + self._answer_loss(*again.asked(self.sam, embeddings), targets)

    def _scene(self, index: int, random: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """A picture and its ids, mirrored or not, now and then only a strip of it."""
        flip = slice(None, None, -1 if random.integers(2) else 1)
        picture, ids = np.array(self.pictures[index][:, flip]), np.array(self.ids[index][:, flip])
        if random.random() < _STRIPS:
            picture, ids = prompts.strip(picture, ids, random, np.round(PIXEL_MEAN).astype(np.uint8))
        return picture, ids

    def _read(self, pictures: NDArray[np.uint8]) -> Tensor:
        """Pictures (N, H, W, 3) as the image encoder reads them: (N, 3, side, side), about unit variance."""
        mean, std = (torch.tensor(values, device=self.device)[:, None, None] for values in (PIXEL_MEAN, PIXEL_STD))
        planes = torch.from_numpy(np.ascontiguousarray(pictures)).to(self.device).permute(0, 3, 1, 2)
        pictured: Tensor = F.adaptive_avg_pool2d((planes - mean) / std, self.sam.image_encoder.img_size)
        return pictured

    def _one_click(self, clicks: Sequence[tuple[int, int]], owner: Tensor) -> Questions:
        """One click (x, y) that belongs in, for each prompt."""
        points = self._places(clicks)[:, None]
        return Questions(owner, points, torch.ones(points.shape[:2], device=self.device))

    def _places(self, pixels: Sequence[tuple[float, ...]]) -> Tensor:
        """Centres of picture pixels in the network's, whose own first pixel has its centre at 0."""
        return (torch.tensor(pixels, dtype=torch.float32, device=self.device) + 0.5) * self.scale - 0.5

    def _second_click(
        self,
        first: Questions,
        some: Tensor,
        best: Tensor,
        targets: Sequence[Mask],
        random: np.random.Generator,
        with_answer: bool,
    ) -> Questions:
        """Some of the questions with a click more on a wrong pixel of the answer, with the answer itself if wanted."""
        drawn = full_size(best, targets[0].shape)
        added = [prompts.correcting_click(one, truth, random) for one, truth in zip(drawn, targets, strict=True)]
        labels = torch.tensor([[float(belongs)] for _, belongs in added], device=self.device)
        points = self._places([place for place, _ in added])[:, None]
        assert first.points is not None
        assert first.labels is not None
        return Questions(
            first.owner[some],
            torch.cat([first.points[some], points], 1),
            torch.cat([first.labels[some], labels], 1),
            logits=best if with_answer else None,
        )

    def _boxed(self, targets: Sequence[Mask], owner: Tensor, random: np.random.Generator) -> Questions:
        """Boxes as a hand draws them, half the time with a click inside."""
        boxes = self._places([prompts.drawn_box(mask, random) for mask in targets])
        if random.random() < 0.5:
            return Questions(owner, boxes=boxes)
        return replace(self._one_click([prompts.click_in(mask, random) for mask in targets], owner), boxes=boxes)

    def _answer_loss(self, masks: Tensor, scores: Tensor, targets: Sequence[Mask]) -> Tensor:
        """The best of the three open masks and the single one against the truth, and all scores.

        The truth is brought to the masks' own size, where a cell on an edge is as much inside as it is covered: its
        logit then says where in the cell the edge runs, at a quarter of the cost of comparing at full size.
        """
        whole = torch.from_numpy(np.stack(targets)).to(self.device)[:, None].float()
        truth = F.adaptive_avg_pool2d(whole, masks.shape[-1])
        with torch.no_grad():
            drawn, there = masks > 0, truth > 0.5
            overlaps = (drawn & there).sum((2, 3)) / (drawn | there).sum((2, 3)).clamp_min(1)
        apart = dice_loss(masks, truth)
        rows, best = torch.arange(len(masks), device=self.device), 1 + apart[:, 1:].argmin(1)
        learning = torch.stack([masks[:, 0], masks[rows, best]], dim=1)
        pixels = F.binary_cross_entropy_with_logits(learning, truth.expand_as(learning))
        shape = 0.5 * (apart[:, 0] + apart[rows, best]).mean() + self.parts.others * apart[:, 1:].mean()
        return shape + self.parts.pixels * pixels + self.parts.score * (scores - overlaps).square().mean()

    def report(self) -> Report:
        """Validation scenes with the masks of one click each; overlaps of one click, two clicks and a box."""
        self.sam.eval()
        found: dict[str, list[float]] = {"one_click": [], "two_clicks": [], "box": []}
        shown = []
        for index, (picture, ids) in enumerate(zip(self.validation.pictures(), self.validation.ids(), strict=True)):
            random = np.random.default_rng([index, 1])
            targets = [thing.mask for thing in prompts.things(ids, _SMALLEST) if thing.is_object]
            if targets:
                masks = self._examined(np.array(picture), targets, random, found)
                shown.append(painted(np.array(picture), masks))
        self.sam.train()
        figures = {f"iou_{name}": float(np.mean(values)) for name, values in found.items()}
        return Report(sheet(np.stack(shown[:24]), 6) if shown else Image.new("RGB", (1, 1)), figures)

    @torch.no_grad()
    def _examined(
        self,
        picture: NDArray[np.uint8],
        targets: Sequence[Mask],
        random: np.random.Generator,
        found: Mapping[str, list[float]],
    ) -> list[Mask]:
        """Ask for every target with one click, two clicks and a box; returns the masks of one click."""
        owner = _owners(1, len(targets))
        with precision(self.device):
            embeddings = self.sam.image_encoder(self._read(picture[None]))
            first = self._one_click([prompts.click_in(mask, random) for mask in targets], owner)
            best = best_of_three(*first.asked(self.sam, embeddings))
            twice = self._second_click(first, torch.arange(len(owner)), best, targets, random, with_answer=False)
            boxes = Questions(owner, boxes=self._places([prompts.box_of(mask) for mask in targets]))
            answers = {
                "one_click": best,
                "two_clicks": twice.asked(self.sam, embeddings)[0][:, :1],
                "box": boxes.asked(self.sam, embeddings)[0][:, :1],
            }
        for name, logits in answers.items():
            drawn = full_size(logits, targets[0].shape)
            found[name].extend(prompts.overlap(one, truth) for one, truth in zip(drawn, targets, strict=True))
        return list(full_size(best, targets[0].shape))


def _owners(pictures: int, each: int) -> Tensor:
    """0, 0, …, 1, 1, …: the pictures of `each` questions a picture."""
    return torch.arange(pictures).repeat_interleave(each)


def best_of_three(masks: Tensor, scores: Tensor) -> Tensor:
    """Of masks (P, 4, m, m), the open one that the network itself scores highest, (P, 1, m, m)."""
    best = 1 + scores[:, 1:].argmax(1)
    return masks[torch.arange(len(masks), device=masks.device), best][:, None]


def full_size(logits: Tensor, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Logits (P, 1, m, m) as masks (P, H, W)."""
    drawn = F.interpolate(logits.float(), size=tuple(shape), mode="bilinear", align_corners=False)[:, 0] > 0
    masks: NDArray[np.bool_] = drawn.cpu().numpy()
    return masks


def dice_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """1 - 2 |A ∩ B| / (|A| + |B|) of each mask (P, M, H, W) with soft edges; truth (P, 1, H, W) 0..1. (P, M)."""
    drawn = logits.sigmoid()
    both = (drawn * truth).sum((2, 3))
    loss: Tensor = 1 - (2 * both + 1) / (drawn.sum((2, 3)) + truth.sum((2, 3)) + 1)
    return loss


def painted(picture: NDArray[np.uint8], masks: Sequence[Mask]) -> NDArray[np.uint8]:
    """A picture with its masks' outlines, each in another colour."""
    colours = ((255, 40, 40), (40, 255, 40), (60, 90, 255), (255, 230, 40), (255, 60, 255), (40, 255, 255))
    result = picture.copy()
    for i, mask in enumerate(masks):
        outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(result, outlines, -1, colours[i % len(colours)], 1)
    return result


def fit_checkpoint(path: Path, sam: Sam) -> bool:
    """Bring a training state on small pictures to a network for larger ones: positions are interpolated.

    A network learns most on small pictures, at a fifth of the cost, and then only has to get used to large ones.

    Returns:
        Whether anything had to be done; if so, the optimizer must start anew.
    """
    state, changed = load_state(path), False
    wanted = {f"sam.{name}": value.shape for name, value in sam.state_dict().items()}
    for weights, prefix in ((state["networks"]["sam"], "sam."), (state["average"], "")):
        for name, value in weights.items():
            shape = wanted[prefix + name]
            if value.shape != shape:
                weights[name], changed = _stretched(value, shape), True
    if changed:
        save_state(path, state)
    return changed


def _stretched(positions: Tensor, shape: torch.Size) -> Tensor:
    """Embeddings of positions for another size: of cells (1, h, w, C), or of distances (2 h - 1, C)."""
    if positions.ndim == 2:
        return F.interpolate(positions.T[None], shape[0], mode="linear", align_corners=True)[0].T.contiguous()
    grid = positions.permute(0, 3, 1, 2)
    return F.interpolate(grid, shape[1:3], mode="bilinear").permute(0, 2, 3, 1).contiguous()
