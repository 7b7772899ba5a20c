"""The judge reads a picture of the studio world back: its objects, their looks and places, ground and sky.

It measures what edits did; no edit method may use it (import-linter holds that).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from engine.errors import ModelBroken, ModelMissing
from engine.models.store import models_folder
from engine.studio.judge_network import (
    ATTRIBUTES,
    CELL,
    KINDS,
    OFFSET_UNIT,
    SCENERY,
    Answers,
    JudgeNetwork,
    JudgeShape,
)
from engine.studio.scene import GROUNDS, SKIES

FOLDER = "studio-judge"
CONFIG, WEIGHTS = "config.json", "model.safetensors"
LEAST_PIXELS = 40
SURE = 0.5  # an attribute named with less probability than this was not recognised: do not count it as right
_BATCH = 16
_SEEN = 0.75  # least mean probability of being an object, over the pixels of one
_REACH = 12.0  # px between votes for the same centre; centres of small objects come as near as 20 px
_MOST_PARTS = 16


@dataclass(frozen=True, eq=False)
class SeenObject:
    """One object as it was read; names are those of `engine.studio.scene`."""

    shape: str
    colour: str
    material: str
    size: str
    mask: NDArray[np.bool_]  # (H, W) visible pixels
    box: tuple[int, int, int, int]  # x, y, width, height of the mask, px
    centre: tuple[float, float]  # (x, y), mean of the mask's pixels, px; pixel (column, row) spans column..column + 1
    confidence: dict[str, float]  # probability of each attribute named; below SURE it was not recognised


@dataclass(frozen=True, eq=False)
class Reading:
    """What the judge sees in one picture."""

    objects: tuple[SeenObject, ...]  # largest first, only those of at least LEAST_PIXELS pixels
    ground: str
    sky: str
    mountains: bool
    trees: bool
    ids: NDArray[np.uint8]  # (H, W): 0 sky, 1 ground, 2 + i objects[i], 255 scenery


class Judge:
    """A trained network and how its answers become readings."""

    def __init__(self, network: JudgeNetwork, device: torch.device) -> None:
        self.network, self.device = network, device

    def read(self, pictures: NDArray[np.uint8]) -> list[Reading]:
        """Readings of pictures (N, H, W, 3), sides multiples of 32; it was trained at 256²."""
        return [reading_of(answers) for answers in self._answers(pictures)]

    def features(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What whole pictures (N, H, W, 3) show, (N, 64), for distances between sets of them (KID).

        They tell contents; of softness, which the judge was taught to read through, they tell next to nothing.
        """
        return np.stack([answers.features.numpy() for answers in self._answers(pictures)])

    def _answers(self, pictures: NDArray[np.uint8]) -> Iterator[Answers]:
        """Answers of one picture after another, without the dimension N."""
        if pictures.ndim != 4 or pictures.shape[3] != 3 or pictures.shape[1] % 32 or pictures.shape[2] % 32:
            raise ValueError(
                f"The judge reads pictures (N, H, W, 3) with sides of multiples of 32, not {pictures.shape}."
            )
        for first in range(0, len(pictures), _BATCH):
            values = torch.from_numpy(np.ascontiguousarray(pictures[first : first + _BATCH])).to(self.device)
            images = values.permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)
            with torch.inference_mode():
                batch = Answers(*(answer.cpu() for answer in self.network(images)))
            for row in range(len(values)):
                yield Answers(*(answer[row] for answer in batch))


def reading_of(answers: Answers) -> Reading:
    """What the network's answers about one picture (without the dimension N) amount to."""
    sure = answers.kinds.softmax(0)[KINDS.index("object")].numpy()
    parts = _parts(answers.kinds.argmax(0).numpy() == KINDS.index("object"), answers.offsets.numpy())
    masks = [
        m for m in _joined(parts, answers.looks) if np.count_nonzero(m) >= LEAST_PIXELS and sure[m].mean() >= _SEEN
    ]
    masks.sort(key=np.count_nonzero, reverse=True)
    # What is no object after all (stray pixels, a dark shadow) is what it would be otherwise.
    others = answers.kinds.clone()
    others[KINDS.index("object")] = -torch.inf
    kinds = others.argmax(0).numpy()
    ids = np.select([kinds == KINDS.index("ground"), kinds == KINDS.index("scenery")], [1, 255], 0).astype(np.uint8)
    for index, mask in enumerate(masks):
        ids[mask] = 2 + index
    seen = {name: bool(answers.scenery[i] > 0) for i, name in enumerate(SCENERY)}
    return Reading(
        objects=tuple(_seen(mask, answers.looks) for mask in masks),
        ground=GROUNDS[int(answers.ground.argmax())],
        sky=SKIES[int(answers.sky.argmax())],
        mountains=seen["mountains"],
        trees=seen["trees"],
        ids=ids,
    )


def _parts(objects: NDArray[np.bool_], offsets: NDArray[np.float32]) -> list[NDArray[np.bool_]]:
    """Masks of pixels whose votes for their object's centre fall together: objects, or parts of large ones.

    Args:
        objects: (H, W) pixels of any object.
        offsets: (2, H/4, W/4), see Answers.
    """
    rows, columns = np.nonzero(objects)
    cells = rows // CELL, columns // CELL
    middles = np.stack([cells[1], cells[0]], axis=1) * float(CELL) + CELL / 2
    votes = middles + offsets[:, cells[0], cells[1]].T * OFFSET_UNIT  # (n, 2), (x, y) px
    centres = _peaks(votes, objects.shape)
    if not len(centres):
        return []
    nearest = np.linalg.norm(votes[:, None] - centres[None], axis=2).argmin(1)
    masks = np.zeros((len(centres), *objects.shape), bool)
    masks[nearest, rows, columns] = True
    return [mask for mask in masks if mask.any()]


def _joined(parts: list[NDArray[np.bool_]], looks: Tensor) -> list[NDArray[np.bool_]]:
    """Parts that touch and look alike made one: no two objects of a scene have the same shape and colour."""
    joined = list(parts)
    for one, other in combinations(range(len(joined)), 2):
        first, second = joined[one], joined[other]
        if first.any() and _touch(first, second) and _alike(_looks_of(first, looks), _looks_of(second, looks)):
            joined[one], joined[other] = np.zeros_like(first), first | second
    return [mask for mask in joined if mask.any()]


def _touch(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> bool:
    """Whether two masks come within a cell of each other."""
    height, width = (side // CELL for side in one.shape)
    coarse, around = (mask.reshape(height, CELL, width, CELL).any((1, 3)) for mask in (one, other))
    padded = np.pad(around, 1)
    near = np.any([padded[i : i + height, j : j + width] for i in range(3) for j in range(3)], axis=0)
    return bool((coarse & near).any())


def _alike(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    """Whether two parts have one colour, and shapes whose probabilities overlap by half."""
    shared = torch.minimum(one["shape"], other["shape"]).sum()
    return bool(shared >= 0.5) and int(one["colour"].argmax()) == int(other["colour"].argmax())


def _peaks(votes: NDArray[np.float64], size: tuple[int, ...]) -> NDArray[np.float64]:
    """Where votes (n, 2) gather, strongest first, (k, 2)."""
    height, width = size[0] // CELL, size[1] // CELL
    peaks: list[NDArray[np.float64]] = []
    while len(votes) >= LEAST_PIXELS and len(peaks) < _MOST_PARTS:
        cells = np.clip(votes / CELL, 0, (width - 1, height - 1)).astype(int)  # (n, 2), (column, row)
        heap = np.bincount(cells[:, 1] * width + cells[:, 0], minlength=height * width).reshape(height, width)
        padded = np.pad(heap, 1)
        smooth = sum(padded[i : i + height, j : j + width] for i in range(3) for j in range(3))
        row, column = divmod(int(np.argmax(smooth)), width)
        inside = np.abs(cells - (column, row)).max(1) <= 1
        peaks.append(votes[inside].mean(0))
        votes = votes[~inside & (np.linalg.norm(votes - peaks[-1], axis=1) >= _REACH)]
    return np.array(peaks).reshape(-1, 2)


def _looks_of(mask: NDArray[np.bool_], looks: Tensor) -> dict[str, Tensor]:
    """Probabilities of each attribute's names: what the pixels of a mask say together.

    The mean of log-probabilities, made to sum to one again, is the softmax of the mean logits.
    """
    height, width = looks.shape[1:]
    weight = torch.from_numpy(mask.reshape(height, CELL, width, CELL).sum((1, 3))).float()
    logits = (looks * weight).sum((1, 2)) / weight.sum()
    parts = torch.split(logits, [len(values) for values in ATTRIBUTES.values()])
    return {attribute: part.softmax(0) for attribute, part in zip(ATTRIBUTES, parts, strict=True)}


def _seen(mask: NDArray[np.bool_], looks: Tensor) -> SeenObject:
    probable = _looks_of(mask, looks)
    names = {attribute: ATTRIBUTES[attribute][int(each.argmax())] for attribute, each in probable.items()}
    confidence = {attribute: float(each.max()) for attribute, each in probable.items()}
    rows, columns = np.nonzero(mask)
    x, y = int(columns.min()), int(rows.min())
    return SeenObject(
        **names,
        mask=mask,
        box=(x, y, int(columns.max()) - x + 1, int(rows.max()) - y + 1),
        centre=(float(columns.mean()) + 0.5, float(rows.mean()) + 0.5),
        confidence=confidence,
    )


def on_device(network: JudgeNetwork, device: torch.device) -> JudgeNetwork:
    """The network moved there, with the memory layout its convolutions are fastest in."""
    network.to(device)
    network.to(memory_format=torch.channels_last)
    return network


def load_judge(folder: Path | None = None) -> Judge:
    """The bundled judge, or the one in a folder.

    Raises:
        ModelMissing: there is none.
        ModelBroken: its files cannot be read or do not belong together.
    """
    folder = folder or models_folder() / FOLDER
    for name in (CONFIG, WEIGHTS):
        if not (folder / name).is_file():
            raise ModelMissing(f"The judge is not complete: {folder / name} is missing. Reinstall Pentimento.")
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        sizes = config["shape"]
        shape = JudgeShape(tuple(sizes["channels"]), tuple(sizes["blocks"]), sizes["features"], sizes["flaws"])
        network = JudgeNetwork(shape)
        network.load_state_dict({key: value.float() for key, value in load_file(folder / WEIGHTS).items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        raise ModelBroken(f"The judge in {folder} cannot be read. Reinstall Pentimento.") from error
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return Judge(on_device(network, device).eval(), device)
