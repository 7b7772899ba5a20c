"""`python main.py scene`: a scene of the studio world as files, with everything that is true of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import degrees
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.headless import make_folder
from editor.files import atomic_write
from engine.errors import BadRequest
from engine.png import png_bytes
from engine.studio.captions import captions, object_phrase
from engine.studio.edits import changed_object, edit, name_of
from engine.studio.scene import PUBLISHED_SEEDS, TRAINING_SEEDS, Scene, sample_scene

SIZE = 256  # px a side, the bundled model's own
PAIRS = 8  # handle and target points that an edit is described by
POINTED = ("move", "turn", "resize")  # kinds after which the surface is the same, only elsewhere
_FIRST_OBJECT = 2  # value of object 0 in the picture of ids


def write_scene(seed: int, kind: str, out: Path) -> list[Path]:
    """Write a scene, and with a kind of edit also what it should become, into a folder that is made where needed.

    Always scene.png, ids.png (0 sky, 1 ground, 2 + i object i, 255 trees and mountains) and scene.json; with a kind
    also edited.png, edited.json, change_mask.png (255 = changes) and points.json: [{"handle": [x, y], "target":
    [x, y]}, …] in px, where the edit moves, turns or resizes an object, else [].

    Args:
        kind: one of `EDIT_KINDS`; "" for none.

    Returns:
        the files, in the order of writing.

    Raises:
        BadRequest: there is no such scene or edit, or the scene does not allow it. FileProblem: it cannot be written.
    """
    if not TRAINING_SEEDS.start <= seed < PUBLISHED_SEEDS.stop:
        raise BadRequest(f"There is no scene {seed}. Seeds run from 0 to {PUBLISHED_SEEDS.stop - 1}.")
    scene = sample_scene(seed)
    edited = edit(scene, kind, seed) if kind else None
    make_folder(out)
    from engine.studio import world  # with torch, which a wrong seed or kind does without

    rendered = world.render([scene] if edited is None else [scene, edited[0]], SIZE)
    files: dict[str, bytes] = {
        "scene.png": png_bytes(rendered.images[0]),
        "ids.png": png_bytes(rendered.ids[0]),
        "scene.json": _json(described(scene, rendered.ids[0])),
    }
    if edited is not None:
        after, instruction = edited
        mask = world.changed_pixels(scene, after, rendered)
        files["edited.png"] = png_bytes(rendered.images[1])
        files["edited.json"] = _json(
            {"edit": kind, "instruction": instruction, **described(after, rendered.ids[1])},
        )
        files["change_mask.png"] = png_bytes(mask.astype(np.uint8) * 255)
        files["points.json"] = _json(_pairs(scene, after) if kind in POINTED else [])
    for name, data in files.items():
        with atomic_write(out / name) as part:
            part.write_bytes(data)
    return [out / name for name in files]


def described(scene: Scene, ids: NDArray[np.uint8]) -> dict[str, Any]:
    """A scene as plain values.

    Args:
        ids: (H, W) what is where in its picture, as `Rendered` gives it.
    """
    wordings = captions(scene)
    return {
        "seed": scene.seed,
        "size": len(ids),
        "caption": wordings[0],
        "wordings": wordings,
        "ground": scene.ground,
        "sky": scene.sky,
        "mountains": scene.mountains,
        "trees": scene.trees,
        "camera": asdict(scene.camera),
        "sun": asdict(scene.sun),
        "objects": [_object(scene, index, ids) for index in range(len(scene.objects))],
    }


def _object(scene: Scene, index: int, ids: NDArray[np.uint8]) -> dict[str, Any]:
    """One object: its looks, where it stands in the world, and the box (x, y, width, height) of its visible pixels."""
    item, own = scene.objects[index], ids == _FIRST_OBJECT + index
    rows, columns = np.nonzero(own)
    left, top = int(columns.min(initial=len(ids))), int(rows.min(initial=len(ids)))
    box = [left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top] if len(rows) else None
    return {
        "id": _FIRST_OBJECT + index,
        "name": name_of(item),
        "phrase": object_phrase(item),
        "shape": item.shape,
        "colour": item.colour,
        "material": item.material,
        "size": item.size,
        "position": [item.x, 0.0, item.z],
        "turn_degrees": degrees(item.turn),
        "box": box,
        "visible_pixels": len(rows),
    }


def _pairs(before: Scene, after: Scene) -> list[dict[str, list[float]]]:
    """Where points of the changed object's surface are, and where they should go, px."""
    from engine.studio.world import correspondences

    index = changed_object(before, after)
    if index is None:
        return []
    handles, targets = correspondences(before, after, index, PAIRS, SIZE)
    return [
        {"handle": [round(x, 2) for x in handle], "target": [round(x, 2) for x in target]}
        for handle, target in zip(handles.tolist(), targets.tolist(), strict=True)
    ]


def _json(values: object) -> bytes:
    return (json.dumps(values, indent=2, ensure_ascii=False) + "\n").encode()
