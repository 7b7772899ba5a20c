from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from editor.errors import FileProblem
from editor.files import read_thumbnail, save_snapshot
from tests.editor.builders import image_layer
from tests.editor.builders import photo_document as noisy


def test_the_small_picture_is_read_alone(tmp_path: Path) -> None:
    document = noisy(600, 300)
    pixels = np.full((300, 600, 4), (200, 40, 30, 255), np.uint8)
    document.replace(document.layers[0].id, pixels=image_layer(pixels).pixels)
    save_snapshot(document.snapshot(), tmp_path / "a.ora")
    small = read_thumbnail(tmp_path / "a.ora")
    assert small.shape == (128, 256, 4)
    assert (small == (200, 40, 30, 255)).all()


def test_damage_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.ora").write_bytes(b"PK nothing")
    with pytest.raises(FileProblem, match="damaged"):
        read_thumbnail(tmp_path / "a.ora")
    with pytest.raises(FileProblem, match="not there any more"):
        read_thumbnail(tmp_path / "b.ora")
