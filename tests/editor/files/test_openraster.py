"""Documents come back from .ora exactly, and other programs find in it what they understand."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from editor.commands import Rename
from editor.composite import composite
from editor.document import Document, Snapshot
from editor.errors import FileProblem
from editor.files import open_document, open_with_note, save_document, save_snapshot, to_srgb
from editor.files.openraster_reader import read_openraster
from editor.files.openraster_writer import thumbnail
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer, LayerId
from editor.tiles import TiledImage, converted
from tests.editor.files.samples import assert_same_snapshot, noise, photo, rich_snapshot, srgb_profile, wide_profile
from tests.images import assert_identical, mean_change, psnr

SHARED = Path("/work/shared/data/layered/layered_image.ora")


def saved(snapshot: Snapshot, folder: Path, title: str = "") -> Path:
    path = folder / "x.ora"
    save_snapshot(snapshot, path, title)
    return path


def entry(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name)


def pixels_of(path: Path, name: str) -> np.ndarray[Any, Any]:
    return np.array(Image.open(BytesIO(entry(path, name))).convert("RGBA"))


def one_layer(**changes: Any) -> Snapshot:
    layer = ImageLayer(**{"pixels": TiledImage.from_array(photo(50, 60)), **changes})
    return Snapshot((60, 50), np.dtype(np.uint8), None, (layer,), layer.id, None)


# Round trips


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("profile", [None, srgb_profile(), wide_profile()], ids=["none", "srgb", "wide"])
def test_everything_comes_back(tmp_path: Path, dtype: Any, profile: bytes | None) -> None:
    snapshot = rich_snapshot(dtype, profile)
    opened = read_openraster(saved(snapshot, tmp_path, "A title \N{CAT} \0 \ud800"))
    assert_same_snapshot(opened.snapshot, snapshot)
    assert opened.title == "A title \N{CAT} \0 \ud800"
    assert opened.note == ""
    assert_identical(composite(opened.snapshot), composite(snapshot))


def test_saved_twice_is_the_same_file(tmp_path: Path) -> None:
    snapshot = rich_snapshot()
    first = saved(snapshot, tmp_path).read_bytes()
    assert saved(read_openraster(tmp_path / "x.ora").snapshot, tmp_path).read_bytes() == first


def test_colours_under_full_transparency_survive(tmp_path: Path) -> None:
    pixels = noise((30, 40, 4))
    pixels[..., 3] = 0
    snapshot = one_layer(pixels=TiledImage.from_array(pixels, (5, 6)))
    assert_same_snapshot(read_openraster(saved(snapshot, tmp_path)).snapshot, snapshot)


def test_far_outside_the_canvas(tmp_path: Path) -> None:
    snapshot = one_layer(pixels=TiledImage.from_array(photo(20, 20), (-5000, 3000)), offset=(-7, 12_345))
    path = saved(snapshot, tmp_path)
    (layer,) = ET.fromstring(entry(path, "stack.xml")).iter("layer")
    assert (layer.get("x"), layer.get("y")) == ("-5007", "15345")
    assert_same_snapshot(read_openraster(path).snapshot, snapshot)


def test_no_layers_and_one_pixel(tmp_path: Path) -> None:
    snapshot = Snapshot((1, 1), np.dtype(np.uint16), None, (), None, None)
    assert_same_snapshot(read_openraster(saved(snapshot, tmp_path)).snapshot, snapshot)


def test_very_wide(tmp_path: Path) -> None:
    layer = ImageLayer(pixels=TiledImage.from_array(photo(200, 30_000)))
    snapshot = Snapshot((30_000, 200), np.dtype(np.uint8), None, (layer,), layer.id, None)
    path = saved(snapshot, tmp_path)
    assert_same_snapshot(read_openraster(path).snapshot, snapshot)
    assert pixels_of(path, "Thumbnails/thumbnail.png").shape == (2, 256, 4)


@pytest.mark.parametrize("mode", BlendMode)
def test_every_blend_mode(tmp_path: Path, mode: BlendMode) -> None:
    snapshot = one_layer(blend=mode)
    assert_same_snapshot(read_openraster(saved(snapshot, tmp_path)).snapshot, snapshot)


def test_deep_groups(tmp_path: Path) -> None:
    layer: Layer = ImageLayer(pixels=TiledImage.from_array(photo(5, 5)))
    for depth in range(40):
        layer = GroupLayer(name=f"group {depth}", children=(layer,))
    snapshot = Snapshot((5, 5), np.dtype(np.uint8), None, (layer,), layer.id, None)
    assert_same_snapshot(read_openraster(saved(snapshot, tmp_path)).snapshot, snapshot)


def test_masked_groups_in_masked_groups(tmp_path: Path) -> None:
    inner = GroupLayer(
        name="inner",
        mask=TiledImage.from_array(noise((50, 60), seed=1)),
        offset=(3, 4),
        children=(ImageLayer(pixels=TiledImage.from_array(noise((50, 60, 4))), visible=False), ImageLayer()),
    )
    outer = GroupLayer(name="outer", mask=TiledImage.from_array(noise((50, 60), np.uint16, seed=2)), children=(inner,))
    snapshot = Snapshot((60, 50), np.dtype(np.uint8), None, (outer,), inner.id, None)
    assert_same_snapshot(read_openraster(saved(snapshot, tmp_path)).snapshot, snapshot)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(st.characters(), max_size=40),
    opacity=st.floats(0, 1),
    offset=st.tuples(st.integers(-9999, 9999), st.integers(-9999, 9999)),
    recipe=st.none() | st.binary(max_size=300),
)
def test_any_name_opacity_offset_and_recipe(
    tmp_path: Path, name: str, opacity: float, offset: tuple[int, int], recipe: bytes | None
) -> None:
    snapshot = one_layer(name=name, opacity=opacity, offset=offset, recipe=recipe, recipe_title=name)
    assert_same_snapshot(read_openraster(saved(snapshot, tmp_path)).snapshot, snapshot)


def test_layers_of_one_id_become_two(tmp_path: Path) -> None:
    twin = ImageLayer(id=LayerId("twin"))
    snapshot = Snapshot((9, 9), np.dtype(np.uint8), None, (twin, replace(twin, name="other")), None, None)
    one, other = read_openraster(saved(snapshot, tmp_path)).snapshot.layers
    assert one.id != other.id


# The document


def test_saving_a_document(tmp_path: Path) -> None:
    document = Document.from_snapshot(rich_snapshot())
    document.history.do(Rename(LayerId("result-1"), "renamed"))
    assert document.modified
    save_document(document, tmp_path / "work.ora")
    assert (document.path, document.title, document.modified) == (tmp_path / "work.ora", "work", False)
    again = open_document(tmp_path / "work.ora")
    assert (again.path, again.title, again.modified) == (tmp_path / "work.ora", "work", False)
    assert again[LayerId("result-1")].name == "renamed"
    assert_same_snapshot(again.snapshot(), document.snapshot())


def test_what_fails_to_save_stays_unsaved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document.from_snapshot(rich_snapshot())
    save_document(document, tmp_path / "work.ora")
    before = (tmp_path / "work.ora").read_bytes()
    document.history.do(Rename(LayerId("result-1"), "renamed"))

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(FileProblem, match="not enough room"):
        save_document(document, tmp_path / "work.ora")
    assert document.modified
    assert (tmp_path / "work.ora").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["work.ora"]


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
        '<text name="Title">words</text><layer name="Drawing" src="data/a.svg"/><filter name="Blur"/>'
        '<stack isolation="auto" x="100" y="100"><layer src="data/a.png" composite-op="svg:multiply"/></stack>'
    )
    opened = read_openraster(foreign(tmp_path / "x.ora", stack, {"data/a.png": png(photo(5, 6))}))
    (group,) = opened.snapshot.layers
    assert isinstance(group, GroupLayer)
    assert (group.name, group.children[0].offset) == ("Group", (0, 0))
    for word in ("Title", "Drawing", "Blur"):
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
