"""Edits of a scene with a known outcome: the scene as it should be afterwards, and the words that ask for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from engine.errors import BadRequest
from engine.studio.captions import COLOUR_WORDS, SHAPE_WORDS, SKY_WORDS, object_phrase
from engine.studio.scene import (
    GROUNDS,
    MOST_OBJECTS,
    SIZES,
    SKIES,
    TREE_GROUNDS,
    Scene,
    SceneObject,
    Sun,
    fits,
    place,
    sample_turn,
    sun_heights,
)

SHORTEST_MOVE, LONGEST_MOVE = 0.15, 0.40  # of the picture width
_TRIES = 200

_Edited = tuple[Scene, str]
_Edit = Callable[[Scene, np.random.Generator], _Edited | None]


def name_of(item: SceneObject) -> str:
    """An object among the others: "the red ball"; colour and shape always tell sampled objects apart."""
    return f"the {item.colour} {item.shape}"


def _others(scene: Scene, index: int) -> list[SceneObject]:
    return [item for i, item in enumerate(scene.objects) if i != index]


def _shuffled(names: Sequence[str], without: str, rng: np.random.Generator) -> list[str]:
    return [str(name) for name in rng.permutation([n for n in names if n != without])]


def _order(scene: Scene, rng: np.random.Generator) -> list[int]:
    return [int(i) for i in rng.permutation(len(scene.objects))]


def _distinct(scene: Scene, index: int, changed: SceneObject) -> bool:
    """Whether the object can still be told from the others and fits where it is."""
    others = _others(scene, index)
    looks = {(item.shape, item.colour) for item in others}
    return (changed.shape, changed.colour) not in looks and fits(changed, others, scene.camera)


def _recolour(scene: Scene, rng: np.random.Generator) -> _Edited | None:
    for index in _order(scene, rng):
        item = scene.objects[index]
        for colour in _shuffled(tuple(COLOUR_WORDS), item.colour, rng):
            changed = replace(item, colour=colour)
            if _distinct(scene, index, changed):
                return scene.with_object(index, changed), f"make {name_of(item)} {colour}"
    return None


def _reshape(scene: Scene, rng: np.random.Generator) -> _Edited | None:
    for index in _order(scene, rng):
        item = scene.objects[index]
        for shape in _shuffled(tuple(SHAPE_WORDS), item.shape, rng):
            changed = replace(item, shape=shape, turn=float(np.clip(item.turn, -0.7, 0.7)))
            if _distinct(scene, index, changed):
                article = "an" if shape == "egg" else "a"
                return scene.with_object(index, changed), f"turn {name_of(item)} into {article} {shape}"
    return None


def _resize(scene: Scene, rng: np.random.Generator) -> _Edited | None:
    for index in _order(scene, rng):
        item = scene.objects[index]
        for size in _shuffled(tuple(SIZES), item.size, rng):
            changed = replace(item, size=size)
            if _distinct(scene, index, changed):
                return scene.with_object(index, changed), f"make {name_of(item)} {size}"
    return None


def _direction(before: np.ndarray, after: np.ndarray) -> str:
    across, down = after - before
    if abs(across) >= abs(down):
        return "to the right" if across > 0 else "to the left"
    return "closer" if down > 0 else "further away"


def _move(scene: Scene, rng: np.random.Generator) -> _Edited | None:
    for index in _order(scene, rng):
        item = scene.objects[index]
        for _ in range(_TRIES):
            changed = replace(item, x=float(rng.uniform(-2.7, 2.7)), z=float(rng.uniform(-1.3, 1.8)))
            spots = scene.camera.project([[item.x, item.scale, item.z], [changed.x, changed.scale, changed.z]], 1)
            if not SHORTEST_MOVE <= float(np.linalg.norm(spots[1] - spots[0])) <= LONGEST_MOVE:
                continue
            if fits(changed, _others(scene, index), scene.camera):
                return scene.with_object(index, changed), f"move {name_of(item)} {_direction(*spots)}"
    return None


def _turn(scene: Scene, rng: np.random.Generator) -> _Edited | None:
    for index in _order(scene, rng):
        item = scene.objects[index]
        if item.shape in ("ball", "cylinder", "cone", "egg"):
            continue
        for _ in range(_TRIES):
            changed = replace(item, turn=sample_turn(item.shape, rng))
            if abs(changed.turn - item.turn) > math.radians(20):
                side = "left" if changed.turn > item.turn else "right"
                return scene.with_object(index, changed), f"turn {name_of(item)} to the {side}"
    return None


def _add(scene: Scene, rng: np.random.Generator) -> _Edited | None:
    if len(scene.objects) >= MOST_OBJECTS:
        return None
    for _ in range(8):
        item = place(rng, scene.objects, scene.camera)
        if item is not None:
            return replace(scene, objects=(*scene.objects, item)), f"add {object_phrase(item)}"
    return None


def _remove(scene: Scene, rng: np.random.Generator) -> _Edited | None:
    if len(scene.objects) < 2:
        return None
    index = _order(scene, rng)[0]
    return replace(scene, objects=tuple(_others(scene, index))), f"remove {name_of(scene.objects[index])}"


def _ground(scene: Scene, rng: np.random.Generator) -> _Edited | None:
    ground = _shuffled(GROUNDS, scene.ground, rng)[0]
    trees = scene.trees and ground in TREE_GROUNDS
    return replace(scene, ground=ground, trees=trees), f"change the ground to {ground}"


def _sky(scene: Scene, rng: np.random.Generator) -> _Edited | None:
    sky = _shuffled(SKIES, scene.sky, rng)[0]
    sun = Sun(scene.sun.azimuth, float(np.clip(scene.sun.elevation, *sun_heights(sky))))
    return replace(scene, sky=sky, sun=sun), f"change the sky to {SKY_WORDS[sky][0]}"


_EDITS: dict[str, _Edit] = {
    "recolour": _recolour,
    "reshape": _reshape,
    "resize": _resize,
    "move": _move,
    "turn": _turn,
    "add": _add,
    "remove": _remove,
    "ground": _ground,
    "sky": _sky,
}
EDIT_KINDS = tuple(_EDITS)


def edit(scene: Scene, kind: str, seed: int) -> tuple[Scene, str]:
    """Change one thing of a scene; the same arguments give an equal outcome.

    Args:
        kind: one of EDIT_KINDS. "move" shifts by 15 to 40 % of the picture width, "turn" by 20 degrees or more.
    Returns:
        The scene as it should become, and an instruction such as "make the red ball blue".
    Raises:
        BadRequest: the scene does not allow it (removing its only object, a fourth object, turning a ball, no room).
    """
    if kind not in _EDITS:
        raise BadRequest(f"There is no edit “{kind}”. Choose one of {', '.join(EDIT_KINDS)}.")
    rng = np.random.default_rng((seed, EDIT_KINDS.index(kind)))
    edited = _EDITS[kind](scene, rng)
    if edited is None:
        raise BadRequest(f"Scene {scene.seed} does not allow the edit “{kind}”. Take another seed.")
    return edited


def changed_object(before: Scene, after: Scene) -> int | None:
    """Index of the object that differs between two scenes of equally many objects, None if none does."""
    pairs = zip(before.objects, after.objects, strict=True)
    return next((i for i, (old, new) in enumerate(pairs) if old != new), None)
