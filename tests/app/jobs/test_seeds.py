"""One edit with several seeds is built once."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.jobs.bridge import PreparedEdit
from app.jobs.seeds import seeds_from, with_seeds
from editor.document import Document
from engine.errors import BadRequest
from engine.request import EditRequest
from tests.app.jobs.conftest import daub


def prepared(built: list[int], **given: int) -> PreparedEdit:
    def build() -> EditRequest:
        built.append(1)
        return daub(seed=7, **given)

    return PreparedEdit("Daub · a · b · seed 7", Document(4, 4).snapshot(), build)


def test_seeds_follow_each_other_and_begin_again() -> None:
    assert seeds_from(7, 3) == [7, 8, 9]
    assert seeds_from(2**53 - 2, 4) == [2**53 - 2, 2**53 - 1, 0, 1]


def test_the_pictures_are_made_once_and_shared() -> None:
    built: list[int] = []
    edits = with_seeds(prepared(built), [7, 8, 9])
    assert [edit.title for edit in edits] == ["Daub · a · b · seed 7", "Daub · a · b · seed 8", "Daub · a · b · seed 9"]
    requests = [edit.build() for edit in edits]
    assert len(built) == 1
    assert all(edit.one_of_several for edit in edits)
    assert [request.seed for request in requests] == [7, 8, 9]
    assert all(request.image is requests[0].image for request in requests)
    assert requests[1].digest() == daub(seed=8).digest()


def test_only_the_own_seed_ends_early_as_it_did() -> None:
    requests = [edit.build() for edit in with_seeds(prepared([], stop_after=3), [7, 8])]
    assert [request.stop_after for request in requests] == [3, None]


def test_a_refusal_is_told_by_each() -> None:
    def build() -> EditRequest:
        raise BadRequest("There is nothing to go by.")

    for edit in with_seeds(PreparedEdit("Daub · seed 1", Document(4, 4).snapshot(), build), [1, 2]):
        with pytest.raises(BadRequest, match="nothing to go by"):
            edit.build()


def test_it_needs_no_widgets() -> None:
    code = "import sys, app.jobs.seeds; sys.exit('PySide6.QtWidgets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
