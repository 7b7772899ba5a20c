"""DiffEdit: what it finds, what it keeps, what it computes only once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from engine.backbone import Backbone
from engine.errors import BadRequest
from engine.finding import mask_at
from engine.masking import dilate
from engine.methods import finish
from engine.methods.diffedit import DiffEditParameters, diffedit
from engine.models.loader import load
from engine.request import Control, EditRequest, EditResult, Parameters, Pixels, Step
from engine.studio.world import captions, edit, render, sample_scene
from engine.workpiece import to_tensor
from tests.engine.methods.support import SIZE, Spy, pasted, photo, same, square, state_of

NOISES, CLIMB = 4, 4  # of the small edits below: 4 noises, 8 × 0.5 steps up and as many down


def request(image: Pixels | None = None, **changes: Any) -> EditRequest:
    options = {name: changes.pop(name) for name in list(changes) if name in DiffEditParameters.__dataclass_fields__}
    small = {"steps": 8, "strength": 0.5, "noises": NOISES, "grow": 2, "feather": 2}
    values = {"prompt": "a red ball", "reference_prompt": "a blue cube", "seed": 7, **changes}
    parameters = DiffEditParameters(**{**small, **options})
    return EditRequest("diffedit", photo() if image is None else image, parameters, **values)


def fresh(number: int, side: int = SIZE) -> Pixels:
    """A picture that no other test has, so that nothing of it is remembered."""
    image = photo(side, side)
    image[0, 0] = number
    return image


def evaluations(backbone: Backbone, edit: EditRequest) -> tuple[int, EditResult]:
    calls = backbone.calls
    result = finish(diffedit(backbone, edit))
    return backbone.calls - calls, result


def test_one_click_shows_all_three_parts(backbone: Backbone) -> None:
    seen: list[Step] = []
    result = finish(diffedit(backbone, request(fresh(1))), seen.append)
    total = NOISES + 2 * CLIMB
    assert {step.total for step in seen} == {total}
    assert [step.index for step in seen] == sorted({step.index for step in seen})
    assert seen[-1].index == result.steps == total
    assert list(dict.fromkeys(step.part for step in seen)) == ["find", "invert", "paint"]
    assert all(step.preview is not None and step.preview.dtype == np.uint8 for step in seen)
    assert result.painted
    assert result.found is not None
    assert {step.found is result.found for step in seen if step.part != "find"} == {True}
    assert result.found.mask.shape == (SIZE, SIZE)
    assert set(result.seconds) == {"text", "encode", "network", "decode"}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_outside_the_mask_the_picture_is_identical(backbone: Backbone, dtype: Any) -> None:
    mask = square(200, 90, 120)
    edit = request(photo(200, 200, dtype), mask=mask, grow=3, feather=2)
    result = finish(diffedit(backbone, edit))
    after, outside = pasted(result), dilate(mask, 5) == 0
    assert result.found is None
    assert np.array_equal(after[outside], edit.image[outside])
    assert (after[mask > 0] != edit.image[mask > 0]).any()
    own = finish(diffedit(backbone, replace(edit, mask=None)))
    assert own.found is not None
    away = dilate(own.found.mask, 5) == 0
    assert np.array_equal(pasted(own)[away], edit.image[away])


def test_the_outside_is_the_inverted_latent_of_the_same_level(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Spy(backbone, monkeypatch)
    side = backbone.native
    mask = square(side, side // 4, side * 3 // 4)
    edit = request(fresh(3, side), mask=mask)
    finish(diffedit(backbone, edit))
    monkeypatch.undo()
    source = backbone.encode(to_tensor(edit.image.astype(np.float32) / 255))
    from engine.inversion import invert, trajectory

    times, words = backbone.schedule.ddim_times(8, 0.5), backbone.embed("a blue cube")
    with torch.no_grad():
        steps = list(invert(lambda z, t: backbone.predict(z, t, words), backbone.schedule, source, times))
    way = trajectory(source, steps)
    cells = side // backbone.factor
    held = torch.from_numpy(dilate(mask, 4).reshape(cells, 8, cells, 8).max(axis=(1, 3)) == 0)
    assert held.any()
    painted = spy.seen[CLIMB:]
    assert len(spy.seen) == 2 * CLIMB
    for done, (t, z) in enumerate(painted):
        assert t == times[done]
        assert (z - way.at(done))[..., held].abs().max() < 1e-5
    middle = cells // 2
    assert (painted[-1][1] - way.at(CLIMB - 1))[..., middle, middle].abs().max() > 1e-4
    assert torch.equal(spy.decoded[0][..., held], source[..., held]), "the last step restores the exact source"


def test_a_given_mask_skips_the_search(backbone: Backbone) -> None:
    calls, result = evaluations(backbone, request(fresh(4), mask=square()))
    assert calls == 2 * CLIMB
    assert result.steps == 2 * CLIMB


def test_only_what_depends_on_a_change_runs_again(backbone: Backbone) -> None:
    first, mask = request(fresh(5)), square()
    assert evaluations(backbone, first)[0] == 2 * CLIMB + NOISES, "on a CPU one noise a call"
    assert evaluations(backbone, first)[0] == CLIMB, "the same once more: only the painting"
    found = replace(first, parameters=replace(first.parameters, task="find"))  # type: ignore[type-var]
    for threshold in (0.2, 0.5, 0.8):
        other = replace(found, parameters=replace(found.parameters, threshold=threshold))  # type: ignore[type-var]
        assert evaluations(backbone, other)[0] == 0
    drawn = replace(first, mask=mask)
    evaluations(backbone, drawn)
    assert evaluations(backbone, replace(drawn, prompt="a red cube"))[0] == CLIMB, "another query keeps the inversion"
    assert evaluations(backbone, replace(drawn, reference_prompt="a ball"))[0] == 2 * CLIMB


def test_what_is_remembered_changes_nothing(backbone: Backbone) -> None:
    edit = request(fresh(6))
    first, second = (finish(diffedit(backbone, edit)) for _ in range(2))
    assert same(first, second)
    assert first.recipe.digest() == second.recipe.digest() == edit.digest()
    assert not same(first, finish(diffedit(backbone, replace(edit, seed=8, mask=square()))))


def test_only_find_gives_a_mask_that_a_threshold_cuts_anew(backbone: Backbone) -> None:
    edit = request(fresh(7), task="find")
    result = finish(diffedit(backbone, edit))
    assert not result.painted
    assert result.found is not None
    assert result.steps == NOISES
    calls = backbone.calls
    wider, narrower = (mask_at(result.found, threshold).mask > 0 for threshold in (0.2, 0.8))
    assert backbone.calls == calls
    assert wider.sum() > narrower.sum()
    lower = finish(diffedit(backbone, request(fresh(7), task="find", threshold=0.2)))
    assert lower.found is not None
    assert np.array_equal(lower.found.mask > 0, wider)


def test_stop_in_each_part(backbone: Backbone) -> None:
    edit = request(fresh(8))
    kinds = []
    for count in range(1, 2 + 2 * CLIMB):
        run = diffedit(backbone, replace(edit, image=fresh(50 + count)))
        index = 0
        for _ in range(count):
            index = next(run).index
        with pytest.raises(StopIteration) as stopped:
            run.send(Control.STOP)
        result: EditResult = stopped.value.value
        assert result.found is not None
        assert result.recipe.stop_after == index
        again = finish(diffedit(backbone, result.recipe))
        assert same(result, again)
        assert again.found is not None
        assert np.array_equal(again.found.mask, result.found.mask)
        kinds.append(result.painted)
    assert kinds == sorted(kinds)
    assert kinds[-1]
    assert not kinds[0]


def test_cancel_leaves_the_model_as_it_was(backbone: Backbone) -> None:
    before = state_of(backbone)
    for count in (1, 3, 8):
        run = diffedit(backbone, request(fresh(90 + count)))
        for _ in range(count):
            next(run)
            assert state_of(backbone) == before
        run.close()
        assert state_of(backbone) == before


@pytest.mark.parametrize(("steps", "strength"), [(1, 0.05), (3, 0.1), (1, 1.0)])
def test_there_is_always_at_least_one_step(sd15: Backbone, steps: int, strength: float) -> None:
    result = finish(diffedit(sd15, request(fresh(9), steps=steps, strength=strength, mask=square())))
    assert result.steps == 2


def test_a_reference_is_not_needed_and_is_part_of_the_edit(backbone: Backbone) -> None:
    without, with_one = request(fresh(10), reference_prompt=""), request(fresh(10))
    assert without.digest() != with_one.digest()
    first, second = (finish(diffedit(backbone, each)).found for each in (without, with_one))
    assert first is not None
    assert second is not None
    assert not np.array_equal(first.difference, second.difference)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"prompt": " \n"}, "no words to go by"),
        ({"prompt": "A  blue cube "}, "nothing to change"),
        ({"mask": np.ones((SIZE, 9), np.uint8)}, "mask does not fit"),
        ({"mask": np.zeros((SIZE, SIZE), np.uint8)}, "mask is empty"),
        ({"mask": np.full((SIZE, SIZE), 255, np.uint8)}, "Everything is masked"),
        ({"parameters": Parameters()}, "another method"),
        ({"prompt": "a " * 20 + "ball", "reference_prompt": "a " * 20 + "cube"}, "reads both texts alike"),
    ],
)
def test_what_cannot_run_is_one_sentence(sd15: Backbone, changes: dict[str, Any], words: str) -> None:
    calls = sd15.calls
    with pytest.raises(BadRequest, match=words):
        finish(diffedit(sd15, replace(request(), **changes)))
    assert sd15.calls == calls


def test_small_parts_are_not_enlarged_beyond_their_pixels(sd15: Backbone) -> None:
    result = finish(diffedit(sd15, request(photo(200, 200), mask=square(200, 90, 96), grow=0, feather=0)))
    assert result.scale == 1.0


def test_nothing_found_is_said(sd15: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sd15, "disagreement", lambda z, t, words: torch.zeros_like(z))
    with pytest.raises(BadRequest, match="No place was found"):
        finish(diffedit(sd15, request(fresh(11))))


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (97, 41), (700, 60)])
def test_pictures_of_every_size(sd15: Backbone, size: tuple[int, int]) -> None:
    result = finish(diffedit(sd15, request(photo(*size))))
    assert result.found is not None
    assert result.found.mask.shape == size[::-1]


def test_the_bundled_model_finds_what_changes_colour_and_changes_it() -> None:
    scene = sample_scene(1_400_001)
    wanted, _ = edit(scene, "recolour", 1_400_001)
    pictures = render([scene, wanted], 256)
    backbone = load("studio")
    options = DiffEditParameters(steps=20, noises=6)
    texts = {"prompt": captions(wanted)[0], "reference_prompt": captions(scene)[0]}
    result = finish(diffedit(backbone, EditRequest("diffedit", pictures.images[0], options, seed=1, **texts)))
    index = next(i for i, item in enumerate(scene.objects) if item != wanted.objects[i])
    truth = pictures.ids[0] == 2 + index
    assert result.found is not None
    mask = result.found.mask > 0
    assert (mask & truth).sum() / (mask | truth).sum() > 0.6
    after = pasted(result).astype(float)
    errors = [
        np.abs(picture - pictures.images[1])[truth].mean() for picture in (after, pictures.images[0].astype(float))
    ]
    assert errors[0] < 0.8 * errors[1], "nearer to the true edit than the source is"
