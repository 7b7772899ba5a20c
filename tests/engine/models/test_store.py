"""Finding models: ids, folders, and sentences for what is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.errors import ModelBroken, ModelMissing
from engine.models import store


def test_a_folder_is_found_by_its_path_and_an_id_by_its_name(
    sd15_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.find(str(sd15_folder)) == sd15_folder
    shutil.copytree(sd15_folder, tmp_path / "tiny")
    monkeypatch.setattr(store, "models_folder", lambda: tmp_path)
    assert store.find("tiny") == tmp_path / "tiny"
    monkeypatch.chdir(tmp_path)
    assert store.find("./tiny") == Path("tiny")


def test_the_programs_own_models_lie_beside_the_code() -> None:
    assert store.models_folder() == Path(store.__file__).parents[2] / "resources" / "models"


@pytest.mark.parametrize("model", ["no such model", "/no/such/folder", "../studio", "", ".."])
def test_an_unknown_model_is_missing(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    with pytest.raises(ModelMissing):
        store.find(model)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "tokenizer", "scheduler"])
def test_a_missing_part_is_named(part: str, sd15_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(sd15_folder, tmp_path / "tiny")
    shutil.rmtree(folder / part)
    with pytest.raises(ModelMissing, match=f"“tiny” is not complete: {part} missing"):
        store.find(str(folder))


def test_missing_and_empty_weights_are_named(sd15_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(sd15_folder, tmp_path / "tiny")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(b"")
    with pytest.raises(ModelBroken, match=r"unet.diffusion_pytorch_model\.safetensors is empty"):
        store.find(str(folder))
    weights.unlink()
    with pytest.raises(ModelMissing, match="unet weights missing"):
        store.find(str(folder))


@pytest.mark.parametrize("text", ["{", "[1, 2]", '"a"'])
def test_a_broken_index_is_a_broken_model(text: str, sd15_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(sd15_folder, tmp_path / "tiny")
    (folder / "model_index.json").write_text(text)
    with pytest.raises(ModelBroken, match=r"model_index\.json"):
        store.find(str(folder))


def test_models_of_another_family_are_refused(sd15_folder: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(sd15_folder, tmp_path / "tiny")
    (folder / "text_encoder_2").mkdir()
    with pytest.raises(ModelBroken, match="SDXL"):
        store.find(str(folder))
