"""Photoshop documents of other programs: every colour mode, and what we have no place for."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from psd_tools import PSDImage
from psd_tools.constants import BlendMode as Theirs
from psd_tools.constants import ProtectedFlags, Tag
from psd_tools.psd.base import EmptyElement
from psd_tools.psd.descriptor import Bool, Descriptor, DescriptorBlock, DescriptorBlock2, Double
from psd_tools.psd.layer_and_mask import MaskParameters
from psd_tools.psd.tagged_blocks import ProtectedSetting
from psd_tools.psd.vector import ClosedKnotLinked, ClosedPath, InitialFillRule, PathFillRule, VectorMaskSetting
from psd_tools.psd.vector import Path as VectorPath

from editor.composite import composite
from editor.files import colour, open_document, open_with_note
from editor.layers import BlendMode, GroupLayer, ImageLayer
from tests.editor.files import photoshop_samples as samples
from tests.editor.files.photoshop_samples import as_seen_elsewhere, flat, layered, mark, picture, saved, stack
from tests.editor.files.samples import cmyk_profile, grey_profile, lut_profile, noise, wide_profile
from tests.editor.files.test_photoshop import HALF_LEVEL, distance
from tests.images import assert_identical

HIDDEN = "How it looked is kept in the hidden layer “As Photoshop shows it”."


def opened(tmp_path: Path, content: bytes) -> tuple[Any, str]:
    """((h, w, 4) what is seen, the note) of a file with this content."""
    (tmp_path / "x.psd").write_bytes(content)
    found = open_with_note(tmp_path / "x.psd")
    return composite(found.document.snapshot()), found.note


def opaque(colours: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """(h, w, 4) from (channels, h, w); one channel counts for all three."""
    full = np.full_like(colours[0], np.iinfo(colours.dtype).max)
    return np.stack([*(colours if len(colours) == 3 else [colours[0]] * 3), full], axis=2)


# Colour modes


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("mode", [samples.RGB, samples.GREY, samples.DUOTONE])
def test_flat_documents_keep_every_value(tmp_path: Path, mode: int, dtype: Any, version: int) -> None:
    planes = noise((3 if mode == samples.RGB else 1, 7, 9), dtype)
    seen, note = opened(tmp_path, flat(mode, planes, version=version, palette=b"ink" * (mode == samples.DUOTONE)))
    assert_identical(seen, opaque(planes))
    assert note == ("It is a duotone; its tones are shown as greys." if mode == samples.DUOTONE else "")


def test_bitmap(tmp_path: Path) -> None:
    ink = noise((1, 5, 11)) % 2
    seen, _ = opened(tmp_path, flat(samples.BITMAP, ink, depth=1))
    assert_identical(seen, opaque((1 - ink) * np.uint8(255)))


def test_indexed(tmp_path: Path) -> None:
    palette, values = noise((3, 256), seed=1), noise((1, 5, 6), seed=2)
    seen, _ = opened(tmp_path, flat(samples.INDEXED, values, palette=palette.tobytes()))
    assert_identical(seen, opaque(palette[:, values[0]]))


def test_floating_point_is_light_and_becomes_srgb(tmp_path: Path) -> None:
    light = np.array([0.0, 0.0031308, 0.2140411, 1.0, 7.0, np.nan], np.float32)
    seen, note = opened(tmp_path, flat(samples.RGB, np.tile(light, (3, 1, 1))))
    assert np.abs(seen[0, :, 1] / 65535 - [0, 0.04045, 0.5, 1, 1, 0]).max() < 2e-4
    assert note == "It holds floating-point numbers; what lies above white was cut off."


@pytest.mark.parametrize("deep", [False, True])
def test_cmyk_is_converted_by_its_profile(tmp_path: Path, deep: bool) -> None:
    ink = noise((4, 6, 8), seed=3)  # 255 = full ink; the file holds the opposite
    stored = (255 - ink).astype(np.uint16) * 257 if deep else 255 - ink
    image = Image.merge("CMYK", [Image.fromarray(plane) for plane in ink])
    seen, note = opened(tmp_path, flat(samples.CMYK, stored, resources={1039: cmyk_profile()}))
    wanted = np.array(colour.cmyk_to_srgb(image, cmyk_profile())[0])
    assert_identical(seen[..., :3], wanted.astype(np.uint16) * 257 if deep else wanted)
    assert note == "It was converted from CMYK to sRGB."
    seen, note = opened(tmp_path, flat(samples.CMYK, stored))
    assert note == "It was converted from CMYK without a profile, so that its colours are approximate."
    assert np.abs(seen[..., :3].astype(int) // (257 if deep else 1) - np.array(image.convert("RGB"))).max() <= 1


def test_lab_is_converted(tmp_path: Path) -> None:
    planes = np.array([[[0, 255, 138]], [[128, 128, 209]], [[128, 128, 198]]], np.uint8)  # black, white, red
    seen, note = opened(tmp_path, flat(samples.LAB, planes))
    assert np.abs(seen[0, :, :3].astype(int) - [[0, 0, 0], [255, 255, 255], [255, 0, 0]]).max() <= 6
    assert note == "It was converted from CIELAB to sRGB."


def test_alpha_of_a_converted_layer_is_kept(tmp_path: Path) -> None:
    planes = {number: noise((20, 30), seed=9 + number).tobytes() for number in (-1, 0, 1, 2)}
    seen, _ = opened(tmp_path, layered(planes, (0, 0, 30, 20), mode=samples.LAB))
    assert_identical(seen[..., 3], noise((20, 30), seed=8))


# Profiles


def test_profiles_stay_or_are_converted(tmp_path: Path) -> None:
    planes, grey = noise((3, 5, 6)), noise((1, 5, 6))
    (tmp_path / "x.psd").write_bytes(flat(samples.RGB, planes, resources={1039: wide_profile()}))
    assert open_document(tmp_path / "x.psd").profile == wide_profile()
    seen, note = opened(tmp_path, flat(samples.RGB, planes, resources={1039: lut_profile()}))
    assert_identical(seen, colour.to_srgb(opaque(planes), lut_profile()))
    assert "Table test" in note
    seen, _ = opened(tmp_path, flat(samples.GREY, grey, resources={1039: grey_profile()}))
    assert_identical(seen[..., 0], colour.grey_to_srgb(grey[0], grey_profile()))


# Alpha of a picture without layers


def test_transparency_was_laid_on_white(tmp_path: Path) -> None:
    true, alpha = noise((3, 40, 40), np.uint16, 1), noise((40, 40), np.uint16, 2)
    part = alpha / 65535
    white = np.rint(true * part + 65535 * (1 - part)).astype(np.uint16)
    seen, note = opened(tmp_path, flat(samples.RGB, np.concatenate([white, alpha[None]])))
    assert note == ""
    assert distance(seen, np.concatenate([true, alpha[None]]).transpose(1, 2, 0)) < 1e-5


def test_a_saved_selection_is_no_transparency(tmp_path: Path) -> None:
    planes = noise((4, 5, 6))
    seen, note = opened(tmp_path, flat(samples.RGB, planes, resources={1053: struct.pack(">I", 7)}))
    assert_identical(seen, opaque(planes[:3]))
    assert note == "The selections that were saved in it (alpha channels) were left out."


# Layers


def test_layers_of_psd_tools_look_as_there(tmp_path: Path) -> None:
    document = stack()
    inner = document.create_pixel_layer(picture(40, 50, 2), name="In", top=5, left=-20, opacity=200)
    document.create_group([inner], name="Group", opacity=120, blend_mode=Theirs.MULTIPLY, open_folder=False)
    document.create_pixel_layer(picture(20, 20, 4), name="Hidden").visible = False
    path = saved(document, tmp_path)
    found = open_with_note(path)
    ground, folder, hidden = found.document.layers
    assert isinstance(folder, GroupLayer)
    assert (ground.name, folder.name, hidden.name, hidden.visible) == ("Ground", "Group", "Hidden", False)
    assert (folder.blend, folder.opacity, folder.expanded) == (BlendMode.MULTIPLY, 120 / 255, False)
    assert (folder.children[0].name, folder.children[0].offset) == ("In", (-20, 5))
    assert found.note == ""
    assert distance(composite(found.document.snapshot()), as_seen_elsewhere(path)) < HALF_LEVEL


@pytest.mark.parametrize("mode", ["L", "CMYK"])
@pytest.mark.parametrize("depth", [8, 16])
def test_layers_of_other_colour_modes(tmp_path: Path, mode: str, depth: int) -> None:
    path = saved(stack(mode=mode, depth=depth), tmp_path)
    document = open_document(path)
    assert [layer.name for layer in document.layers] == ["Ground"]
    assert document.dtype == np.dtype(f"uint{depth}")
    seen = composite(document.snapshot())[..., :3].astype(int) // (1 if depth == 8 else 257)
    there = np.array(picture(70, 90, 1).convert("RGB").convert(mode).convert("RGB"))
    assert np.abs(seen - there).max() <= 1


def test_clipped_layers_look_as_there(tmp_path: Path) -> None:
    document = stack()
    document.create_pixel_layer(picture(40, 50, 2), name="Base", top=10, left=20, opacity=200)
    for seed, mode in ((3, Theirs.MULTIPLY), (4, Theirs.NORMAL)):
        clipped = document.create_pixel_layer(picture(30, 70, seed), name=f"On {seed}", top=7 * seed, blend_mode=mode)
        clipped.clipping = True
    document.create_pixel_layer(picture(9, 9, 5), name="Over")
    found = open_with_note(path := saved(document, tmp_path))
    ground, group, over = found.document.layers
    assert isinstance(group, GroupLayer)
    assert (ground.name, group.name, over.name) == ("Ground", "Base", "Over")
    assert [layer.name for layer in group.children] == ["Base", "On 3", "On 4"]
    assert found.note == "Clipped layers stand in a group with the layer that they were clipped to."
    assert distance(composite(found.document.snapshot()), as_seen_elsewhere(path)) < HALF_LEVEL


def test_layers_clipped_to_a_group(tmp_path: Path) -> None:
    document = stack()
    inner = document.create_pixel_layer(picture(40, 50, 2).convert("RGB"), name="In", top=5, left=20)
    document.create_group([inner], name="Group", blend_mode=Theirs.NORMAL)
    document.create_pixel_layer(picture(60, 70, 3), name="On").clipping = True
    found = open_with_note(path := saved(document, tmp_path))
    assert distance(composite(found.document.snapshot()), as_seen_elsewhere(path)) < HALF_LEVEL


@pytest.mark.parametrize("child", [Theirs.NORMAL, Theirs.SCREEN])
def test_groups_that_let_blending_through(tmp_path: Path, child: Theirs) -> None:
    document = stack()
    inner = document.create_pixel_layer(picture(40, 50, 2), blend_mode=child)
    document.create_group([inner], blend_mode=Theirs.PASS_THROUGH, opacity=150)
    found = open_with_note(path := saved(document, tmp_path))
    if child is Theirs.NORMAL:
        assert found.note == ""
        assert distance(composite(found.document.snapshot()), as_seen_elsewhere(path)) < HALF_LEVEL
    else:
        assert "blend with what lies below are shown closed in themselves." in found.note
        assert found.note.endswith(HIDDEN)


def test_modes_that_are_not_known_here(tmp_path: Path) -> None:
    document = stack()
    document.create_pixel_layer(picture(40, 50, 2), name="Odd", blend_mode=Theirs.VIVID_LIGHT)
    found = open_with_note(path := saved(document, tmp_path))
    assert found.note == f"The blend mode “Vivid light” is not known here and is shown as Normal. {HIDDEN}"
    assert [layer.name for layer in found.document.layers] == ["Ground", "Odd", "As Photoshop shows it"]
    assert found.document[found.document.active].name == "Odd"
    kept = found.document.layers[-1]
    assert isinstance(kept, ImageLayer)
    assert (kept.visible, kept.locked) == (False, True)
    assert distance(kept.pixels.read(found.document.snapshot().canvas), as_seen_elsewhere(path)) < HALF_LEVEL


def test_locks_and_fill_opacity(tmp_path: Path) -> None:
    document = stack()
    for name, flag in (("Whole", ProtectedFlags.COMPLETE), ("Alpha", ProtectedFlags.TRANSPARENCY)):
        layer = document.create_pixel_layer(picture(9, 9, 2), name=name, opacity=100)
        mark(layer, Tag.PROTECTED_SETTING, ProtectedSetting(int(flag)))
    document[1].fill_opacity = 51
    _, whole, alpha = open_document(saved(document, tmp_path)).layers
    assert isinstance(whole, ImageLayer)
    assert isinstance(alpha, ImageLayer)
    assert (whole.locked, alpha.locked, alpha.alpha_locked) == (True, False, True)
    assert whole.opacity == pytest.approx(100 / 255 * 0.2)


def test_the_density_of_a_mask(tmp_path: Path) -> None:
    document = stack()
    layer = document.create_pixel_layer(picture(40, 50, 2).convert("RGB"))
    layer.create_mask(Image.fromarray(noise((30, 40), seed=3)), top=5, left=6)
    layer.mask.data.flags.parameters_applied = True
    layer.mask.data.parameters = MaskParameters(user_mask_density=100)
    found = open_with_note(path := saved(document, tmp_path))
    assert distance(composite(found.document.snapshot()), as_seen_elsewhere(path)) < HALF_LEVEL
    layer.mask.data.parameters = MaskParameters(user_mask_feather=3.0)
    assert "The soft edge that Photoshop gives the mask" in open_with_note(saved(document, tmp_path)).note


# What has no place here


def orange() -> DescriptorBlock:
    mixed = Descriptor(classID=b"RGBC")
    for key, value in ((b"Rd  ", 250.0), (b"Grn ", 140.0), (b"Bl  ", 20.0)):
        mixed[key] = Double(value)
    block = DescriptorBlock(classID=b"null")
    block[b"Clr "] = mixed
    return block


def diamond() -> VectorMaskSetting:
    """A path from the middle of each side to the next."""
    places = [(0.0, 0.5), (0.5, 1.0), (1.0, 0.5), (0.5, 0.0)]
    knots = [ClosedKnotLinked(preceding=place, anchor=place, leaving=place) for place in places]
    return VectorMaskSetting(path=VectorPath([PathFillRule(), InitialFillRule(0), ClosedPath(knots)]))


def test_fills_become_pixels(tmp_path: Path) -> None:
    document = stack()
    fill = document.create_pixel_layer(picture(1, 1, 2).convert("RGB"), name="Fill", opacity=128)
    fill.create_mask(Image.fromarray(noise((30, 40), seed=3)), top=10, left=12)
    mark(samples.without_pixels(fill), Tag.SOLID_COLOR_SHEET_SETTING, orange())
    found = open_with_note(path := saved(document, tmp_path))
    assert found.note == "Shapes and fills were turned into pixels."
    seen = composite(found.document.snapshot())
    assert distance(seen, as_seen_elsewhere(path)) < HALF_LEVEL
    kept = found.document.layers[1]
    assert isinstance(kept, ImageLayer)
    assert tuple(kept.pixels.read(found.document.snapshot().canvas)[30, 30, :3]) == (250, 140, 20)


def test_masks_that_are_paths_are_drawn(tmp_path: Path) -> None:
    document = stack()
    layer = document.create_pixel_layer(picture(70, 90, 2).convert("RGB"), name="Cut out")
    mark(layer, Tag.VECTOR_MASK_SETTING1, diamond())
    found = open_with_note(path := saved(document, tmp_path))
    assert found.note == ""
    mask = found.document.layers[1].mask
    assert mask is not None
    canvas = found.document.snapshot().canvas
    assert mask.read(canvas)[..., 0].mean() == pytest.approx(127.5, abs=2)
    assert distance(composite(found.document.snapshot()), as_seen_elsewhere(path)) < HALF_LEVEL


def test_adjustments_and_effects_are_told_and_the_whole_is_kept(tmp_path: Path) -> None:
    document = stack()
    adjustment = document.create_pixel_layer(picture(1, 1, 2).convert("RGB"), name="Negative")
    mark(samples.without_pixels(adjustment), Tag.INVERT, EmptyElement())
    shining = document.create_pixel_layer(picture(20, 20, 3), name="Shining")
    effect = Descriptor(classID=b"SoFi")
    effect[b"enab"], effect[b"present"], effect[b"Clr "] = Bool(True), Bool(True), orange()[b"Clr "]
    block = DescriptorBlock2(classID=b"null", version=0)
    block[b"masterFXSwitch"], block[b"SoFi"] = Bool(True), effect
    mark(shining, Tag.OBJECT_BASED_EFFECTS_LAYER_INFO, block)
    found = open_with_note(saved(document, tmp_path))
    assert found.note == (
        "“Negative” changes the colours below it and was left out. The effects of “Shining” were left out. " + HIDDEN
    )
    assert [layer.name for layer in found.document.layers] == ["Ground", "Shining", "As Photoshop shows it"]


def test_of_nothing_but_adjustments_the_whole_is_opened(tmp_path: Path) -> None:
    document = PSDImage.new("RGB", (30, 20), color=(10, 200, 90))
    only = document.create_pixel_layer(picture(1, 1, 2).convert("RGB"), name="Negative")
    mark(samples.without_pixels(only), Tag.INVERT, EmptyElement())
    with (tmp_path / "x.psd").open("wb") as file:
        document._record.write(file)  # with the picture as it is, which psd-tools would make anew
    found = open_with_note(tmp_path / "x.psd")
    assert [(layer.name, layer.visible) for layer in found.document.layers] == [("Photo", True)]
    assert (composite(found.document.snapshot()) == (10, 200, 90, 255)).all()


def test_text_and_smart_objects_are_told(tmp_path: Path) -> None:
    document = stack()
    for name, tag in (("Words", Tag.TYPE_TOOL_INFO), ("Placed", Tag.PLACED_LAYER1)):
        mark(document.create_pixel_layer(picture(9, 9, 2), name=name), tag, b"not looked into")
    found = open_with_note(path := saved(document, tmp_path))
    assert found.note == "Text was turned into pixels. Smart objects were turned into pixels."
    assert distance(composite(found.document.snapshot()), as_seen_elsewhere(path)) < HALF_LEVEL


@pytest.mark.skipif(shutil.which("convert") is None, reason="ImageMagick is not installed here")
@pytest.mark.parametrize("depth", [8, 16])
def test_what_imagemagick_writes(tmp_path: Path, depth: int) -> None:
    source = tmp_path / "x.png"
    picture(20, 30, 2).save(source)
    command = ["convert", str(source), "-depth", str(depth), str(tmp_path / "x.psd")]
    subprocess.run(command, check=True)
    assert distance(composite(open_document(tmp_path / "x.psd").snapshot()), np.array(Image.open(source))) < HALF_LEVEL
