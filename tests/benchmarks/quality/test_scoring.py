"""Scores of readings that are made from the renderer's own truth, and then made wrong in known ways."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.studio import world
from engine.studio.scene import Scene, SceneObject
from tests.benchmarks.cases import Case, case_of
from tests.benchmarks.quality.edits import changed
from tests.benchmarks.quality.readings import truthful
from tests.benchmarks.quality.scoring import (
    WantedObject,
    by_looks,
    by_place,
    counted,
    described,
    iou,
    kid,
    marked,
    matched,
    placed,
    rates,
)

BALL = SceneObject("ball", "red", "shiny", "large", -1.6, 0.0, 0.2)
CUBE = SceneObject("cube", "blue", "matte", "small", 1.6, 0.0, 0.3)
SCENE = Scene(3, (BALL, CUBE), "grass", "clear", trees=True)


@pytest.fixture(scope="module")
def ids() -> NDArray[np.uint8]:
    return world.render([SCENE]).ids[0]


@pytest.fixture
def reading(ids: NDArray[np.uint8]) -> Any:
    return truthful(SCENE, ids)


def with_object(reading: Any, index: int, **changes: Any) -> Any:
    objects = list(reading.objects)
    objects[index] = replace(objects[index], **changes)
    return replace(reading, objects=tuple(objects))


def test_sampled_scenes_read_truthfully_are_all_right() -> None:
    scenes = [world.sample_scene(world.VALIDATION_SEEDS.start + i) for i in range(12)]
    rendered = world.render(scenes)
    for wanted, alike in ((described, by_looks), (placed, by_place)):
        marks = []
        for scene, own in zip(scenes, rendered.ids, strict=True):
            asked = wanted(scene, own) if wanted is placed else wanted(scene)
            marks.append(marked(asked, truthful(scene, own), alike))
        figures = rates(marks)
        assert figures.pop("pictures") == 12
        assert set(figures.values()) == {1.0}
        assert ("mask_iou" in figures) == (wanted is placed)


def test_one_wrong_colour_is_half_of_two_and_not_all_right(reading: Any) -> None:
    marks = marked(described(SCENE), with_object(reading, 0, colour="green"))
    assert not marks.all_right
    figures = rates([marks, marked(described(SCENE), reading)])
    assert (figures["pictures"], figures["all_right"], figures["colour"], figures["shape"]) == (2, 0.5, 0.75, 1.0)


@pytest.mark.parametrize(("trait", "wrong"), [("ground", "sand"), ("sky", "night")])
def test_the_backdrop_decides_too(reading: Any, trait: str, wrong: str) -> None:
    marks = marked(described(SCENE), replace(reading, **{trait: wrong}))
    assert not marks.all_right
    assert rates([marks])[trait] == 0.0


def test_trees_and_mountains_have_a_rate_but_do_not_decide(reading: Any) -> None:
    marks = marked(described(SCENE), replace(reading, trees=False))
    assert marks.all_right
    assert rates([marks])["trees"] == 0.0
    assert rates([marks])["mountains"] == 1.0


def test_an_object_too_many_or_too_few_is_a_wrong_number(reading: Any) -> None:
    fewer = replace(reading, objects=reading.objects[:1])
    more = replace(reading, objects=(*reading.objects, reading.objects[0]))
    for wrong in (fewer, more):
        marks = marked(described(SCENE), wrong)
        assert not marks.all_right
        assert rates([marks])["count"] == 0.0
    assert rates([marked(described(SCENE), fewer)])["shape"] == 0.5
    assert rates([marked(described(SCENE), more)])["shape"] == 1.0
    empty = marked(described(SCENE), replace(reading, objects=()))
    assert rates([empty])["colour"] == 0.0


def test_a_speck_is_no_object(reading: Any) -> None:
    speck = np.zeros_like(reading.objects[0].mask)
    speck[:9, :11] = True
    assert len(counted(replace(reading, objects=(*reading.objects, replace(reading.objects[0], mask=speck))))) == 2
    speck[:10, :10] = True
    assert len(counted(replace(reading, objects=(*reading.objects, replace(reading.objects[0], mask=speck))))) == 3


def test_what_was_not_recognised_is_not_right_by_luck(reading: Any) -> None:
    unsure = with_object(reading, 1, confidence={"shape": 1.0, "colour": 1.0, "material": 0.4, "size": 1.0})
    marks = marked(described(SCENE), unsure)
    assert not marks.all_right
    assert rates([marks])["material"] == 0.5


def test_what_is_not_asked_for_is_not_judged(reading: Any) -> None:
    ball, cube = described(SCENE).objects
    some = replace(described(SCENE), objects=(replace(ball, material=None, size=None), cube), sky=None)
    wrong = replace(with_object(reading, 0, material="metal", size="small"), sky="night")
    marks = marked(some, wrong)
    assert marks.all_right
    assert "sky" not in rates([marks])
    assert marks.asked["material"] == 1
    uncounted = marked(replace(some, counted=False), replace(reading, objects=(*reading.objects, reading.objects[0])))
    assert "count" not in uncounted.asked


def test_by_looks_the_order_and_the_place_do_not_matter(reading: Any) -> None:
    assert marked(described(SCENE), replace(reading, objects=reading.objects[::-1])).all_right


def test_by_looks_the_best_assignment_of_all_is_taken(reading: Any) -> None:
    red, blue = WantedObject(shape="ball", colour="red"), WantedObject(shape="ball", colour="blue")
    objects = [replace(reading.objects[0], shape="ball", colour=c) for c in ("blue", "green")]
    pairs = matched([red, blue], objects, by_looks)
    assert [one.colour for _, one in pairs if one is not None] == ["green", "blue"]


def test_by_place_an_object_answers_for_where_it_is(reading: Any, ids: NDArray[np.uint8]) -> None:
    first, second = reading.objects
    swapped = replace(reading, objects=(replace(first, mask=second.mask), replace(second, mask=first.mask)))
    figures = rates([marked(placed(SCENE, ids), swapped, by_place)])
    assert figures["colour"] == figures["shape"] == 0.0
    assert figures["mask_iou"] == figures["count"] == 1.0


def test_by_place_what_hardly_touches_is_not_found(reading: Any, ids: NDArray[np.uint8]) -> None:
    away = with_object(reading, 1, mask=np.roll(reading.objects[1].mask, 60, axis=0))
    marks = marked(placed(SCENE, ids), away, by_place)
    assert marks.ious == (1.0, 0.0)
    assert rates([marks])["shape"] == 0.5
    with pytest.raises(ValueError, match="without a place"):
        by_place(described(SCENE).objects[0], reading.objects[0])


def test_objects_hidden_but_for_a_few_pixels_are_not_asked_for(ids: NDArray[np.uint8]) -> None:
    hidden = ids.copy()
    own = np.argwhere(hidden == 3)[99:]
    hidden[own[:, 0], own[:, 1]] = 1
    assert len(placed(SCENE, hidden).objects) == 1


def test_iou() -> None:
    one, other = np.zeros((2, 4), bool), np.zeros((2, 4), bool)
    assert iou(one, other) == 1.0
    one[0], other[:, 0] = True, True
    assert iou(one, other) == pytest.approx(1 / 5)


# edits


def case(after: Scene) -> Case:
    return case_of(SCENE, after, "", world.changed_object(SCENE, after))


def test_an_asked_change_is_seen_in_its_place_and_the_rest_must_stay() -> None:
    edit = case(SCENE.with_object(0, replace(BALL, colour="yellow")))
    before, after = truthful(edit.before, edit.ids[0]), truthful(edit.after, edit.ids[1])
    assert changed(edit, before) == {"changed": 0.0, "rest_kept": 1.0}
    assert changed(edit, after) == {"changed": 1.0, "rest_kept": 1.0}
    assert changed(edit, with_object(after, 1, colour="yellow"))["rest_kept"] == 0.0
    assert changed(edit, replace(after, ground="snow"))["rest_kept"] == 0.0
    assert changed(edit, with_object(after, 0, shape="cone")) == {"changed": 1.0, "rest_kept": 0.0}
    assert changed(edit, with_object(after, 0, size="small")) == {"changed": 1.0, "rest_kept": 1.0}


@pytest.mark.parametrize(("trait", "asked", "wrong"), [("ground", "snow", "sand"), ("sky", "night", "cloudy")])
def test_an_asked_backdrop_is_what_changes_and_the_objects_and_the_other_half_must_stay(
    trait: str, asked: str, wrong: str
) -> None:
    edit = case(replace(SCENE, **{trait: asked}))
    before, after = truthful(edit.before, edit.ids[0]), truthful(edit.after, edit.ids[1])
    assert changed(edit, before) == {"changed": 0.0, "rest_kept": 1.0}
    assert changed(edit, after) == {"changed": 1.0, "rest_kept": 1.0}
    assert changed(edit, replace(after, **{trait: wrong})) == {"changed": 0.0, "rest_kept": 1.0}
    assert changed(edit, with_object(after, 0, shape="cone")) == {"changed": 1.0, "rest_kept": 0.0}
    other = {"ground": "sky", "sky": "ground"}[trait]
    spoilt = replace(after, **{other: {"sky": "sunset", "ground": "water"}[other]})
    assert changed(edit, spoilt) == {"changed": 1.0, "rest_kept": 0.0}


def test_a_thing_that_is_hardly_seen_need_not_stay() -> None:
    edit = case(SCENE.with_object(0, replace(BALL, colour="yellow")))
    hidden = edit.ids.copy()
    for each in hidden:
        own = np.argwhere(each == 3)[99:]
        each[own[:, 0], own[:, 1]] = 1
    reading = truthful(edit.after, edit.ids[1])
    gone = replace(reading, objects=reading.objects[:1])
    assert changed(edit, gone)["rest_kept"] == 0.0
    assert changed(replace(edit, ids=hidden), gone)["rest_kept"] == 1.0


# distances between sets


def plain_kid(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The unbiased estimate as its formula says, pair by pair."""

    def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
        return float((np.dot(a, b) / len(a) + 1) ** 3)

    n, m = len(x), len(y)
    xx = sum(kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    yy = sum(kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    xy = sum(kernel(a, b) for a in x for b in y) / (n * m)
    return xx + yy - 2 * xy


def test_kid_is_what_its_formula_says() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(7, 5)), rng.normal(0.4, 1, size=(7, 5))
    found = kid(x, y, subsets=3)
    assert found.mean == pytest.approx(plain_kid(x, y))
    assert found.deviation == pytest.approx(0.0, abs=1e-9)  # all subsets are the whole set


def test_kid_is_about_zero_for_one_source_and_grows_with_the_distance() -> None:
    rng = np.random.default_rng(2)
    sets = [rng.normal(shift, 1, size=(600, 64)).astype(np.float32) for shift in (0.0, 0.0, 0.2, 0.4)]
    same, near, far = (kid(sets[0], other).mean for other in sets[1:])
    assert abs(same) < 0.02
    assert 5 * abs(same) < near < far / 2
    assert kid(sets[0], sets[1]) == kid(sets[0], sets[1])


def test_kid_is_unbiased_in_small_sets() -> None:
    rng = np.random.default_rng(3)
    values = [kid(*rng.normal(size=(2, 10, 16)), subsets=1).mean for _ in range(400)]
    assert min(values) < 0 < max(values)
    assert abs(np.mean(values)) < 3 * np.std(values) / np.sqrt(len(values))


def test_kid_of_single_pictures_is_refused() -> None:
    with pytest.raises(ValueError, match="at least two"):
        kid(np.zeros((1, 64)), np.zeros((9, 64)))
