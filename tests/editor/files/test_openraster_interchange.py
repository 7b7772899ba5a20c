"""What other programs see in our .ora files, and what we see in theirs."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from editor.composite import composite
from editor.files import colour, open_document, open_with_note, to_srgb
from editor.files.openraster_reader import read_openraster
from editor.files.openraster_writer import thumbnail
from editor.layers import BlendMode, GroupLayer, ImageLayer
from editor.tiles import TiledImage, converted
from tests.editor.files.samples import entry, one_layer, photo, pixels_of, rich_snapshot, saved, wide_profile
from tests.images import assert_identical, mean_change, psnr

SHARED = Path("/work/shared/data/layered/layered_image.ora")


# What other programs see


def test_layout_of_the_file(tmp_path: Path) -> None:
    """File layout of the OpenRaster specification: mimetype first and stored, and all that is required there."""
    path = saved(rich_snapshot(), tmp_path)
    assert path.read_bytes()[30:54] == b"mimetypeimage/openraster"
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        assert archive.testzip() is None
    assert entries[0].filename == "mimetype"
    assert {"stack.xml", "mergedimage.png", "Thumbnails/thumbnail.png"} <= {found.filename for found in entries}
    assert len({found.filename for found in entries}) == len(entries)
    assert all(found.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for found in entries)


def test_stack_lists_the_topmost_first(tmp_path: Path) -> None:
    root = ET.fromstring(entry(saved(rich_snapshot(), tmp_path), "stack.xml"))
    assert (root.tag, root.get("w"), root.get("h")) == ("image", "300", "200")
    (stack,) = root
    assert [child.tag for child in stack] == ["layer", "layer", "stack", "layer"]
    top, result, group, bottom = stack
    assert (top.get("name"), top.get("composite-op")) == ("Mask switched off", "svg:plus")
    assert (result.get("selected"), result.get("opacity"), result.get("composite-op")) == (
        "true",
        "0.75",
        "svg:multiply",
    )
    assert (group.get("name"), group.get("isolation")) == ("Gruppe \N{CAT} ünï", "isolate")
    assert (bottom.get("name"), bottom.get("edit-locked"), bottom.get("visibility")) == ("Photo", "true", "visible")


def test_merged_image_and_thumbnail(tmp_path: Path) -> None:
    snapshot = rich_snapshot(np.uint16, wide_profile())
    path = saved(snapshot, tmp_path)
    expected = converted(to_srgb(composite(snapshot), wide_profile()), np.uint8)
    assert_identical(pixels_of(path, "mergedimage.png"), expected)
    small = pixels_of(path, "Thumbnails/thumbnail.png")
    assert small.shape == (171, 256, 4)
    assert mean_change(small.mean(axis=(0, 1)) / 255, expected.mean(axis=(0, 1)) / 255) < 0.01


def test_thumbnails_are_never_larger_than_the_picture() -> None:
    assert thumbnail(photo(10, 20)).shape == (10, 20, 4)
    assert thumbnail(photo(1, 3000)).shape == (1, 256, 4)
    half = np.zeros((512, 512, 4), np.uint8)
    half[:, 255:] = (200, 100, 50, 255)
    small = thumbnail(half)
    assert_identical(small[:, 127], np.full((256, 4), (200, 100, 50, 128), np.uint8))


def test_standard_entries_alone_give_the_same_picture(tmp_path: Path) -> None:
    """Composite what a program sees that knows nothing of ours: masks and masked groups look as they should."""
    snapshot = rich_snapshot()
    path = saved(snapshot, tmp_path)
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(tmp_path / "plain.ora", "w") as plain:
        for name in archive.namelist():
            if not name.startswith("pentimento/"):
                plain.writestr(name, archive.read(name))
    opened = read_openraster(tmp_path / "plain.ora")
    assert opened.note == ""
    assert_close(composite(opened.snapshot), composite(snapshot))
    names = [layer.name for layer in opened.snapshot.layers]
    assert names[:2] == ["Photo", "Gruppe \N{CAT} ünï"]
    group = opened.snapshot.layers[1]
    assert isinstance(group, GroupLayer)
    assert [child.visible for child in group.children] == [False, False, False, True]


def assert_close(actual: np.ndarray[Any, Any], expected: np.ndarray[Any, Any]) -> None:
    """Rounding of baked masks to whole levels is all that may differ."""
    assert psnr(actual, expected) > 50
    assert np.abs(actual.astype(int) - expected).max() <= 3


def test_profile_goes_into_every_layer(tmp_path: Path) -> None:
    path = saved(rich_snapshot(np.uint8, wide_profile()), tmp_path)
    assert Image.open(BytesIO(entry(path, "data/0.png"))).info["icc_profile"] == wide_profile()
    assert "icc_profile" not in Image.open(BytesIO(entry(path, "mergedimage.png"))).info


def test_sixteen_bit_layers_always_carry_a_profile(tmp_path: Path) -> None:
    """Krita 5 stops and asks for the profile of every 16-bit PNG that has none."""
    path = saved(rich_snapshot(np.uint16), tmp_path)
    assert Image.open(BytesIO(entry(path, "data/0.png"))).info["icc_profile"] == colour.srgb_profile()
    assert read_openraster(path).snapshot.profile is None


def test_exclusion_has_the_name_that_krita_reads(tmp_path: Path) -> None:
    stack = entry(saved(one_layer(blend=BlendMode.EXCLUSION), tmp_path), "stack.xml")
    assert b'composite-op="krita:exclusion"' in stack
    path = foreign(
        tmp_path / "y.ora", '<layer src="data/a.png" composite-op="svg:exclusion"/>', {"data/a.png": png(photo(5, 6))}
    )
    assert read_openraster(path).snapshot.layers[0].blend is BlendMode.EXCLUSION


def test_layers_are_cropped_to_what_they_hold(tmp_path: Path) -> None:
    pixels = np.zeros((2000, 2000, 4), np.uint8)
    pixels[900:950, 1000:1100] = 255
    path = saved(one_layer(pixels=TiledImage.from_array(pixels)), tmp_path)
    assert Image.open(BytesIO(entry(path, "data/0.png"))).size == (100, 50)


# What other programs write


@pytest.mark.skipif(not SHARED.exists(), reason="the sample documents are not on this machine")
def test_sample_of_another_program() -> None:
    opened = open_with_note(SHARED)
    document = opened.document
    assert opened.note == ""
    assert document.size == (640, 640)
    assert [layer.name for layer in document.layers] == [
        "Background", "Layer Group", "Transformation", "bg #2", "bg", "bg #1",
    ]  # fmt: skip
    group = document.layers[1]
    assert isinstance(group, GroupLayer)
    assert [layer.name for layer in group.children] == ["Layer2", "Layer"]
    assert document.layers[-1].offset == (115, 115)
    assert [layer.visible for layer in document.layers] == [True, True, False, False, True, True]
    found, merged = composite(document.snapshot()), pixels_of(SHARED, "mergedimage.png")
    assert psnr(found, merged) > 40
    # GIMP wrote it and blends in linear light, so that soft edges differ; all else is as GIMP saw it.
    assert (np.abs(found.astype(int) - merged).max(axis=2) <= 1).mean() > 0.98


def foreign(path: Path, stack: str, pictures: dict[str, bytes], size: str = 'w="60" h="50"') -> Path:
    """An .ora as another program might write it."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "image/openraster")
        archive.writestr(
            "stack.xml", f"<?xml version='1.0' encoding='UTF-8'?><image {size}><stack>{stack}</stack></image>"
        )
        for name, data in pictures.items():
            archive.writestr(name, data)
    return path


def png(pixels: np.ndarray[Any, Any], **options: Any) -> bytes:
    data = BytesIO()
    Image.fromarray(pixels).save(data, "PNG", **options)
    return data.getvalue()


def test_defaults_of_the_specification(tmp_path: Path) -> None:
    path = foreign(tmp_path / "x.ora", '<layer src="data/a.png"/>', {"data/a.png": png(photo(50, 60))})
    (layer,) = (snapshot := read_openraster(path).snapshot).layers
    assert (layer.name, layer.opacity, layer.visible, layer.blend, layer.offset) == (
        "a",
        1.0,
        True,
        BlendMode.NORMAL,
        (0, 0),
    )
    assert snapshot.active == layer.id
    assert snapshot.dtype == np.uint8
    assert_identical(composite(snapshot), photo(50, 60))


@pytest.mark.parametrize("kind", ["P", "L", "LA", "1", "RGB", "I;16"])
def test_layers_of_every_kind_of_png(tmp_path: Path, kind: str) -> None:
    image = Image.fromarray(photo(50, 60))
    image = Image.fromarray(photo(50, 60, np.uint16)[..., 0]) if kind == "I;16" else image.convert(kind)
    data = BytesIO()
    image.save(data, "PNG")
    path = foreign(tmp_path / "x.ora", '<layer src="data/a.png"/>', {"data/a.png": data.getvalue()})
    snapshot = read_openraster(path).snapshot
    expected = np.array(image.convert("RGBA")) if kind != "I;16" else None
    if expected is None:
        assert snapshot.dtype == np.uint16
        assert_identical(composite(snapshot)[..., 1], photo(50, 60, np.uint16)[..., 0])
    else:
        assert_identical(composite(snapshot), expected)


def test_odd_values(tmp_path: Path) -> None:
    stack = (
        '<layer src="data/a.png" x="12.0" y="-3.0" opacity="nan" composite-op="svg:color-dodge" edit-locked="true"/>'
        '<layer src="data/a.png" opacity="7" composite-op="krita:add" selected="true" name="second"/>'
        '<layer src="data/a.png" opacity="-1" visibility="hidden" x="" y="abc"/>'
        '<layer src="data/a.png" opacity="much" composite-op="krita:grain_merge"/>'
    )
    opened = read_openraster(foreign(tmp_path / "x.ora", stack, {"data/a.png": png(photo(5, 6))}))
    fourth, third, second, first = opened.snapshot.layers
    assert (first.offset, first.opacity, first.blend, first.locked) == ((12, -3), 1.0, BlendMode.COLOR_DODGE, True)
    assert (second.opacity, second.blend, opened.snapshot.active) == (1.0, BlendMode.PLUS, second.id)
    assert (third.opacity, third.visible, third.offset) == (0.0, False, (0, 0))
    assert (fourth.opacity, fourth.blend) == (1.0, BlendMode.NORMAL)
    assert opened.note == "The blend mode “krita:grain_merge” is not known and is shown as Normal."


def test_layers_without_pixels_are_left_out_and_said_so(tmp_path: Path) -> None:
    stack = (
        '<text name="Title">words</text><layer name="Drawing" src="data/a.svg"/>'
        '<stack isolation="auto" x="100" y="100"><layer src="data/a.png" composite-op="svg:multiply"/></stack>'
    )
    opened = read_openraster(foreign(tmp_path / "x.ora", stack, {"data/a.png": png(photo(5, 6))}))
    (group,) = opened.snapshot.layers
    assert isinstance(group, GroupLayer)
    assert (group.name, group.children[0].offset) == ("Group", (0, 0))
    for word in ("Title", "Drawing"):
        assert f"“{word}” is no layer of pixels and was left out." in opened.note
    assert "shown closed in themselves" in opened.note


def test_layers_of_different_profiles_are_brought_together(tmp_path: Path) -> None:
    pictures = {"data/a.png": png(photo(5, 6)), "data/b.png": png(photo(5, 6), icc_profile=wide_profile())}
    stack = '<layer name="a" src="data/a.png"/><layer name="b" src="data/b.png"/>'
    snapshot = read_openraster(foreign(tmp_path / "x.ora", stack, pictures)).snapshot
    assert snapshot.profile == wide_profile()
    below, above = snapshot.layers
    assert isinstance(above, ImageLayer)
    assert isinstance(below, ImageLayer)
    assert_identical(below.pixels.read(snapshot.canvas)[:5, :6], photo(5, 6))
    seen = to_srgb(above.pixels.read(snapshot.canvas)[:5, :6], wide_profile())
    assert np.abs(seen.astype(int) - photo(5, 6)).max() <= 2


def test_a_mimetype_at_the_wrong_place_does_not_matter(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.png", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/a.png", png(photo(50, 60)))
        archive.writestr("stack.xml", '<image w="60" h="50"><stack><layer src="data/a.png"/></stack></image>')
        archive.writestr("mimetype", "image/openraster")
    assert open_document(tmp_path / "x.png").size == (60, 50)
