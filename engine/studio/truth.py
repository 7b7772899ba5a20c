"""What is true of scenes and their edits: changed pixels, surface points, exemplars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from engine.studio.render import Rendered, picture_rays, render
from engine.studio.scene import FOCAL, GROUNDS, SKIES, Camera, Scene, Sun, sun_heights
from engine.studio.solids import SOLIDS
from engine.studio.stage import build, nearest

_CHANGE = 6  # of 255: smaller differences are not seen
_SAME_SPOT = 0.03  # local units between a surface point and what a ray to it hits
_CPU = torch.device("cpu")


def changed_pixels(before: Scene, after: Scene, rendered: Rendered) -> np.ndarray:
    """Like change_mask, from the two pictures [before, after] rendered already."""
    difference = np.abs(rendered.images[0].astype(np.int16) - rendered.images[1]).max(-1)
    changed: np.ndarray = difference > _CHANGE
    for scene, other, ids in ((before, after, rendered.ids[0]), (after, before, rendered.ids[1])):
        moved = [2 + i for i, item in enumerate(scene.objects) if item not in other.objects]
        changed |= np.isin(ids, moved)
    return changed


def change_mask(before: Scene, after: Scene, size: int = 256) -> np.ndarray:
    """True mask of an edit (size, size) bool: what looks different, shadows and reflections too, and the whole
    silhouettes, before and after, of objects that changed."""
    return changed_pixels(before, after, render([before, after], size))


def _surface(scene: Scene, index: int, pixels: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """What rays through picture points (n, 2) hit of one object: local points (n, 3) and whether they do (n,)."""
    stage = build([scene], _CPU)
    x, y = torch.from_numpy(np.ascontiguousarray(pixels.T, dtype=np.float32))
    rays = picture_rays(stage, torch.zeros(len(x), dtype=torch.int64), x, y, size)
    way, part = nearest(stage, rays)
    points = stage.parts[index].local(rays.at(way.nan_to_num(posinf=0.0)))
    return points.T.double().numpy(), (part == index).numpy()


def _in_world(scene: Scene, index: int, local: np.ndarray) -> np.ndarray:
    """Local points (n, 3) of an object in world coordinates."""
    item = scene.objects[index]
    cosine, sine = np.cos(item.turn), np.sin(item.turn)
    x, y, z = local.T
    y = y + SOLIDS[item.shape].stand
    turned = np.stack([cosine * x + sine * z, y, cosine * z - sine * x], axis=1)
    points: np.ndarray = turned * item.scale + np.array([item.x, 0.0, item.z])
    return points


def correspondences(
    scene: Scene, edited: Scene, object_index: int, count: int, size: int = 256, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Where visible surface points of an object go when it is moved, turned or resized.

    Args:
        edited: the same scene with the object elsewhere; its shape is the same.
        count: at most so many points, spread at random over what is visible both before and after.
    Returns:
        Points before and after, (n, 2) float64 each, (x, y) in px; pixel (column, row) spans column..column + 1.
    """
    rendered = render([scene], size)
    rows, columns = np.nonzero(rendered.ids[0] == 2 + object_index)
    order = np.random.default_rng((scene.seed, seed)).permutation(len(rows))
    before = np.stack([columns, rows], axis=1)[order] + 0.5
    local, hit = _surface(scene, object_index, before, size)
    after = edited.camera.project(_in_world(edited, object_index, local), size)
    found, seen = _surface(edited, object_index, after, size)
    inside = ((after >= 0) & (after < size)).all(1)
    keep = hit & seen & inside & (np.linalg.norm(found - local, axis=1) < _SAME_SPOT)
    return before[keep][:count], after[keep][:count]


def exemplar_scene(scene: Scene, index: int, seed: int) -> Scene:
    """One object alone, filling 60 % of the picture, under another light, ground, sky and view."""
    rng = np.random.default_rng((scene.seed, index, seed))
    item = scene.objects[index]
    sky = str(rng.choice([name for name in SKIES if name != scene.sky]))
    ground = str(rng.choice([name for name in GROUNDS if name != scene.ground]))
    turn = float(np.clip(item.turn + rng.uniform(-0.4, 0.4), -0.75, 0.75))
    solid = SOLIDS[item.shape]
    camera = Camera(
        height=float(rng.uniform(1.6, 2.7)),
        side=float(rng.uniform(-1.4, 1.4)),
        aim=item.scale * (solid.stand + solid.middle),
        zoom=0.6 * 10.0 / (FOCAL * 2 * item.scale),
    )
    azimuth = float(rng.uniform(0.35, 1.75) * rng.choice((-1.0, 1.0)))
    alone = replace(item, x=0.2 * camera.side, z=0.0, turn=turn)
    light = Sun(azimuth, float(rng.uniform(*sun_heights(sky))))
    return Scene(int(rng.integers(2**31)), (alone,), ground, sky, camera, light)


def render_exemplar(scene: Scene, index: int, size: int = 256, seed: int = 0) -> np.ndarray:
    """Picture (size, size, 3) uint8 of exemplar_scene: what Paint by Example is shown of an object."""
    picture: np.ndarray = render([exemplar_scene(scene, index, seed)], size).images[0]
    return picture
