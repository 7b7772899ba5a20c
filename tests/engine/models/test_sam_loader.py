"""Loading checkpoints and folders: what fits works, what does not is refused with a sentence, nothing is executed."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import ModelBroken, ModelMissing
from engine.models.sam import PUBLISHED, build_sam
from engine.models.sam_loader import CONFIG, WEIGHTS, find_sam, load_sam
from tests.engine.tiny_sam import STEMMED, TINY, write_checkpoint, write_folder


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    """The published network of the table is a tiny one: the real ones weigh gigabytes."""
    monkeypatch.setitem(PUBLISHED, "vit_b", TINY)


@pytest.mark.usefixtures("published")
def test_a_checkpoint_loads_with_exactly_its_weights(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path / "sam_vit_b_01ec64.pth")
    loaded = load_sam(find_sam(str(path)), "cpu")
    assert loaded.shape is TINY
    assert loaded.dtype == torch.float32
    weights = torch.load(path, weights_only=True)
    for name, value in loaded.sam.state_dict().items():
        assert torch.equal(value, weights[name]), name
    assert not any(weight.requires_grad or weight.is_meta for weight in loaded.sam.parameters())
    assert loaded.sam.pixel_mean.flatten().tolist() == pytest.approx([123.675, 116.28, 103.53])


def test_a_folder_loads_as_its_config_says_with_the_encoder_in_the_asked_numbers(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "small")
    loaded = load_sam(find_sam(str(folder)), "cpu", torch.bfloat16)
    assert loaded.shape == STEMMED
    assert loaded.sam.image_encoder.pos_embed.dtype == torch.bfloat16
    assert loaded.sam.mask_decoder.iou_token.weight.dtype == torch.float32


def test_what_is_not_there_is_missing(tmp_path: Path) -> None:
    for model in ("no-such-model", str(tmp_path / "none.pth"), str(tmp_path)):
        with pytest.raises(ModelMissing, match="is not installed"):
            find_sam(model)
    with pytest.raises(ModelMissing):
        find_sam("../models/studio")


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return Path.touch, (self.target,)


@pytest.mark.parametrize("way", ["torch", "pickle"])
def test_program_code_in_a_checkpoint_is_refused_and_not_run(tmp_path: Path, way: str) -> None:
    ran, path = tmp_path / "ran", tmp_path / "evil.pth"
    state = {"image_encoder.patch_embed.proj.weight": Payload(ran)}
    if way == "torch":
        torch.save(state, path)
    else:
        path.write_bytes(pickle.dumps(state))
    with pytest.raises(ModelBroken, match=r"evil\.pth"):
        load_sam(path, "cpu")
    assert not ran.exists()


@pytest.mark.usefixtures("published")
def test_broken_files_are_refused(tmp_path: Path) -> None:
    good = write_checkpoint(tmp_path / "good.pth")
    (tmp_path / "half.pth").write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    (tmp_path / "text.pth").write_text("not weights")
    (tmp_path / "empty.pth").touch()
    torch.save([1, 2, 3], tmp_path / "list.pth")
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "other.pth")
    weights = torch.load(good, weights_only=True)
    lacking = {name: value for name, value in weights.items() if name != "mask_decoder.iou_token.weight"}
    torch.save(lacking, tmp_path / "lacking.pth")
    torch.save(weights | {"image_encoder.pos_embed": torch.zeros(1, 2, 2, 32)}, tmp_path / "size.pth")
    for name in ("half", "text", "empty", "list", "other", "lacking", "size"):
        with pytest.raises(ModelBroken, match=rf"“{name}\.pth” cannot be used: .*choose another one\."):
            load_sam(tmp_path / f"{name}.pth", "cpu")
    with pytest.raises(ModelBroken, match=r"mask_decoder\.iou_token\.weight"):
        load_sam(tmp_path / "lacking.pth", "cpu")


@pytest.mark.parametrize(
    "config", ["{", "[]", "{}", '{"side": "large"}', None], ids=["cut", "list", "empty", "wrong", "other"]
)
def test_a_broken_config_is_refused(tmp_path: Path, config: str | None) -> None:
    folder = write_folder(tmp_path / "small")
    values = json.loads((folder / CONFIG).read_text())
    texts = {None: json.dumps(values | {"width": 10**9}), '{"side": "large"}': json.dumps(values | {"side": "large"})}
    (folder / CONFIG).write_text(texts.get(config, config or ""))
    with pytest.raises(ModelBroken, match="“small” cannot be used"):
        load_sam(folder, "cpu")


def test_weights_of_another_shape_than_the_config_are_refused(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "small")
    weights = load_file(folder / WEIGHTS)
    save_file(weights | {"extra": torch.zeros(1)}, folder / WEIGHTS)
    with pytest.raises(ModelBroken, match="extra"):
        load_sam(folder, "cpu")
    assert set(weights) == set(build_sam(STEMMED).state_dict())
