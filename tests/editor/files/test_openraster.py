"""Documents come back from .ora exactly as they were."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from editor.commands import Rename
from editor.composite import composite
from editor.document import Document, Snapshot
from editor.errors import FileProblem
from editor.files import open_document, save_document
from editor.files.openraster_reader import read_openraster
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer, LayerId
from editor.tiles import TiledImage
from tests.editor.files.samples import (
    assert_same_snapshot,
    entry,
    noise,
    one_layer,
    photo,
    pixels_of,
    rich_snapshot,
    saved,
    srgb_profile,
    wide_profile,
)
from tests.images import assert_identical

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

    monkeypatch.setattr(zipfile.ZipFile, "open", full)
    with pytest.raises(FileProblem, match="not enough room"):
        save_document(document, tmp_path / "work.ora")
    assert document.modified
    assert (tmp_path / "work.ora").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["work.ora"]
