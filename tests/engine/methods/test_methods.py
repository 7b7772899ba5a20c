"""Methods are found by listing their folder."""

from __future__ import annotations

from pathlib import Path

import engine.methods
from engine.methods import discover
from engine.request import Input


def test_every_file_with_a_method_is_found() -> None:
    found = discover()
    files = {path.stem for path in Path(engine.methods.__path__[0]).glob("[!_]*.py")}
    assert set(found) == files
    assert all(method.id == name for name, method in found.items())
    assert found["sdedit"].inputs == {Input.STROKES, Input.PROMPT, Input.MASK}


def test_every_knob_has_a_sentence_and_a_valid_default() -> None:
    for method in discover().values():
        parameters = method.parameters()
        for name, spec in type(parameters).__dataclass_fields__.items():
            assert spec.metadata["help"].endswith("."), (method.id, name)
