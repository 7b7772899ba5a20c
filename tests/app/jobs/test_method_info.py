"""Descriptions of methods survive JSON, the cache and the way back to parameters."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from app.jobs import method_info
from engine.errors import BadRecipe
from engine.request import Input, Method, Parameters, knob


@dataclass(frozen=True)
class GlazeParameters(Parameters):
    strength: float = knob(0.6, 0.0, 1.0, "How much to repaint")
    steps: int = knob(30, 1, 150, "Denoising steps", advanced=True, unit="steps")
    solver: str = knob("ddim", None, None, "Which solver", title="Solver", choices=("ddim", "dpm"))
    even: bool = knob(True, None, None, "Evenly")


def run(backbone: object, request: object) -> None: ...


GLAZE = Method("glaze", "Glaze", GlazeParameters, run, frozenset({Input.MASK, Input.STROKES}), "Thin paint")  # type: ignore[arg-type]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(method_info, "cache_file", lambda: tmp_path / "deep" / "methods.json")
    return tmp_path / "deep" / "methods.json"


def test_description_holds_every_knob() -> None:
    info = method_info.describe(GLAZE)
    assert info.inputs == ("strokes", "mask"), "in the order of Input, whatever the set's order"
    strength, steps, solver, even = info.parameters
    assert (strength.type, strength.default, strength.low, strength.high) == ("float", 0.6, 0.0, 1.0)
    assert (steps.type, steps.title, steps.unit, steps.advanced) == ("int", "Steps", "steps", True)
    assert (solver.type, solver.title, solver.choices) == ("str", "Solver", ("ddim", "dpm"))
    assert (even.type, even.low, even.high) == ("bool", None, None)
    assert info.defaults() == asdict(GlazeParameters())


def test_json_there_and_back_is_equal() -> None:
    info = method_info.describe(GLAZE)
    entries = json.loads(json.dumps(method_info.to_json([info])))
    assert entries[0]["parameters"][0]["range"] == [0.0, 1.0]
    assert entries[0]["parameters"][3]["range"] is None
    assert method_info.from_json(entries) == [info]


def test_stand_in_parameters_check_like_the_real_ones() -> None:
    stand_in = method_info.parameters_class(method_info.describe(GLAZE))
    values = {"strength": 0.25, "steps": 8, "solver": "dpm", "even": False}
    assert asdict(stand_in.from_json(values)) == asdict(GlazeParameters.from_json(values))
    for wrong in ({"strength": 2.0}, {"steps": 1.5}, {"solver": "heun"}, {"hue": 1}):
        for parameters in (stand_in, GlazeParameters):
            with pytest.raises(BadRecipe, match=f"parameters.{next(iter(wrong))}"):
                parameters.from_json(wrong)


def test_cache_is_used_only_for_the_same_program_files(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = method_info.describe(GLAZE)
    method_info.remember([info])
    assert method_info.cached_methods() == [info]
    monkeypatch.setattr(method_info, "program_fingerprint", lambda: "another version")
    assert method_info.remembered_methods() is None
    assert [method.id for method in method_info.cached_methods()] != ["glaze"], "the shipped list"


@pytest.mark.parametrize("content", ["", "{", "[]", '{"program": 1}', '{"methods": [{"id": 3}]}'])
def test_a_damaged_cache_is_ignored(cache: Path, content: str) -> None:
    cache.parent.mkdir()
    cache.write_text(content)
    assert method_info.remembered_methods() is None


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(method_info, "cache_file", lambda: tmp_path / "file" / "methods.json")
    method_info.remember([method_info.describe(GLAZE)])
    assert method_info.remembered_methods() is None


def test_the_shipped_list_is_what_is_discovered() -> None:
    from engine.methods import discover

    discovered = method_info.to_json(method_info.describe(method) for method in discover().values())
    shipped = json.loads(method_info.SHIPPED.read_text(encoding="utf-8"))
    assert shipped == discovered, "run: python main.py methods --json > resources/methods.json"
