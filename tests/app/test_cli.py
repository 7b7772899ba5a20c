"""The command line: what it does, what it imports, and how it refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.jobs import method_info
from editor.files import open_document, open_pixels
from editor.layers import ImageLayer, Role
from engine.recipe import save_recipe
from engine.request import EditRequest
from tests.app.conftest import Call

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ("open", "methods", "run", "demo", "scene")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder in which “studio” is a tiny random model."""
    from tests.engine.tiny_models import write_sd15

    folder = tmp_path_factory.mktemp("models")
    write_sd15(folder / "studio")
    return folder


@pytest.fixture
def tiny_studio(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.models.store.models_folder", lambda: models)


def request(**changes: Any) -> EditRequest:
    info = next(info for info in method_info.cached_methods() if info.id == "sdedit")
    values = {"steps": 4, "strength": 0.8, "grow": 3, "feather": 3, **changes.pop("parameters", {})}
    image = np.random.default_rng(5).integers(0, 256, (72, 96, 3)).astype(np.uint8)
    strokes = np.zeros((72, 96, 4), np.uint8)
    strokes[30:50, 30:60] = (220, 60, 20, 255)
    mask = np.zeros((72, 96), np.uint8)
    mask[24:56, 24:66] = 255
    parameters = method_info.parameters_class(info).from_json(values)
    fields: dict[str, Any] = {"prompt": "a red ball", "seed": 3, "strokes": strokes, "mask": mask, **changes}
    return EditRequest("sdedit", image, parameters, **fields)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "edit.recipe"
    save_recipe(request(), path)
    return path


def changed(recipe: Path, **changes: Any) -> Path:
    """A copy of a recipe with other plain values; a value of ... takes the entry out."""
    target = recipe.with_name("changed.recipe")
    with zipfile.ZipFile(recipe) as source, zipfile.ZipFile(target, "w") as archive:
        for name in source.namelist():
            data = source.read(name)
            if name == "recipe.json":
                plain = {**json.loads(data), **changes}
                data = json.dumps({key: value for key, value in plain.items() if value is not ...}).encode()
            archive.writestr(name, data)
    return target


# help and imports


@pytest.mark.parametrize("words", [(), *((name,) for name in COMMANDS)])
def test_every_command_has_help_with_an_example(call: Call, words: tuple[str, ...]) -> None:
    code, out, _ = call(*words, "--help")
    assert code == 0
    assert "Example: python main.py" in out
    if not words:
        assert all(name in out for name in COMMANDS)


def probe(code: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_is_quick_and_imports_neither_qt_nor_torch() -> None:
    code = (
        "import sys, time\nstart = time.process_time()\nfrom app.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = [name for name in ('PySide6', 'torch', 'numpy', 'cv2') if name in sys.modules]\n"
        "print('heavy', heavy, time.process_time() - start)"
    )
    last = probe(code).stdout.splitlines()[-1]
    assert last.startswith("heavy []"), last
    assert float(last.split()[-1]) < 0.5


def test_headless_commands_need_no_qt_and_torch_only_to_run() -> None:
    code = (
        "import sys\nimport app.headless, app.demo, app.scenes\n"
        "print('found', 'torch' in sys.modules, 'PySide6' in sys.modules)"
    )
    done = probe(code)
    assert done.stdout.strip() == "found False False", done.stderr


def test_the_window_starts_without_torch(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom app.application import start\n"
        "application, window = start([], Path(sys.argv[1]) / 'settings.ini')\n"
        "print('shown', window.isVisible(), 'torch' in sys.modules, 'diffusers' in sys.modules)\n"
        "window.close()\n"
    )
    done = probe(code, str(tmp_path), QT_QPA_PLATFORM="offscreen", XDG_DATA_HOME=str(tmp_path))
    assert "shown True False False" in done.stdout, done.stderr


# methods


def test_methods_as_json_and_as_text(call: Call) -> None:
    code, out, _ = call("methods", "--json")
    assert code == 0
    listed = {entry["id"]: entry for entry in json.loads(out)}
    sdedit = listed["sdedit"]
    assert sdedit["inputs"] == ["strokes", "prompt", "mask"]
    strength = next(each for each in sdedit["parameters"] if each["name"] == "strength")
    assert (strength["type"], strength["range"]) == ("float", [0.0, 1.0])
    assert all(each["help"] and "default" in each for each in sdedit["parameters"])
    code, out, _ = call("methods")
    assert code == 0
    assert "sdedit: Paint with strokes" in out
    assert "strength (float, 0.6, 0.0 to 1.0)" in out


# run


@pytest.mark.usefixtures("tiny_studio")
def test_run_writes_a_flat_picture_and_a_document(call: Call, recipe: Path, tmp_path: Path) -> None:
    flat, layered = tmp_path / "out.png", tmp_path / "out.ora"
    code, out, err = call("run", recipe, "--out", flat)
    assert (code, out.strip()) == (0, str(flat))
    assert "step 3 of 3" in err
    assert call("run", recipe, "--out", layered)[0] == 0
    document = open_document(layered)
    roles = [layer.role for layer in document.layers if isinstance(layer, ImageLayer)]
    assert [layer.name for layer in document.layers] == ["Photo", "Strokes", "a red ball"]
    assert roles == [Role.IMAGE, Role.STROKES, Role.RESULT]
    picture = np.asarray(Image.open(flat))
    assert np.array_equal(picture, np.asarray(Image.open(_merged(layered, tmp_path)))[..., :3])
    outside = np.ones((72, 96), bool)
    outside[24 - 6 : 56 + 6, 24 - 6 : 66 + 6] = False
    assert np.array_equal(picture[outside], request().image[outside])
    assert np.abs(picture[30:50, 30:60].astype(int) - request().image[30:50, 30:60]).mean() > 2


def _merged(layered: Path, folder: Path) -> Path:
    with zipfile.ZipFile(layered) as archive:
        return Path(archive.extract("mergedimage.png", folder))


@pytest.mark.usefixtures("tiny_studio")
def test_run_takes_bare_recipes_other_photos_and_its_own_results(call: Call, recipe: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    with zipfile.ZipFile(recipe) as archive:
        archive.extractall(folder)
    first, second, third = (tmp_path / f"{name}.png" for name in ("zip", "bare", "other"))
    assert call("run", recipe, "--out", first)[0] == 0
    assert call("run", folder / "recipe.json", "--out", second)[0] == 0
    assert np.array_equal(np.asarray(Image.open(first)), np.asarray(Image.open(second)))
    other = tmp_path / "other-photo.png"
    Image.new("RGB", (96, 72), (10, 200, 30)).save(other)
    assert call("run", recipe, "--image", other, "--out", third)[0] == 0
    assert tuple(open_pixels(third).array[0, 0]) == (10, 200, 30, 255)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"parameters": {"strength": 2.0}}, "parameters.strength"),
        ({"parameters": {"steps": "many"}}, "parameters.steps"),
        ({"parameters": {"glow": 1}}, "parameters.glow"),
        ({"method": "sorcery"}, "method"),
        ({"method": ...}, "method"),
        ({"seed": "x"}, "seed"),
        ({"colour": 1}, "colour"),
        ({"version": 99}, "version"),
    ],
)
def test_bad_recipes_are_refused_with_the_field(
    call: Call, recipe: Path, tmp_path: Path, changes: dict[str, Any], field: str
) -> None:
    out = tmp_path / "out.png"
    code, _, err = call("run", changed(recipe, **changes), "--out", out)
    assert code == 2
    assert f"“{field}”" in err
    assert "Traceback" not in err
    assert not out.exists()


def test_what_cannot_be_read_or_written_is_one_sentence(call: Call, recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.png").mkdir()
    out = tmp_path / "out.png"
    cases = [
        ((tmp_path / "absent.recipe", "--out", out), 2, "absent.recipe"),
        ((tmp_path / "file", "--out", out), 2, "recipe"),
        ((recipe, "--image", tmp_path / "absent.png", "--out", out), 1, "absent.png"),
        ((recipe, "--out", tmp_path / "absent" / "out.png"), 1, "no folder"),
        ((recipe, "--out", tmp_path / "file" / "out.png"), 1, "no folder"),
        ((recipe, "--out", tmp_path / "folder.png"), 1, "is a folder"),
        ((recipe, "--out", tmp_path / "out.gif"), 1, ".ora"),
        ((recipe,), 2, "--out"),
    ]
    for words, expected, part in cases:
        code, _, err = call("run", *words)
        assert (code, "Traceback" in err) == (expected, False), (words, err)
        assert part in err
    assert not out.exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused_before_the_edit(call: Call, recipe: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    code, _, err = call("run", recipe, "--out", closed / "out.png")
    assert code == 1
    assert "cannot be written" in err or "Nothing can be written" in err


def test_a_photo_of_another_size_names_the_array(call: Call, recipe: Path, tmp_path: Path) -> None:
    other = tmp_path / "small.png"
    Image.new("RGB", (20, 20)).save(other)
    code, _, err = call("run", recipe, "--image", other, "--out", tmp_path / "out.png")
    assert code == 2
    assert "arrays." in err


def test_a_missing_model_says_which(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "edit.recipe"
    save_recipe(request(model="no-such-model"), path)
    code, _, err = call("run", path, "--out", tmp_path / "out.png")
    assert code == 1
    assert "no-such-model" in err
    assert "Traceback" not in err


def test_an_unexpected_error_is_a_sentence_and_a_log(
    call: Call, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("platformdirs.user_log_path", lambda *_, **__: tmp_path / "log")
    monkeypatch.setattr("app.headless.read_recipe", fail)
    code, _, err = call("run", recipe, "--out", tmp_path / "out.png")
    assert code == 1
    assert len(err.splitlines()) == 1
    assert "ZeroDivisionError: a bug" in err
    log = tmp_path / "log" / "command-line.log"
    assert str(log) in err
    assert "Traceback" in log.read_text(encoding="utf-8")


def test_control_c_stops_quietly(call: Call, recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.headless.read_recipe", interrupt)
    code, _, err = call("run", recipe, "--out", tmp_path / "out.png")
    assert code == 130
    assert "Traceback" not in err


# demo


def test_demo_of_an_unknown_method_names_the_known(call: Call, tmp_path: Path) -> None:
    code, _, err = call("demo", "--out", tmp_path / "demo", "--methods", "sorcery")
    assert code == 2
    assert "sorcery" in err
    assert "sdedit" in err
    assert not (tmp_path / "demo").exists()


def test_demo_into_a_place_that_cannot_be_made(call: Call, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    start = time.monotonic()
    code, _, err = call("demo", "--out", tmp_path / "file" / "demo", "--methods", "sdedit")
    assert code == 1
    assert "file/demo" in err
    assert time.monotonic() - start < 20
