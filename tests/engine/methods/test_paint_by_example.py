"""Paint by Example: what the network is shown, against diffusers' pipeline, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, PaintByExamplePipeline
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from diffusers.pipelines.deprecated.paint_by_example.image_encoder import PaintByExampleImageEncoder
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from engine.backbone import Backbone
from engine.errors import BadRequest
from engine.exemplar import ExemplarReader
from engine.exemplars import Framing, framed
from engine.masking import dilate
from engine.methods import finish
from engine.methods.paint_by_example import METHOD, PaintByExampleParameters, paint_by_example
from engine.methods.sdedit import SDEditParameters, sdedit
from engine.models.loader import load
from engine.request import Control, EditRequest, EditResult
from tests.engine.methods.support import pasted, photo, same, square, state_of
from tests.engine.tiny_ip_adapter import write_ip_adapter
from tests.engine.tiny_models import write_sd15

NATIVE = 64
BOX = (16, 24, 24, 24)


def example(seed: int = 0, side: int = 40) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    picture = np.full((side, side, 4), 255, np.uint8)
    picture[..., :3] = rng.integers(0, 256, (4, 4, 3)).repeat(side // 4, 0).repeat(side // 4, 1)
    picture[:4, :4, 3] = 0  # it is cut out
    return picture


def request(**changes: Any) -> EditRequest:
    names = PaintByExampleParameters.__dataclass_fields__
    options = {name: changes.pop(name) for name in list(changes) if name in names}
    small = {"steps": 4, "grow": 2, "feather": 3}
    values = {"image": photo(NATIVE, NATIVE), "exemplar": example(), "box": BOX, "seed": 5, "model": METHOD.model}
    return EditRequest(METHOD.id, parameters=PaintByExampleParameters(**{**small, **options}), **{**values, **changes})


def run(backbone: Backbone, edit: EditRequest) -> EditResult:
    return finish(paint_by_example(backbone, edit))


@contextmanager
def counted(backbone: Backbone) -> Iterator[dict[str, int]]:
    """How often each network is called meanwhile."""
    calls = {"encode": 0, "example": 0, "network": 0}
    networks = {"encode": backbone.vae.encoder, "example": backbone.reader.encoder, "network": backbone.unet}

    def count(name: str) -> Any:
        return lambda *_: calls.update({name: calls[name] + 1})

    handles = [network.register_forward_hook(count(name)) for name, network in networks.items()]
    try:
        yield calls
    finally:
        for handle in handles:
            handle.remove()


def pipeline_of(backbone: Backbone) -> PaintByExamplePipeline:
    """The peer, from the same weights."""
    assert isinstance(backbone.reader, ExemplarReader)
    encoder = PaintByExampleImageEncoder(backbone.reader.encoder.config)
    encoder.load_state_dict(backbone.reader.encoder.state_dict())
    pipeline = PaintByExamplePipeline(
        vae=backbone.vae,
        image_encoder=encoder.eval(),
        unet=backbone.unet,
        scheduler=DDIMScheduler.from_config({**backbone.schedule.config, "clip_sample": False}),
        safety_checker=None,
        feature_extractor=backbone.reader.processor,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


@torch.no_grad()
def test_the_first_step_is_the_peers(exemplar: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    edit = request(sampler="ddim", guidance=5.0)
    hole = np.zeros((NATIVE, NATIVE), np.uint8)
    hole[24:48, 16:40] = 255
    shown: list[tuple[Tensor, Tensor]] = []
    handle = exemplar.unet.register_forward_pre_hook(
        lambda _, inputs, named: shown.append((inputs[0], named.get("encoder_hidden_states", inputs[-1]))),
        with_kwargs=True,
    )
    steps: list[Tensor] = []
    # The pipeline draws the masked picture's latent from the posterior; ours is its mode, always the same.
    monkeypatch.setattr(DiagonalGaussianDistribution, "sample", lambda self, generator=None: self.mode())
    pipeline_of(exemplar)(
        example_image=Image.fromarray(framed(example(), Framing())),
        image=Image.fromarray(edit.image),
        mask_image=Image.fromarray(hole),
        num_inference_steps=4,
        guidance_scale=5.0,
        latents=torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(edit.seed)),
        callback=lambda index, t, latents: steps.append(latents),
        output_type="latent",
    )
    peers = len(shown)
    ours: list[Tensor] = []
    clean = exemplar.schedule.clean
    monkeypatch.setattr(
        type(exemplar.schedule), "clean", lambda self, z, noise, t: ours.append(z) or clean(z, noise, t)
    )
    run(exemplar, edit)
    handle.remove()
    (theirs, their_words), (mine, my_words) = shown[0], shown[peers]
    assert mine.shape == theirs.shape == (2, 9, 8, 8)
    assert torch.allclose(mine, theirs, atol=1e-4)
    assert torch.equal(mine[0, 8] == 0, torch.from_numpy(hole[::8, ::8] == 255))  # 1 = keep, and it stands last
    assert torch.allclose(my_words, their_words, atol=1e-4)
    painted = mine[0, 8] == 0
    assert torch.allclose(ours[1][..., painted], steps[0][..., painted], atol=1e-4)  # the latent after the first step
    assert not torch.allclose(ours[1][..., painted], ours[0][..., painted], atol=1e-2)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_outside_the_box_the_picture_is_identical(exemplar: Backbone, dtype: Any) -> None:
    edit = request(image=photo(150, 110, dtype), box=(20, 30, 40, 50))
    place = np.zeros((110, 150), np.uint8)
    place[30:80, 20:60] = 255
    after = pasted(run(exemplar, edit))
    outside = dilate(place, 2 + 3) == 0
    assert np.array_equal(after[outside], edit.image[outside])
    assert np.abs(after[place > 0].astype(float) - edit.image[place > 0]).mean() / np.iinfo(dtype).max > 0.02


def test_another_seed_encodes_nothing_anew(exemplar: Backbone) -> None:
    image = photo(NATIVE, NATIVE)[:, ::-1].copy()  # nothing of it is in the cache
    with counted(exemplar) as calls:
        first = run(exemplar, request(image=image, exemplar=example(9)))
    assert calls == {"encode": 2, "example": 1, "network": 4}
    with counted(exemplar) as calls:
        second = run(exemplar, request(image=image, exemplar=example(9), seed=6))
    assert calls == {"encode": 0, "example": 0, "network": 4}
    assert not same(first, second)
    with counted(exemplar) as calls:
        run(exemplar, request(image=image, exemplar=example(10), seed=6))
    assert calls == {"encode": 0, "example": 1, "network": 4}
    with counted(exemplar) as calls:
        run(exemplar, request(image=image, exemplar=example(10), box=(8, 8, 24, 24), seed=6))
    assert calls == {"encode": 1, "example": 0, "network": 4}  # only the picture with another hole


def test_the_example_and_each_of_its_knobs_matter(exemplar: Backbone) -> None:
    plain = run(exemplar, request())
    assert same(plain, run(exemplar, request()))
    for changes in ({"exemplar": example(3)}, {"mirror": True}, {"rotate": 30.0}, {"margin": 0.9}, {"guidance": 6.0}):
        assert not same(plain, run(exemplar, request(**changes))), changes


def test_what_looks_like_the_old_picture_is_shown_all_the_same(
    exemplar: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "engine.methods.paint_by_example.standing_out", lambda new, *_: np.zeros(new.shape[:2], np.float32)
    )
    result = run(exemplar, request())
    assert result.alpha.max() == 255
    assert any("looks much like what was there" in note for note in result.notes)


def test_guidance_of_one_is_half_the_work(exemplar: Backbone) -> None:
    sizes: list[int] = []
    handle = exemplar.unet.register_forward_pre_hook(lambda _, inputs: sizes.append(len(inputs[0])))
    run(exemplar, request(guidance=1.0))
    run(exemplar, request())
    handle.remove()
    assert sizes == [1] * 4 + [2] * 2 + [1] * 2  # where little noise is left, guidance changes next to nothing


@pytest.mark.parametrize(
    "box",
    [(30, 30, 1, 1), (0, 0, 1, 64), (-20, -20, 40, 40), (50, 50, 60, 60), (0, 0, 64, 64), (-9, -9, 200, 200)],
)
def test_boxes_of_every_kind(exemplar: Backbone, box: tuple[int, int, int, int]) -> None:
    result = run(exemplar, request(box=box))
    after = pasted(result).astype(int)
    x, y, width, height = box
    inside = np.s_[max(y, 0) : y + height, max(x, 0) : x + width]
    assert np.abs(after[inside] - photo(NATIVE, NATIVE)[inside]).max() > 2
    assert np.isfinite(result.patch).all()


def test_a_mask_serves_as_a_box_and_limits_one(exemplar: Backbone) -> None:
    mask = np.zeros((NATIVE, NATIVE), np.uint8)
    mask[24:48, 16:40] = 255
    assert same(run(exemplar, request()), run(exemplar, request(box=None, mask=mask)))
    assert same(run(exemplar, request()), run(exemplar, request(box=(0, 0, 64, 64), mask=mask)))
    assert same(run(exemplar, request()), run(exemplar, request(box=None, mask=mask // 255 * 130)))  # half is meant
    faint = run(exemplar, request(box=None, mask=square(NATIVE, 24, 48) // 255 * 9))  # all of it is faint
    assert faint.alpha.max() == 255


def test_it_stops_with_what_there_is_and_replays_that(exemplar: Backbone) -> None:
    method = paint_by_example(exemplar, request(steps=6))
    steps = [next(method), method.send(None)]
    assert [step.index for step in steps] == [1, 2]
    assert steps[-1].preview is not None
    with pytest.raises(StopIteration) as ended:
        method.send(Control.STOP)
    stopped: EditResult = ended.value.value
    assert (stopped.steps, stopped.recipe.stop_after) == (2, 2)
    assert same(stopped, run(exemplar, stopped.recipe))


def test_a_cancelled_run_leaves_nothing_behind(exemplar: Backbone) -> None:
    before = state_of(exemplar)
    method = paint_by_example(exemplar, request())
    next(method)
    method.close()
    assert state_of(exemplar) == before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"exemplar": None}, "no example"),
        ({"box": None}, "no place"),
        ({"box": (90, 90, 8, 8)}, "outside"),
        ({"box": (0, 0, 8, 8), "mask": square(NATIVE, 32, 48)}, "do not meet"),
        ({"exemplar": np.zeros((8, 8, 4), np.uint8)}, "Nothing of the example is marked"),
        ({"exemplar": np.full((5000, 4000, 4), 255, np.uint8)}, "16 megapixels"),
        ({"exemplar": np.full((8, 8), 255, np.uint8)}, "colour and alpha"),
    ],
)
def test_what_cannot_be_painted_is_said_in_one_sentence(
    exemplar: Backbone, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadRequest, match=sentence):
        run(exemplar, request(**changes))


@pytest.mark.parametrize("fills", [False, True])
def test_an_ip_adapter_tells_ordinary_models_the_example(tmp_path: Path, fills: bool) -> None:
    folder = write_sd15(tmp_path / "sd15", 9 if fills else 4)
    write_ip_adapter(tmp_path / "ip-adapter", load(str(folder), "cpu", torch.float32).unet)
    backbone = load(str(folder), "cpu", torch.float32)
    before, small = state_of(backbone), backbone.bytes
    edit = request(guidance=5.0)
    first = run(backbone, edit)
    assert backbone.bytes > small  # it was read
    assert same(first, run(backbone, edit))
    assert not same(first, run(backbone, request(guidance=5.0, exemplar=example(3))))
    assert not same(first, run(backbone, request(guidance=5.0, mirror=True)))
    assert state_of(backbone) == before
    place = np.zeros((NATIVE, NATIVE), np.uint8)
    place[24:48, 16:40] = 255
    outside = dilate(place, 2 + 3) == 0
    assert np.array_equal(pasted(first)[outside], edit.image[outside])
    with counted(backbone) as calls:
        run(backbone, request(guidance=5.0, seed=6))
    assert calls == {"encode": 0, "example": 0, "network": 4}  # "example": the words' encoder


def test_models_say_what_they_are_told_by(exemplar: Backbone, sd15: Backbone) -> None:
    with pytest.raises(BadRequest, match="cannot be told by an example"):
        run(sd15, request())
    words = EditRequest("sdedit", photo(NATIVE, NATIVE), SDEditParameters(), prompt="a red ball")
    with pytest.raises(BadRequest, match="told by an example"):
        finish(sdedit(exemplar, words))
