"""The judge reads a picture of the studio world back: its objects, their looks and places, ground and sky.

It measures what edits did; no edit method may use it (import-linter holds that).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
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
_REACH = 18.0  # px between two votes for the same centre; objects' centres are at least 30 px apart
_MOST_OBJECTS = 16


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
        """What of the whole pictures (N, H, W, 3) matters to the judge, (N, 64): for distances between sets of them."""
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
    objects = answers.kinds.argmax(0) == KINDS.index("object")
    # What is no object after all (a few stray pixels) is what it would be otherwise.
    others = answers.kinds.clone()
    others[KINDS.index("object")] = -torch.inf
    kinds = others.argmax(0).numpy()
    ids = np.select([kinds == KINDS.index("ground"), kinds == KINDS.index("scenery")], [1, 255], 0).astype(np.uint8)
    masks = sorted(_instances(objects.numpy(), answers.offsets.numpy()), key=np.count_nonzero, reverse=True)
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


def _instances(objects: NDArray[np.bool_], offsets: NDArray[np.float32]) -> list[NDArray[np.bool_]]:
    """Masks of single objects: pixels whose votes for their object's centre fall together.

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
    masks = []
    for index in range(len(centres)):
        mask = np.zeros_like(objects)
        mask[rows[nearest == index], columns[nearest == index]] = True
        if np.count_nonzero(mask) >= LEAST_PIXELS:
            masks.append(mask)
    return masks


def _peaks(votes: NDArray[np.float64], size: tuple[int, ...]) -> NDArray[np.float64]:
    """Where votes (n, 2) gather, strongest first, (k, 2)."""
    height, width = size[0] // CELL, size[1] // CELL
    peaks: list[NDArray[np.float64]] = []
    while len(votes) >= LEAST_PIXELS and len(peaks) < _MOST_OBJECTS:
        x, y = np.clip(votes / CELL, 0, (width - 1, height - 1)).astype(int).T
        heap = np.bincount(y * width + x, minlength=height * width).reshape(height, width)
        padded = np.pad(heap, 2)
        smooth = sum(padded[i : i + height, j : j + width] for i in range(5) for j in range(5))
        row, column = divmod(int(np.argmax(smooth)), width)
        start = np.array([column + 0.5, row + 0.5]) * CELL
        close = np.linalg.norm(votes - start, axis=1) < _REACH
        peaks.append(votes[close].mean(0))
        votes = votes[~close & (np.linalg.norm(votes - peaks[-1], axis=1) >= _REACH)]
    return np.array(peaks).reshape(-1, 2)


def _seen(mask: NDArray[np.bool_], looks: Tensor) -> SeenObject:
    """An object's attributes: what its pixels say together.

    The mean of log-probabilities, made to sum to one again, is the softmax of the mean logits.
    """
    height, width = looks.shape[1:]
    weight = torch.from_numpy(mask.reshape(height, CELL, width, CELL).sum((1, 3))).float()
    logits = (looks * weight).sum((1, 2)) / weight.sum()
    names, confidence = {}, {}
    parts = torch.split(logits, [len(values) for values in ATTRIBUTES.values()])
    for (attribute, values), part in zip(ATTRIBUTES.items(), parts, strict=True):
        best = int(part.argmax())
        names[attribute] = values[best]
        confidence[attribute] = float(part.softmax(0)[best])
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
