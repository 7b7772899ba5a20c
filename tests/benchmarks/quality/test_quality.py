"""The benchmark's own manners: which scenes, what is missing, what is refused, and its contact sheets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import typer

from engine.methods import discover
from engine.studio import world
from tests.benchmarks import harness, quality
from tests.benchmarks.__main__ import names
from tests.benchmarks.quality import edits, sheets
from tests.benchmarks.quality.bench import Bench
from tests.benchmarks.quality.clicks import middle_of
from tests.benchmarks.quality.rows import nearer
from tests.benchmarks.quality.sheets import Line


def bench(**options: object) -> Bench:
    return Bench(harness.Options(**options))  # type: ignore[arg-type]


def test_the_benchmark_is_found_and_its_tests_are_none() -> None:
    assert {"canvas", "drag", "quality", "region", "sdedit", "startup"} <= set(names())
    assert not {"drag_runs", "harness", "plain_drag"} & set(names())
    assert not any(name.startswith("test_") for name in names())


def test_every_row_of_the_design_is_there() -> None:
    assert set(quality.ROWS) >= {"vae", "judge", "text", "kid", "sdedit", "diffedit", "drag", "exemplar", "click"}


def test_scenes_are_for_validation_unless_published_ones_are_asked_for() -> None:
    assert bench().count == 200
    assert bench().first_seed == world.VALIDATION_SEEDS.start
    assert bench(published=True).first_seed == world.PUBLISHED_SEEDS.start
    assert bench(first_seed=1_500_000).scenes(2) == [world.sample_scene(1_500_000), world.sample_scene(1_500_001)]
    twos = bench().scenes(5, objects=2)
    assert [len(scene.objects) for scene in twos] == [2] * 5
    for wrong in ({"first_seed": 7}, {"first_seed": 2_000_000}, {"first_seed": 1_000_000, "published": True}):
        with pytest.raises(typer.BadParameter, match="seeds"):
            bench(**wrong)
    with pytest.raises(typer.BadParameter, match="at least two"):
        bench(count=1)


def test_distances_are_measured_to_scenes_that_no_row_shows() -> None:
    rows = bench(count=2)
    reference = rows.reference(2)
    assert reference.shape == (2, 256, 256, 3)
    assert np.abs(reference.astype(int) - rows.truth(rows.scenes(2)).images).mean() > 5


def test_a_row_that_is_not_there_is_refused() -> None:
    with pytest.raises(typer.BadParameter, match="'nonsense'; there are vae, judge, text"):
        quality.measure(harness.Options(only=("nonsense",)))


def test_what_cannot_be_measured_is_listed_and_does_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("models.store", "studio.judge"):
        monkeypatch.setattr(f"engine.{module}.models_folder", lambda: tmp_path)
    report = quality.measure(harness.Options(count=2))
    assert report.figures["rows"] == {}
    missing = report.figures["missing"]
    assert isinstance(missing, dict)
    assert set(missing) == set(quality.ROWS)
    assert all("“studio” is not installed" in reason for reason in missing.values())
    assert all("no trained judge" in missing[name] for name in ("judge", "text", "kid", "sdedit"))
    assert all(f"“{method}”" in missing["drag"] for method in quality.ROWS["drag"].runs if method not in discover())
    promised = {goal for row in quality.ROWS.values() for goal in row.goals}
    assert promised <= set(report.goals)
    assert not any(report.goals[goal].holds or report.goals[goal].value is not None for goal in promised)
    said = capsys.readouterr().err
    assert all(f"— {name}: missing: " in said for name in quality.ROWS)


def test_cases_of_examples_put_another_object_into_the_place_of_the_first() -> None:
    case, exemplar = next(edits._replaced(bench()))
    old, new = case.before.objects[0], case.after.objects[0]
    assert (old.x, old.z, old.size) == (new.x, new.z, new.size)
    assert old.shape != new.shape
    assert old.colour != new.colour
    assert exemplar.shape == (256, 256, 3)


def test_a_set_distance_decides_only_where_it_is_no_noise() -> None:
    assert nearer(0.19, 1.0, 50).holds
    assert not nearer(0.21, 1.0, 50).holds
    assert not nearer(-3.0, -1.0, 50).holds  # the guide cannot be told from renders either
    few = nearer(0.1, 1.0, 49)
    assert (few.value, few.holds) == (None, False)


def test_a_click_is_in_the_middle_of_what_is_thick() -> None:
    mask = np.zeros((40, 60), bool)
    mask[10:31, 20:41] = True
    mask[20, 41:60] = True  # a thin tail
    assert middle_of(mask) == (30.5, 20.5)
    assert middle_of(np.ones((9, 9), bool)) == (4.5, 4.5)


def test_a_sheet_has_a_line_for_each_scene_and_grey_where_there_is_no_picture(tmp_path: Path) -> None:
    red, blue = np.full((256, 256, 3), (200, 0, 0), np.uint8), np.full((256, 256, 3), (0, 0, 200), np.uint8)
    lines = [Line("one", {"source": red, "ours": blue}), Line("two", {"source": blue, "ours": None})]
    paper = sheets.sheet(lines)
    height, width = paper.shape[:2]
    assert width > 2 * 200
    assert height > 2 * 200
    middle = [[tuple(paper[row, column]) for column in (width // 4, 3 * width // 4)] for row in (120, height - 120)]
    assert middle[0] == [(200, 0, 0), (0, 0, 200)]
    assert middle[1][0] == (0, 0, 200)
    assert len(set(middle[1][1])) <= 3
    assert min(middle[1][1]) > 200
    sheets.write(tmp_path / "none.png", [])
    assert not any(tmp_path.iterdir())
    sheets.write(tmp_path / "sheet.png", lines * sheets.LINES)
    assert (tmp_path / "sheet.png").exists()
