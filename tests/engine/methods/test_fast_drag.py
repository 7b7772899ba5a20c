"""FastDrag: what moves, what stays, what is computed only once."""

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
from engine.methods.fast_drag import FastDragParameters, fast_drag
from engine.methods.sdedit import SDEditParameters
from engine.models.loader import load
from engine.request import Control, EditRequest, EditResult, Parameters, Pixels, Step
from engine.studio.world import captions, render, sample_scene
from tests.engine.methods.support import SIZE, Spy, pasted, photo, same, square, state_of

UP = 4  # of the small drags below: 8 × 0.5 steps up and as many down
CELL = 8  # px


def led(*pairs: tuple[float, float, float, float]) -> NDArray[np.float64]:
    return np.array(pairs, float).reshape(-1, 2, 2)


def request(image: Pixels | None = None, **changes: Any) -> EditRequest:
    options = {name: changes.pop(name) for name in list(changes) if name in FastDragParameters.__dataclass_fields__}
    small = {"steps": 8, "strength": 0.5, "grow": 2, "feather": 2}
    values = {"points": led((20, 20, 43, 28)), "mask": square(SIZE, 16, 32), "seed": 7, **changes}
    return EditRequest(
        "fast_drag", photo() if image is None else image, FastDragParameters(**{**small, **options}), **values
    )


def fresh(number: int, width: int = SIZE, height: int = SIZE) -> Pixels:
    """A picture that no other test has, so that nothing of it is remembered."""
    image = photo(width, height)
    image[0, 0] = number
    return image


def evaluations(backbone: Backbone, drag: EditRequest) -> tuple[int, EditResult]:
    calls = backbone.calls
    result = finish(fast_drag(backbone, drag))
    return backbone.calls - calls, result


def test_steps_show_the_way_up_and_down_with_marks(backbone: Backbone) -> None:
    drag, seen = request(fresh(1), mask=square(SIZE, 16, 32)), list[Step]()
    result = finish(fast_drag(backbone, drag), seen.append)
    assert [step.index for step in seen] == list(range(1, 2 * UP + 1))
    assert {step.total for step in seen} == {2 * UP}
    assert [step.part for step in seen] == ["invert"] * UP + ["paint"] * UP
    assert result.steps == 2 * UP
    assert all(step.preview is not None and step.marks is not None for step in seen)
    assert np.array_equal(seen[0].marks, [(20, 20)])
    assert seen[0].left == pytest.approx(np.hypot(23, 8))
    assert np.array_equal(result.marks, seen[-1].marks)  # type: ignore[arg-type]
    scale, last = result.scale, seen[-1]
    assert last.marks is not None
    assert last.left == pytest.approx(float(np.linalg.norm(last.marks - (43, 28))))
    assert last.left <= np.hypot(0.5, 0.5) * CELL / scale + 1e-9, "cells are carried whole"
    assert set(result.seconds) == {"text", "encode", "network", "decode"}


@pytest.mark.parametrize("kind", ["whole", "stretch"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_outside_of_both_places_the_picture_is_identical(backbone: Backbone, dtype: Any, kind: str) -> None:
    mask = square(200, 90, 120)
    there = np.roll(mask, (20, -40), (0, 1))
    points = led((100, 100, 60, 120))
    drag = request(photo(200, 200, dtype), mask=mask, points=points, grow=3, feather=2, map=kind)
    result = finish(fast_drag(backbone, drag))
    after, outside = pasted(result), (dilate(np.maximum(mask, there), 5) == 0)
    if kind == "whole":
        assert np.array_equal(after[outside], drag.image[outside])
        assert (after[there > 0] != drag.image[there > 0]).any()
    assert (after[mask > 0] != drag.image[mask > 0]).any()
    corner = np.s_[:60, 140:]
    assert np.array_equal(after[corner], drag.image[corner])


def test_the_latent_is_carried_once_and_the_rest_is_held(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    side = backbone.native
    mask = np.zeros((side, side), np.uint8)
    mask[16:32, 8:24] = 255
    drag = request(fresh(3, side, side), mask=mask, points=led((16, 24, 16 + 3 * CELL, 24 + CELL)), grow=0, feather=0)
    spy = Spy(backbone, monkeypatch)
    finish(fast_drag(backbone, drag))
    monkeypatch.undo()
    assert len(spy.seen) == 2 * UP
    rising, falling = [z for _, z in spy.seen[:UP]], spy.seen[UP:]
    assert [t for t, _ in falling] == [t for t, _ in spy.seen[UP - 1 :: -1]]
    start = falling[0][1]
    away = np.s_[..., 6:, :]  # neither the old nor the new place
    source = spy.decoded[0][away]
    assert torch.equal(source, backbone.encode(torch.from_numpy(_signed(drag.image)))[away]), "ends as the source"
    top = _top(backbone, drag)
    assert (start[away] - top[away]).abs().max() < 1e-5
    assert (start[..., 3:5, 4:6] - top[..., 2:4, 1:3]).abs().max() < 1e-4, "the thing's cells, noise and all"
    assert (start[..., 2:4, 1:3] - top[..., 2:4, 1:3]).abs().max() > 1e-2, "it is no longer where it was"
    assert len(rising) == UP


def _signed(image: Pixels) -> NDArray[np.float32]:
    return np.ascontiguousarray((image.astype(np.float32) / 255 * 2 - 1).transpose(2, 0, 1)[None])


def _top(backbone: Backbone, drag: EditRequest) -> torch.Tensor:
    from engine.inversion import invert

    words = backbone.embed("")
    source = backbone.encode(torch.from_numpy(_signed(drag.image)))
    with torch.no_grad():
        times = backbone.schedule.ddim_times(8, 0.5)
        return list(invert(lambda z, t: backbone.predict(z, t, words), backbone.schedule, source, times))[-1].latent


def test_another_target_needs_no_inversion(backbone: Backbone) -> None:
    first = request(fresh(4))
    calls, result = evaluations(backbone, first)
    assert calls == 2 * UP
    calls, again = evaluations(backbone, first)
    assert calls == UP
    assert same(result, again)
    moved = replace(first, points=led((20, 20, 40, 33)))
    calls, other = evaluations(backbone, moved)
    assert calls == UP
    assert not same(result, other)
    assert evaluations(backbone, replace(first, prompt="a ball"))[0] == 2 * UP, "other words, another inversion"


def test_the_seed_draws_the_ground(backbone: Backbone) -> None:
    drag = request(fresh(5))
    first, second = finish(fast_drag(backbone, drag)), finish(fast_drag(backbone, replace(drag, seed=8)))
    assert not same(first, second)
    assert first.recipe.digest() == drag.digest()


def test_stop_in_each_part_replays_exactly(backbone: Backbone) -> None:
    painted = []
    for count in range(1, 2 * UP):
        run = fast_drag(backbone, request(fresh(50 + count)))
        for _ in range(count):
            next(run)
        with pytest.raises(StopIteration) as stopped:
            run.send(Control.STOP)
        result: EditResult = stopped.value.value
        assert result.recipe.stop_after == result.steps == count
        again = finish(fast_drag(backbone, result.recipe))
        assert same(result, again)
        assert again.steps == count
        painted.append(result.painted)
    assert painted == [False] * UP + [True] * (UP - 1)


def test_cancel_at_every_step_leaves_the_model_as_it_was(backbone: Backbone) -> None:
    before = state_of(backbone)
    for count in range(1, 2 * UP + 1):
        run = fast_drag(backbone, request(fresh(90 + count)))
        for _ in range(count):
            next(run)
            assert state_of(backbone) == before
        run.close()
        assert state_of(backbone) == before


@pytest.mark.parametrize("kind", ["whole", "stretch"])
def test_without_a_mask_everything_may_move_and_the_artist_is_told(sd15: Backbone, kind: str) -> None:
    drag = request(fresh(10), mask=None, map=kind)
    result = finish(fast_drag(sd15, drag))
    assert any("everything may move" in note for note in result.notes)
    assert result.patch.shape[:2] == (SIZE, SIZE)


@pytest.mark.parametrize(("width", "height"), [(96, 41), (41, 130), (300, 60)])
def test_pictures_of_every_shape(backbone: Backbone, width: int, height: int) -> None:
    mask = np.zeros((height, width), np.uint8)
    mask[10:25, 5:20] = 255
    points = led((12, 17, width - 10, height - 12))
    result = finish(fast_drag(backbone, request(photo(width, height), mask=mask, points=points)))
    assert result.painted
    after, far = pasted(result), np.s_[:4, width // 2 :]
    assert np.array_equal(after[far], result.recipe.image[far])


def test_thirty_pairs(sd15: Backbone) -> None:
    rng = np.random.default_rng(1)
    handles = rng.uniform(17, 31, (30, 2))
    points = np.stack([handles, handles + rng.uniform((18, 8), (22, 12), (30, 2))], axis=1)
    result = finish(fast_drag(sd15, request(fresh(11), points=points)))
    assert result.marks is not None
    assert result.marks.shape == (30, 2)
    assert result.painted


def test_guidance_makes_one_batch_of_two(sd15: Backbone) -> None:
    plain, guided = (request(fresh(12), guidance=scale, prompt="a red ball") for scale in (1.0, 5.0))
    evaluations(sd15, plain)
    calls, result = evaluations(sd15, guided)
    assert calls == UP, "guided or not, the inversion is the same"
    assert not same(result, finish(fast_drag(sd15, plain)))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"points": None}, "There are no drag points"),
        ({"points": np.zeros((0, 2, 2))}, "There are no drag points"),
        ({"points": led((20, 20, 20, 20.2))}, "same place"),
        ({"points": led((20, 20, 90, 20))}, "outside of the picture"),
        ({"points": led((50, 50, 20, 20))}, "outside of what is selected"),
        ({"points": led(*[(20, 20, 40, 40)] * 31)}, "more than the 30"),
        ({"mask": np.full((SIZE, SIZE), 255, np.uint8)}, "Everything is masked"),
    ],
)
def test_refusals_are_sentences(sd15: Backbone, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        finish(fast_drag(sd15, request(**changes)))


def test_parameters_of_another_method_are_refused(sd15: Backbone) -> None:
    other: Parameters = SDEditParameters()
    with pytest.raises(BadRequest, match="another method"):
        finish(fast_drag(sd15, replace(request(), parameters=other)))


def test_the_bundled_model_moves_a_thing_by_the_shift_and_paints_ground() -> None:
    """A picture with one red thing on snow: by its colour's centre it is seen to arrive."""
    number = next(
        n
        for n in range(1_400_000, 1_401_000)
        if [item.colour for item in sample_scene(n).objects] == ["red"] and sample_scene(n).ground == "snow"
    )
    scene = sample_scene(number)
    rendered = render([scene], 256)
    image, thing = rendered.images[0], rendered.ids[0] == 2
    handle = _middle(thing)
    way = np.array([-72.0 if handle[0] > 128 else 72.0, 0.0])
    drag = EditRequest(
        "fast_drag",
        image,
        FastDragParameters(),
        prompt=captions(scene)[0],
        points=np.array([[handle, handle + way]]),
        mask=dilate(thing.astype(np.uint8), 3),
        seed=1,
    )
    after = pasted(finish(fast_drag(load("studio"), drag)))
    red = _red(image) & thing
    there = np.roll(red, int(way[0]), 1)
    assert np.linalg.norm(_middle(_red(after)) - _middle(red) - way) < 0.1 * 72
    assert _red(after)[there].mean() > 0.7, "it is red where it should be"
    assert _red(after)[red & ~there].mean() < 0.1, "and no longer where it was"


def _red(image: Pixels) -> NDArray[np.bool_]:
    red, green, blue = image.astype(int).transpose(2, 0, 1)
    found: NDArray[np.bool_] = (red > green + 50) & (red > blue + 50)
    return found


def _middle(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    rows, columns = np.nonzero(mask)
    return np.array([columns.mean() + 0.5, rows.mean() + 0.5])
