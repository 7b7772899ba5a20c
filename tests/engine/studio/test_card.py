"""The bundled model's card: milestones from a benchmark's report, a sheet of pictures, a chart, a table."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.models.store import BUNDLED, models_folder
from engine.studio import card
from engine.studio.curves import draw_shares


def report(path: Path, **one: float) -> Path:
    """What the benchmark writes, as far as the card reads it."""
    figures = {"rows": {"text": {"one_object": {"ours": {"pictures": 48, **one}}, "two_objects": {"ours": {}}}}}
    path.write_text(json.dumps({"name": "quality", "figures": figures, "goals": {}}))
    return path


def publish(model: Path, samples: int, seconds: float) -> None:
    """A folder's training history says that so much was trained."""
    past = json.loads((models_folder() / BUNDLED / "training.json").read_text())
    past["base"] |= {"samples": samples, "seconds": seconds}
    (model / "training.json").write_text(json.dumps(past))


def test_each_publication_leaves_a_milestone(tmp_path: Path) -> None:
    publish(tmp_path, 2000, 7200.0)
    card.note(tmp_path, report(tmp_path / "late.json", shape=0.5, all_right=0.25, mask_iou=0.7))
    publish(tmp_path, 1000, 3600.0)
    card.note(tmp_path, report(tmp_path / "early.json", shape=0.25, all_right=0.0))
    early, late = card.milestones(tmp_path)
    assert (early.samples, early.seconds, late.samples, late.judged) == (1000, 3600, 2000, 48)
    assert late.one_object == {"all_right": 0.25, "shape": 0.5}
    card.note(tmp_path, report(tmp_path / "again.json", shape=0.3, all_right=0.1))
    assert [each.one_object["shape"] for each in card.milestones(tmp_path)] == [0.3, 0.5]


def test_a_report_without_pictures_from_words_is_refused(tmp_path: Path) -> None:
    publish(tmp_path, 1000, 3600.0)
    (tmp_path / "vae.json").write_text(json.dumps({"figures": {"rows": {"vae": {}}}}))
    with pytest.raises(ValueError, match="no row 'text'"):
        card.note(tmp_path, tmp_path / "vae.json")
    assert not card.milestones(tmp_path)


def test_the_card_tells_what_was_measured(tmp_path: Path) -> None:
    for name in ("unet", "vae", "text_encoder"):
        shutil.copytree(models_folder() / BUNDLED / name, tmp_path / name)
    publish(tmp_path, 1_234_567, 9000.0)
    card.write_card(tmp_path)
    assert "Not measured yet." in (tmp_path / "README.md").read_text()
    card.note(tmp_path, report(tmp_path / "report.json", shape=0.5, all_right=0.25))
    Image.new("RGB", (8, 8)).save(tmp_path / card.SAMPLES)
    card.write_card(tmp_path)
    text = (tmp_path / "README.md").read_text()
    assert "| 1 234 567 | 2.5 | one | 25 % |  | 50 % |  |" in text
    assert f"]({card.SAMPLES})" in text
    assert card.PROGRESS not in text
    assert "{" not in text


def test_the_sheet_shows_pictures_of_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tmp_path / "model"
    shutil.copytree(models_folder() / BUNDLED, model)
    monkeypatch.setattr(card, "SHOWN", 2)
    for samples, shape in ((10, 0.25), (20, 0.75)):
        publish(model, samples, 360.0 * samples)
        card.note(model, report(tmp_path / "report.json", shape=shape))
    card.illustrate(model)
    shown = np.asarray(Image.open(model / card.SAMPLES))
    assert shown.shape == (128, 1024, 3)
    assert shown[:, :128].std() > 10  # a picture
    assert shown[:, 300:].min() > 240  # nothing
    assert (model / card.PROGRESS).exists()


def test_shares_stand_at_their_heights() -> None:
    lines: dict[str, Any] = {"low": [0.0, 0.0], "high": [1.0, 1.0]}
    picture = np.asarray(draw_shares([1.0, 2.0], lines, "hours", (400, 240)))
    left = (50 + 280) // 2 + 20  # between the first place, in the middle, and the last
    rows = [np.flatnonzero((picture[:, left] == ink).all(-1)) for ink in ((192, 57, 43), (36, 101, 165))]
    assert abs(rows[0].mean() - 200) <= 1
    assert abs(rows[1].mean() - 20) <= 1
