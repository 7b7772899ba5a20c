"""What is written of a result that is a mask."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.headless import write_result
from editor.files import open_document, open_pixels
from engine.errors import BadRequest
from engine.request import EditRequest, EditResult, Found, Parameters


def only_a_mask(found: Found | None) -> EditResult:
    image = np.full((20, 30, 3), 90, np.uint8)
    nothing = np.zeros((0, 0, 3), np.uint8)
    request = EditRequest("diffedit", image, Parameters(), "a red ball")
    return EditResult(nothing, nothing[..., 0], (0, 0), request, 3, found=found)


def test_a_mask_becomes_the_selection_or_a_grey_picture(tmp_path: Path) -> None:
    mask = np.zeros((20, 30), np.uint8)
    mask[5:12, 8:20] = 255
    result = only_a_mask(Found(mask, mask, (0, 0, 30, 20)))
    write_result(result, tmp_path / "mask.png")
    assert np.array_equal(open_pixels(tmp_path / "mask.png").array[..., 0], mask)
    document = write_result(result, tmp_path / "mask.ora")
    assert document.selection is not None
    assert np.array_equal(document.selection.read(document.canvas)[..., 0], mask)
    assert [layer.name for layer in open_document(tmp_path / "mask.ora").layers] == ["Photo"]


def test_nothing_to_write_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="nothing to write"):
        write_result(only_a_mask(None), tmp_path / "out.png")
    assert not list(tmp_path.iterdir())
