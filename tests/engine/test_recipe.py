"""Recipes: exact there and back, and a refusal that names the field for everything else."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import recipe
from engine.errors import BadRecipe
from engine.png import png_bytes, png_pixels
from engine.points import Leg
from engine.recipe import load_recipe, recipe_bytes, save_recipe
from engine.request import EditRequest, Input, Method, Parameters, knob


@dataclass(frozen=True)
class Knobs(Parameters):
    amount: float = knob(0.5, 0.0, 1.0, "How much.")


def never(*_: object) -> Any:
    raise AssertionError


DIGEST_OF_VERSION_ONE = "07d26a5e6a275424935e877c724bbad123ea74de70d2674513990359e74d74de"
METHODS = {"any": Method("any", "Any", Knobs, never, frozenset({Input.MASK}))}


def example(dtype: Any = np.uint8) -> EditRequest:
    random = np.random.default_rng(3)
    full = np.iinfo(dtype).max
    return EditRequest(
        "any",
        random.integers(0, full, (9, 14, 3), dtype, endpoint=True),
        Knobs(0.25),
        prompt="a “red” ball\n" * 300,
        negative_prompt="blue",
        seed=2**62,
        model="studio",
        strokes=random.integers(0, full, (9, 14, 4), dtype, endpoint=True),
        mask=random.integers(0, 255, (9, 14), np.uint8, endpoint=True),
        stop_after=4,
    )


def changed(zipped: bytes, plain: dict[str, Any] | None = None, **files: bytes | None) -> bytes:
    """A recipe with some values of its JSON and some files replaced; None removes."""
    source, target = zipfile.ZipFile(io.BytesIO(zipped)), io.BytesIO()
    contents = {name: source.read(name) for name in source.namelist()}
    values = json.loads(contents["recipe.json"]) | (plain or {})
    contents["recipe.json"] = json.dumps({k: v for k, v in values.items() if v != "REMOVED"}).encode()
    for name, data in files.items():
        contents[f"{name}.png"] = data or b""
        if data is None:
            del contents[f"{name}.png"]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return target.getvalue()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_there_and_back_is_exact(dtype: Any, tmp_path: Path) -> None:
    request = example(dtype)
    assert load_recipe(recipe_bytes(request), methods=METHODS).digest() == request.digest()
    assert recipe_bytes(request) == recipe_bytes(request)
    save_recipe(request, tmp_path / "edit.recipe")
    assert load_recipe(tmp_path / "edit.recipe", methods=METHODS).digest() == request.digest()
    bare = replace(request, strokes=None, mask=None, stop_after=None)
    buffer = io.BytesIO()
    save_recipe(bare, buffer)
    assert load_recipe(buffer.getvalue(), methods=METHODS).digest() == bare.digest()


def test_a_reference_makes_version_two_and_without_one_nothing_changes() -> None:
    plain = example()
    with_reference = replace(plain, reference_prompt="a green ball")
    for request, version in ((plain, 1), (with_reference, 2)):
        data = recipe_bytes(request)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            values = json.loads(archive.read("recipe.json"))
        assert values["version"] == version
        assert ("reference_prompt" in values) == (version == 2)
        assert load_recipe(data, methods=METHODS).digest() == request.digest()
    assert plain.digest() != with_reference.digest()
    # As this edit was known before there were references.
    assert plain.digest() == DIGEST_OF_VERSION_ONE


def test_a_bare_recipe_lies_beside_its_arrays(tmp_path: Path) -> None:
    request = example()
    with zipfile.ZipFile(io.BytesIO(recipe_bytes(request))) as archive:
        archive.extractall(tmp_path)
    assert load_recipe(tmp_path / "recipe.json", methods=METHODS).digest() == request.digest()
    assert load_recipe(tmp_path, methods=METHODS).digest() == request.digest()
    (tmp_path / "mask.png").unlink()
    with pytest.raises(BadRecipe, match=r"arrays\.mask"):
        load_recipe(tmp_path, methods=METHODS)


def test_another_picture_takes_the_place_of_the_first() -> None:
    request, other = example(), np.full((9, 14, 3), 60000, np.uint16)
    loaded = load_recipe(changed(recipe_bytes(request), image=None), image=other, methods=METHODS)
    assert loaded.image is other
    assert loaded.strokes is not None
    assert request.strokes is not None
    assert np.array_equal(loaded.strokes, request.strokes.astype(np.uint16) * 257)
    with pytest.raises(BadRecipe, match=r"arrays\.strokes.*14 × 9 pixels, but the picture is 5 × 5"):
        load_recipe(recipe_bytes(request), image=np.zeros((5, 5, 3), np.uint8), methods=METHODS)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"colour": 1}, "colour"),
        ({"format": "cake"}, "format"),
        ({"version": 5}, "version"),
        ({"version": 0}, "version"),
        ({"version": True}, "version"),
        ({"version": "REMOVED"}, "version"),
        ({"method": "REMOVED"}, "method"),
        ({"method": "unknown"}, "method"),
        ({"prompt": None}, "prompt"),
        ({"seed": 1.5}, "seed"),
        ({"seed": -1}, "seed"),
        ({"stop_after": 0}, "stop_after"),
        ({"stop_after": "all"}, "stop_after"),
        ({"parameters": []}, "parameters"),
        ({"parameters": {"amount": 7}}, "parameters.amount"),
        ({"parameters": {"size": 7}}, "parameters.size"),
        ({"parameters": {"amount": 10**400}}, "parameters.amount"),
        ({"parameters": {"\ud800": 7}}, r"parameters.'\ud800'"),
        ({"prompt": "a \ud800 ball"}, "prompt"),
        ({"negative_prompt": "\udfff"}, "negative_prompt"),
        ({"model": "\ud800"}, "model"),
        ({"method": "\ud800"}, "method"),
        ({"\ud800": 1}, r"'\ud800'"),
        ({"arrays": {"image": "a\0b.png"}}, "arrays.image"),
        ({"arrays": {"image": "a\x9bb.png"}}, "arrays.image"),
        ({"arrays": {"image": "a\ud800b.png"}}, "arrays.image"),
        ({"arrays": {"\ud800": "face.png"}}, r"arrays.'\ud800'"),
        ({"canvas": [14]}, "canvas"),
        ({"canvas": [14, -9]}, "canvas"),
        ({"canvas": [10**6, 10**6]}, "canvas"),
        ({"canvas": [9, 14]}, "arrays.image"),
        ({"arrays": {"image": "../image.png"}}, "arrays.image"),
        ({"arrays": {"image": "C:\\image.png"}}, "arrays.image"),
        ({"arrays": {"image": 7}}, "arrays.image"),
        ({"arrays": {"image": "other.png"}}, "arrays.image"),
        ({"arrays": {"face": "face.png"}}, "arrays.face"),
        ({"arrays": {}}, "arrays.image"),
        ({"arrays": {"image": "image.png", "mask": "strokes.png"}}, "arrays.mask"),
    ],
)
def test_what_is_wrong_is_named(values: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRecipe) as caught:
        load_recipe(changed(recipe_bytes(example()), values), methods=METHODS)
    assert caught.value.field == field
    assert field in str(caught.value)
    assert str(caught.value).encode(), "it can be printed"


@pytest.mark.parametrize("file", ["a\0b.png", "a\nb.png", "a\ud800b.png"])
def test_file_names_that_no_folder_can_hold_are_refused(file: str, tmp_path: Path) -> None:
    plain = {"format": "pentimento-recipe", "version": 1, "method": "any", "arrays": {"image": file}}
    (tmp_path / "recipe.json").write_text(json.dumps(plain))
    with pytest.raises(BadRecipe) as caught:
        load_recipe(tmp_path, methods=METHODS)
    assert caught.value.field == "arrays.image"


def test_missing_broken_and_lying_arrays_are_refused() -> None:
    whole = recipe_bytes(example())
    png = png_bytes(example().image)
    for data in (None, b"", b"GIF89a", png[: len(png) // 2], png[:-20], _header(png, 14, 10)):
        with pytest.raises(BadRecipe) as caught:
            load_recipe(changed(whole, image=data), methods=METHODS)
        assert caught.value.field == "arrays.image"
    with pytest.raises(BadRecipe, match="8 bits"):
        load_recipe(changed(whole, mask=png_bytes(np.ones((9, 14), np.uint16))), methods=METHODS)


def test_bombs_are_refused_unopened() -> None:
    whole = recipe_bytes(example())
    zeros = changed(whole, image=b"\0" * 2**26)
    assert len(zeros) < 2**18
    with pytest.raises(BadRecipe, match="too large to be true"):
        load_recipe(zeros, methods=METHODS)
    huge = changed(whole, {"canvas": "REMOVED"}, image=_header(png_bytes(example().image), 30000, 30000))
    with pytest.raises(BadRecipe, match="too large"):
        load_recipe(huge, methods=METHODS)
    with pytest.raises(BadRecipe, match="recipe"):
        load_recipe(changed(whole, {"prompt": "a" * 2**23}), methods=METHODS)


@pytest.mark.parametrize(("size", "refused"), [((4097, 4096), True), ((32767, 2), True), ((4096, 4096), False)])
def test_an_example_has_a_limit_of_its_own(
    size: tuple[int, int], refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    monkeypatch.setattr(recipe, "png_pixels", lambda data, channels: decoded.append(channels))
    png = png_bytes(np.ones((5, 7, 4), np.uint8))
    bomb = changed(recipe_bytes(dragged()), {"arrays": {"exemplar": "exemplar.png"}}, exemplar=_header(png, *size))
    with pytest.raises(BadRecipe, match="too large" if refused else "damaged") as caught:
        load_recipe(bomb, example().image, METHODS)
    assert caught.value.field == "arrays.exemplar"
    assert bool(decoded) is not refused, "its size is looked at before it is decoded"


@pytest.mark.parametrize("data", [b"", b"nothing", b"PK\x03\x04" + b"\0" * 50, b"[" * 100_000])
def test_other_files_are_no_recipes(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(BadRecipe):
        load_recipe(data, methods=METHODS)
    (tmp_path / "file").write_bytes(data)
    with pytest.raises(BadRecipe):
        load_recipe(tmp_path / "file", methods=METHODS)
    with pytest.raises(BadRecipe):
        load_recipe(tmp_path / "nothing here", methods=METHODS)


def test_damage_anywhere_is_a_sentence_never_a_traceback() -> None:
    whole, sentences = recipe_bytes(example()), list[str]()
    places = range(0, len(whole), 3)
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        try:
            load_recipe(bytes(damaged), methods=METHODS)
        except BadRecipe as error:
            sentences.append(str(error))
    assert len(sentences) > len(places) / 2, "most of a recipe matters"
    assert all(sentence.endswith(".") for sentence in sentences)


def test_damaged_pixels_are_no_picture() -> None:
    png = bytearray(png_bytes(np.zeros((64, 64, 3), np.uint8)))
    png[60] ^= 1
    assert png_pixels(bytes(png), 3) is None


def test_reading_recipes_needs_no_torch() -> None:
    code = "import sys, engine.recipe, engine.models.store; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _header(png: bytes, width: int, height: int) -> bytes:
    """The same file with another size in its header, checksum and all."""
    body = b"IHDR" + struct.pack(">II", width, height) + png[24:29]
    return png[:12] + body + struct.pack(">I", zlib.crc32(body)) + png[33:]


def dragged() -> EditRequest:
    points = np.array([[[1.5, 2.25], [9, 7]], [[3, 3], [3.125, 8]]])
    legs = (Leg(((5.0, 5.0), (3.0, 4.5)), 12),)
    exemplar = np.random.default_rng(2).integers(0, 255, (5, 7, 4), np.uint8)
    return replace(example(), mask=None, points=points, legs=legs, exemplar=exemplar)


def test_points_legs_and_example_are_version_three_and_exact() -> None:
    request = dragged()
    found = load_recipe(recipe_bytes(request), methods=METHODS)
    assert found.digest() == request.digest()
    assert found.points is not None
    assert np.array_equal(found.points, request.points)
    assert found.legs == request.legs
    assert found.exemplar is not None
    assert found.exemplar.shape == (5, 7, 4)
    values = json.loads(zipfile.ZipFile(io.BytesIO(recipe_bytes(request))).read("recipe.json"))
    assert values["version"] == 3
    for change in (
        {"points": request.points + 0.5},
        {"legs": ()},
        {"legs": (Leg(request.legs[0].targets, 13),)},
        {"exemplar": None},
    ):
        assert replace(request, **change).digest() != request.digest()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"points": [[[1, 2]]]}, "points.0"),
        ({"points": [[[1, 2], [3, "4"]]]}, "points.0"),
        ({"points": [[[1, 2], [3, True]]]}, "points.0"),
        ({"points": [[[1, 2], [3, float("nan")]]]}, "points.0"),
        ({"points": [[[1, 2], [3, 10**400]]]}, "points.0"),
        ({"points": [[[1, 2], [3, 4]]] * 31}, "points"),
        ({"points": {}}, "points"),
        ({"legs": [{"targets": [[1, 2]]}]}, "legs.0"),
        ({"legs": [{"targets": [], "steps": 1}]}, "legs.0.targets"),
        ({"legs": [{"targets": [[1, 2]], "steps": 0}]}, "legs.0.steps"),
        ({"legs": [7]}, "legs.0"),
        ({"points": "REMOVED"}, "legs"),
    ],
)
def test_wrong_points_name_their_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRecipe) as caught:
        load_recipe(changed(recipe_bytes(dragged()), values), methods=METHODS)
    assert caught.value.field == field


BOX = (-3, 2, 10**9, 7)


def test_a_box_is_version_four_and_without_one_nothing_changes() -> None:
    request = replace(example(), box=BOX)
    data = recipe_bytes(request)
    found = load_recipe(data, methods=METHODS)
    assert found.box == BOX
    assert found.digest() == request.digest() != example().digest()
    values = json.loads(zipfile.ZipFile(io.BytesIO(data)).read("recipe.json"))
    assert (values["version"], values["box"]) == (4, list(BOX))
    for plain, version in ((example(), 1), (dragged(), 3)):
        values = json.loads(zipfile.ZipFile(io.BytesIO(recipe_bytes(plain))).read("recipe.json"))
        assert (values["version"], "box" in values) == (version, False)
        assert load_recipe(recipe_bytes(plain), methods=METHODS).box is None


@pytest.mark.parametrize(
    ("box", "problem"),
    [
        ({}, "must be list"),
        (None, "must be list"),
        ([], "four whole numbers"),
        ([1, 2, 3], "four whole numbers"),
        ([1, 2, 3, 4, 5], "four whole numbers"),
        ([1, 2, 3, 4.0], "four whole numbers"),
        ([1, 2, 3, True], "four whole numbers"),
        ([1, 2, 3, "4"], "four whole numbers"),
        ([1, 2, float("nan"), 4], "four whole numbers"),
        ([1, 2, float("inf"), 4], "four whole numbers"),
        ([1, 2, 0, 4], "at least one pixel"),
        ([1, 2, 3, -(10**400)], "at least one pixel"),
        ([1, 2, 3, 10**9 + 1], "too large"),
        ([-(10**400), 2, 3, 4], "too far"),
    ],
)
def test_a_wrong_box_is_named(box: Any, problem: str) -> None:
    data = changed(recipe_bytes(example()), {"box": box})
    with pytest.raises(BadRecipe, match=problem) as caught:
        load_recipe(data, methods=METHODS)
    assert caught.value.field == "box"
