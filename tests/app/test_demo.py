"""The demo's files and figures, on a tiny random model and small documents."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import app.demo as demo
from app import demo_edits
from app.demo_edits import DemoEdit
from app.headless import list_methods
from app.jobs.method_info import MethodInfo
from app.samples import samples
from editor.composite import composite
from editor.document import Document
from editor.files import open_document
from editor.layers import ImageLayer, Role
from editor.tiles import TiledImage
from engine.errors import BadRequest

ENTRY = {"seconds", "steps", "outside_mask_identical", "changed_fraction", "picture"}


@pytest.fixture(autouse=True)
def tiny_studio(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.engine.tiny_models import write_sd15

    folder = tmp_path_factory.mktemp("models")
    write_sd15(folder / "studio")
    monkeypatch.setattr("engine.models.store.models_folder", lambda: folder)


def small_edit(masked: bool) -> DemoEdit:
    document = Document(96, 80)
    photo = np.full((80, 96, 4), 255, np.uint8)
    photo[..., :3] = np.random.default_rng(1).integers(0, 256, (80, 96, 3))
    strokes = np.zeros((80, 96, 4), np.uint8)
    strokes[30:50, 40:60] = (20, 60, 220, 255)
    document.insert(ImageLayer(name="Photo", pixels=TiledImage.from_array(photo)), None, 0)
    layer = ImageLayer(name="Strokes", role=Role.STROKES, pixels=TiledImage.from_array(strokes))
    document.insert(layer, None, 1)
    if masked:
        mask = np.zeros((80, 96), np.uint8)
        mask[25:55, 35:65] = 255
        document.select(TiledImage.from_array(mask))
    values = {"steps": 4, "strength": 0.8, "grow": 3, "feather": 3}
    return DemoEdit("sdedit", document, "a blue ball", seed=2, parameters=values)


@pytest.fixture
def edits(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Which edits the demo shows: masked or not."""
    wanted: list[bool] = [False, True]

    def edits_for(info: MethodInfo) -> list[DemoEdit]:
        return [small_edit(masked) for masked in wanted] if info.id == "sdedit" else []

    monkeypatch.setattr(demo, "edits_for", edits_for)
    return wanted


def test_demo_writes_exactly_what_it_promises(edits: list[bool], tmp_path: Path) -> None:
    said: list[str] = []
    out = tmp_path / "new" / "demo"
    report = demo.run_demo(out, ["sdedit"], said.append)
    assert {path.name for path in out.iterdir()} == {"sdedit.png", "demo.ora", "report.json"}
    assert json.loads((out / "report.json").read_text()) == report
    assert set(report) == {"model", "device", "methods"}
    assert (report["model"], report["device"]) == ("studio", "cpu")
    entry = report["methods"]["sdedit"]
    assert set(entry) == ENTRY
    assert entry["steps"] == 6
    assert entry["seconds"] > 0
    assert entry["outside_mask_identical"] is True
    assert 0.5 < entry["changed_fraction"] <= 1.0
    assert (out / entry["picture"]).is_file()
    document = open_document(out / "demo.ora")
    assert [layer.name for layer in document.layers] == ["Photo", "Strokes", "a blue ball"]
    sheet = np.asarray(Image.open(out / "sdedit.png"))
    tile = (96 + 8, 80 + 8 + 22)
    assert sheet.shape == (2 * tile[1], 3 * tile[0], 3), "two rows of before, marks, after"
    photo = composite(small_edit(True).document.snapshot(), without=frozenset())[..., :3]
    assert np.array_equal(sheet[4:20, 4:100], photo[:16])
    assert np.array_equal(sheet[tile[1] + 4 : tile[1] + 20, 2 * tile[0] + 4 : 2 * tile[0] + 100], photo[:16])


def test_an_edit_without_a_mask_reports_null(edits: list[bool], tmp_path: Path) -> None:
    edits[:] = [False]
    report = demo.run_demo(tmp_path, ["sdedit"], lambda _: None)
    assert report["methods"]["sdedit"]["outside_mask_identical"] is None


def test_a_pixel_that_changed_outside_is_noticed(edits: list[bool]) -> None:
    from app.headless import Bench

    info = next(info for info in list_methods() if info.id == "sdedit")
    shown = demo._show(Bench(), small_edit(True), info)
    assert demo.outside_identical(shown) is True
    spoiled = np.array(shown.after)
    spoiled[2, 2, 0] ^= 1
    assert demo.outside_identical(replace(shown, after=spoiled)) is False
    untouched = replace(shown, after=shown.request.image)
    assert demo.changed_fraction(untouched) == 0.0


def test_methods_without_a_sample_are_left_out_and_none_at_all_is_an_error(
    edits: list[bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdedit = next(info for info in list_methods() if info.id == "sdedit")
    other = replace(sdedit, id="other", title="Other")
    monkeypatch.setattr(demo, "list_methods", lambda: [sdedit, other])
    said: list[str] = []
    report = demo.run_demo(tmp_path, ["sdedit", "other"], said.append)
    assert list(report["methods"]) == ["sdedit"]
    assert any(line.startswith("Other: there is no sample") for line in said)
    with pytest.raises(BadRequest):
        demo.run_demo(tmp_path, ["other"], said.append)


def test_marks_show_strokes_and_dim_what_must_stay() -> None:
    from app.jobs.bridge import request_from

    edit = small_edit(True)
    request = request_from(edit.document, "sdedit", edit.parameters)
    marked = demo.marked(request)
    assert tuple(marked[40, 50]) == (20, 60, 220)
    outside = request.image[:20].astype(float)
    assert np.abs(marked[:20] - 0.45 * outside).max() <= 1.0


# what it runs


def test_bundled_samples_open_with_their_inputs_in_place() -> None:
    if not samples():
        pytest.skip("no samples are bundled")
    info = next(info for info in list_methods() if info.id == "sdedit")
    edits = demo_edits.edits_for(info)
    assert edits
    for edit in edits:
        roles = [layer.role for layer in edit.document.walk() if isinstance(layer, ImageLayer)]
        assert Role.STROKES in roles
        assert edit.prompt


def test_without_samples_scenes_are_painted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_edits, "samples", lambda: ())
    info = next(info for info in list_methods() if info.id == "sdedit")
    whole, masked = demo_edits.edits_for(info)
    assert whole.document.selection is None
    assert masked.document.selection is not None
    for edit in (whole, masked):
        photo, strokes = edit.document.layers
        assert isinstance(strokes, ImageLayer)
        assert strokes.role is Role.STROKES
        pixels: Any = strokes.pixels.read(edit.document.canvas)
        painted = pixels[..., 3] > 127
        assert 0.02 < painted.mean() < 0.6
        assert len(np.unique(pixels[painted][:, :3], axis=0)) <= 4, "a few flat tones"
        assert any(word in edit.prompt for word in ("red", "blue"))
        assert photo.name == "Photo"
    again = demo_edits.edits_for(info)[0]
    assert np.array_equal(composite(again.document.snapshot()), composite(whole.document.snapshot()))
