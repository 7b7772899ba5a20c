"""SDEdit: what it changes, what it must not touch, how it is watched, stopped and left."""

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
from engine.methods.sdedit import SDEditParameters, sdedit
from engine.region import whole
from engine.request import Control, EditRequest, EditResult, Parameters, Pixels, Step
from engine.sampling import seeded_noise
from engine.schedule import noised
from engine.workpiece import to_tensor
from tests.engine.methods.support import SIZE, Spy, pasted, photo, same, square, state_of


def strokes(width: int = SIZE, height: int = SIZE, dtype: Any = np.uint8) -> Pixels:
    full = np.iinfo(dtype).max
    painted: Pixels = np.zeros((height, width, 4), dtype)
    painted[height // 3 : height * 2 // 3, width // 3 : width * 2 // 3] = (full, 0, 0, full)
    return painted


def request(image: Pixels | None = None, **changes: Any) -> EditRequest:
    options = {name: changes.pop(name) for name in list(changes) if name in SDEditParameters.__dataclass_fields__}
    parameters = SDEditParameters(**{"steps": 8, "strength": 0.6, "grow": 2, "feather": 2, **options})
    values = {"prompt": "a red ball", "seed": 7, **changes}
    return EditRequest("sdedit", photo() if image is None else image, parameters, **values)


def test_the_first_preview_comes_after_one_network_step(backbone: Backbone) -> None:
    calls = backbone.calls
    run = sdedit(backbone, request(strokes=strokes()))
    assert backbone.calls == calls
    step = next(run)
    assert backbone.calls == calls + 1
    assert (step.index, step.total, step.area) == (1, 4, (0, 0, SIZE, SIZE))
    assert step.preview is not None
    assert step.preview.dtype == np.uint8
    assert step.preview.shape[2] == 3
    assert step.preview_alpha is None
    run.close()


@pytest.mark.parametrize("sampler", ["ddim", "fast"])
def test_every_step_is_seen_and_counted(backbone: Backbone, sampler: str) -> None:
    calls, seen = backbone.calls, []
    result = finish(sdedit(backbone, request(strokes=strokes(), sampler=sampler, mask=square())), seen.append)
    assert [step.index for step in seen] == [1, 2, 3, 4]
    assert backbone.calls - calls == result.steps == 4
    for step in seen:
        assert step.preview is not None
        assert step.preview_alpha is not None
        assert step.preview.shape[:2] == step.preview_alpha.shape
    assert set(result.seconds) == {"text", "encode", "network", "decode"}


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("sampler", ["ddim", "fast"])
def test_the_same_recipe_gives_the_same_pixels(backbone: Backbone, sampler: str, masked: bool) -> None:
    edit = request(strokes=strokes(), sampler=sampler, mask=square() if masked else None)
    first, second = (finish(sdedit(backbone, edit)) for _ in range(2))
    assert same(first, second)
    assert first.recipe.digest() == edit.digest()
    assert not same(first, finish(sdedit(backbone, replace(edit, seed=8))))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("seam", [(0, 0), (2, 3), (8, 8)])
def test_outside_the_mask_the_picture_is_identical(backbone: Backbone, dtype: Any, seam: tuple[int, int]) -> None:
    mask = square(200, 90, 120)
    mask[100, 130] = 40
    edit = request(photo(200, 200, dtype), strokes=strokes(200, 200, dtype), mask=mask, grow=seam[0], feather=seam[1])
    result = finish(sdedit(backbone, edit))
    after = pasted(result)
    outside = dilate(mask, sum(seam)) == 0
    assert after.dtype == result.patch.dtype == result.alpha.dtype == dtype
    assert np.array_equal(after[outside], edit.image[outside])
    inside = mask == 255
    full = np.iinfo(dtype).max
    assert np.abs(after[inside].astype(float) - edit.image[inside]).mean() / full > 0.02


@pytest.mark.parametrize("sampler", ["ddim", "fast"])
def test_the_outside_has_the_level_of_the_latent_and_ends_exact(
    backbone: Backbone, sampler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Spy(backbone, monkeypatch)
    mask = square(backbone.native, backbone.native // 4, backbone.native * 3 // 4)
    edit = request(photo(backbone.native, backbone.native), mask=mask, sampler=sampler)
    result = finish(sdedit(backbone, edit))
    assert result.scale == 1.0
    side = backbone.native // 8
    assert spy.decoded[0].shape == (1, 4, side, side)
    source = backbone.encode(to_tensor(edit.image.astype(np.float32) / 255))
    noise = seeded_noise(source.shape, edit.seed)
    held = torch.from_numpy(dilate(mask, 4).reshape(side, 8, side, 8).max(axis=(1, 3)) == 0)
    assert len(spy.seen) == 4
    for t, z in spy.seen:
        expected = noised(source, noise, backbone.schedule.level(t))
        assert (z - expected)[..., held].abs().max() < 1e-5
        if t != spy.seen[0][0]:
            assert (z - expected)[..., 3:5, 3:5].abs().max() > 1e-3
    assert torch.equal(spy.decoded[0][..., held], source[..., held])


def test_a_soft_mask_is_a_map_of_strength(backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    spy = Spy(backbone, monkeypatch)
    side = backbone.native
    mask = np.zeros((side, side), np.uint8)
    mask[:, : side // 2], mask[:, side // 2 :] = 255, 85
    finish(sdedit(backbone, request(photo(side, side), mask=mask, steps=12, strength=0.75, grow=0, feather=0)))
    source = backbone.encode(to_tensor(photo(side, side).astype(np.float32) / 255))
    noise, half = seeded_noise(source.shape, 7), side // 16
    joined = []
    for t, z in spy.seen:
        moved = (z - noised(source, noise, backbone.schedule.level(t))).abs()
        joined.append((bool(moved[..., :half].max() > 1e-4), bool(moved[..., half:].max() > 1e-4)))
    assert [strong for strong, _ in joined] == [False] + [True] * 8
    assert [weak for _, weak in joined] == [False] * 7 + [True] * 2  # free for the last third of 9 steps
    change = (spy.decoded[0] - source).abs()
    assert change[..., half:].mean() < 0.6 * change[..., :half].mean()
    assert change[..., half:].mean() > 0


def test_an_evenly_soft_mask_saves_the_steps_in_which_nothing_may_change(backbone: Backbone) -> None:
    mask = np.full((SIZE, SIZE), 128, np.uint8)
    seen: list[Step] = []
    result = finish(sdedit(backbone, request(mask=mask, steps=10, strength=1.0, grow=0, feather=0)), seen.append)
    assert result.steps == 5
    assert [step.total for step in seen] == [5] * 5


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("sampler", ["ddim", "fast"])
def test_stop_keeps_what_there_is_and_its_replay_is_exact(backbone: Backbone, sampler: str, masked: bool) -> None:
    edit = request(strokes=strokes(), sampler=sampler, mask=square() if masked else None)
    for count in (1, 2, 3):
        run = sdedit(backbone, edit)
        for _ in range(count):
            next(run)
        with pytest.raises(StopIteration) as stopped:
            run.send(Control.STOP)
        result: EditResult = stopped.value.value
        assert (result.steps, result.recipe.stop_after) == (count, count)
        calls = backbone.calls
        assert same(result, finish(sdedit(backbone, result.recipe)))
        assert backbone.calls == calls + count
    complete = finish(sdedit(backbone, edit))
    assert complete.recipe.stop_after is None
    assert same(complete, finish(sdedit(backbone, replace(edit, stop_after=99))))


def test_stop_after_the_last_step_is_the_whole_edit(backbone: Backbone) -> None:
    run = sdedit(backbone, request())
    for _ in range(4):
        next(run)
    with pytest.raises(StopIteration) as stopped:
        run.send(Control.STOP)
    assert stopped.value.value.recipe.stop_after is None
    assert same(stopped.value.value, finish(sdedit(backbone, request())))


def test_cancel_at_each_step_leaves_everything_as_it_was(backbone: Backbone) -> None:
    edit = request(strokes=strokes(), mask=square())
    expected, before = finish(sdedit(backbone, edit)), state_of(backbone)
    for count in range(5):
        run = sdedit(backbone, edit)
        for _ in range(count):
            next(run)
            assert state_of(backbone) == before  # paused: gradients on, no patch, same weights
        run.close()
        assert state_of(backbone) == before
    assert same(finish(sdedit(backbone, edit)), expected)


def test_two_edits_do_not_see_each_other(backbone: Backbone) -> None:
    first, second = request(strokes=strokes()), request(prompt="blue", mask=square(), sampler="fast", seed=3)
    alone = [finish(sdedit(backbone, edit)) for edit in (first, second)]
    runs: list[Any] = [sdedit(backbone, edit) for edit in (first, second)]
    results: dict[int, EditResult] = {}
    while len(results) < 2:
        for index, run in enumerate(runs):
            try:
                next(run)
            except StopIteration as done:
                results.setdefault(index, done.value)
    assert all(same(alone[index], results[index]) for index in (0, 1))


@pytest.mark.parametrize("value", [3, 100])
def test_even_the_faintest_mask_changes_something(backbone: Backbone, value: int) -> None:
    mask = square(value=value)
    result = finish(sdedit(backbone, request(mask=mask, steps=2, guidance=20.0)))
    assert result.steps == 1
    assert (pasted(result) != photo())[mask > 0].any()


def test_strokes_steer_the_picture(backbone: Backbone) -> None:
    plain, painted = (finish(sdedit(backbone, request(strokes=each, strength=0.3))) for each in (None, strokes()))
    difference = np.abs(plain.patch.astype(int) - painted.patch).mean(axis=2)
    assert difference[24:40, 24:40].mean() > 2 * difference[:8].mean()


def test_strength_zero_keeps_the_strokes(backbone: Backbone) -> None:
    calls = backbone.calls
    result = finish(sdedit(backbone, request(strokes=strokes(), strength=0.0)))
    expected = photo()
    inside = strokes()[..., 3] > 0
    expected[inside] = (255, 0, 0)
    assert np.array_equal(pasted(result), expected)
    assert (result.steps, backbone.calls) == (0, calls)
    assert any("strength 0" in note for note in result.notes)


@pytest.mark.parametrize(("steps", "strength"), [(1, 0.01), (3, 0.3), (1, 1.0)])
def test_there_is_always_at_least_one_step(backbone: Backbone, steps: int, strength: float) -> None:
    assert finish(sdedit(backbone, request(steps=steps, strength=strength))).steps == 1


def test_only_around_the_strokes(backbone: Backbone) -> None:
    edit = request(photo(300, 200), strokes=strokes(300, 200), area="around strokes")
    result = finish(sdedit(backbone, edit))
    reach = dilate(strokes(300, 200)[..., 3].astype(np.uint8), 4)
    assert np.array_equal(pasted(result)[reach == 0], edit.image[reach == 0])
    assert result.alpha.shape[0] < 100
    assert edit.digest() == result.recipe.digest()


def test_strokes_outside_the_mask_are_left_out_and_said(backbone: Backbone) -> None:
    mask = square(SIZE, 4, 16)
    with_strokes = finish(sdedit(backbone, request(strokes=strokes(), mask=mask)))
    assert same(with_strokes, finish(sdedit(backbone, request(mask=mask))))
    assert with_strokes.notes == ("Strokes outside the mask were left out.",)


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 300), (63, 65), (97, 41), (128, 32), (3000, 20)], ids=lambda size: f"{size[0]}x{size[1]}"
)
def test_pictures_of_every_size(sd15: Backbone, size: tuple[int, int]) -> None:
    image = photo(*size)
    result = finish(sdedit(sd15, request(image, steps=2)))
    assert result.patch.shape == image.shape
    assert result.scale == whole(size, sd15.native, sd15.factor).scale
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[size[1] // 2, size[0] // 2] = 255
    masked = finish(sdedit(sd15, request(image, steps=2, mask=mask)))
    assert masked.alpha.max() > 0
    assert np.array_equal(pasted(masked)[dilate(mask, 4) == 0], image[dilate(mask, 4) == 0])


def test_a_panorama_works_and_says_how_large_it_was_worked_on(sd15: Backbone) -> None:
    result = finish(sdedit(sd15, request(photo(30000, 200), steps=1)))
    assert result.patch.shape == (200, 30000, 3)
    assert result.scale < 0.2
    assert "% of its size" in result.notes[0]


def test_sixteen_bits_stay_sixteen_bits(backbone: Backbone) -> None:
    result = finish(sdedit(backbone, request(photo(dtype=np.uint16), strokes=strokes(dtype=np.uint16))))
    assert result.patch.dtype == np.uint16
    assert len(np.unique(result.patch)) > 300
    assert result.alpha.min() == 65535


def test_a_prompt_of_ten_thousand_characters_is_cut_and_said(backbone: Backbone) -> None:
    result = finish(sdedit(backbone, request(prompt="a red ball " * 910)))
    assert any("longer than this model reads (16 tokens)" in note for note in result.notes)
    assert result.recipe.prompt == "a red ball " * 910


def test_words_steer_and_guidance_one_needs_no_second_half(backbone: Backbone) -> None:
    sizes: list[int] = []
    handle = backbone.unet.register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))
    plain = finish(sdedit(backbone, request(guidance=1.0)))
    guided = finish(sdedit(backbone, request(guidance=6.0)))
    handle.remove()
    assert sizes == [1] * 4 + [2] * 4
    assert not same(plain, guided)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mask": np.zeros((SIZE, SIZE), np.uint8)}, "mask is empty"),
        ({"mask": np.ones((SIZE, 9), np.uint8)}, "mask does not fit"),
        ({"strokes": strokes(9, 9)}, "strokes do not fit"),
        ({"prompt": " \n"}, "nothing to go by"),
        ({"prompt": "", "strokes": np.zeros((SIZE, SIZE, 4), np.uint8)}, "nothing to go by"),
        ({"parameters": Parameters()}, "another method"),
        ({"image": np.full((8, 8, 3), np.nan)}, "8 or 16 bits"),
    ],
)
def test_what_cannot_run_is_one_sentence(sd15: Backbone, changes: dict[str, Any], words: str) -> None:
    edit = replace(request(), **changes)
    before, calls = state_of(sd15), sd15.calls
    with pytest.raises(BadRequest, match=words):
        finish(sdedit(sd15, edit))
    assert state_of(sd15) == before
    assert sd15.calls == calls
