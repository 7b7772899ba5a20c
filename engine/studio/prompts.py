"""What an artist might click: simulated clicks and boxes on the things of a scene whose masks are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.studio.stage import SCENERY

Mask = NDArray[np.bool_]  # (H, W)
FIRST_OBJECT = 2  # id of a scene's first object; below are sky and ground
NOTHING = 254  # id of what lies beyond a cropped picture
_SMALLEST = 40  # visible pixels from which something is worth a click
_RARER = 0.35  # how often sky, ground and scenery are asked for, beside 1 for each object
_SHORTEST = 0.5  # side of a strip beside the other
_JITTER = 0.1  # of a box's side, the largest spread of its edges
_JITTER_LIMIT = 20  # pixels


@dataclass(frozen=True)
class Thing:
    """Something in a picture that has an outline."""

    mask: Mask
    is_object: bool


def things(ids: NDArray[np.uint8], smallest: int = _SMALLEST) -> list[Thing]:
    """Everything in a picture of at least `smallest` pixels: objects, ground, sky, and the scenery as one."""
    pixels = np.bincount(ids.ravel(), minlength=256)
    pixels[NOTHING] = 0
    large = np.flatnonzero(pixels >= smallest)
    return [Thing(ids == ident, FIRST_OBJECT <= int(ident) < SCENERY) for ident in large]


def strip(
    picture: NDArray[np.uint8], ids: NDArray[np.uint8], random: np.random.Generator, empty: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A wide or a tall part of a square picture, as a segmenter sees it: in the corner, with nothing beyond it.

    Args:
        picture, ids: (S, S, 3) and (S, S).
        empty: (3,) colour of nothing.
    """
    side = len(ids)
    short = int(side * random.uniform(_SHORTEST, 1.0))
    start = int(random.integers(side - short + 1))
    cut, rest = slice(start, start + short), slice(short, None)
    picture, ids = picture.copy(), ids.copy()
    if random.integers(2):
        picture[:short], picture[rest] = picture[cut].copy(), empty
        ids[:short], ids[rest] = ids[cut].copy(), NOTHING
    else:
        picture[:, :short], picture[:, rest] = picture[:, cut].copy(), empty
        ids[:, :short], ids[:, rest] = ids[:, cut].copy(), NOTHING
    return picture, ids


def draw_targets(of: list[Thing], count: int, random: np.random.Generator, objects_only: bool = False) -> list[Mask]:
    """`count` masks to ask for, objects more often than the rest; only objects where there are some and it is asked."""
    pool = [thing for thing in of if thing.is_object] if objects_only else of
    pool = pool or of
    weights = np.array([1.0 if thing.is_object else _RARER for thing in pool])
    return [pool[i].mask for i in random.choice(len(pool), count, p=weights / weights.sum())]


def click_in(mask: Mask, random: np.random.Generator) -> tuple[int, int]:
    """A random pixel (x, y) of a mask that has one."""
    places = np.flatnonzero(mask)
    y, x = divmod(int(places[random.integers(len(places))]), mask.shape[1])
    return x, y


def correcting_click(drawn: Mask, truth: Mask, random: np.random.Generator) -> tuple[tuple[int, int], bool]:
    """A random wrong pixel, or one of the truth when nothing is wrong, and whether it belongs in."""
    wrong = drawn != truth
    x, y = click_in(wrong if wrong.any() else truth, random)
    return (x, y), bool(truth[y, x])


def box_of(mask: Mask) -> tuple[int, int, int, int]:
    """The first and last column and row of a mask: (left, top, right, bottom), inclusive pixels."""
    columns, rows = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return int(columns[0]), int(rows[0]), int(columns[-1]), int(rows[-1])


def drawn_box(mask: Mask, random: np.random.Generator) -> tuple[float, float, float, float]:
    """A box as a hand draws it: sometimes tight, sometimes off by up to a tenth of its sides."""
    left, top, right, bottom = box_of(mask)
    spread = random.uniform(0.0, _JITTER) * np.array([right - left + 1, bottom - top + 1] * 2)
    offsets = np.clip(random.normal(0.0, 1.0, 4) * spread, -_JITTER_LIMIT, _JITTER_LIMIT)
    limits = np.array([mask.shape[1] - 1, mask.shape[0] - 1] * 2)
    x0, y0, x1, y1 = np.clip(np.array([left, top, right, bottom]) + offsets, 0, limits)
    return float(min(x0, x1)), float(min(y0, y1)), float(max(x0, x1)), float(max(y0, y1))


def overlap(first: Mask, second: Mask) -> float:
    """Intersection over union of two masks, 1 when both are empty."""
    union = np.count_nonzero(first | second)
    return np.count_nonzero(first & second) / union if union else 1.0
