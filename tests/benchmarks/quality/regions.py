"""Things taken elsewhere, resized or brought in from another picture, with the truth of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import cycle, pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.grids import centres, resting
from engine.region import bounds
from engine.studio.edits import changed_object
from engine.studio.render import render
from engine.studio.scene import MOST_OBJECTS, Scene, fits, place
from engine.studio.truth import exemplar_scene
from engine.warp import Warp, belongs
from tests.benchmarks.cases import LEAST_PIXELS, Case, case_of, edited
from tests.benchmarks.quality.drags import Mask, selection
from tests.benchmarks.quality.moving import extent
from tests.benchmarks.quality.scoring import centre_of

KINDS = ("move", "resize", "paste")


@dataclass(frozen=True, eq=False)
class Rearrangement:
    """What an artist would do so that the thing becomes what the truth shows.

    Attributes:
        case: the scene before and after; the thing's index is that in the scene after.
        mask: the thing as a click selects it; for a paste the box that the thing should fill.
        shift: (x, y), px, of the middle of the mask's box; scale: times as large about it.
        exemplar: (h, w, 4), what is brought in; None where nothing is.
    """

    case: Case
    mask: Mask
    shift: tuple[float, float] = (0.0, 0.0)
    scale: float = 1.0
    exemplar: NDArray[np.uint8] | None = None

    @property
    def unit(self) -> float:
        """What the error of its place is told in, px: the way of a move, else the thing's true diameter."""
        before, after = self.case.silhouettes
        if self.case.kind == "move":
            return float(np.linalg.norm(centre_of(after) - centre_of(before)))
        return extent(after)

    @property
    def matrix(self) -> NDArray[np.float64]:
        """(2, 3), where a place (x, y, 1) of the thing goes."""
        middle = _middle(self.mask)
        return np.column_stack([self.scale * np.eye(2), middle + self.shift - self.scale * middle])


def rearrangements(scenes: Iterator[Scene], size: int = 256) -> Iterator[Rearrangement]:
    """The kinds in turn; scenes that do not allow theirs are passed over."""
    pairs = pairwise(scenes)
    makers: dict[str, Callable[[Scene, Scene, int], Rearrangement | None]] = {
        "move": lambda scene, _, size: _transformed(scene, "move", size),
        "resize": lambda scene, _, size: _transformed(scene, "resize", size),
        "paste": _pasted,
    }
    turns = cycle(KINDS)
    kind = next(turns)
    for scene, other in pairs:
        made = makers[kind](scene, other, size)
        if made is not None:
            yield made
            kind = next(turns)


def _transformed(scene: Scene, kind: str, size: int) -> Rearrangement | None:
    """The thing moved or resized as the world does it: what comes nearer is larger."""
    case = next(edited([scene], (kind,), size), None)
    if case is None:
        return None
    index = changed_object(case.before, case.after)
    assert index is not None
    alone = [replace(each, objects=(each.objects[index],)) for each in (case.before, case.after)]
    before, after = render(alone, size).ids == 2
    scale = float(np.sqrt(np.count_nonzero(after) / np.count_nonzero(before)))
    mask = selection(case.silhouettes[0])
    middle = _middle(mask)
    goal = _middle(after) + scale * (middle - _middle(before))
    return Rearrangement(case, mask, (float(goal[0] - middle[0]), float(goal[1] - middle[1])), scale)


def _pasted(scene: Scene, other: Scene, size: int) -> Rearrangement | None:
    """The other scene's first thing in a free place of this one."""
    if len(scene.objects) >= MOST_OBJECTS:
        return None
    shown = exemplar_scene(other, 0, scene.seed)
    item = shown.objects[0]
    spot = place(np.random.default_rng((scene.seed, 1)), scene.objects, scene.camera)
    if spot is None or (item.shape, item.colour) in {(o.shape, o.colour) for o in scene.objects}:
        return None
    new = replace(item, size=spot.size, x=spot.x, z=spot.z)
    if not fits(new, scene.objects, scene.camera):
        return None
    after = replace(scene, objects=(*scene.objects, new))
    case = case_of(scene, after, f"paste the {item.colour} {item.shape}", len(scene.objects), "paste", size)
    box = bounds(case.silhouettes[1])
    if box is None or np.count_nonzero(case.silhouettes[1]) < LEAST_PIXELS:
        return None
    mask = np.zeros((size, size), np.uint8)
    mask[box[1] : box[1] + box[3], box[0] : box[0] + box[2]] = 255
    rendered = render([shown], size)
    alpha = np.where(rendered.ids[0] == 2, np.uint8(255), np.uint8(0))
    return Rearrangement(case, mask, exemplar=np.dstack([rendered.images[0], alpha]))


def _middle(mask: NDArray[np.generic]) -> NDArray[np.float64]:
    """(x, y) of the middle of the box around a mask that is not empty."""
    box = bounds(mask)
    assert box is not None
    return np.array([box[0] + box[2] / 2, box[1] + box[3] / 2])


def carried(mask: Mask, matrix: NDArray[np.float64]) -> Mask:
    """A selection where a matrix takes it."""
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5  # OpenCV puts a pixel's centre at whole numbers
    moved = cv2.warpAffine(mask, shifted, mask.shape[::-1], flags=cv2.INTER_LINEAR)
    return np.where(moved > 0, np.uint8(255), np.uint8(0))


def transformed(mask: Mask, matrix: NDArray[np.float64]) -> Warp:
    """The bare warp: what is selected is carried where a matrix takes it, and nothing is put where it was."""
    selected = belongs(mask)
    box = 0, 0, mask.shape[1], mask.shape[0]
    back = cv2.invertAffineTransform(matrix).astype(np.float32)
    columns, rows = centres(box)
    sources = columns[None, :, None] * back[:, 0] + rows[..., None] * back[:, 1] + back[:, 2] - np.float32(0.5)
    near = sources - np.float32(2e-3)  # half-way between two pixels
    moved = cv2.remap(selected.view(np.uint8), near, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT) > 0
    return Warp(box[2:], box, np.where(moved[..., None], sources, resting(box)), moved, selected & ~moved)
