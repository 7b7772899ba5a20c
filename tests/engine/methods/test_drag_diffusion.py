"""DragDiffusion: what is reused, what replays exactly, what stays, and that nothing is left on the network."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from engine import identity, memory
from engine.backbone import Backbone
from engine.cache import _CACHES, Cache
from engine.errors import BadRequest, OutOfMemory
from engine.masking import dilate
from engine.methods import finish
from engine.methods.drag_diffusion import DragDiffusionParameters, drag_diffusion
from engine.models.loader import load
from engine.points import Leg, Retarget
from engine.request import Control, EditRequest, EditResult, Parameters, Pixels, Sent, Step
from engine.studio.truth import correspondences
from engine.studio.world import VALIDATION_SEEDS, captions, sample_scene
from tests.benchmarks.cases import edited
from tests.engine.methods.support import SIZE, pasted, photo, same, square, state_of

STEPS, LESSONS, PULLS = 5, 2, 4  # network calls there (and back), training steps, most steps of pulling
LIFT = 2  # every third of the times
POINTS = np.array([[[30.0, 30.0], [46.0, 40.0]]])


def request(image: Pixels | None = None, **changes: Any) -> EditRequest:
    options = {
        name: changes.pop(name) for name in list(changes) if name in DragDiffusionParameters.__dataclass_fields__
    }
    small = {"steps": 7, "strength": 0.8, "identity": LESSONS, "pulls": PULLS, "grow": 2, "feather": 2}
    values = {"prompt": "a red ball", "seed": 7, "mask": square(), "points": POINTS, **changes}
    parameters = DragDiffusionParameters(**{**small, **options})
    return EditRequest("drag_diffusion", photo() if image is None else image, parameters, **values)


def still(**changes: Any) -> EditRequest:
    """Pulled all the way, so that there is always something to do."""
    return request(start="still", **changes)


def answered(
    backbone: Backbone, edit: EditRequest, answers: dict[tuple[str, int], Sent]
) -> tuple[EditResult, list[Step]]:
    """Run with answers to the n-th step (from 1) of a part."""
    seen: list[Step] = []
    run, answer = drag_diffusion(backbone, edit), None
    try:
        while True:
            step = run.send(answer)
            seen.append(step)
            answer = answers.pop((step.part, sum(each.part == step.part for each in seen)), None)
    except StopIteration as ended:
        return ended.value, seen


def forget(backbone: Backbone) -> None:
    _CACHES.pop(backbone, None)


def parts(steps: list[Step]) -> dict[str, int]:
    names = [step.part for step in steps]
    return {name: names.count(name) for name in dict.fromkeys(names)}


def test_it_learns_inverts_pulls_and_paints(backbone: Backbone) -> None:
    forget(backbone)
    result, seen = answered(backbone, still(), {})
    assert parts(seen) == {"identity": LESSONS, "invert": STEPS, "drag": PULLS, "paint": STEPS}
    total = LESSONS + 2 * STEPS + PULLS
    assert [(step.index, step.total) for step in seen] == [(index, total) for index in range(1, total + 1)]
    assert result.steps == total
    for step in seen:
        assert step.marks is not None
        assert step.marks.shape == (1, 2)
        assert step.left is not None
        assert step.preview is not None
    assert result.marks is not None


def test_carried_the_handles_are_at_their_targets_at_once(backbone: Backbone) -> None:
    forget(backbone)
    result, seen = answered(backbone, request(), {})
    assert parts(seen)["carry"] == LIFT
    first = next(step for step in seen if step.part == "carry")
    assert first.marks is not None
    assert np.allclose(first.marks, POINTS[:, 1])
    assert first.left == pytest.approx(0.0)
    assert [step.index for step in seen] == sorted({step.index for step in seen})
    assert seen[-1].index == seen[-1].total == result.steps


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("start", ["carried", "still"])
def test_outside_the_old_and_the_new_place_the_picture_is_identical(backbone: Backbone, dtype: Any, start: str) -> None:
    edit = request(photo(160, 100, dtype), start=start, identity=0, mask=square(160, 24, 40)[:100])
    after = pasted(finish(drag_diffusion(backbone, edit)))
    place = np.zeros((100, 160), np.uint8)
    place[24:51, 24:57] = 255  # both places, and what lies between them
    outside = dilate(place, 8) == 0
    assert np.array_equal(after[outside], edit.image[outside])
    assert np.abs(after[place > 0].astype(float) - edit.image[place > 0]).mean() / np.iinfo(dtype).max > 0.02


def test_other_targets_cost_no_lessons_and_no_inversion(backbone: Backbone) -> None:
    forget(backbone)
    finish(drag_diffusion(backbone, request()))
    elsewhere = request(points=np.array([[[30.0, 30.0], [42.0, 20.0]]]))
    again, seen = answered(backbone, elsewhere, {})
    assert set(parts(seen)) == {"carry", "drag", "paint"}
    forget(backbone)
    assert same(finish(drag_diffusion(backbone, elsewhere)), again)


def test_what_is_remembered_is_not_encoded_again(sd15: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[tuple[int, ...]] = []
    encode = Backbone.encode

    def counted(backbone: Backbone, picture: Tensor) -> Tensor:
        encoded.append(tuple(picture.shape))
        return encode(backbone, picture)

    monkeypatch.setattr(Backbone, "encode", counted)
    forget(sd15)
    finish(drag_diffusion(sd15, still()))
    assert encoded.count((1, 3, SIZE, SIZE)) == 3, "to learn, to show what is learnt from, to invert"
    encoded.clear()
    finish(drag_diffusion(sd15, still(points=np.array([[[30.0, 30.0], [42.0, 20.0]]]))))
    assert encoded == []


def test_stopped_while_pulling_it_is_painted_replays_and_goes_on(backbone: Backbone) -> None:
    forget(backbone)
    result, seen = answered(backbone, still(), {("drag", 2): Control.STOP})
    assert parts(seen)["drag"] == 2
    assert parts(seen)["paint"] == STEPS
    recipe = result.recipe
    assert [leg.steps for leg in recipe.legs] == [2]
    forget(backbone)
    assert same(finish(drag_diffusion(backbone, recipe)), result)

    onward = replace(recipe, stop_after=None)
    further, seen = answered(backbone, onward, {})
    assert parts(seen) == {"drag": PULLS, "paint": STEPS}, "nothing is done twice"
    assert not same(further, result)
    forget(backbone)
    assert same(finish(drag_diffusion(backbone, further.recipe)), further)


@pytest.mark.parametrize("start", ["carried", "still"])
@pytest.mark.parametrize("when", [("drag", 1), ("paint", 2), ("carry", 1)])
def test_led_elsewhere_it_goes_on_and_replays(backbone: Backbone, start: str, when: tuple[str, int]) -> None:
    if when[0] == "carry" and start == "still":
        pytest.skip("nothing is carried")
    forget(backbone)
    result, seen = answered(backbone, request(start=start), {when: Retarget(((20.0, 44.0),))})
    assert len(result.recipe.legs) == 1
    assert result.recipe.legs[0].targets == ((46.0, 40.0),)
    assert np.array_equal(result.recipe.points[:, 1], [[20.0, 44.0]])
    assert parts(seen)["invert"] == STEPS
    forget(backbone)
    assert same(finish(drag_diffusion(backbone, result.recipe)), result)


def test_led_elsewhere_before_anything_is_pulled_it_is_another_drag(sd15: Backbone) -> None:
    forget(sd15)
    result, _ = answered(sd15, request(), {("invert", 2): Retarget(((20.0, 44.0),))})
    assert result.recipe.legs == ()
    assert same(finish(drag_diffusion(sd15, request(points=np.array([[[30.0, 30.0], [20.0, 44.0]]])))), result)


def test_a_target_beyond_the_part_worked_on_is_said(sd15: Backbone) -> None:
    wide = photo(300)
    mask = np.zeros(wide.shape[:2], np.uint8)
    mask[20:44, 20:44] = 255
    first = request(wide, mask=mask, start="still", pulls=1, identity=0)
    near, _ = answered(sd15, first, {})
    assert not any("beyond" in note for note in near.notes)
    far = np.array([[[30.0, 30.0], [wide.shape[1] - 4.0, 30.0]]])
    led, _ = answered(sd15, replace(first, points=far, legs=(Leg(((46.0, 40.0),), 1),)), {})
    assert any("beyond the part" in note for note in led.notes)
    assert led.recipe.points is not None
    assert led.recipe.points[0, 1, 0] < far[0, 1, 0]
    forget(sd15)
    assert same(finish(drag_diffusion(sd15, led.recipe)), led)
    forget(sd15)
    live, _ = answered(sd15, first, {("drag", 1): Retarget(((wide.shape[1] - 4.0, 30.0),))})
    assert any("beyond the part" in note for note in live.notes)


def test_a_leg_that_was_run_to_its_end_is_remembered(sd15: Backbone) -> None:
    forget(sd15)
    finish(drag_diffusion(sd15, still()))
    onward = still(points=np.array([[[30.0, 30.0], [20.0, 44.0]]]), legs=(Leg(((46.0, 40.0),), PULLS),))
    _, seen = answered(sd15, onward, {})
    assert parts(seen) == {"drag": PULLS, "paint": STEPS}


@pytest.mark.parametrize("remembered", ["nothing", "what it left", "a whole run"])
@pytest.mark.parametrize(("part", "painted"), [("identity", False), ("invert", False), ("paint", True)])
def test_stopped_elsewhere_it_replays(backbone: Backbone, part: str, painted: bool, remembered: str) -> None:
    forget(backbone)
    result, seen = answered(backbone, request(), {(part, 1): Control.STOP})
    assert seen[-1].part == part
    assert result.painted is painted
    assert result.recipe.stop_after == seen[-1].index
    if remembered == "nothing":
        forget(backbone)
    elif remembered == "a whole run":
        finish(drag_diffusion(backbone, request()))
    assert same(finish(drag_diffusion(backbone, result.recipe)), result)


def test_an_identity_that_is_not_kept_is_used_all_the_same(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    forget(backbone)
    kept = finish(drag_diffusion(backbone, request()))
    monkeypatch.setattr(Cache, "keep", lambda *_: None)
    forget(backbone)
    assert same(finish(drag_diffusion(backbone, request())), kept)
    forget(backbone)


def test_led_elsewhere_while_it_is_prepared_it_keeps_its_earlier_legs(backbone: Backbone) -> None:
    edit = request()
    assert edit.points is not None
    legs = (Leg(((46.0, 40.0),), 2),)
    forget(backbone)
    result, _ = answered(backbone, replace(edit, legs=legs), {("invert", 1): Retarget(((40.0, 44.0),))})
    assert result.recipe.legs == legs
    assert result.recipe.points is not None
    assert result.recipe.points[0, 1].tolist() == [40.0, 44.0]


@pytest.mark.parametrize("start", ["carried", "still"])
def test_what_was_pulled_is_not_pulled_again(backbone: Backbone, start: str) -> None:
    forget(backbone)
    whole = finish(drag_diffusion(backbone, request(start=start)))
    forget(backbone)
    stopped, _ = answered(backbone, request(start=start), {("paint", 1): Control.STOP})
    result, seen = answered(backbone, replace(stopped.recipe, stop_after=None), {})
    assert parts(seen) == {"paint": STEPS}
    assert same(result, whole)


def test_led_elsewhere_while_it_is_prepared_it_works_on_another_part(sd15: Backbone) -> None:
    wide, mask = photo(300), np.zeros((SIZE, 300), np.uint8)
    mask[20:44, 20:44] = 255
    forget(sd15)
    result, _ = answered(sd15, request(wide, mask=mask, identity=0), {("invert", 1): Retarget(((280.0, 30.0),))})
    assert result.recipe.points is not None
    assert result.recipe.points[0, 1].tolist() == [280.0, 30.0]
    assert not any("beyond" in note for note in result.notes)


def test_memory_that_gives_out_while_it_learns_changes_no_later_lesson(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: object) -> None:
        raise OutOfMemory("There is not enough memory.")

    forget(backbone)
    whole = finish(drag_diffusion(backbone, request()))
    forget(backbone)
    run = drag_diffusion(backbone, request())
    next(run)
    with monkeypatch.context() as patch:
        patch.setattr(Backbone, "predict_each", failing)
        with pytest.raises(OutOfMemory):
            next(run)
    assert same(finish(drag_diffusion(backbone, request())), whole)


def test_stopped_it_is_not_led_elsewhere(backbone: Backbone) -> None:
    forget(backbone)
    told = {("carry", 1): Control.STOP, ("carry", 2): Retarget(((40.0, 44.0),))}
    result, _ = answered(backbone, request(), told)
    assert result.recipe.stop_after is not None
    assert result.recipe.legs[-1].steps == 1


@pytest.mark.parametrize("start", ["carried", "still"])
def test_cancel_at_every_step_leaves_the_model_as_it_was(backbone: Backbone, start: str) -> None:
    before, edit = state_of(backbone), request(start=start, pulls=2, checkpoints="on")
    for length in range(1, 2 * STEPS + LESSONS + LIFT + 2):
        forget(backbone)
        run = drag_diffusion(backbone, edit)
        for _, _ in zip(range(length), run, strict=False):
            assert state_of(backbone) == before
        run.close()
        assert state_of(backbone) == before


def test_checkpoints_change_nothing(backbone: Backbone) -> None:
    forget(backbone)
    plain = finish(drag_diffusion(backbone, still(checkpoints="off")))
    forget(backbone)
    assert same(finish(drag_diffusion(backbone, still(checkpoints="on"))), plain)


def test_lessons_of_the_background_are_used(backbone: Backbone) -> None:
    forget(backbone)
    alone = finish(drag_diffusion(backbone, request()))
    forget(backbone)
    lessons = identity.training(backbone, request())
    next(lessons)
    result, seen = answered(backbone, request(), {})
    assert parts(seen)["identity"] == LESSONS - 1
    assert same(result, alone)


def test_without_a_mask_everything_may_move_and_it_is_said(backbone: Backbone) -> None:
    for start in ("carried", "still"):
        result = finish(drag_diffusion(backbone, request(mask=None, start=start)))
        assert any("everything may move" in note for note in result.notes)
        assert result.patch.shape == (SIZE, SIZE, 3)
    assert not any("everything may move" in note for note in finish(drag_diffusion(backbone, request())).notes)


def test_a_large_picture_is_worked_on_in_part(backbone: Backbone) -> None:
    mask = np.zeros((420, 600), np.uint8)
    mask[100:130, 200:240] = 255
    edit = request(photo(600, 420), mask=mask, points=np.array([[[220.0, 115.0], [250.0, 140.0]]]), identity=0)
    result, seen = answered(backbone, edit, {("drag", 1): Retarget(((600.0, 420.0),))})
    assert seen[0].area[2] < 600
    x, y, width, height = seen[0].area
    assert (result.recipe.points[0, 1] <= (x + width, y + height)).all(), "led no farther than what is worked on"
    changed = np.argwhere((pasted(result) != edit.image).any(2))
    assert (changed.min(0) >= (y, x)).all()
    assert (changed.max(0) < (y + height, x + width)).all()


def test_many_points_and_other_shapes(sd15: Backbone) -> None:
    handles = np.stack([np.linspace(25, 39, 30), np.linspace(39, 25, 30)], axis=1)
    points = np.stack([handles, handles + np.array([14, 6])], axis=1)
    result = finish(drag_diffusion(sd15, request(photo(96, 72), mask=square(96)[:72], points=points, identity=0)))
    assert result.marks is not None
    assert result.marks.shape == (30, 2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"points": None}, "no drag points"),
        ({"points": np.array([[[30.0, 30.0], [30.0, 30.2]]])}, "same place"),
        ({"points": np.array([[[5.0, 5.0], [30.0, 30.0]]])}, "outside of what is selected"),
        ({"points": np.array([[[30.0, 30.0], [90.0, 30.0]]])}, "outside of the picture"),
        ({"mask": np.full((SIZE, SIZE), 255, np.uint8)}, "Everything is masked"),
        ({"parameters": Parameters()}, "another method"),
    ],
)
def test_what_cannot_run_is_one_sentence(sd15: Backbone, changes: dict[str, Any], words: str) -> None:
    calls = sd15.calls
    with pytest.raises(BadRequest, match=words):
        finish(drag_diffusion(sd15, replace(request(), **changes)))
    assert sd15.calls == calls


def test_targets_for_other_points_are_refused(sd15: Backbone) -> None:
    forget(sd15)
    with pytest.raises(BadRequest, match="do not fit the drag points"):
        answered(sd15, request(), {("drag", 1): Retarget(((1.0, 1.0), (2.0, 2.0)))})


def test_what_does_not_fit_into_memory_says_what_would(sd15: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_bytes", lambda device: 1000)
    calls = sd15.calls
    with pytest.raises(OutOfMemory, match="Drag: fast"):
        finish(drag_diffusion(sd15, request()))
    assert sd15.calls == calls


def test_the_bundled_model_moves_a_thing_to_its_target() -> None:
    """Without lessons, for time: where the thing was dragged the picture is nearer to the truth than before."""
    studio = load("studio")
    scenes = (sample_scene(seed) for seed in VALIDATION_SEEDS[700_000:700_100])
    case = next(edited(scenes, ("move",)))
    mask = np.where(case.ids[0] == 2 + case.index, np.uint8(255), np.uint8(0))
    before, after = correspondences(case.before, case.after, case.index, 3)
    options = DragDiffusionParameters(identity=0, steps=20)
    points, words = np.stack([before, after], axis=1), captions(case.before)[0]
    edit = EditRequest("drag_diffusion", case.images[0], options, prompt=words, points=points, mask=mask)
    result = finish(drag_diffusion(studio, edit))
    picture, (source, truth) = pasted(result).astype(float), case.images.astype(float)
    for place in case.silhouettes:
        errors = [np.abs(each[place] - truth[place]).mean() for each in (picture, source)]
        assert errors[0] < 0.6 * errors[1]
    assert result.marks is not None
    left = np.hypot(*(result.marks - after).T).mean() / np.hypot(*(before - after).T).mean()
    assert left <= 0.2
