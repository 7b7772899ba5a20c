"""One recipe for many pictures, through the command line, with a tiny random model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.batch import free_name
from app.jobs import method_info
from editor.files import open_document, open_pixels
from engine.recipe import load_recipe, save_recipe
from engine.request import EditRequest
from tests.app.conftest import Call


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder in which “studio” is a tiny random model."""
    from tests.engine.tiny_models import write_sd15

    folder = tmp_path_factory.mktemp("models")
    write_sd15(folder / "studio")
    return folder


@pytest.fixture(autouse=True)
def tiny_studio(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.models.store.models_folder", lambda: models)


def edit(**changes: Any) -> EditRequest:
    """Strokes in a masked square of a picture of 96 × 72."""
    info = next(info for info in method_info.cached_methods() if info.id == "sdedit")
    strokes = np.zeros((72, 96, 4), np.uint8)
    strokes[30:50, 30:60] = (220, 60, 20, 255)
    mask = np.zeros((72, 96), np.uint8)
    mask[24:56, 24:66] = 255
    values = {"steps": 2, "strength": 0.6, "grow": 4, "feather": 4}
    image = np.random.default_rng(5).integers(0, 256, (72, 96, 3)).astype(np.uint8)
    fields: dict[str, Any] = {"prompt": "a red ball", "seed": 3, "strokes": strokes, "mask": mask, **changes}
    return EditRequest("sdedit", image, method_info.parameters_class(info).from_json(values), **fields)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "edit.recipe"
    save_recipe(edit(), path)
    return path


def photo(path: Path, size: tuple[int, int], seed: int = 1) -> Path:
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    Image.fromarray(values).save(path)
    return path


def test_every_picture_gets_its_own_result(call: Call, recipe: Path, tmp_path: Path) -> None:
    """A picture of half the size changes in half the mask, and its recipe says so."""
    same, half = photo(tmp_path / "same.png", (96, 72)), photo(tmp_path / "half.png", (48, 36), 2)
    out = tmp_path / "made" / "out"
    code, said, err = call("run", recipe, "--image", same, "--image", half, "--out", out)
    assert code == 0, err
    assert said.split() == [str(out / "same.ora"), str(out / "half.ora")]
    assert err.splitlines()[-1].startswith("2 of 2 pictures done in ")
    assert "1 of 2 · same.png: step 1 of " in err
    assert "2 of 2 · half.png: step 1 of " in err
    document = open_document(out / "half.ora")
    assert [layer.name for layer in document.layers] == ["Photo", "Strokes", "a red ball"]
    carried = load_recipe(getattr(document.layers[-1], "recipe"))  # noqa: B009 (a Layer need not have one)
    assert carried.mask is not None
    assert carried.mask.shape == (36, 48)
    assert (carried.mask[13:27, 13:32] == 255).all()
    assert (vars(carried.parameters)["grow"], vars(carried.parameters)["feather"]) == (2, 2)


def test_flat_pictures_stay_as_they_were_outside_the_mask(call: Call, recipe: Path, tmp_path: Path) -> None:
    pictures = [photo(tmp_path / f"{side}.png", (side, side), side) for side in (64, 120)]
    words = [word for picture in pictures for word in ("--image", picture)]
    assert call("run", recipe, *words, "--out", tmp_path / "out", "--format", "png")[0] == 0
    for picture in pictures:
        before, after = (open_pixels(path).array[..., :3] for path in (picture, tmp_path / "out" / picture.name))
        side = len(before)
        edge = side * 2 // 10
        assert np.array_equal(after[:edge], before[:edge])
        assert np.array_equal(after[:, :edge], before[:, :edge])
        middle = slice(side * 4 // 10, side * 6 // 10)
        assert np.abs(after[middle, middle].astype(int) - before[middle, middle]).mean() > 2


def test_a_bad_file_is_told_and_passed_over(call: Call, recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    good, out = photo(tmp_path / "good.png", (96, 72)), tmp_path / "out"
    bad = [tmp_path / "broken.png", tmp_path / "absent.png"]
    words = [word for picture in (*bad, good) for word in ("--image", picture)]
    code, said, err = call("run", recipe, *words, "--out", out)
    assert code == 1
    assert said.split() == [str(out / "good.ora")]
    summary = err.splitlines()[-3:]
    assert summary[0].startswith("1 of 3 pictures done in ")
    assert summary[0].endswith(", 2 failed.")
    assert all(str(path) in line for path, line in zip(bad, summary[1:], strict=True))
    assert "Traceback" not in err


def test_a_bug_with_one_picture_does_not_lose_the_others(
    call: Call, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import headless

    read = headless.read_picture

    def fail(path: Path) -> Any:
        if path.stem == "a":
            raise ZeroDivisionError("a bug")
        return read(path)

    monkeypatch.setattr("platformdirs.user_log_path", lambda *_, **__: tmp_path / "log")
    monkeypatch.setattr("app.headless.read_picture", fail)
    pictures = [photo(tmp_path / f"{name}.png", (48, 36)) for name in "ab"]
    code, said, err = call(
        "run", recipe, "--image", pictures[0], "--image", pictures[1], "--out", tmp_path / "out", "--format", ".PNG"
    )
    assert code == 1
    assert said.split() == [str(tmp_path / "out" / "b.png")]
    assert "ZeroDivisionError: a bug" in err
    assert "Traceback" in (tmp_path / "log" / "command-line.log").read_text(encoding="utf-8")


def test_control_c_tells_what_was_done(
    call: Call, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app import headless

    read = headless.read_picture

    def stop(path: Path) -> Any:
        if path.stem == "b":
            raise KeyboardInterrupt
        return read(path)

    monkeypatch.setattr("app.headless.read_picture", stop)
    pictures = [photo(tmp_path / f"{name}.png", (48, 36)) for name in "abc"]
    words = [word for picture in pictures for word in ("--image", picture)]
    code, _, err = call("run", recipe, *words, "--out", tmp_path / "out")
    assert code == 130
    summary = next(line for line in err.splitlines() if line.startswith("1 of 3 pictures done in "))
    assert summary.endswith(", 2 not begun.")


def test_nothing_that_is_there_is_replaced(call: Call, recipe: Path, tmp_path: Path) -> None:
    """Two pictures of one name, into the folder of one of them, twice."""
    (tmp_path / "b").mkdir()
    first, second = photo(tmp_path / "cat.png", (48, 36)), photo(tmp_path / "b" / "cat.png", (48, 36), 2)
    before = first.read_bytes()
    words = ("--image", first, "--image", second, "--out", tmp_path, "--format", "png")
    names = []
    for _ in range(2):
        code, said, _ = call("run", recipe, *words)
        assert code == 0
        names += [Path(line).name for line in said.split()]
    assert names == ["cat-2.png", "cat-3.png", "cat-4.png", "cat-5.png"]
    assert first.read_bytes() == before


def test_one_picture_and_a_folder(call: Call, recipe: Path, tmp_path: Path) -> None:
    picture = photo(tmp_path / "one.png", (48, 36))
    (tmp_path / "out").mkdir()
    code, said, _ = call("run", recipe, "--image", picture, "--out", tmp_path / "out")
    assert (code, said.strip()) == (0, str(tmp_path / "out" / "one.ora"))


def test_a_recipe_without_a_picture_fits_pictures_of_its_size(call: Call, tmp_path: Path) -> None:
    import json
    import zipfile

    save_recipe(edit(), tmp_path / "whole.recipe")
    with zipfile.ZipFile(tmp_path / "whole.recipe") as whole:
        for name in ("strokes.png", "mask.png"):
            whole.extract(name, tmp_path)
        plain = json.loads(whole.read("recipe.json"))
    del plain["arrays"]["image"]
    (tmp_path / "recipe.json").write_text(json.dumps(plain))
    same, other = photo(tmp_path / "same.png", (96, 72)), photo(tmp_path / "other.png", (48, 36))
    words = ("--image", other, "--image", same, "--out", tmp_path / "out", "--format", "png")
    code, said, err = call("run", tmp_path / "recipe.json", *words)
    assert code == 1
    assert said.split() == [str(tmp_path / "out" / "same.png")]
    assert "arrays.image" not in err
    assert "other.png: This recipe cannot be used: “arrays." in err


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--out", "out", "--format", "gif"), 2, "There is no format “gif”. There are ora, png, "),
        (("--out", "out.png"), 2, "“out.png” is the name of a file"),
        (("--out", "file"), 1, "cannot be made"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_runs(
    call: Call,
    recipe: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    pictures = [photo(tmp_path / f"{name}.png", (48, 36)) for name in "ab"]
    found, _, err = call("run", recipe, "--image", pictures[0], "--image", pictures[1], *words)
    assert found == code
    assert said in err
    assert "step" not in err


def test_a_format_for_one_file_and_a_missing_model(call: Call, recipe: Path, tmp_path: Path) -> None:
    picture = photo(tmp_path / "a.png", (48, 36))
    code, _, err = call("run", recipe, "--image", picture, "--out", tmp_path / "out.png", "--format", "png")
    assert (code, "--format" in err) == (2, True)
    save_recipe(edit(model="no-such-model"), recipe)
    code, _, err = call("run", recipe, "--image", picture, "--image", picture, "--out", tmp_path / "out")
    assert code == 1
    assert err.count("no-such-model") == 1


def test_free_names_skip_what_is_taken(tmp_path: Path) -> None:
    assert free_name(tmp_path, "a.b", "ora").name == "a.b.ora"
    (tmp_path / "a.b.ora").write_text("")
    (tmp_path / "a.b-2.ora").symlink_to(tmp_path / "nowhere")
    assert free_name(tmp_path, "a.b", "ora").name == "a.b-3.ora"


def test_a_png_carries_its_recipe_unless_told_not_to(call: Call, recipe: Path, tmp_path: Path) -> None:
    """It runs again from the PNG, and a recipe of more than 1 MB is left out with a note."""
    with_it, without, again = (tmp_path / f"{name}.png" for name in ("with", "without", "again"))
    assert call("run", recipe, "--out", with_it)[0] == 0
    assert call("run", recipe, "--out", without, "--no-recipe")[0] == 0
    assert call("run", with_it, "--out", again)[0] == 0
    assert np.array_equal(open_pixels(again).array, open_pixels(with_it).array)
    assert call("run", without, "--out", again)[0] == 2
    large, out = photo(tmp_path / "large.png", (700, 600)), tmp_path / "out"
    out.mkdir()
    code, _, err = call("run", recipe, "--image", large, "--out", out, "--format", "png")
    assert code == 0
    assert "1 of 1 · large.png: The recipe is larger than 1 MB and was left out of the PNG." in err
