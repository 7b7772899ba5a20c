"""Pictures of one object of a scene, as an artist might bring them: rendered elsewhere, or cut from another view."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine.studio.render import render
from engine.studio.scene import Camera, Scene, sample_scene
from engine.studio.truth import exemplar_scene

Wanted = tuple[int, int, int]
"""Which exemplar: the scene's seed, the object's index, and a number that draws the rest."""
_OTHER_VIEWS = 0.25  # share that is cut from another view of the same scene; the rest stands elsewhere, alone
_PLAIN = 0.3  # share before one flat grey, as a background that was removed
_VIEW_SIZE = 256  # px of the picture a view is cut from
_SMALLEST = 100  # visible px of an object in it that is worth cutting out


def exemplar_pictures(wanted: Sequence[Wanted], side: int) -> NDArray[np.uint8]:
    """Pictures (N, side, side, 3) of single objects; equal wishes give equal pictures."""
    pictures = np.empty((len(wanted), side, side, 3), np.uint8)
    viewed = [row for row, wish in enumerate(wanted) if _random(wish).random() < _OTHER_VIEWS]
    cut = dict(zip(viewed, _cut_out([wanted[row] for row in viewed], side), strict=True))
    alone = [row for row in range(len(wanted)) if cut.get(row) is None]
    scenes = [exemplar_scene(sample_scene(seed), index, draw) for seed, index, draw in (wanted[row] for row in alone)]
    if scenes:
        rendered = render(scenes, side)
        for row, picture, ids in zip(alone, rendered.images, rendered.ids, strict=True):
            pictures[row] = _before(picture, ids == 2, _random(wanted[row], 1))
    for row, piece in cut.items():
        if piece is not None:
            pictures[row] = piece
    return pictures


def pictures_without(wanted: Sequence[tuple[int, int]], size: int) -> NDArray[np.uint8]:
    """Pictures (N, size, size, 3) of scenes (seed, index) without that object and its shadow."""
    scenes = [sample_scene(seed) for seed, _ in wanted]
    left = [(*s.objects[:index], *s.objects[index + 1 :]) for s, (_, index) in zip(scenes, wanted, strict=True)]
    bare = [replace(scene, objects=objects) for scene, objects in zip(scenes, left, strict=True)]
    pictures: NDArray[np.uint8] = render(bare, size).images if bare else np.empty((0, size, size, 3), np.uint8)
    return pictures


def _random(wish: Wanted, purpose: int = 0) -> np.random.Generator:
    return np.random.default_rng((*wish, purpose))


def other_view(wish: Wanted) -> Scene:
    """The scene of a wish from elsewhere."""
    rng = _random(wish, 2)
    camera = Camera(height=float(rng.uniform(1.6, 2.7)), side=float(rng.uniform(-1.4, 1.4)))
    return replace(sample_scene(wish[0]), camera=camera)


def _cut_out(wanted: Sequence[Wanted], side: int) -> list[NDArray[np.uint8] | None]:
    """The objects' squares (side, side, 3) of other views, None where one is hidden there."""
    if not wanted:
        return []
    rendered = render([other_view(wish) for wish in wanted], _VIEW_SIZE)
    pieces: list[NDArray[np.uint8] | None] = []
    for wish, picture, ids in zip(wanted, rendered.images, rendered.ids, strict=True):
        mask, rng = ids == 2 + wish[1], _random(wish, 1)
        if np.count_nonzero(mask) < _SMALLEST:
            pieces.append(None)
            continue
        rows, columns = np.nonzero(mask)
        extent = 1 + max(int(np.ptp(rows)), int(np.ptp(columns)))
        reach = min(0.5 * float(rng.uniform(1.25, 1.7)) * extent, _VIEW_SIZE / 2)
        # At the picture's border the square is moved inwards.
        x, y = (
            float(np.clip((int(places.min()) + int(places.max()) + 1) / 2, reach, _VIEW_SIZE - reach))
            for places in (columns, rows)
        )
        whole = Image.fromarray(_before(picture, mask, rng))
        box = (x - reach, y - reach, x + reach, y + reach)
        pieces.append(np.asarray(whole.resize((side, side), Image.Resampling.BICUBIC, box)))
    return pieces


def _before(picture: NDArray[np.uint8], mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A picture, now and then with nothing but the object on one flat grey."""
    if rng.random() >= _PLAIN:
        return picture
    grey = np.uint8(rng.integers(96, 256))
    return np.where(mask[..., None], picture, grey)
