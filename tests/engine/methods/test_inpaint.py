"""Fill and remove: what is held, how often, and what an inpainting network is shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.backbone import Backbone
from engine.errors import BadRequest
from engine.masking import dilate
from engine.methods import finish
from engine.methods.inpaint import InpaintParameters, inpaint
from engine.methods.sdedit import SDEditParameters, sdedit
from engine.request import Control, EditRequest, EditResult, Parameters, Pixels, Step
from engine.sampling import ddim, resampled_ddim, seeded_noise
from engine.schedule import noised
from engine.workpiece import to_tensor
from tests.engine.methods.support import SIZE, Spy, pasted, photo, same, square, state_of


def request(image: Pixels | None = None, **changes: Any) -> EditRequest:
    options = {name: changes.pop(name) for name in list(changes) if name in InpaintParameters.__dataclass_fields__}
    small = {"steps": 5, "strength": 0.8, "resampling": 3, "grow": 2, "feather": 2}
    values = {"prompt": "a red ball", "seed": 7, "mask": square(), **changes}
    return EditRequest(
        "inpaint", photo() if image is None else image, InpaintParameters(**{**small, **options}), **values
    )


def test_each_step_but_the_last_is_repeated(backbone: Backbone) -> None:
    calls, seen = backbone.calls, list[Step]()
    result = finish(inpaint(backbone, request()), seen.append)
    assert backbone.calls - calls == result.steps == 3 * 3 + 1
    assert [(step.index, step.total) for step in seen] == [(index, 10) for index in range(1, 11)]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("words", ["a red ball", ""])
def test_outside_the_mask_the_picture_is_identical(backbone: Backbone, dtype: Any, words: str) -> None:
    mask = square(200, 90, 120)
    edit = request(photo(200, 200, dtype), mask=mask, prompt=words)
    after, outside = pasted(finish(inpaint(backbone, edit))), dilate(mask, 4) == 0
    assert np.array_equal(after[outside], edit.image[outside])
    assert np.abs(after[mask > 0].astype(float) - edit.image[mask > 0]).mean() / np.iinfo(dtype).max > 0.02


def test_the_outside_has_the_level_of_the_latent_and_ends_exact(
    backbone: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    spy = Spy(backbone, monkeypatch)
    side = backbone.native
    mask = square(side, side // 4, side * 3 // 4)
    edit = request(photo(side, side), mask=mask, resampling=1)
    finish(inpaint(backbone, edit))
    source = backbone.encode(to_tensor(edit.image.astype(np.float32) / 255))
    noise, cells = seeded_noise(source.shape, edit.seed), side // 8
    held = torch.from_numpy(dilate(mask, 4).reshape(cells, 8, cells, 8).max(axis=(1, 3)) == 0)
    assert held.any()
    for t, z in spy.seen:
        assert (z - noised(source, noise, backbone.schedule.level(t)))[..., held].abs().max() < 1e-5
    assert torch.equal(spy.decoded[0][..., held], source[..., held])


def test_noising_back_gives_the_level_it_came_from(sd15: Backbone) -> None:
    """A network that knows the truth: z keeps the strength of noise that belongs to its time."""
    clean = torch.zeros(1, 4, 64, 64)
    times = sd15.schedule.ddim_times(10, 0.8)
    spread: dict[int, list[float]] = {t: [] for t in times}

    def predict(z: Tensor, t: int) -> Tensor:
        spread[t].append(float(z.std()))
        return z / sd15.schedule.level(t).noise

    z = noised(clean, seeded_noise(clean.shape, 1), sd15.schedule.level(times[0]))
    list(resampled_ddim(predict, sd15.schedule, z, times, 4, 1))
    for t, found in spread.items():
        assert len(found) == (4 if t != times[-1] else 1)
        assert found == pytest.approx([sd15.schedule.level(t).noise] * len(found), rel=0.03)


def test_without_repeats_it_is_ddim(backbone: Backbone) -> None:
    words, times = backbone.embed("a red ball"), backbone.schedule.ddim_times(6, 0.9)
    z = seeded_noise((1, 4, 8, 8), 2)
    with torch.no_grad():
        runs = [
            list(ddim(lambda z, t: backbone.predict(z, t, words), backbone.schedule, z, times)),
            list(resampled_ddim(lambda z, t: backbone.predict(z, t, words), backbone.schedule, z, times, 1, 5)),
        ]
    assert all(torch.equal(one.latent, other.latent) for one, other in zip(*runs, strict=True))


def test_no_words_need_no_second_half(backbone: Backbone) -> None:
    sizes: list[int] = []
    handle = backbone.unet.register_forward_pre_hook(lambda module, inputs: sizes.append(len(inputs[0])))
    finish(inpaint(backbone, request(prompt=" ", resampling=1)))
    finish(inpaint(backbone, request(resampling=1)))
    handle.remove()
    assert sizes == [1] * 4 + [2] * 4


def test_the_same_recipe_gives_the_same_pixels_also_when_stopped(backbone: Backbone) -> None:
    edit = request()
    assert same(*(finish(inpaint(backbone, edit)) for _ in range(2)))
    for count in (1, 5):
        run = inpaint(backbone, edit)
        for _ in range(count):
            next(run)
        with pytest.raises(StopIteration) as stopped:
            run.send(Control.STOP)
        result: EditResult = stopped.value.value
        assert result.recipe.stop_after == count
        assert same(result, finish(inpaint(backbone, result.recipe)))


def test_a_network_that_fills_sees_the_gap_and_its_surroundings(
    filling: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert filling.fills
    seen: list[Tensor] = []
    filling.unet.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].clone()))
    mask = square(SIZE, 24, 40)
    edit = request(photo(), mask=mask, resampling=1, grow=0, feather=0)
    result = finish(inpaint(filling, edit))
    filling.unet._forward_pre_hooks.clear()
    assert result.scale == 1.0
    assert seen[0].shape == (2, 9, 8, 8)
    gap = seen[0][0, 4]
    assert gap.sum() == 4
    assert (gap[3:5, 3:5] == 1).all(), "1 = fill"
    picture = edit.image.astype(np.float32) / 255
    picture[24:40, 24:40] = 0.5
    assert torch.allclose(seen[0][0, 5:], filling.encode(to_tensor(picture))[0], atol=1e-5)


def test_other_methods_run_on_a_network_that_fills(filling: Backbone) -> None:
    edit = EditRequest("sdedit", photo(), SDEditParameters(steps=3), prompt="a red ball")
    assert finish(sdedit(filling, edit)).patch.shape == (SIZE, SIZE, 3)


def test_cancel_leaves_the_model_as_it_was(backbone: Backbone) -> None:
    before = state_of(backbone)
    run = inpaint(backbone, request())
    next(run)
    run.close()
    assert state_of(backbone) == before


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mask": None}, "There is no mask"),
        ({"mask": np.full((SIZE, SIZE), 255, np.uint8)}, "Everything is masked"),
        ({"mask": np.zeros((SIZE, SIZE), np.uint8)}, "mask is empty"),
        ({"mask": np.ones((SIZE, 9), np.uint8)}, "mask does not fit"),
        ({"parameters": Parameters()}, "another method"),
    ],
)
def test_what_cannot_run_is_one_sentence(sd15: Backbone, changes: dict[str, Any], words: str) -> None:
    calls = sd15.calls
    with pytest.raises(BadRequest, match=words):
        finish(inpaint(sd15, replace(request(), **changes)))
    assert sd15.calls == calls
