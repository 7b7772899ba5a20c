"""Finding IP-Adapters: the model's own, shared ones, the program's, whole repositories; what is missing is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import ModelMissing
from engine.models import ip_adapter_store
from engine.models.ip_adapter_store import find_ip_adapter, weights_file


def put(folder: Path, *names: str) -> Path:
    """A folder with empty files of these names and an image encoder."""
    (folder / "image_encoder").mkdir(parents=True)
    for name in ("image_encoder/config.json", "image_encoder/model.safetensors", *names):
        (folder / name).touch()
    return folder


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A model's folder among others; the program's own models lie elsewhere."""
    monkeypatch.setattr(ip_adapter_store, "models_folder", lambda: tmp_path / "program")
    (tmp_path / "mine" / "sd15").mkdir(parents=True)
    return tmp_path / "mine" / "sd15"


def test_the_models_own_comes_first_then_its_neighbour_then_the_programs(model: Path) -> None:
    assert find_ip_adapter(model) is None
    for place, name in (
        (model.parents[1] / "program" / "ip-adapter", "ip-adapter_sd15.safetensors"),
        (model.parent / "IP-Adapter" / "models", "ip-adapter_sd15.safetensors"),
        (model.parent / "ip-adapter" / "models", "ip-adapter_sd15.bin"),
        (model / "ip_adapter", "ip-adapter-plus_sd15.safetensors"),
    ):
        put(place, name)
        assert find_ip_adapter(model) == place


def test_folders_without_weights_and_those_of_other_families_are_passed_over(model: Path) -> None:
    put(model / "ip_adapter")
    put(model.parent / "ip-adapter" / "sdxl_models", "ip-adapter_sdxl.safetensors")
    (model.parent / "IP-Adapter").touch()
    assert find_ip_adapter(model) is None


def test_a_model_that_is_a_link_has_the_neighbours_of_its_folder(model: Path, tmp_path: Path) -> None:
    place = put(model.parent / "ip-adapter", "ip-adapter_sd15.safetensors")
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "linked"
    link.symlink_to(model, target_is_directory=True)
    assert find_ip_adapter(link) == place


def test_of_several_the_closest_is_taken_and_safetensors_before_pickles(tmp_path: Path) -> None:
    names = ["ip-adapter_sd15.bin", "ip-adapter_sd15.safetensors", "ip-adapter-plus_sd15.bin"]
    names.append("ip-adapter-plus_sd15.safetensors")
    folder = put(tmp_path / "models")
    for name in names:
        (folder / name).touch()
        assert weights_file(folder).name == name
        assert weights_file(tmp_path).name == name
    assert weights_file(folder / names[0]) == folder / names[0]


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"no IP-Adapter in .*it needs ip-adapter_sd15\.safetensors"):
        weights_file(tmp_path)
    (tmp_path / "ip-adapter_sd15.safetensors").touch()
    for make in (lambda: None, (tmp_path / "image_encoder").mkdir, (tmp_path / "image_encoder" / "config.json").touch):
        make()
        with pytest.raises(
            ModelMissing, match=r"“ip-adapter_sd15\.safetensors” is not complete: image_encoder missing"
        ):
            weights_file(tmp_path)
    (tmp_path / "image_encoder" / "model.safetensors").touch()
    assert weights_file(tmp_path) == tmp_path / "ip-adapter_sd15.safetensors"


def test_looking_for_one_imports_no_torch() -> None:
    code = "import sys, engine.models.ip_adapter_store; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
