"""The quick drag: where the thing comes to lie, what becomes of its old place, and what must stay as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from engine.backbone import Backbone
from engine.errors import BadRequest
from engine.masking import dilate
from engine.methods import finish
from engine.methods.inpaint import InpaintParameters
from engine.methods.warp_drag import WarpDragParameters, warp_drag
from engine.models.loader import load
from engine.request import Control, EditRequest, EditResult, Pixels, Step
from engine.studio.judge import Judge, load_judge
from engine.studio.world import changed_object, correspondences, edit, render, sample_scene
from engine.warp import warp, warped
from tests.engine.methods.support import SIZE, pasted, photo, same, square, state_of


def pairs(*values: tuple[tuple[float, float], tuple[float, float]]) -> NDArray[np.float64]:
    return np.array(values, float).reshape(-1, 2, 2)


def request(image: Pixels | None = None, **changes: Any) -> EditRequest:
    options = {name: changes.pop(name) for name in list(changes) if name in WarpDragParameters.__dataclass_fields__}
    small = {"steps": 5, "grow": 2, "feather": 2, "context": 0.2}
    values = {"seed": 7, "mask": square(SIZE, 20, 32), "points": pairs(((26, 26), (44.5, 38))), **changes}
    return EditRequest(
        "warp_drag", photo() if image is None else image, WarpDragParameters(**{**small, **options}), **values
    )


@pytest.fixture(scope="module")
def studio() -> Backbone:
    return load("studio", "cpu", torch.float32)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return load_judge()


@pytest.mark.parametrize("seed", [1_000_001, 1_000_003])
def test_the_thing_is_where_it_was_dragged_and_its_old_place_is_ground(
    studio: Backbone, judge: Judge, seed: int
) -> None:
    scene = sample_scene(seed)
    after, _ = edit(scene, "move", seed)
    index = changed_object(scene, after)
    assert index is not None
    rendered = render([scene, after])
    thing, item = rendered.ids[0] == 2 + index, scene.objects[index]
    before, there = correspondences(scene, after, index, 200)
    nearest = np.linalg.norm(before - before.mean(0), axis=1).argmin()
    points = np.stack([before[nearest], there[nearest]])[None]
    mask = np.where(thing, np.uint8(255), np.uint8(0))
    edit_request = EditRequest("warp_drag", rendered.images[0], WarpDragParameters(), points=points, mask=mask)
    picture = pasted(finish(warp_drag(studio, edit_request)))
    way = points[0, 1] - points[0, 0]
    carried = warp(points, mask, (256, 256))
    reading = judge.read(picture[None])[0]
    same_look = [seen for seen in reading.objects if (seen.shape, seen.colour) == (item.shape, item.colour)]
    assert len(same_look) == 1
    rows, columns = np.nonzero(carried.moved)
    wanted = np.array([columns.mean(), rows.mean()]) + 0.5
    assert np.linalg.norm(np.array(same_look[0].centre) - wanted) < 0.1 * np.linalg.norm(way)
    hole = thing & ~carried.moved
    truth = rendered.ids[1]
    assert (reading.ids[hole] < 2).mean() > 0.9, "no thing is left in the hole"
    old, new = (
        np.abs(picture_.astype(float) - rendered.images[1])[hole & (truth == 1)].mean()
        for picture_ in (rendered.images[0], picture)
    )
    assert new < 0.4 * old, "the hole has come nearer to the true ground"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("words", ["a red ball", ""])
def test_outside_of_old_and_new_place_the_picture_is_identical(backbone: Backbone, dtype: Any, words: str) -> None:
    mask = square(200, 80, 104)
    edit = request(photo(200, 200, dtype), mask=mask, points=pairs(((90, 90), (131, 95.5))), shadow=False, prompt=words)
    after = pasted(finish(warp_drag(backbone, edit)))
    moved = warp(edit.points, mask, (200, 200)).moved
    outside = (dilate(mask, 2 + 2 + 3) == 0) & (dilate(moved.astype(np.uint8), 2) == 0)
    assert np.array_equal(after[outside], edit.image[outside])
    hole = (mask > 0) & ~moved
    assert np.abs(after[hole].astype(float) - edit.image[hole]).mean() / np.iinfo(dtype).max > 0.02


def test_the_thing_keeps_its_own_pixels(backbone: Backbone) -> None:
    mask = square(200, 80, 104)
    edit = request(photo(200, 200), mask=mask, points=pairs(((90, 90), (131, 95))))
    after = pasted(finish(warp_drag(backbone, edit)))
    found = warp(edit.points, mask, (200, 200))
    core = dilate((~found.moved).astype(np.uint8), 3) == 0
    assert core.sum() > 200
    assert np.abs(after[core].astype(int) - warped(edit.image, found)[core]).max() <= 1
    assert np.abs(after[core].astype(int) - np.roll(edit.image, (5, 41), (0, 1))[core]).max() <= 1


def test_a_shadow_goes_with_its_thing(backbone: Backbone) -> None:
    image = np.full((200, 200, 3), 180, np.uint8)
    image[80:110, 60:84] = (200, 40, 40)
    image[102:110, 84:104] = 110  # to the right, on the ground
    mask = np.zeros((200, 200), np.uint8)
    mask[80:110, 60:84] = 255
    edit = request(image, mask=mask, points=pairs(((70, 95), (70, 155))), context=1.0, edge=0)
    taken, left = (
        pasted(finish(warp_drag(backbone, replace(edit, parameters=replace(edit.parameters, shadow=on)))))
        for on in (True, False)
    )
    assert np.abs(taken[164:168, 88:100].astype(int) - 110).mean() < 30
    assert np.array_equal(left[164:168, 88:100], image[164:168, 88:100])
    assert np.array_equal(left[103:109, 95:102], image[103:109, 95:102]), "beyond grow and feather it stays"


def test_without_words_a_step_is_one_call_for_one_picture(backbone: Backbone) -> None:
    sizes: list[int] = []
    handle = backbone.unet.register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))
    seen: list[Step] = []
    result = finish(warp_drag(backbone, request()), seen.append)
    finish(warp_drag(backbone, request(prompt="a red ball")))
    handle.remove()
    assert sizes == [1] * 4 + [2] * 4
    assert [(step.index, step.total) for step in seen] == [(index, 4) for index in range(1, 5)]
    assert result.steps == 4


def test_each_step_shows_the_thing_at_its_target(backbone: Backbone) -> None:
    edit, seen = request(points=pairs(((26, 26), (44, 38)))), list[Step]()
    result = finish(warp_drag(backbone, edit), seen.append)
    for step in seen:
        assert step.left == 0.0
        assert step.marks is not None
        assert np.array_equal(step.marks, [(44, 38)])
        assert step.preview is not None
        assert step.preview_alpha is not None
        assert step.preview_alpha.shape == step.preview.shape[:2]
        x, y, width, _ = step.area
        scale = step.preview.shape[1] / width
        row, column = int((38 - y) * scale), int((44 - x) * scale)
        assert np.abs(step.preview[row, column].astype(int) - edit.image[26, 26]).max() <= 12
        assert step.preview_alpha[row, column] == 255
    assert result.marks is not None
    assert np.array_equal(result.marks, [(44, 38)])


def test_the_same_recipe_gives_the_same_pixels_also_when_stopped(backbone: Backbone) -> None:
    edit = request()
    assert same(*(finish(warp_drag(backbone, edit)) for _ in range(2)))
    for count in (1, 3):
        run = warp_drag(backbone, edit)
        for _ in range(count):
            next(run)
        with pytest.raises(StopIteration) as stopped:
            run.send(Control.STOP)
        result: EditResult = stopped.value.value
        assert result.recipe.stop_after == count
        assert same(result, finish(warp_drag(backbone, result.recipe)))


def test_cancel_at_every_step_leaves_the_model_as_it_was(backbone: Backbone) -> None:
    before = state_of(backbone)
    for count in range(1, 5):
        run = warp_drag(backbone, request())
        for _ in range(count):
            next(run)
        run.close()
        assert state_of(backbone) == before


def test_without_a_mask_everything_may_move_and_it_is_said(backbone: Backbone) -> None:
    calls = backbone.calls
    edit = request(mask=None, points=pairs(((26, 26), (32, 30))))
    result = finish(warp_drag(backbone, edit))
    assert any("Everything may move" in note for note in result.notes)
    assert backbone.calls == calls
    after = pasted(result)
    assert np.array_equal(after[30, 32], edit.image[26, 26])
    assert np.array_equal(after[:, 0], edit.image[:, 0])
    assert np.array_equal(after, warped(edit.image, warp(edit.points, None, (SIZE, SIZE))))


def test_a_network_that_fills_is_shown_the_gap(filling: Backbone) -> None:
    seen: list[torch.Tensor] = []
    handle = filling.unet.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].clone()))
    finish(warp_drag(filling, request()))
    handle.remove()
    assert seen[0].shape[1] == 9
    assert 0 < seen[0][0, 4].mean() < 1


@pytest.mark.parametrize(("width", "height"), [(150, 70), (70, 150)])
def test_pictures_need_not_be_square(sd15: Backbone, width: int, height: int) -> None:
    mask = np.zeros((height, width), np.uint8)
    mask[20:40, 20:40] = 255
    edit = request(photo(width, height), mask=mask, points=pairs(((30, 30), (40, 44)), ((25, 25), (22, 36))))
    result = finish(warp_drag(sd15, edit))
    x, y = result.origin
    assert x + result.alpha.shape[1] <= width
    assert y + result.alpha.shape[0] <= height
    assert not np.array_equal(pasted(result), edit.image)


def test_a_thing_dragged_out_of_the_picture_leaves_ground(sd15: Backbone) -> None:
    mask = square(SIZE, 2, 8)
    edit = request(mask=mask, points=pairs(((7.5, 5), (0, 5)), ((2.5, 5), (0, 5))))
    moved = warp(edit.points, mask, (SIZE, SIZE)).moved
    assert moved.sum() < (mask > 0).sum()
    result = finish(warp_drag(sd15, edit))
    assert not np.array_equal(pasted(result), edit.image)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"points": None}, "no drag points"),
        ({"points": np.zeros((0, 2, 2))}, "no drag points"),
        ({"points": pairs(((1, 1), (9, 9)))}, "drag point 1 lies outside of what is selected"),
        ({"points": pairs(((26, 26), (26.1, 26)))}, "at the same place"),
        ({"points": pairs(((26, 26), (99, 26)))}, "outside of the picture"),
        ({"mask": np.full((SIZE, SIZE), 255, np.uint8)}, "Everything is masked"),
        ({"mask": np.zeros((SIZE, SIZE), np.uint8)}, "mask is empty"),
        ({"parameters": InpaintParameters()}, "another method"),
    ],
)
def test_what_cannot_run_is_one_sentence(sd15: Backbone, changes: dict[str, Any], words: str) -> None:
    calls = sd15.calls
    with pytest.raises(BadRequest, match=words):
        finish(warp_drag(sd15, replace(request(), **changes)))
    assert sd15.calls == calls
