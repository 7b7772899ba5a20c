"""The bundled samples: documents whose inputs are already placed, each with the edit that it suggests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "resources" / "samples"


@dataclass(frozen=True)
class Sample:
    """One document and what to press Run on.

    Attributes:
        document: an .ora file; strokes layer, selection, drag points and box are inside.
        method: id of the method that the sample shows.
        parameters: values that differ from the method's defaults.
        reference_prompt: what the picture shows now, for methods that compare.
        exemplar: a picture file of what is to be brought in, for methods that take one.
    """

    id: str
    title: str
    document: Path
    method: str
    prompt: str = ""
    reference_prompt: str = ""
    negative_prompt: str = ""
    seed: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)
    exemplar: Path | None = None


@cache
def samples() -> tuple[Sample, ...]:
    """All bundled samples, in the order in which they are offered; empty where the folder is missing."""
    listing = FOLDER / "samples.json"
    if not listing.is_file():
        return ()
    entries = json.loads(listing.read_text(encoding="utf-8"))
    return tuple(Sample(**{**entry, **_files(entry)}) for entry in entries)


def _files(entry: dict[str, Any]) -> dict[str, Path]:
    """Where the files are that an entry names."""
    return {name: FOLDER / entry[name] for name in ("document", "exemplar") if name in entry}


def sample_for(method: str) -> Sample | None:
    """The first sample that shows `method`."""
    return next((sample for sample in samples() if sample.method == method), None)
