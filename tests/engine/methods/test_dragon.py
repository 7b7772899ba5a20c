"""Move, resize, paste: what changes, what stays, what is remembered; runs are watched, stopped and replayed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from engine.backbone import Backbone
from engine.errors import BadRequest
from engine.masking import dilate
from engine.methods import finish
from engine.methods.dragon import DragonParameters, dragon
from engine.models.loader import load
from engine.request import Control, EditRequest, EditResult, Parameters, Pixels, Step
from engine.studio.world import captions, edit, render, sample_scene
from engine.workpiece import to_tensor
from tests.engine.methods.support import SIZE, Spy, pasted, photo, same, square, state_of

STEPS = 5
MOVED = {"shift_x": 10.0, "shift_y": -6.0}
POINTS = np.array([[[30.0, 30.0], [40.0, 24.0]]])
EXAMPLE = np.dstack([photo(40, 50)[::-1], np.zeros((50, 40), np.uint8)])
EXAMPLE[10:40, 5:35, 3] = 255
TASKS: dict[str, dict[str, Any]] = {
    "move": MOVED,
    "appearance": {"exemplar": EXAMPLE},
    "paste": {"exemplar": EXAMPLE},
}


def request(image: Pixels | None = None, task: str = "move", **changes: Any) -> EditRequest:
    changes = {**TASKS[task], **changes}
    if task == "appearance" and image is not None and changes["exemplar"] is not None:
        example = changes["exemplar"].copy()
        example[20, 20, :3] = image[22, 22 % image.shape[1]]  # an example that no other test has, either
        changes["exemplar"] = example
    options = {name: changes.pop(name) for name in list(changes) if name in DragonParameters.__dataclass_fields__}
    parameters = DragonParameters(**{"task": task, "steps": STEPS, "strength": 1.0, "grow": 2, "feather": 2, **options})
    values = {"mask": square(), "prompt": "a red ball", "seed": 7, **changes}
    return EditRequest("dragon", photo() if image is None else image, parameters, **values)


def fresh(number: int, task: str = "move", side: int = SIZE) -> Pixels:
    """A picture that no other test and no other task has, so that nothing of it is remembered."""
    image = photo(side, side)
    image[22, 22] = number, list(TASKS).index(task), 0  # within every crop, beside the thing
    return image


def evaluations(backbone: Backbone, asked: EditRequest) -> tuple[int, EditResult]:
    calls = backbone.calls
    result = finish(dragon(backbone, asked))
    return backbone.calls - calls, result


@pytest.mark.parametrize("task", TASKS)
def test_every_step_is_shown(backbone: Backbone, task: str) -> None:
    seen: list[Step] = []
    result = finish(dragon(backbone, request(fresh(1, task), task)), seen.append)
    climbs = 1 if task == "move" else 2
    assert [step.part for step in seen[: climbs * STEPS]] == ["invert"] * climbs * STEPS
    assert {step.part for step in seen[climbs * STEPS :]} == {"paint"}
    assert [step.index for step in seen] == list(range(1, seen[-1].total + 1))
    assert {step.total for step in seen} == {result.steps}
    assert all(step.preview is not None and step.preview.dtype == np.uint8 for step in seen)
    assert all(step.marks is None for step in seen)
    assert result.painted
    assert set(result.seconds) == {"text", "encode", "network", "decode"}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_outside_of_both_places_the_picture_is_identical(sd15: Backbone, task: str, dtype: Any) -> None:
    image = photo(150, 120, dtype)
    mask = np.zeros((120, 150), np.uint8)
    mask[60:84, 50:70] = 255
    changes = {"exemplar": (EXAMPLE.astype(dtype) * (257 if dtype is np.uint16 else 1))} if task != "move" else {}
    result = finish(dragon(sd15, request(image, task, mask=mask, **changes)))
    reached = np.roll(mask, (-6, 10), (0, 1)) if task == "move" else mask
    after, outside = pasted(result), dilate(np.maximum(mask, reached), 4) == 0
    assert np.array_equal(after[outside], image[outside])
    assert (after[mask > 0] != image[mask > 0]).any()
    assert (after[reached > 0] != image[reached > 0]).any()
    assert result.patch.dtype == dtype


def test_the_same_again_is_the_same_and_another_seed_is_not(backbone: Backbone) -> None:
    asked = request(fresh(3))
    (calls, first), (fewer, second) = (evaluations(backbone, asked) for _ in range(2))
    assert same(first, second)
    assert calls - fewer == STEPS, "the picture is remembered"
    assert first.recipe.digest() == second.recipe.digest() == asked.digest()
    assert not same(first, finish(dragon(backbone, replace(asked, seed=8))))


def test_another_way_does_not_invert_again(sd15: Backbone) -> None:
    evaluations(sd15, request(fresh(4)))
    assert evaluations(sd15, request(fresh(4), shift_x=5.0))[0] < evaluations(sd15, request(fresh(5)))[0]


@pytest.mark.parametrize("task", TASKS)
def test_gradients_change_the_result_and_can_be_left_out(sd15: Backbone, task: str) -> None:
    led, result = evaluations(sd15, request(fresh(6, task), task))
    plain, without = evaluations(sd15, request(fresh(6, task), task, energy=0.0))
    climbs = STEPS if task == "move" else 2 * STEPS
    assert led > climbs + STEPS, "features are looked at as well"
    assert plain <= STEPS
    assert not same(result, without)
    strong = finish(dragon(sd15, request(fresh(6, task), task, energy=10.0)))
    distances = [np.abs(each.patch.astype(int) - without.patch).mean() for each in (result, strong)]
    assert 0 < distances[0] < distances[1]


def test_outside_is_the_inverted_latent_of_the_same_level_and_in_the_end_the_source(
    sd15: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Spy(sd15, monkeypatch)
    side = sd15.native
    asked = request(fresh(7, side=side), mask=square(side, 16, 32), energy=0.0)
    finish(dragon(sd15, asked))
    monkeypatch.undo()
    painted = spy.seen[STEPS:]
    cells = side // sd15.factor
    reached = np.maximum(asked.mask, np.roll(asked.mask, (-6, 10), (0, 1)))  # type: ignore[arg-type]
    held = torch.from_numpy(dilate(reached, 4).reshape(cells, 8, cells, 8).max(axis=(1, 3)) == 0)
    assert held.any()
    source = sd15.encode(to_tensor(asked.image.astype(np.float32) / np.float32(255)))
    assert torch.equal(spy.decoded[-1][..., held], source[..., held])
    from engine.inversion import invert, trajectory

    times, words = sd15.schedule.ddim_times(STEPS, 1.0), sd15.embed("a red ball")
    with torch.no_grad():
        steps = list(invert(lambda z, t: sd15.predict(z, t, words), sd15.schedule, source, times))
    way = trajectory(source, steps)
    for done, (t, z) in enumerate(painted):
        assert t == times[done]
        assert (z - way.at(done))[..., held].abs().max() < 1e-4


def test_marks_travel_with_the_thing(sd15: Backbone) -> None:
    seen: list[Step] = []
    asked = request(fresh(8), shift_x=0.0, shift_y=0.0, points=POINTS)
    result = finish(dragon(sd15, asked), seen.append)
    for step in seen:
        assert step.marks is not None
        assert np.array_equal(step.marks, POINTS[:, 0 if step.part == "invert" else 1])
        assert step.left == pytest.approx(136**0.5 if step.part == "invert" else 0.0)
    assert result.marks is not None
    assert np.array_equal(result.marks, POINTS[:, 1])
    assert same(result, finish(dragon(sd15, request(fresh(8)))))


@pytest.mark.parametrize("task", ["move", "paste"])
def test_several_marks_are_where_the_way_that_they_share_leads_them(sd15: Backbone, task: str) -> None:
    points = np.array([[[28.0, 32.0], [34.0, 32.0]], [[36.0, 32.0], [42.0, 38.0]], [[32.0, 28.0], [38.0, 28.0]]])
    asked, seen = request(fresh(10, task), task, points=points), list[Step]()
    result = finish(dragon(sd15, asked), seen.append)
    assert result.marks is not None
    away = np.hypot(*(points[:, 1] - result.marks).T)
    assert away.min() > 0.3, "no way of a whole thing reaches all three targets"
    assert np.allclose(result.marks.mean(0), points[:, 1].mean(0))
    assert np.array_equal(seen[-1].marks, result.marks)
    assert seen[-1].left == pytest.approx(away.mean())


@pytest.mark.parametrize("task", TASKS)
def test_stopped_anywhere_it_replays_exactly(sd15: Backbone, task: str) -> None:
    climb = STEPS if task == "move" else 2 * STEPS
    for count in (1, climb, climb + 1, climb + 3):
        run = dragon(sd15, request(fresh(50 + count, task), task))
        for _ in range(count):
            index = next(run).index
        with pytest.raises(StopIteration) as stopped:
            run.send(Control.STOP)
        result: EditResult = stopped.value.value
        assert result.recipe.stop_after == result.steps == index == count
        assert result.painted == (count > climb)
        again = finish(dragon(sd15, result.recipe))
        assert same(result, again)
        assert again.steps == result.steps
        assert again.notes == result.notes


@pytest.mark.parametrize("task", TASKS)
def test_cancelled_at_any_step_nothing_is_left_behind(sd15: Backbone, task: str) -> None:
    before = state_of(sd15)
    for count in range(1, (1 if task == "move" else 2) * STEPS + STEPS, 2):
        run = dragon(sd15, request(fresh(70 + count, task), task))
        for _ in range(count):
            next(run)
            assert state_of(sd15) == before
        run.close()
        assert state_of(sd15) == before
    assert all(weight.grad is None for weight in sd15.unet.parameters())


@pytest.mark.parametrize("task", TASKS)
def test_what_is_not_given_up_is_not_run(sd15: Backbone, task: str) -> None:
    """With less strength neither the inversions nor the painting go all the way."""
    climbs = 1 if task == "move" else 2
    result = finish(dragon(sd15, request(fresh(11, task), task, steps=8, strength=0.25)))
    assert result.steps % (climbs + 1) == 0
    assert 2 <= result.steps // (climbs + 1) <= 5, "little more than half, on which what surrounds the thing is free"


def test_steps_taken_several_times_are_counted(sd15: Backbone) -> None:
    once, often = (finish(dragon(sd15, request(fresh(9), steps=12, repeats=repeats))).steps for repeats in (1, 3))
    assert once == 24
    assert often == 26  # of twelve steps only one lies in the travelled part and is even


@pytest.mark.parametrize("size", [(200, 41), (12, 200), (97, 160)])
@pytest.mark.parametrize("task", TASKS)
def test_pictures_of_every_shape(sd15: Backbone, task: str, size: tuple[int, int]) -> None:
    width, height = size
    mask = np.zeros((height, width), np.uint8)
    mask[height // 3 : height // 2, : max(width // 2, 1)] = 255
    changes = {"shift_x": 0.0, "shift_y": 7.0} if task == "move" else {}
    result = finish(dragon(sd15, request(photo(width, height), task, mask=mask, **changes)))
    outside = dilate(np.maximum(mask, np.roll(mask, 7, 0) if task == "move" else mask), 4) == 0
    assert np.array_equal(pasted(result)[outside], result.recipe.image[outside])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mask": None}, "Nothing is selected"),
        ({"mask": np.full((SIZE, SIZE), 255, np.uint8)}, "Everything is masked"),
        ({"mask": np.zeros((SIZE, SIZE), np.uint8)}, "mask is empty"),
        ({"shift_x": 0.0, "shift_y": 0.0}, "stay as it is"),
        ({"shift_x": 900.0}, "would be seen"),
        ({"task": "paste", "exemplar": None}, "Drop a picture"),
        ({"task": "appearance", "exemplar": None}, "Drop a picture"),
        ({"points": POINTS - 15}, "outside of what is selected"),
        ({"parameters": Parameters()}, "another method"),
    ],
)
def test_what_cannot_run_is_one_sentence(sd15: Backbone, changes: dict[str, Any], words: str) -> None:
    asked = request(fresh(10), **{name: value for name, value in changes.items() if name != "parameters"})
    if "parameters" in changes:
        asked = replace(asked, parameters=changes["parameters"])
    calls = sd15.calls
    with pytest.raises(BadRequest, match=words):
        finish(dragon(sd15, asked))
    assert sd15.calls == calls


def test_the_bundled_model_moves_a_thing_and_lays_ground_where_it_was() -> None:
    scene = sample_scene(1_610_001)
    wanted, _ = edit(scene, "move", 1_610_001)
    pictures = render([scene, wanted], 256)
    index = next(i for i, item in enumerate(scene.objects) if item != wanted.objects[i])
    before, after = (ids == 2 + index for ids in pictures.ids)
    (x, y, width, height), (there_x, there_y, wide, high) = (_box(each) for each in (before, after))
    options = DragonParameters(
        shift_x=float(there_x + wide / 2 - x - width / 2),
        shift_y=float(there_y + high / 2 - y - height / 2),
        scale=float(high / height),
    )
    mask = dilate(before.astype(np.uint8), 3)
    asked = EditRequest("dragon", pictures.images[0], options, prompt=captions(scene)[0], seed=1, mask=mask)
    picture = pasted(finish(dragon(load("studio"), asked))).astype(float)
    source, truth = pictures.images.astype(float)
    for part in (before & ~after, after & ~before):
        errors = [np.abs(each - truth)[part].mean() for each in (picture, source)]
        assert errors[0] < 0.35 * errors[1], "much nearer to the true edit than the source is"


def test_the_bundled_model_puts_an_example_into_the_selection() -> None:
    scene = sample_scene(1_610_001)
    wanted, _ = edit(scene, "move", 1_610_001)
    pictures = render([scene, wanted], 256)
    index = next(i for i, item in enumerate(scene.objects) if item != wanted.objects[i])
    before, after = (ids == 2 + index for ids in pictures.ids)
    x, y, width, height = _box(after & ~before)
    box = np.zeros((256, 256), np.uint8)
    box[y : y + height, x : x + width] = 255
    example = np.dstack([pictures.images[0], before.astype(np.uint8) * 255])
    options = DragonParameters(task="paste", steps=12)
    asked = EditRequest("dragon", pictures.images[0], options, seed=1, mask=box, exemplar=example)
    picture = pasted(finish(dragon(load("studio"), asked))).astype(float)
    middle = np.zeros_like(box)
    middle[y + height // 3 : y + 2 * height // 3, x + width // 3 : x + 2 * width // 3] = 1
    colours = [
        each.astype(float)[place].mean(0) for each, place in ((pictures.images[0], before), (picture, middle > 0))
    ]
    ground = pictures.images[0].astype(float)[middle > 0].mean(0)
    assert np.abs(colours[1] - colours[0]).max() < 0.5 * np.abs(ground - colours[0]).max(), "the thing is there"
    outside = dilate(box, options.grow + options.feather) == 0
    assert np.array_equal(picture[outside], pictures.images[0][outside])


def _box(mask: np.ndarray[Any, Any]) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(mask)
    return columns.min(), rows.min(), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1
