"""Whatever goes wrong inside comes out as one sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from editor.errors import DocumentError, FileProblem
from editor.files import export, export_picture, open_document, open_pixels, openraster_writer, png, save_snapshot
from editor.files.guard import guarded
from tests.editor.files.samples import rich_snapshot, saved

ERRORS = [MemoryError("x"), cv2.error("encoder"), KeyError("layer"), RuntimeError("x" * 5000)]


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_the_public_functions_raise_nothing_else(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = saved(rich_snapshot(), tmp_path)
    picture = tmp_path / "flat.png"
    export_picture(rich_snapshot("uint16"), picture)
    before = picture.read_bytes(), document.read_bytes()
    for module, name in ((export, "composite"), (openraster_writer, "composite"), (png, "decode")):
        monkeypatch.setattr(module, name, raising(error))
    calls: list[Callable[[], Any]] = [
        lambda: open_document(document),
        lambda: open_pixels(picture),
        lambda: export_picture(rich_snapshot(), picture),
        lambda: save_snapshot(rich_snapshot(), document),
    ]
    for call in calls:
        with pytest.raises(FileProblem) as caught:
            call()
        sentence = str(caught.value)
        assert len(sentence) < 300
        assert ("not enough memory" in sentence) == isinstance(error, MemoryError)
        assert caught.value.__cause__ is error
    assert (picture.read_bytes(), document.read_bytes()) == before


def test_sentences_stay_what_they_are_and_others_become_file_problems(tmp_path: Path) -> None:
    for error in (FileProblem("So. Do this."), DocumentError("So. Do this.")):
        with pytest.raises(FileProblem, match=r"^So\. Do this\.$"), guarded(tmp_path / "x", "save"):
            raise error
    with pytest.raises(FileProblem, match="not enough room"), guarded(tmp_path / "x", "export"):
        raise OSError(28, "No space left on device")
