"""Training of the click-to-mask network in small: the squares of the other trainings, at 32 pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.models.sam import STUDIO, build_sam
from engine.models.sam_loader import load_sam
from engine.sam import SamSegmenter
from engine.segmentation import Click, Prompts, see
from engine.studio.checkpoints import load_state
from engine.studio.data import SceneCache
from engine.studio.train import main
from engine.studio.train_sam import SamStage, dice_loss, fit_checkpoint
from engine.studio.training import Recipe, Training
from tests.engine.studio.test_train import WORLD, squares

RECIPE = Recipe(rate=1e-3, warmup=20, batch=4, average=0.9)


def training(folder: Path, side: int = 32) -> Training:
    torch.manual_seed(0)
    scenes, validation = SceneCache(folder / "train", WORLD), SceneCache(folder / "valid", WORLD, first=1_000_000)
    scenes.extend(40)
    validation.extend(12)
    shape = replace(STUDIO, side=side, depth=2, global_blocks=(1,), width=48)
    return Training(SamStage(build_sam(shape), scenes, validation, 40, torch.device("cpu")), RECIPE, folder)


def test_a_short_training_finds_the_squares(tmp_path: Path) -> None:
    run = training(tmp_path)
    first = np.mean([run.step() for _ in range(5)])
    for _ in range(90):
        run.step()
    last = np.mean([run.step() for _ in range(5)])
    assert last < 0.6 * first
    with run.averaged(), torch.no_grad():
        figures = run.stage.report().figures
    assert set(figures) == {"iou_one_click", "iou_two_clicks", "iou_box"}
    assert figures["iou_one_click"] > 0.5


def test_resuming_continues_exactly(tmp_path: Path) -> None:
    whole = training(tmp_path / "whole")
    losses = [whole.step() for _ in range(6)]
    part = training(tmp_path / "part")
    for _ in range(3):
        part.step()
    part.save()
    resumed = training(tmp_path / "part")
    resumed.resume()
    assert [resumed.step() for _ in range(3)] == losses[3:]
    for name, weight in whole.parameters.items():
        assert torch.equal(weight, resumed.parameters[name]), name


def test_what_was_learned_on_small_pictures_serves_on_large_ones(tmp_path: Path) -> None:
    small = training(tmp_path, side=16)
    for _ in range(3):
        small.step()
    small.save()
    large = training(tmp_path, side=32)
    assert fit_checkpoint(large.checkpoint, large.stage.networks["sam"])
    large.resume(fresh_optimizer=True)
    assert large.steps == 3
    before, after = (part.stage.networks["sam"].state_dict() for part in (small, large))
    changed = {name for name in before if before[name].shape != after[name].shape}
    assert changed == {
        "image_encoder.pos_embed",
        "image_encoder.blocks.1.attn.rel_pos_h",  # the block that sees the whole picture
        "image_encoder.blocks.1.attn.rel_pos_w",
    }
    few, many = before["image_encoder.pos_embed"], after["image_encoder.pos_embed"]
    assert torch.allclose(many[0, 0, 0], few[0, 0, 0])
    assert torch.allclose(many[0, -1, 0], few[0, -1, 0])
    assert torch.allclose(many.mean((1, 2)), few.mean((1, 2)), atol=1e-6)
    assert torch.allclose(many[0, 1, 0], 0.75 * few[0, 0, 0] + 0.25 * few[0, 1, 0], atol=1e-6)
    large.step()
    large.save()
    assert not fit_checkpoint(large.checkpoint, large.stage.networks["sam"])


def test_the_command_trains_and_exports_what_the_segmenter_loads(tmp_path: Path) -> None:
    main(["sam", "--minutes", "0.03", "--scenes", "40", "--folder", str(tmp_path / "training")], WORLD)
    out = tmp_path / "studio-sam"
    main(["export-sam", "--folder", str(tmp_path / "training"), "--out", str(out)], WORLD)
    written = ["README.md", "config.json", "model.safetensors", "training.json"]
    assert sorted(path.name for path in out.iterdir()) == written
    loaded = load_sam(out, "cpu")
    assert loaded.shape == replace(STUDIO, side=32)
    average = load_state(tmp_path / "training" / "sam.pt")["average"]
    assert torch.equal(loaded.sam.mask_decoder.iou_token.weight, average["sam.mask_decoder.iou_token.weight"].half())
    picture = squares([0])[0][0]
    segmenter = SamSegmenter(loaded)
    assert segmenter.answer(see(segmenter, picture), Prompts((Click(10, 10),))).mask().shape == (32, 32)
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "{" not in card
    assert "40 scenes" in card


def test_dice_is_nothing_for_the_truth_and_one_for_the_opposite() -> None:
    truth = torch.zeros(1, 1, 16, 16)
    truth[..., 4:12, 4:12] = 1
    logits = (truth - 0.5) * 60
    both = torch.cat([logits, -logits], dim=1)
    assert dice_loss(both, truth)[0].tolist() == pytest.approx([0.0, 1.0], abs=0.02)
