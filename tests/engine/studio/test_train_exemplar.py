"""Training of the exemplar model in small: a coloured square is painted into a hole, as an exemplar shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, PaintByExamplePipeline
from numpy.typing import NDArray
from PIL import Image

from engine.studio.checkpoints import load_state
from engine.studio.data import SceneCache
from engine.studio.example_networks import name_example_classes
from engine.studio.examples import tensor_of
from engine.studio.train import main
from engine.studio.train_exemplar import ExemplarStage, load_exemplar_stage
from engine.studio.train_names import spread_places
from engine.studio.training import Recipe, Training
from tests.engine.studio.test_train import COLOURS, SHAPE, WORLD

CPU = torch.device("cpu")
SMALL = replace(SHAPE, example_size=16, example_patch=4, example_width=32, example_heads=2)
RECIPE = Recipe(rate=3e-3, warmup=5, batch=8, average=0.9)


def exemplars(wanted: Sequence[tuple[int, int, int]]) -> NDArray[np.uint8]:
    """The square's colour on a grey that the last number draws."""
    pictures = np.empty((len(wanted), 20, 20, 3), np.uint8)
    for picture, (seed, _, draw) in zip(pictures, wanted, strict=True):
        picture[:] = 60 + draw * 37 % 150
        picture[4:16, 4:16] = list(COLOURS.values())[seed % 3]
    return pictures


def without(wanted: Sequence[tuple[int, int]]) -> NDArray[np.uint8]:
    """A grey unlike the usual one, to tell where it is seen."""
    return np.full((len(wanted), 32, 32, 3), 120, np.uint8)


EXAMPLES = replace(WORLD, exemplars=exemplars, without=without)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base model of a few seconds."""
    folder = tmp_path_factory.mktemp("base")
    for name in ("vae", "base"):
        main([name, "--minutes", "0.03", "--scenes", "40", "--folder", str(folder)], WORLD, SHAPE)
    main(["export", "--folder", str(folder), "--out", str(folder / "studio")], WORLD, SHAPE)
    return folder / "studio"


def stage_of(base: Path, folder: Path, count: int = 20) -> ExemplarStage:
    torch.manual_seed(0)
    scenes = SceneCache(folder / "cache" / "training", EXAMPLES)
    validation = SceneCache(folder / "cache" / "validation", EXAMPLES, first=1_000_000)
    scenes.extend(count)
    validation.extend(8)
    return load_exemplar_stage(base, folder, scenes, count, validation, SMALL, CPU)


def test_the_loss_falls_and_exemplars_are_told_apart(base: Path, tmp_path: Path) -> None:
    stage = stage_of(base, tmp_path, 4)
    run = Training(stage, RECIPE, tmp_path)
    losses = [run.step() for _ in range(90)]
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])
    tokens, _ = stage._tokens(stage.records)
    assert stage.hints is not None
    labels = stage.hints.labels_of(stage.records["scene"], stage.records["index"])
    assert stage.namer is not None
    assert stage.namer.judged(tokens, labels)[1].all()
    with run.averaged(), torch.no_grad():
        report = stage.report()
    assert set(report.figures) == {"hole_psnr_db", "colour_error", "exemplar_named"}
    assert report.picture.size == (8 * 32, 6 * 32)


def test_resuming_continues_exactly(base: Path, tmp_path: Path) -> None:
    whole = Training(stage_of(base, tmp_path), RECIPE, tmp_path / "a")
    losses = [whole.step() for _ in range(6)]
    part = Training(stage_of(base, tmp_path), RECIPE, tmp_path / "b")
    for _ in range(3):
        part.step()
    part.save()
    resumed = Training(stage_of(base, tmp_path), RECIPE, tmp_path / "b")
    resumed.resume()
    assert [resumed.step() for _ in range(3)] == losses[3:]
    for name, weight in whole.parameters.items():
        assert torch.equal(weight, resumed.parameters[name]), name


def test_dropped_examples_are_asked_with_the_unconditional_vector(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = stage_of(base, tmp_path)
    asked: list[torch.Tensor] = []
    stage.unet.register_forward_pre_hook(lambda _net, inputs: asked.append(inputs[2].detach()))
    stage.loss(0, 16, slice(None))
    learned = stage.encoder.uncond_vector.detach()[0].to(asked[0].dtype)
    same = [torch.equal(context, learned) for context in asked[0]]
    assert 0 < sum(same) < 8  # 15 % of 16
    for share, rows in ((1.0, 16), (0.0, 0)):
        monkeypatch.setattr("engine.studio.train_exemplar.DROPPED", share)
        stage.loss(0, 16, slice(None))
        assert sum(torch.equal(context, learned) for context in asked[-1]) == rows


def test_every_parameter_learns_in_every_share(base: Path, tmp_path: Path) -> None:
    """Helpers add up gradients parameter by parameter."""
    stage = stage_of(base, tmp_path)
    torch.autograd.backward(stage.loss(0, 2, slice(0, None, 2)))
    missing = [name for net in stage.networks.values() for name, p in net.named_parameters() if p.grad is None]
    assert missing == []


def test_shares_make_up_the_batch(base: Path, tmp_path: Path) -> None:
    stage = stage_of(base, tmp_path)
    stage.hints = None  # the side tasks are means over the cells of a share
    with torch.no_grad():
        whole = float(stage.loss(3, 8, slice(None)))
        halves = [float(stage.loss(3, 8, slice(rank, None, 2))) for rank in (0, 1)]
    assert np.mean(halves) == pytest.approx(whole, rel=1e-2)


def test_exemplars_are_mirrored_and_turned_a_little() -> None:
    places = spread_places(400, torch.Generator().manual_seed(0))
    linear = places[:, :, :2]
    size = torch.linalg.det(linear)
    assert 0.4 < float((size < 0).float().mean()) < 0.6  # mirrored
    assert 0.85**2 - 1e-4 <= float(size.abs().min()) <= float(size.abs().max()) <= 1.15**2 + 1e-4
    angles = torch.atan2(linear[:, 0, 1].abs(), linear[:, 1, 1])
    assert float(angles.max()) < np.radians(15.1)
    assert float(places[:, :, 2].abs().max()) <= 0.06


def test_the_command_trains_exports_and_goes_on(base: Path, tmp_path: Path) -> None:
    folder, out, again = tmp_path / "training", tmp_path / "studio-exemplar", tmp_path / "again"
    options = ["--scenes", "20", "--base", str(base)]
    main(["exemplar", "--minutes", "0.03", "--folder", str(folder), *options], EXAMPLES, SMALL)
    assert (folder / "exemplar.png").exists()
    main(["export-exemplar", "--folder", str(folder), "--out", str(out), "--base", str(base)], EXAMPLES, SMALL)
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "{" not in card
    assert "40 examples from 20 scenes" in card
    main(["go-on-exemplar", "--folder", str(again), "--out", str(out)], EXAMPLES, SMALL)
    before, after = load_state(folder / "exemplar.pt"), load_state(again / "exemplar.pt")
    assert after["steps"] == before["steps"] > 0
    kept = {name for name in before["average"] if not name.startswith(("reader.", "namer."))}
    assert kept == after["average"].keys()
    for name in kept:  # 8 bits: three of them behind the leading one
        torch.testing.assert_close(after["average"][name], before["average"][name], rtol=2**-4, atol=2**-9)
    main(["exemplar", "--resume", "--minutes", "0.02", "--folder", str(again), *options], EXAMPLES, SMALL)
    assert load_state(again / "exemplar.pt")["steps"] > before["steps"]


def test_the_export_refuses_another_encoder(base: Path, tmp_path: Path) -> None:
    run = Training(stage_of(base, tmp_path), RECIPE, tmp_path)
    run.stage.notes()["encoder"] = "another"
    run.save()
    with pytest.raises(ValueError, match="another encoder"):
        main(
            ["export-exemplar", "--folder", str(tmp_path), "--out", str(tmp_path), "--base", str(base)], EXAMPLES, SMALL
        )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_export_paints_in_the_stock_pipeline(base: Path, tmp_path: Path, dtype: torch.dtype) -> None:
    stage = stage_of(base, tmp_path)
    run = Training(stage, RECIPE, tmp_path)
    run.step()
    run.save()
    out = tmp_path / "out"
    main(["export-exemplar", "--folder", str(tmp_path), "--out", str(out), "--base", str(base)], EXAMPLES, SMALL)
    name_example_classes()
    pipeline = PaintByExamplePipeline.from_pretrained(str(out), safety_checker=None, torch_dtype=dtype)
    pipeline.set_progress_bar_config(disable=True)
    assert {p.dtype for p in pipeline.unet.parameters()} == {dtype}
    assert stage.showing is not None
    shown = stage.showing()
    example = shown.examples[0]
    picture, mask, exemplar = (Image.fromarray(part) for part in (example.picture, example.hole, example.exemplar))
    made = pipeline(example_image=exemplar, image=picture, mask_image=mask, num_inference_steps=2, output_type="np")
    assert made.images[0].shape == (32, 32, 3)
    assert np.isfinite(made.images[0]).all()
    with run.averaged(), torch.no_grad():  # what the pipeline reads of the exemplar is what the training showed
        token, _ = stage._tokens(shown.records[:1])
    pixels = pipeline.feature_extractor(images=exemplar, return_tensors="pt").pixel_values
    assert float(pixels.min()) >= -1.0
    read = pipeline.image_encoder(pixels.to(dtype))[0, 0].detach().float()
    assert float(torch.cosine_similarity(read, token[0, 0], dim=0)) > 0.95
    shared, own = (AutoencoderKL.from_pretrained(folder / "vae").state_dict() for folder in (base, out))
    assert all(torch.equal(shared[name], own[name]) for name in shared)


def test_records_are_read_as_the_pipeline_reads_pictures(base: Path, tmp_path: Path) -> None:
    showing = stage_of(base, tmp_path).showing
    assert showing is not None
    shown = showing()
    keep = tensor_of(shown.records, "keep")
    for example, cells in zip(shown.examples, keep, strict=True):
        assert torch.equal(cells[0], torch.from_numpy(~example.hole[::4, ::4]).float())
    assert (tensor_of(shown.records, "holed") != tensor_of(shown.records, "clean")).any()
