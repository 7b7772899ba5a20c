"""Readings as the judge gives them, made from the renderer's own truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.studio.scene import Scene, SceneObject
from tests.benchmarks.quality.scoring import centre_of


@dataclass(frozen=True, eq=False)
class Seen:
    """One object, with the fields of the judge's `SeenObject`."""

    shape: str
    colour: str
    material: str
    size: str
    mask: NDArray[np.bool_]
    box: tuple[int, int, int, int]
    centre: tuple[float, float]
    confidence: dict[str, float]


@dataclass(frozen=True, eq=False)
class Read:
    """One picture, with the fields of the judge's `Reading`."""

    objects: tuple[Any, ...]
    ground: str
    sky: str
    mountains: bool
    trees: bool
    ids: NDArray[np.uint8]


def seen(item: SceneObject, mask: NDArray[np.bool_], sure: float = 1.0) -> Seen:
    rows, columns = np.nonzero(mask)
    left, top = int(columns.min()), int(rows.min())
    box = (left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top)
    x, y = centre_of(mask)
    confidence = dict.fromkeys(("shape", "colour", "material", "size"), sure)
    return Seen(item.shape, item.colour, item.material, item.size, mask, box, (float(x), float(y)), confidence)


def truthful(scene: Scene, ids: NDArray[np.uint8]) -> Any:
    """What is really in the picture."""
    objects = tuple(seen(item, ids == 2 + index) for index, item in enumerate(scene.objects))
    return Read(objects, scene.ground, scene.sky, scene.mountains, scene.trees, ids)
