"""Drags of one thing with a known outcome: pairs of a handle and its true target, and a selection as by a click."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.masking import dilate, distance_to
from engine.points import Points
from engine.studio.scene import Scene
from engine.studio.truth import correspondences
from tests.benchmarks.cases import Case, edited
from tests.benchmarks.quality.scoring import centre_of

GROWN = 3  # px that a selection is larger than the thing's visible silhouette
MOST_PAIRS = 3  # the cases take turns with 1, 2 and 3 pairs
_INSIDE = 3.0  # px that handle and target lie inside the silhouette, so that a feature there is of the thing
_WAY = 5  # places between two shifts, and along the way, at which a thing is looked at

Mask = NDArray[np.uint8]  # (H, W), 255 or 0


@dataclass(frozen=True, eq=False)
class Drag:
    """What an artist would do so that the thing goes where the truth shows it.

    Attributes:
        case: the scene before and after, and which thing moves.
        points: the first handle in the thing's visible middle.
        mask: the thing as a click selects it.
    """

    case: Case
    points: Points
    mask: Mask

    @property
    def words(self) -> str:
        """What the picture shows, before and after."""
        return self.case.texts[0]

    @property
    def shift(self) -> float:
        """The way from the old visible middle to the new one, px."""
        start, goal = (centre_of(mask) for mask in self.case.silhouettes)
        return float(np.linalg.norm(goal - start))

    def reach(self, pixels: float, shadow: bool = False) -> NDArray[np.bool_]:
        """(H, W), where the picture may change: within `pixels` of the selection or of where the pairs take it.

        Args:
            shadow: or of anything that looks different in the truth: shadows and mirror images, before and after.
        """
        places = np.maximum(self.mask, taken(self.mask, self.points))
        return dilate(places | (np.uint8(255) * self.case.changed if shadow else np.uint8(0)), pixels) > 0

    def way(self, pixels: float) -> NDArray[np.bool_]:
        """(H, W), the same and all that lies between."""
        steps = (taken(self.mask, self.points, share) for share in np.linspace(0, 1, 4 * _WAY))
        return dilate(np.maximum.reduce([self.mask, *steps]), pixels) > 0


def drags(scenes: Iterable[Scene], size: int = 256) -> Iterator[Drag]:
    """One drag for each scene that has room: a thing shifted by 15 to 40 % of the width, with 1, 2, 3, 1 … pairs."""
    done = 0
    for case in edited(scenes, ("move",), size):
        points = pairs_of(case, 1 + done % MOST_PAIRS)
        if len(points):
            done += 1
            yield Drag(case, points, selection(case.silhouettes[0]))


def selection(silhouette: NDArray[np.bool_]) -> Mask:
    """A little more than the thing, as a click gives it."""
    return dilate(silhouette.astype(np.uint8), GROWN)


def pairs_of(case: Case, number: int) -> Points:
    """Surface points where they are and where the truth has them: the middle one, then each far from those before.

    No pairs where no point of the thing is seen well both before and after.
    """
    assert case.index is not None
    size = case.images.shape[1]
    handles, targets = correspondences(case.before, case.after, case.index, size * size, size)
    depths = [distance_to(~mask) for mask in case.silhouettes]
    deep = np.ones(len(handles), bool)
    for depth, places in zip(depths, (handles, targets), strict=True):
        columns, rows = places.astype(int).T
        deep &= depth[rows, columns] >= _INSIDE
    handles, targets = handles[deep], targets[deep]
    if not len(handles):
        return np.zeros((0, 2, 2))
    chosen = [int(np.linalg.norm(handles - centre_of(case.silhouettes[0]), axis=1).argmin())]
    while len(chosen) < min(number, len(handles)):
        near = np.min([np.linalg.norm(handles - handles[one], axis=1) for one in chosen], axis=0)
        chosen.append(int(near.argmax()))
    return np.stack([handles[chosen], targets[chosen]], axis=1)


def taken(mask: Mask, points: Points, share: float = 1.0) -> Mask:
    """A selection where its pairs take it.

    Each place goes with a mean of the pairs' shifts, whatever its weights: all of them are looked at.

    Args:
        share: of the whole way.
    """
    shifts = share * (points[:, 1] - points[:, 0])
    between = [
        one + (other - one) * part
        for number, one in enumerate(shifts)
        for other in shifts[number:]
        for part in np.linspace(0, 1, _WAY)
    ]
    return np.maximum.reduce([_shifted(mask, shift) for shift in between])


def _shifted(mask: Mask, shift: NDArray[np.float64]) -> Mask:
    matrix = np.array([[1, 0, shift[0]], [0, 1, shift[1]]])
    moved = cv2.warpAffine(mask, matrix, (mask.shape[1], mask.shape[0]), flags=cv2.INTER_LINEAR)
    return np.where(moved > 0, np.uint8(255), np.uint8(0))
