"""Things to be painted into a box from a picture of them, with the truth of each, and what the judge finds there.

What is found there is the thing that the judge reads whose own box shares most with the box that was drawn; the other
things of the scene, which stand where they stood, are never it. So the truth is found nearly everywhere, and a picture
in which nothing was painted has nothing there, even where another thing reaches into the box.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import cycle
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.place import hole_of
from engine.region import Box, bounds
from engine.studio.exemplars import other_view
from engine.studio.render import render
from engine.studio.scene import Scene
from engine.studio.truth import exemplar_scene
from tests.benchmarks.cases import LEAST_PIXELS, Case, case_of
from tests.benchmarks.exemplar_runs import Exemplar, Gesture, Picture, flattened
from tests.benchmarks.quality.moving import LOOKS, Scores, wanted
from tests.benchmarks.quality.scoring import WantedObject, by_place, iou, is_right, matched

if TYPE_CHECKING:
    from engine.studio.judge import Reading, SeenObject

KINDS = ("whole", "removed", "view")  # with its background, without it, and cut from another view of the scene
_LOOSE = 0.03  # of the thing's width or height: the widest margin on each side
_ROOM = (1.1, 1.5)  # sides of the square that is cut from another view, times the thing's longer side
_SAME_BOX = 0.1  # IoU of two boxes that can be of one thing
_STRAY = 0.05  # of a mask's pixels: smaller pieces of it are no part of the thing
_OTHERS_FIRST = 2.0  # a thing that stands where one stood is that one, whatever it shares with the box


@dataclass(frozen=True, eq=False)
class BoxedExample:
    """One thing of a scene that an artist wants back.

    Attributes:
        case: the scene without the thing and its shadow, and with it; there it is the last of the things.
        box: around what is truly seen of it, with a small margin.
        exemplar: the thing elsewhere.
    """

    case: Case
    box: Box
    exemplar: Exemplar

    @property
    def gesture(self) -> Gesture:
        """What an artist gives."""
        return Gesture(self.case.images[0], self.box, self.exemplar, self.case.before.seed)

    @property
    def hole(self) -> NDArray[np.bool_]:
        """(H, W), true in the box."""
        return hole_of(self.case.images.shape[1:], self.box, None) > 0


def boxed_examples(scenes: Iterator[Scene], size: int = 256) -> Iterator[BoxedExample]:
    """One thing of each scene, their examples of the kinds in turn; scenes that do not allow theirs are passed over."""
    turns = cycle(KINDS)
    kind = next(turns)
    for scene in scenes:
        order = np.random.default_rng((scene.seed, 3)).permutation(len(scene.objects)).tolist()
        made = next((each for index in order if (each := _boxed(scene, index, kind, size)) is not None), None)
        if made is not None:
            yield made
            kind = next(turns)


def _boxed(scene: Scene, index: int, kind: str, size: int) -> BoxedExample | None:
    """None where too little is seen of the thing, here or in its example."""
    item = scene.objects[index]
    before = replace(scene, objects=(*scene.objects[:index], *scene.objects[index + 1 :]))
    after = replace(before, objects=(*before.objects, item))
    case = case_of(before, after, f"the {item.colour} {item.shape}", len(before.objects), kind, size)
    seen = int(np.count_nonzero(case.silhouettes[1]))
    if seen < LEAST_PIXELS:
        return None
    exemplar = _viewed(scene, index, size, seen // 2) if kind == "view" else _alone(scene, index, size, kind)
    if exemplar is None:
        return None
    return BoxedExample(case, _around(case.silhouettes[1], np.random.default_rng((scene.seed, 4))), exemplar)


def _alone(scene: Scene, index: int, size: int, kind: str) -> Exemplar:
    """The thing by itself under another light, before its background or with that made transparent."""
    rendered = render([exemplar_scene(scene, index, 0)], size)
    cut = rendered.ids[0] == 2 if kind == "removed" else np.ones((size, size), bool)
    return np.dstack([rendered.images[0], np.where(cut, np.uint8(255), np.uint8(0))])


def _viewed(scene: Scene, index: int, size: int, least: int) -> Exemplar | None:
    """A square around the thing, cut from another view of the scene; None where it has fewer visible pixels there."""
    rendered = render([other_view((scene.seed, index, 0))], size)
    silhouette = rendered.ids[0] == 2 + index
    place = bounds(silhouette)
    if place is None or np.count_nonzero(silhouette) < least:
        return None
    room = np.random.default_rng((scene.seed, 5)).uniform(*_ROOM)
    side = min(round(float(room * max(place[2:]))), size)
    left, top = (
        min(max(start + length // 2 - side // 2, 0), size - side)
        for start, length in zip(place[:2], place[2:], strict=True)
    )
    piece = rendered.images[0][top : top + side, left : left + side]
    return np.dstack([piece, np.full((side, side), 255, np.uint8)])


def _around(silhouette: NDArray[np.bool_], rng: np.random.Generator) -> Box:
    """The box around a silhouette that is not empty, each side moved outwards by a margin of its own."""
    place = bounds(silhouette)
    assert place is not None
    x, y, width, height = place
    left, top, right, bottom = np.rint(rng.uniform(0, _LOOSE, 4) * (width, height, width, height)).astype(int).tolist()
    start = max(x - left, 0), max(y - top, 0)
    end = min(x + width + right, silhouette.shape[1]), min(y + height + bottom, silhouette.shape[0])
    return *start, end[0] - start[0], end[1] - start[1]


def pasted_in(boxed: BoxedExample) -> Picture:
    """The picture with the example in the box as it is, as large as fits: what needs no network."""
    exemplar = boxed.exemplar
    place = bounds(exemplar[..., 3])
    assert place is not None
    piece = exemplar[place[1] : place[1] + place[3], place[0] : place[0] + place[2]]
    x, y, width, height = boxed.box
    scale = min(width / place[2], height / place[3])
    size = max(round(place[2] * scale), 1), max(round(place[3] * scale), 1)
    small = cv2.resize(piece, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = x + (width - size[0]) // 2, y + (height - size[1]) // 2
    picture = boxed.case.images[0].copy()
    under = picture[top : top + size[1], left : left + size[0]]
    under[:] = flattened(np.asarray(small, np.uint8), under)
    return picture


def found_in(boxed: BoxedExample, reading: Reading) -> SeenObject | None:
    """What was painted into the box, None where nothing was."""
    case = boxed.case
    thing = _thing(boxed)

    def alike(one: WantedObject, seen: SeenObject) -> float:
        if one is not thing:
            return _OTHERS_FIRST * by_place(one, seen)
        shared = box_iou(box_of(seen.mask), boxed.box)
        return shared if shared >= _SAME_BOX else 0.0

    return matched([thing, *wanted(case.before, case.ids[0])], reading.objects, alike)[0][1]


def _thing(boxed: BoxedExample) -> WantedObject:
    """The thing as it truly is."""
    return wanted(boxed.case.after, boxed.case.ids[1])[-1]


def scored(boxed: BoxedExample, picture: Picture, reading: Reading) -> Scores:
    """All that is said of a picture into which a thing should have been painted.

    found, shape, colour, material and shape_and_colour: of what was found in the box. box_iou: of its own box with the
    one that was drawn; mask_iou: of its pixels with the true silhouette's. colour_error: distance (0..442) of the mean
    colours on the true silhouette. error_hole: mean squared difference to the truth in the box; error_outside: to the
    picture that was given, beyond it.
    """
    thing, seen, hole = _thing(boxed), found_in(boxed, reading), boxed.hole
    source, truth = boxed.case.images.astype(np.float64)
    silhouette = boxed.case.silhouettes[1]
    right = {name: float(seen is not None and is_right(thing, seen, name)) for name in LOOKS}
    return {
        "found": float(seen is not None),
        "shape_and_colour": min(right["shape"], right["colour"]),
        **right,
        "box_iou": 0.0 if seen is None else box_iou(box_of(seen.mask), boxed.box),
        "mask_iou": 0.0 if seen is None else iou(seen.mask, silhouette),
        "colour_error": float(np.linalg.norm(picture[silhouette].mean(0) - truth[silhouette].mean(0))),
        "error_hole": float(np.square(picture[hole] - truth[hole]).mean()),
        "error_outside": float(np.square(picture[~hole] - source[~hole]).mean()),
    }


def box_of(mask: NDArray[np.bool_]) -> Box:
    """Around a mask that is not empty, without the stray pixels that the judge now and then sees far away."""
    count, parts, about, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    sizes = about[1:, cv2.CC_STAT_AREA]
    large = [part for part in range(1, count) if sizes[part - 1] >= _STRAY * sizes.sum()]
    place = bounds(np.isin(parts, large))
    assert place is not None
    return place


def box_iou(one: Box, other: Box) -> float:
    """Intersection over union of two boxes that are not empty."""
    spans = [
        min(one[axis] + one[axis + 2], other[axis] + other[axis + 2]) - max(one[axis], other[axis]) for axis in (0, 1)
    ]
    shared = max(spans[0], 0) * max(spans[1], 0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)
