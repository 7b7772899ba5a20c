"""Paint by Example's encoder: the published folder loads as it is, and reads what the stock class reads."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.deprecated.paint_by_example.image_encoder import PaintByExampleImageEncoder
from safetensors.torch import load_file, save_file

from engine.backbone import Backbone, Inlet
from engine.errors import EngineError, ModelBroken, ModelMissing
from engine.exemplar import ExemplarReader
from engine.models.loader import load
from tests.engine.tiny_models import write_paint_by_example


def reader_of(folder: Path) -> ExemplarReader:
    reader = load(str(folder), "cpu", torch.float32).reader
    assert isinstance(reader, ExemplarReader)
    return reader


def test_the_encoder_reads_what_the_stock_class_reads(exemplar: Backbone) -> None:
    assert isinstance(exemplar.reader, ExemplarReader)
    own = exemplar.reader.encoder
    stock = PaintByExampleImageEncoder(own.config).eval()
    stock.load_state_dict(own.state_dict())
    assert len(own.mapper.blocks) == 2
    pixels = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        tokens, without = stock(pixels, return_uncond_vector=True)
        assert torch.allclose(own(pixels), tokens, atol=1e-6)
    assert torch.equal(own.uncond_vector, without)
    assert tokens.shape == (3, 1, 24)


def test_every_way_of_writing_the_folder_gives_the_same_model(exemplar: Backbone, tmp_path: Path) -> None:
    assert isinstance(exemplar.reader, ExemplarReader)
    picture = np.random.default_rng(1).integers(0, 256, (50, 50, 3), np.uint8)
    wanted = exemplar.reader.read(picture)
    for number, (old_names, pickled) in enumerate(((False, False), (True, True), (False, True))):
        folder = write_paint_by_example(tmp_path / str(number), old_names=old_names, pickled=pickled)
        assert torch.equal(reader_of(folder).read(picture), wanted)


def test_the_network_takes_the_mask_last_and_reads_examples(exemplar: Backbone, filling: Backbone) -> None:
    assert (exemplar.inlet, filling.inlet) == (Inlet.EXAMPLE, Inlet.FILL)
    assert exemplar.fills
    assert exemplar.reads_examples
    told = exemplar.embed_example(np.zeros((32, 32, 3), np.uint8))
    assert told.both.shape == (2, 1, 24)
    assert torch.equal(told.prompt, told.both[1:])


def test_the_smallest_pictures_are_read_the_right_way_round(exemplar: Backbone) -> None:
    assert isinstance(exemplar.reader, ExemplarReader)
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 255
    wanted = exemplar.reader.read(red)
    for side in (1, 2, 3, 4):
        assert torch.allclose(exemplar.reader.read(red[:side, :side]), wanted, atol=1e-4), side


def test_a_missing_processor_is_clips_own(tmp_path: Path) -> None:
    folder = write_paint_by_example(tmp_path / "model")
    (folder / "feature_extractor" / "preprocessor_config.json").unlink()
    processor = reader_of(folder).processor
    assert processor.image_mean == pytest.approx([0.48145466, 0.4578275, 0.40821073])
    assert dict(processor.crop_size) == {"height": 32, "width": 32}


def without_a_weight(folder: Path) -> None:
    file = folder / "image_encoder" / "model.safetensors"
    weights = load_file(file)
    del weights["mapper.blocks.1.norm3.weight"]
    save_file(weights, file)


def of_another_shape(folder: Path) -> None:
    file = folder / "image_encoder" / "model.safetensors"
    save_file(load_file(file) | {"proj_out.weight": torch.zeros(7, 32)}, file)


def for_another_network(folder: Path) -> None:
    config = folder / "image_encoder" / "config.json"
    config.write_text(config.read_text().replace('"projection_dim": 24', '"projection_dim": 20'))
    file = folder / "image_encoder" / "model.safetensors"
    weights = load_file(file)
    fewer = {name: weights[name][..., :20] for name in ("uncond_vector", "proj_out.bias")}
    save_file(weights | {n: v.clone() for n, v in fewer.items()} | {"proj_out.weight": torch.zeros(20, 32)}, file)


def cut_off(folder: Path) -> None:
    file = folder / "image_encoder" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (without_a_weight, "weights are missing in its image_encoder, among them mapper.blocks.1.norm3.weight"),
        (of_another_shape, "do not fit its config"),
        (for_another_network, "image encoder belongs to another network"),
        (cut_off, "cannot be read"),
    ],
)
def test_broken_folders_are_refused_in_one_sentence(tmp_path: Path, spoil: Any, sentence: str) -> None:
    folder = write_paint_by_example(tmp_path / "model")
    spoil(folder)
    with pytest.raises(ModelBroken, match=sentence):
        load(str(folder), "cpu", torch.float32)


class Malicious:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.mark}",)


def test_nothing_of_a_pickled_file_is_run(tmp_path: Path) -> None:
    folder, mark = write_paint_by_example(tmp_path / "model", pickled=True), tmp_path / "run"
    (folder / "image_encoder" / "pytorch_model.bin").write_bytes(pickle.dumps(Malicious(mark)))
    with pytest.raises(EngineError):
        load(str(folder), "cpu", torch.float32)
    assert not mark.exists()


def test_missing_parts_are_named(tmp_path: Path) -> None:
    folder = write_paint_by_example(tmp_path / "model")
    (folder / "image_encoder" / "model.safetensors").unlink()
    with pytest.raises(ModelMissing, match="image_encoder weights missing"):
        load(str(folder), "cpu", torch.float32)
