"""Counting what readings got right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.studio.accuracy import annotated, best_match, measure
from engine.studio.judge import Reading, SeenObject
from engine.studio.scene import COLOURS, MATERIALS, Scene, SceneObject

SCENE = Scene(
    0,
    (
        SceneObject("ball", "red", "matte", "large", 0, 0, 0),
        SceneObject("cube", "blue", "shiny", "small", 1, 0, 0),
        SceneObject("star", "pink", "metal", "small", 2, 0, 0),
    ),
    "sand",
    "night",
)


def square(x: int, y: int, side: int) -> NDArray[np.bool_]:
    mask = np.zeros((64, 64), bool)
    mask[y : y + side, x : x + side] = True
    return mask


def seen(item: SceneObject, mask: NDArray[np.bool_]) -> SeenObject:
    rows, columns = np.nonzero(mask)
    box = int(columns.min()), int(rows.min()), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
    confidence = dict.fromkeys(("shape", "colour", "material", "size"), 0.9)
    return SeenObject(item.shape, item.colour, item.material, item.size, mask, box, (0.0, 0.0), confidence)


@pytest.fixture
def ids() -> NDArray[np.uint8]:
    ids = np.ones((64, 64), np.uint8)
    for index, mask in enumerate((square(2, 2, 20), square(30, 30, 12), square(50, 50, 9))):
        ids[mask] = 2 + index
    return ids


def test_right_wrong_missing_and_invented_are_counted(ids: NDArray[np.uint8]) -> None:
    ball, cube, _ = SCENE.objects
    objects = (
        seen(ball, square(2, 2, 20)),
        seen(replace(cube, shape="egg"), square(30, 30, 10)),
        seen(ball, square(2, 50, 8)),
    )
    reading = Reading(objects, "sand", "clear", False, True, ids)
    accuracy = measure([reading], [SCENE], ids[None])
    figures = accuracy.figures()
    assert accuracy.asked["shape"] == 2  # the star has 81 pixels: too few to count
    assert (figures["shape"], figures["colour"], figures["ground"], figures["sky"]) == (0.5, 1.0, 1.0, 0.0)
    assert (figures["mountains"], figures["trees"]) == (1.0, 0.0)
    assert figures["iou"] == pytest.approx((1 + 100 / 144) / 2)
    assert figures["invented"] == 1


def test_an_object_not_found_is_wrong_in_everything(ids: NDArray[np.uint8]) -> None:
    figures = measure([Reading((), "sand", "night", False, False, ids)], [SCENE], ids[None]).figures()
    assert {figures[name] for name in ("found", "shape", "colour", "material", "size", "iou")} == {0.0}


def test_materials_are_counted_without_white_things_too(ids: NDArray[np.uint8]) -> None:
    ball, cube, star = SCENE.objects
    scene = replace(SCENE, objects=(replace(ball, colour="red"), replace(cube, colour="white"), star))
    other = next(name for name in MATERIALS if name != cube.material)
    objects = (seen(ball, square(2, 2, 20)), seen(replace(cube, material=other), square(30, 30, 12)))
    figures = measure([Reading(objects, "sand", "clear", False, True, ids)], [scene], ids[None]).figures()
    assert (figures["material"], figures["material_not_white"]) == (0.5, 1.0)


def test_best_match_is_the_largest_overlap() -> None:
    ball = SCENE.objects[0]
    near, exact = seen(ball, square(0, 0, 10)), seen(ball, square(4, 4, 10))
    assert best_match(square(4, 4, 10), [near, exact]) == (1, 1.0)
    assert best_match(square(40, 40, 10), [near, exact]) == (-1, 0.0)


def test_outlines_have_the_colour_that_was_read(ids: NDArray[np.uint8]) -> None:
    picture = np.full((64, 64, 3), 128, np.uint8)
    cube = SCENE.objects[1]
    drawn = annotated(picture, Reading((seen(cube, square(30, 20, 12)),), "sand", "night", False, False, ids))
    assert tuple(drawn[25, 29]) == COLOURS["blue"]
    assert (picture == 128).all()
