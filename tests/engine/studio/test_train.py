"""Training in small: a world of coloured squares, networks of a few thousand parameters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray

from engine.studio.checkpoints import load_state
from engine.studio.data import SceneCache, World, object_cover
from engine.studio.networks import Shape, build_vae
from engine.studio.train import main
from engine.studio.train_base import BaseStage, balance_vae, cell_weights, load_base_stage
from engine.studio.train_vae import VaeLoss, VaeStage, psnr
from engine.studio.training import Recipe, Stage, Training

CPU = torch.device("cpu")
SHAPE = Shape(
    vae_channels=(8, 16, 16),
    vae_groups=4,
    latent_size=8,
    unet_channels=(16, 16, 32),
    unet_heads=2,
    unet_groups=8,
    text_width=32,
    text_layers=1,
    text_heads=2,
    text_tokens=16,
)
COLOURS = {"red": (220, 40, 40), "green": (40, 200, 60), "blue": (40, 60, 220)}


def squares(seeds: Sequence[int]) -> tuple[NDArray[np.uint8], NDArray[np.uint8], list[list[str]]]:
    """One coloured square on grey a seed."""
    pictures = np.full((len(seeds), 32, 32, 3), 128, np.uint8)
    ids = np.ones((len(seeds), 32, 32), np.uint8)
    captions = []
    for picture, ident, seed in zip(pictures, ids, seeds, strict=True):
        name = list(COLOURS)[seed % 3]
        y, x = 4 + seed % 7, 4 + seed % 11
        picture[y : y + 14, x : x + 14] = COLOURS[name]
        ident[y : y + 14, x : x + 14] = 2
        captions.append([f"a {name} square on grey", f"{name} square"])
    return pictures, ids, captions


def labels(seeds: Sequence[int]) -> NDArray[np.int64]:
    """Grey all around (0), and a square (1) of some colour."""
    found = np.full((len(seeds), 6, 2), -1, np.int64)
    found[:, 1, 0], found[:, 2, 0] = 0, 1
    found[:, 2, 1] = [seed % 3 for seed in seeds]
    return found


WORLD = World(32, squares, labels, (2, 3))


def vae_training(folder: Path, recipe: Recipe) -> Training:
    torch.manual_seed(0)
    scenes, validation = SceneCache(folder / "train", WORLD), SceneCache(folder / "valid", WORLD, first=1_000_000)
    scenes.extend(40)
    validation.extend(64)
    return Training(VaeStage(build_vae(SHAPE), scenes, validation, 16, CPU), recipe, folder)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after a few seconds of the autoencoder's and the base model's training by the command line."""
    folder = tmp_path_factory.mktemp("training")
    for name in ("vae", "base"):
        main([name, "--minutes", "0.03", "--scenes", "40", "--folder", str(folder)], WORLD, SHAPE)
    return folder


def test_scene_cache_grows_and_repairs_what_was_half_written(tmp_path: Path) -> None:
    cache = SceneCache(tmp_path, WORLD)
    cache.extend(20)
    with (tmp_path / "pictures.u8").open("ab") as file:
        file.write(b"half a picture")
    cache.extend(37)
    truth, ids, captions = squares(range(37))
    np.testing.assert_array_equal(cache.pictures(), truth)
    np.testing.assert_array_equal(cache.ids(), ids)
    assert cache.captions() == captions


def test_vae_resumes_exactly(tmp_path: Path) -> None:
    recipe = Recipe(warmup=3, batch=4)
    straight = vae_training(tmp_path, recipe)
    losses = [straight.step() for _ in range(3)]
    straight.save()
    losses += [straight.step() for _ in range(3)]
    resumed = vae_training(tmp_path, recipe)
    resumed.resume()
    assert [resumed.step() for _ in range(3)] == losses[3:]
    for name, value in straight.average.items():
        torch.testing.assert_close(resumed.average[name], value, rtol=0, atol=0)


def test_helpers_find_the_same_gradients(tmp_path: Path) -> None:
    def training(folder: Path, helpers: int) -> Training:
        torch.manual_seed(0)
        scenes = SceneCache(tmp_path / "train", WORLD)
        scenes.extend(40)
        vae = build_vae(SHAPE)
        stage = VaeStage(vae, scenes, scenes, 16, CPU)
        stage.parts = VaeLoss(likeness=0.0)  # of a whole batch, all other parts are means over pictures
        return Training(stage, Recipe(warmup=1, batch=8), folder, helpers)

    alone, together = training(tmp_path / "a", 0), training(tmp_path / "b", 1)
    for _ in range(3):
        assert together.step() == pytest.approx(alone.step(), rel=1e-2)
    changes = torch.stack([(together.average[k] - v).norm() / (v.norm() + 1e-3) for k, v in alone.average.items()])
    assert changes.median() < 0.02


def test_base_resumes_exactly(trained: Path, tmp_path: Path) -> None:
    def training() -> Training:
        scenes = SceneCache(trained / "cache" / "training", WORLD)
        torch.manual_seed(0)
        stage: Stage = load_base_stage(trained, scenes, 40, SHAPE, CPU)
        return Training(stage, Recipe(warmup=3, batch=4), tmp_path)

    straight = training()
    straight.step()
    straight.save()
    losses = [straight.step() for _ in range(3)]
    resumed = training()
    resumed.resume()
    assert [resumed.step() for _ in range(3)] == losses


def test_what_is_left_stays_left(trained: Path) -> None:
    scenes = SceneCache(trained / "cache" / "training", WORLD)
    stage = load_base_stage(trained, scenes, 40, SHAPE, CPU)
    for caption, mirrored in (("a red square left of nothing", False), ("a red square", True)):
        parts = stage.unet, stage.text_encoder, stage.tokenizer, stage.latents
        rows, _ = BaseStage(*parts, [[caption]] * 40, stage.cover, CPU)._draw(64, torch.Generator().manual_seed(0))
        assert any(row % 2 for row in rows) == mirrored


def test_objects_count_more_only_where_they_can_be_seen() -> None:
    cover = torch.tensor([0.0, 0.5, 1.0]).expand(4, 1, 1, 3)
    weights = cell_weights(cover, torch.tensor([0.0, 0.4, 0.55, 0.9]))
    expected = torch.tensor([[1.0, 2.5, 4.0], [1.0, 2.5, 4.0], [1.0, 1.75, 2.5], [1.0, 1.0, 1.0]])
    torch.testing.assert_close(weights[:, 0, 0], expected)


def test_vae_loss_falls(tmp_path: Path) -> None:
    training = vae_training(tmp_path, Recipe(rate=3e-3, warmup=5, batch=8, average=0.9))
    losses = [training.step() for _ in range(60)]
    assert np.mean(losses[-5:]) < 0.6 * np.mean(losses[:5])


def test_decoder_only_leaves_the_latents_alone(trained: Path) -> None:
    scenes = SceneCache(trained / "cache" / "training", WORLD)
    stage = VaeStage(build_vae(SHAPE), scenes, scenes, 16, CPU)
    stage.freeze_encoder()
    training = Training(stage, Recipe(warmup=1, batch=4), trained)
    training.resume(fresh_optimizer=True)
    training.settle()
    before = stage.notes()["encoder"]
    decoder = training.average["vae.decoder.conv_out.weight"].clone()
    for _ in range(3):
        training.step()
    with training.averaged():
        assert stage.notes()["encoder"] == before
    assert not torch.equal(training.average["vae.decoder.conv_out.weight"], decoder)


def test_balanced_vae_draws_the_same_pictures() -> None:
    torch.manual_seed(0)
    vae = build_vae(SHAPE)
    images = torch.rand(4, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        before = vae.encode(images).latent_dist
        decoded = vae.decode(before.mean).sample
        centre, deviation = before.mean.mean(dim=(0, 2, 3)), before.mean.std(dim=(0, 2, 3))
        balance_vae(vae, centre, deviation)
        after = vae.encode(images).latent_dist
        torch.testing.assert_close(after.mean.mean(dim=(0, 2, 3)), torch.zeros(4), rtol=0, atol=1e-4)
        torch.testing.assert_close(after.mean.std(dim=(0, 2, 3)), torch.ones(4), rtol=0, atol=1e-4)
        torch.testing.assert_close(after.std * deviation.view(1, -1, 1, 1), before.std, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(vae.decode(after.mean).sample, decoded, rtol=0, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_export_loads_in_the_stock_pipeline(trained: Path, tmp_path: Path, dtype: torch.dtype) -> None:
    main(["export", "--folder", str(trained), "--out", str(tmp_path)], WORLD, SHAPE)
    pipeline = StableDiffusionPipeline.from_pretrained(str(tmp_path), safety_checker=None, torch_dtype=dtype)
    pipeline.set_progress_bar_config(disable=True)
    picture = pipeline("a red square", num_inference_steps=2, guidance_scale=4, output_type="np").images[0]
    assert picture.shape == (32, 32, 3)
    assert np.isfinite(picture).all()
    latents = pipeline.vae.encode(torch.zeros(1, 3, 32, 32, dtype=dtype)).latent_dist.mean
    assert torch.isfinite(latents).all()
    assert pipeline.vae.config["scaling_factor"] == 1.0
    assert "apache-2.0" in (tmp_path / "README.md").read_text()


def test_psnr_of_a_known_error() -> None:
    black = np.zeros((2, 4, 4, 3), np.uint8)
    assert psnr(black, black + np.uint8(255)) == pytest.approx(0.0)
    assert psnr(black, black + np.uint8(16)) == pytest.approx(20 * np.log10(255 / 16), abs=1e-3)


def test_published_weights_are_gone_on_with(trained: Path, tmp_path: Path) -> None:
    published, folder = tmp_path / "published", tmp_path / "training"
    main(["export", "--folder", str(trained), "--out", str(published)], WORLD, SHAPE)
    main(["go-on", "--folder", str(folder), "--out", str(published)], WORLD, SHAPE)
    before, after = load_state(trained / "base.pt"), load_state(folder / "base.pt")
    assert after["steps"] == before["steps"] > 0
    assert after["samples"] == before["samples"]
    exported = {
        name: value for name, value in before["average"].items() if not name.startswith(("reader.", "overview."))
    }
    assert exported.keys() == after["average"].keys()
    for name, value in exported.items():
        torch.testing.assert_close(after["average"][name], value, rtol=1e-3, atol=1e-4)  # they were fp16 meanwhile
    main(["base", "--resume", "--minutes", "0.02", "--scenes", "40", "--folder", str(folder)], WORLD, SHAPE)
    resumed = load_state(folder / "base.pt")
    assert resumed["steps"] > before["steps"]
    assert resumed["warm_from"] == before["steps"]
    with pytest.raises(FileExistsError, match="exists already"):
        main(["go-on", "--folder", str(folder), "--out", str(published)], WORLD, SHAPE)


def test_objects_and_their_rims_weigh_more() -> None:
    ids = np.ones((1, 32, 32), np.uint8)
    ids[0, 8:16, 4:8] = 2
    ids[0, :4] = 255  # scenery is no object
    cover = object_cover(ids, 8)
    assert cover.shape == (2, 1, 8, 8)
    expected = torch.zeros(8, 8)
    expected[1:5, 0:3] = 1.0
    torch.testing.assert_close(cover[0, 0].float(), expected)
    torch.testing.assert_close(cover[1, 0].float(), expected.flip(-1))
