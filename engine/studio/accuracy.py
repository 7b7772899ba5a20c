"""How right readings are, given the scenes they are of; and readings drawn over their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from engine.studio.judge import Reading, SeenObject
from engine.studio.judge_network import ATTRIBUTES
from engine.studio.scene import COLOURS, Scene

COUNTED = 100  # visible pixels from which on an object counts
FOUND = 0.3  # IoU from which on a seen object stands for a true one


@dataclass
class Accuracy:
    """Right and asked answers by name, the IoU of each object, and objects seen where there are none."""

    right: dict[str, int] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    ious: list[float] = field(default_factory=list)
    invented: int = 0
    pictures: int = 0

    def note(self, name: str, right: bool) -> None:
        """Count one answer."""
        self.right[name] = self.right.get(name, 0) + right
        self.asked[name] = self.asked.get(name, 0) + 1

    def figures(self) -> dict[str, float]:
        """Shares of right answers 0..1 by name, the mean IoU over objects, and invented objects a picture."""
        shares = {name: self.right[name] / asked for name, asked in self.asked.items()}
        return shares | {
            "iou": float(np.mean(self.ious)) if self.ious else 0.0,
            "invented": self.invented / max(1, self.pictures),
        }


def measure(readings: Sequence[Reading], scenes: Sequence[Scene], ids: NDArray[np.uint8]) -> Accuracy:
    """Compare readings with the scenes and ids (N, H, W) behind their pictures; an object not found is all wrong.

    Materials are counted without white things, too: highlights on white hardly show. A shiny white cylinder
    is some five of 255 levels away from a matte one.
    """
    accuracy = Accuracy(pictures=len(readings))
    for reading, scene, truth in zip(readings, scenes, ids, strict=True):
        for name in ("ground", "sky", "mountains", "trees"):
            accuracy.note(name, getattr(reading, name) == getattr(scene, name))
        matched: set[int] = set()
        for index, item in enumerate(scene.objects):
            mask = truth == 2 + index
            seen, iou = best_match(mask, reading.objects)
            if iou >= FOUND:
                matched.add(seen)
            if np.count_nonzero(mask) < COUNTED:
                continue
            accuracy.ious.append(iou)
            accuracy.note("found", iou >= FOUND)
            for name in ATTRIBUTES:
                right = iou >= FOUND and getattr(reading.objects[seen], name) == getattr(item, name)
                accuracy.note(name, right)
                if name == "material" and item.colour != "white":
                    accuracy.note("material_not_white", right)
        accuracy.invented += len(reading.objects) - len(matched)
    return accuracy


def best_match(mask: NDArray[np.bool_], objects: Sequence[SeenObject]) -> tuple[int, float]:
    """Which seen object covers a true mask (H, W) best, and its IoU; (-1, 0) where none does."""
    best, best_iou = -1, 0.0
    for index, seen in enumerate(objects):
        iou = float(np.count_nonzero(mask & seen.mask)) / max(1, int(np.count_nonzero(mask | seen.mask)))
        if iou > best_iou:
            best, best_iou = index, iou
    return best, best_iou


def annotated(picture: NDArray[np.uint8], reading: Reading) -> NDArray[np.uint8]:
    """A picture (H, W, 3) with each seen object's outline in the colour it was given, and what was read."""
    result = np.array(picture)
    for seen in reading.objects:
        outline = np.zeros_like(seen.mask)
        for axis in (0, 1):
            change = np.diff(seen.mask.astype(np.int8), axis=axis) != 0
            place = tuple(slice(0, change.shape[i]) for i in range(2))
            outline[place] |= change
        result[outline] = COLOURS[seen.colour]
    drawn = Image.fromarray(result)
    pen = ImageDraw.Draw(drawn)
    extras = "".join(f" +{name}" for name in ("mountains", "trees") if getattr(reading, name))
    lines = [(2, 2, f"{reading.ground}, {reading.sky}{extras}")]
    for seen in reading.objects:
        shape = f"{seen.size[0]} {seen.material} {seen.colour}"
        lines += [(seen.box[0], seen.box[1] + seen.box[3] + 1, shape)]
        lines += [(seen.box[0], seen.box[1] + seen.box[3] + 11, f"{seen.shape} {seen.confidence['shape']:.2f}")]
    for x, y, text in lines:
        pen.text(
            (min(x, picture.shape[1] - 100), min(y, picture.shape[0] - 12)),
            text,
            "white",
            stroke_width=1,
            stroke_fill="black",
        )
    return np.asarray(drawn)
