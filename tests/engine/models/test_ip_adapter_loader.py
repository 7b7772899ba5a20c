"""Loading IP-Adapters: what fits works in both file formats, what does not is refused with a sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from engine.backbone import Backbone
from engine.errors import ModelBroken, ModelMissing
from engine.models.ip_adapter_loader import load_ip_adapter
from tests.engine.test_ip_adapter import picture
from tests.engine.tiny_ip_adapter import (
    PLAIN,
    PLUS,
    Weights,
    weights_for,
    write_encoder,
    write_ip_adapter,
    write_weights,
)

FACES = {
    "full face": {"proj.0.weight": torch.zeros(2, 2), "proj.3.weight": torch.zeros(2)},
    "FaceID": {"proj.0.weight": torch.zeros(2, 2), "norm.weight": torch.zeros(2)},
    "FaceID plus": {"perceiver_resampler.proj_in.weight": torch.zeros(2, 2), "norm.weight": torch.zeros(2)},
}
Change = Callable[[Weights], Any]


@pytest.mark.parametrize("kind", [PLAIN, PLUS])
def test_both_file_formats_hold_the_same(sd15: Backbone, tmp_path: Path, kind: str) -> None:
    found = [
        load_ip_adapter(write_ip_adapter(tmp_path, sd15.unet, kind, suffix), sd15).embed(picture(1))
        for suffix in (".safetensors", ".bin")
    ]
    assert torch.equal(found[0], found[1])


def test_loading_leaves_no_trace_on_the_network_and_says_nothing(
    sd15: Backbone, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_ip_adapter(tmp_path, sd15.unet)
    before = {name: id(layer) for name, layer in sd15.unet.named_modules()}
    processors = {name: id(processor) for name, processor in sd15.unet.attn_processors.items()}
    capfd.readouterr()
    load_ip_adapter(tmp_path, sd15)
    assert capfd.readouterr() == ("", "")
    assert {name: id(layer) for name, layer in sd15.unet.named_modules()} == before
    assert {name: id(processor) for name, processor in sd15.unet.attn_processors.items()} == processors
    assert sd15.unet.encoder_hid_proj is None
    assert sd15.unet.config.encoder_hid_dim_type is None


def test_what_makes_pictures_ready_is_read_where_it_is_described(sd15: Backbone, tmp_path: Path) -> None:
    file = write_ip_adapter(tmp_path, sd15.unet)
    plain = load_ip_adapter(file, sd15).embed(picture(1))
    described = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}, "do_normalize": False}
    config = tmp_path / "image_encoder" / "preprocessor_config.json"
    config.write_text(json.dumps(described | {"image_processor_type": "CLIPImageProcessor"}))
    assert (load_ip_adapter(file, sd15).embed(picture(1)) - plain).abs().mean() > 0.001
    config.write_text("{")
    with pytest.raises(ModelBroken, match="image_encoder cannot be read"):
        load_ip_adapter(file, sd15)


def test_another_family_is_named(sd15: Backbone, sd2: Backbone, tmp_path: Path) -> None:
    file = write_ip_adapter(tmp_path, sd2.unet)
    with pytest.raises(ModelBroken, match=r"another family of models \(it reads words of 32 numbers, not 24\)"):
        load_ip_adapter(file, sd15)


def test_a_projection_for_another_family_is_refused(sd15: Backbone, sd2: Backbone, tmp_path: Path) -> None:
    file = write_ip_adapter(tmp_path, sd15.unet)
    write_weights(file, weights_for(sd15.unet) | {"image_proj": weights_for(sd2.unet)["image_proj"]})
    with pytest.raises(ModelBroken, match="image_proj belongs to another family"):
        load_ip_adapter(file, sd15)


@pytest.mark.parametrize("name", FACES)
def test_adapters_for_faces_are_refused(sd15: Backbone, tmp_path: Path, name: str) -> None:
    file = write_ip_adapter(tmp_path, sd15.unet)
    write_weights(file, weights_for(sd15.unet) | {"image_proj": FACES[name]})
    with pytest.raises(ModelBroken, match="made for faces"):
        load_ip_adapter(file, sd15)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: w["ip_adapter"].pop("3.to_v_ip.weight"), r"1 weights are missing.*3\.to_v_ip\.weight"),
        (lambda w: w["ip_adapter"].update({"99.to_k_ip.weight": torch.zeros(32, 24)}), r"99\.to_k_ip\.weight"),
        (lambda w: w["ip_adapter"].update({"1.to_k_ip.weight": torch.zeros(8, 24)}), "other sizes"),
        (lambda w: w["image_proj"].pop("norm.bias"), "some weights are missing"),
        (lambda w: w["image_proj"].update({"more.weight": torch.zeros(2)}), "some weights are missing"),
        (lambda w: w["ip_adapter"]["5.to_k_ip.weight"].fill_(float("nan")), r"damaged: ip_adapter\.5\.to_k_ip\.weight"),
        (lambda w: w["image_proj"]["norm.weight"].fill_(float("inf")), r"damaged: image_proj\.norm\.weight"),
        (lambda w: w.update(extra={"weight": torch.zeros(2)}), "something else than an IP-Adapter"),
        (lambda w: w.pop("ip_adapter"), "something else than an IP-Adapter"),
    ],
    ids=["lacking", "odd", "size", "projection", "more", "nan", "inf", "extra", "half"],
)
@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_weights_that_do_not_belong_are_refused(
    sd15: Backbone, tmp_path: Path, suffix: str, change: Change, words: str
) -> None:
    file, weights = write_ip_adapter(tmp_path, sd15.unet, suffix=suffix), weights_for(sd15.unet)
    change(weights)
    write_weights(file, weights)
    if words.startswith("something") and "ip_adapter" not in weights and suffix == ".safetensors":
        words = "weights are missing"  # a flat file has no empty sections
    with pytest.raises(ModelBroken, match=f"“{file.name}” cannot be used: .*{words}.*take another") as caught:
        load_ip_adapter(file, sd15)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["latents", "proj_in.weight", "layers.2.0.to_kv.weight", "layers.3.1.3.weight"])
def test_a_resampler_with_a_hole_is_refused(sd15: Backbone, tmp_path: Path, name: str) -> None:
    file, weights = write_ip_adapter(tmp_path, sd15.unet, PLUS), weights_for(sd15.unet, PLUS)
    del weights["image_proj"][name]
    write_weights(file, weights)
    with pytest.raises(ModelBroken, match="made for faces" if name == "latents" else "some weights are missing"):
        load_ip_adapter(file, sd15)


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_damaged_files_are_refused(sd15: Backbone, tmp_path: Path, suffix: str) -> None:
    file = write_ip_adapter(tmp_path, sd15.unet, suffix=suffix)
    data = file.read_bytes()
    for damaged in (data[: len(data) // 2], b"", b"\xff" * 64):
        file.write_bytes(damaged)
        with pytest.raises(ModelBroken, match=f"“{file.name}” cannot be used"):
            load_ip_adapter(file, sd15)


def test_other_things_in_a_pickle_are_refused_and_program_code_is_not_run(sd15: Backbone, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "sprung",)

    file = write_ip_adapter(tmp_path, sd15.unet, suffix=".bin")
    numbers = {"image_proj": {1: torch.zeros(2)}, "ip_adapter": {"1.to_k_ip.weight": 3}}
    for content, words in ((Trap(), "never run"), ([1, 2], "something else"), (numbers, "something else than weights")):
        torch.save(content, file)
        with pytest.raises(ModelBroken, match=words):
            load_ip_adapter(file, sd15)
    assert not (tmp_path / "sprung").exists()


def test_encoders_that_are_absent_damaged_or_anothers_are_refused(sd15: Backbone, tmp_path: Path) -> None:
    file, encoder = write_ip_adapter(tmp_path, sd15.unet), tmp_path / "image_encoder"
    plus = write_ip_adapter(tmp_path, sd15.unet, PLUS)
    weights = load_file(encoder / "model.safetensors")
    lacking = {name: value for name, value in weights.items() if name != "visual_projection.weight"}
    save_file(lacking, encoder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelBroken, match=r"missing in its image_encoder, among them visual_projection\.weight"):
        load_ip_adapter(file, sd15)
    narrow = weights | {"visual_projection.weight": torch.zeros(8, 24)}
    save_file(narrow, encoder / "model.safetensors", {"format": "pt"})
    with pytest.raises(ModelBroken, match="image_encoder cannot be read"):
        load_ip_adapter(file, sd15)
    shutil.rmtree(encoder)
    write_encoder(encoder, width=16, gist=8)
    for other in (file, plus):
        with pytest.raises(ModelBroken, match="image_encoder beside it belongs to another IP-Adapter"):
            load_ip_adapter(other, sd15)
    (encoder / "config.json").write_text("{")
    with pytest.raises(ModelBroken, match="image_encoder cannot be read"):
        load_ip_adapter(file, sd15)
    shutil.rmtree(encoder)
    with pytest.raises(ModelMissing, match="image_encoder missing"):
        load_ip_adapter(file, sd15)
