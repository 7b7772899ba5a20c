"""Loading: every family member through the same code, every broken one with a sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.errors import ModelBroken, OutOfMemory
from engine.models import loader, store
from engine.models.loader import load
from engine.models.policy import best_policy

WEIGHTS = "diffusion_pytorch_model.safetensors"


@pytest.fixture
def copy(sd15_folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(sd15_folder, tmp_path / "tiny")


def edit_config(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


@pytest.mark.parametrize("name", ["sd15_folder", "sd2_folder"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_both_families_load(name: str, dtype: torch.dtype, request: pytest.FixtureRequest) -> None:
    backbone = load(str(request.getfixturevalue(name)), "cpu", dtype)
    assert (backbone.device.type, backbone.dtype) == ("cpu", dtype)
    assert not backbone.unet.training
    assert not any(weight.requires_grad for part in (backbone.unet, backbone.vae) for weight in part.parameters())
    words = backbone.embed("a red ball")
    assert words.both.dtype == dtype
    z = torch.randn(1, 4, 8, 8)
    assert backbone.predict(z, 500, words, 3.0).dtype == torch.float32
    assert backbone.predict(z, 500, words, 3.0).isfinite().all()


def test_the_policy_is_what_the_machine_does_well() -> None:
    policy = best_policy()
    if torch.cuda.is_available():
        assert policy.device.type == "cuda"
    elif not torch.backends.mps.is_available():
        has = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
        assert (policy.device.type, policy.dtype) == ("cpu", torch.bfloat16 if has else torch.float32)
    assert loader.Policy(policy.device, torch.float16, torch.float16).without_overflow().vae_dtype == torch.float32


def test_half_precision_files_of_a_variant_load(copy: Path) -> None:
    for part in ("unet", "vae"):
        weights = load_file(copy / part / WEIGHTS)
        (copy / part / WEIGHTS).unlink()
        halves = {name: weight.half() for name, weight in weights.items()}
        save_file(halves, copy / part / "diffusion_pytorch_model.fp16.safetensors", {"format": "pt"})
    assert load(str(copy), "cpu", torch.float32).dtype == torch.float32


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_corrupt_weights_are_one_sentence(part: str, copy: Path) -> None:
    (path,) = store.weight_files(copy / part)
    data = bytearray(path.read_bytes())
    for damaged in (bytes(data[: len(data) // 2]), b"\xff" * 64, b"{}"):
        path.write_bytes(damaged)
        with pytest.raises(ModelBroken, match="“tiny” cannot be used") as caught:
            load(str(copy), "cpu")
        assert "\n" not in str(caught.value)


def test_a_pickle_that_would_run_code_is_refused(copy: Path, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "sprung",)

    (copy / "unet" / WEIGHTS).unlink()
    torch.save({"conv_in.weight": Trap()}, copy / "unet" / "diffusion_pytorch_model.bin")
    with pytest.raises(ModelBroken):
        load(str(copy), "cpu")
    assert not (tmp_path / "sprung").exists()


def test_missing_weights_are_never_filled_with_noise(copy: Path) -> None:
    weights = load_file(copy / "unet" / WEIGHTS)
    del weights["conv_out.bias"]
    save_file(weights, copy / "unet" / WEIGHTS, {"format": "pt"})
    with pytest.raises(ModelBroken, match="conv_out"):
        load(str(copy), "cpu")


@pytest.mark.parametrize(
    ("file", "values", "words"),
    [
        ("unet/config.json", {"in_channels": 9}, "."),
        ("unet/config.json", {"block_out_channels": "wide"}, "."),
        ("scheduler/scheduler_config.json", {"prediction_type": "wavelets"}, "wavelets"),
        ("scheduler/scheduler_config.json", {"beta_schedule": "odd"}, "odd"),
        ("model_index.json", {"vae": ["diffusers", "AsymmetricAutoencoderKL"]}, "unknown kind"),
    ],
)
def test_configs_that_cannot_be_are_refused(file: str, values: dict[str, Any], words: str, copy: Path) -> None:
    edit_config(copy / file, **values)
    with pytest.raises(ModelBroken, match=words):
        load(str(copy), "cpu")


def test_parts_of_different_models_are_refused(sd2_folder: Path, copy: Path) -> None:
    shutil.rmtree(copy / "text_encoder")
    shutil.copytree(sd2_folder / "text_encoder", copy / "text_encoder")
    with pytest.raises(ModelBroken, match="belongs to another network"):
        load(str(copy), "cpu")


def test_a_model_that_does_not_fit_says_so(sd15_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(loader, "_load", full)
    with pytest.raises(OutOfMemory, match="not enough memory to load"):
        load(str(sd15_folder))


def test_loading_leaves_no_trace_on_the_libraries(sd15_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    from diffusers.utils import logging as diffusers_logging

    before = diffusers_logging.get_verbosity(), diffusers_logging.is_progress_bar_enabled()
    load(str(sd15_folder), "cpu", torch.float32)
    assert (diffusers_logging.get_verbosity(), diffusers_logging.is_progress_bar_enabled()) == before
    assert capfd.readouterr() == ("", "")
