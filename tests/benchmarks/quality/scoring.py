"""What the judge read in a picture against what was asked of it, and how far two sets of pictures are apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from engine.studio.scene import Scene
from tests.benchmarks.cases import LEAST_PIXELS

if TYPE_CHECKING:
    from engine.studio.judge import Reading, SeenObject

OBJECT_TRAITS = ("shape", "colour", "material", "size")
SCENE_TRAITS = ("ground", "sky", "mountains", "trees")
ALL_RIGHT = ("count", *OBJECT_TRAITS, "ground", "sky")  # what decides about "all", where it is asked for
_SURE = 0.5  # a trait read with less probability was not recognised, and is not right by luck
_SAME_PLACE = 0.1  # IoU of two silhouettes that can be one object
_WEIGHT = {"shape": 4.0, "colour": 4.0, "material": 1.0, "size": 1.0}  # of equal traits, when objects have no places


@dataclass(frozen=True, eq=False)
class WantedObject:
    """An object that a picture should show; a trait that is None was not asked for.

    Attributes:
        mask: (H, W) bool, where it should be; None = anywhere.
    """

    shape: str | None = None
    colour: str | None = None
    material: str | None = None
    size: str | None = None
    mask: NDArray[np.bool_] | None = None


@dataclass(frozen=True, eq=False)
class Wanted:
    """What a picture should show; what is None was not asked for. `counted`: no object more and none less."""

    objects: tuple[WantedObject, ...]
    ground: str | None = None
    sky: str | None = None
    mountains: bool | None = None
    trees: bool | None = None
    counted: bool = True


@dataclass(frozen=True)
class Marks:
    """Right and asked answers of one picture, by trait.

    Attributes:
        all_right: every trait of ALL_RIGHT that was asked for is right.
        ious: of each wanted object's mask with that of the object read in its place, 0 where none was.
    """

    right: dict[str, int]
    asked: dict[str, int]
    ious: tuple[float, ...] = field(default=())

    @property
    def all_right(self) -> bool:
        return all(self.right[name] == self.asked[name] for name in ALL_RIGHT if name in self.asked)


Alike = Callable[[WantedObject, "SeenObject"], float]
"""How much an object read looks like one wanted; above 0 the two may be matched."""


def described(scene: Scene) -> Wanted:
    """All that the canonical caption of a scene says, wherever its objects are."""
    objects = tuple(WantedObject(o.shape, o.colour, o.material, o.size) for o in scene.objects)
    return Wanted(objects, scene.ground, scene.sky, scene.mountains, scene.trees)


def placed(scene: Scene, ids: NDArray[np.uint8], traits: Sequence[str] = OBJECT_TRAITS) -> Wanted:
    """A scene as its picture shows it: the objects of enough visible pixels, where they are.

    Args:
        ids: (H, W) as `Rendered` gives them.
        traits: those of an object that are asked for.
    """
    masks = [ids == 2 + index for index in range(len(scene.objects))]
    objects = tuple(
        WantedObject(**{name: getattr(item, name) for name in traits}, mask=mask)
        for item, mask in zip(scene.objects, masks, strict=True)
        if np.count_nonzero(mask) >= LEAST_PIXELS
    )
    return Wanted(objects, scene.ground, scene.sky, scene.mountains, scene.trees)


def by_looks(thing: WantedObject, seen: SeenObject) -> float:
    """The weight of the traits that agree; a little for any object, so that none is left over without need."""
    return 0.1 + sum(weight for name, weight in _WEIGHT.items() if is_right(thing, seen, name))


def by_place(thing: WantedObject, seen: SeenObject) -> float:
    """IoU of the two silhouettes, 0 where they hardly touch. The wanted object must have a mask."""
    if thing.mask is None:
        raise ValueError("an object without a place cannot be found by its place")
    shared = iou(thing.mask, seen.mask)
    return shared if shared >= _SAME_PLACE else 0.0


def iou(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Intersection over union of two masks (H, W); 1 for two empty ones."""
    union = np.count_nonzero(one | other)
    return np.count_nonzero(one & other) / union if union else 1.0


def centre_of(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(x, y) of a mask's middle, px; pixel (column, row) spans column..column + 1."""
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5])


def is_right(thing: WantedObject, seen: SeenObject, name: str) -> bool:
    """Whether a trait of an object was recognised as what is wanted."""
    return bool(getattr(seen, name) == getattr(thing, name) and seen.confidence.get(name, 1.0) >= _SURE)


def counted(reading: Reading) -> list[SeenObject]:
    """The objects of a reading that are large enough to count."""
    return [seen for seen in reading.objects if np.count_nonzero(seen.mask) >= LEAST_PIXELS]


def matched(
    things: Sequence[WantedObject], seen: Sequence[SeenObject], alike: Alike
) -> list[tuple[WantedObject, SeenObject | None]]:
    """Each wanted object with the one read for it (None where there is none): the pairs that are most alike in sum."""
    likeness = np.array([[alike(thing, one) for one in seen] for thing in things]).reshape(len(things), len(seen))
    rows, columns = linear_sum_assignment(likeness, maximize=True)
    found = {int(row): seen[column] for row, column in zip(rows, columns, strict=True) if likeness[row, column] > 0}
    return [(thing, found.get(row)) for row, thing in enumerate(things)]


def marked(wanted: Wanted, reading: Reading, alike: Alike = by_looks) -> Marks:
    """Compare a reading with what was wanted; an object that was not found has no trait right."""
    right: dict[str, int] = {}
    asked: dict[str, int] = {}

    def note(name: str, is_so: bool) -> None:
        right[name] = right.get(name, 0) + is_so
        asked[name] = asked.get(name, 0) + 1

    seen, ious = counted(reading), []
    for thing, one in matched(wanted.objects, seen, alike):
        for name in OBJECT_TRAITS:
            if getattr(thing, name) is not None:
                note(name, one is not None and is_right(thing, one, name))
        if thing.mask is not None:
            ious.append(0.0 if one is None else iou(thing.mask, one.mask))
    if wanted.counted:
        note("count", len(seen) == len(wanted.objects))
    for name in SCENE_TRAITS:
        if getattr(wanted, name) is not None:
            note(name, getattr(reading, name) == getattr(wanted, name))
    return Marks(right, asked, tuple(ious))


def rates(marks: Sequence[Marks]) -> dict[str, float | int]:
    """Of many pictures: their number, the share with all right, each trait's share, the mean IoU where it is known.

    Traits of objects are shares of objects, the others of pictures.
    """
    figures: dict[str, float | int] = {"pictures": len(marks), "all_right": _share([mark.all_right for mark in marks])}
    for name in ("count", *OBJECT_TRAITS, *SCENE_TRAITS):
        asked = sum(mark.asked.get(name, 0) for mark in marks)
        if asked:
            figures[name] = round(sum(mark.right.get(name, 0) for mark in marks) / asked, 4)
    ious = [value for mark in marks for value in mark.ious]
    return figures | ({"mask_iou": round(float(np.mean(ious)), 4)} if ious else {})


def _share(values: Sequence[bool]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0


@dataclass(frozen=True)
class Distance:
    """KID over several subsets: its mean, and the standard deviation between them."""

    mean: float
    deviation: float

    def as_figure(self) -> dict[str, float]:
        return {"kid": round(self.mean, 5), "deviation": round(self.deviation, 5)}


def kid(one: NDArray[np.floating], other: NDArray[np.floating], subsets: int = 50, size: int = 100) -> Distance:
    """Kernel inception distance of two sets of features (N, D) and (M, D): unbiased, so that it may fall below 0.

    The squared maximum mean discrepancy with the kernel (x · y / D + 1)³, averaged over random subsets of `size`
    (fewer where there are not as many), as Bińkowski et al., ICLR 2018, define it.

    Raises:
        ValueError: a set has fewer than two features.
    """
    size = min(size, len(one), len(other))
    if size < 2:
        raise ValueError("a distance between sets of pictures needs at least two of each")
    rng = np.random.default_rng(0)
    values = []
    for _ in range(subsets):
        x = one[rng.permutation(len(one))[:size]].astype(np.float64)
        y = other[rng.permutation(len(other))[:size]].astype(np.float64)
        values.append(_discrepancy(x, y))
    return Distance(float(np.mean(values)), float(np.std(values)))


def _discrepancy(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Unbiased squared maximum mean discrepancy of two sets (n, D) each: a feature is never compared with itself."""
    n = len(x)
    within = sum((k.sum() - np.trace(k)) / (n * (n - 1)) for k in (_kernel(x, x), _kernel(y, y)))
    return float(within - 2 * _kernel(x, y).mean())


def _kernel(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    kernel: NDArray[np.float64] = (x @ y.T / x.shape[1] + 1) ** 3
    return kernel
