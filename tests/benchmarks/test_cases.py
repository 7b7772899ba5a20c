"""Cases of edits: one thing changes in each, its place is known, and it can be seen."""

from __future__ import annotations

from itertools import count, islice

import numpy as np
import pytest

from engine.studio import world
from tests.benchmarks.cases import LEAST_PIXELS, Case, edited

KINDS = ("recolour", "reshape", "ground", "sky")
FIRST = world.VALIDATION_SEEDS.start
TREES_WOULD_GO = FIRST  # another ground than grass or snow has no trees behind it


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return list(islice(edited((world.sample_scene(seed) for seed in count(FIRST)), KINDS), 8))


def test_kinds_take_turns_and_each_changes_what_it_says(cases: list[Case]) -> None:
    assert [case.kind for case in cases] == [*KINDS, *KINDS]
    for case in cases:
        reference, query = (set(text.replace(",", "").split()) for text in case.texts)
        assert reference != query
        differing = [name for name in ("objects", "ground", "sky") if vars(case.before)[name] != vars(case.after)[name]]
        assert differing == [case.kind if case.kind in ("ground", "sky") else "objects"]
        if case.index is None:
            continue
        old, new = case.before.objects[case.index], case.after.objects[case.index]
        trait = {"recolour": "colour", "reshape": "shape"}[case.kind]
        assert getattr(old, trait) != getattr(new, trait)


def test_the_place_is_what_the_words_name(cases: list[Case]) -> None:
    for case in cases:
        own = {"ground": 1, "sky": 0}.get(case.kind, 2 + (case.index or 0))
        assert np.array_equal(case.place, (case.ids[0] == own) | (case.ids[1] == own))
        assert np.count_nonzero(case.silhouettes, (1, 2)).min() >= LEAST_PIXELS
        seen = np.count_nonzero(case.place & case.changed) / np.count_nonzero(case.place)
        assert seen > (0.8 if case.index is None else 0.999)  # a thing counts whole, a sky may look alike in places


def test_another_sky_changes_the_light_on_everything_another_colour_hardly_more_than_the_thing(
    cases: list[Case],
) -> None:
    for case in cases:
        beyond = np.count_nonzero(case.changed & ~case.place) / case.place.size
        if case.kind == "sky":
            assert beyond > 0.3
        if case.kind == "recolour":
            assert beyond < 0.05


def test_edits_that_would_change_two_named_things_are_passed_over() -> None:
    scene = world.sample_scene(TREES_WOULD_GO)
    assert scene.trees
    assert not world.edit(scene, "ground", scene.seed)[0].trees
    assert list(edited([scene], ["ground"])) == []
    assert len(list(edited([scene], ["recolour"]))) == 1


def test_edits_that_nobody_would_see_are_passed_over() -> None:
    scene = world.sample_scene(FIRST)
    assert len(list(edited([scene], ["recolour"], size=256))) == 1
    assert list(edited([scene], ["recolour"], size=16)) == []
