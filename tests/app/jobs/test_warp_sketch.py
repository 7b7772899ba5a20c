"""The sketch of a drag: what it shows, that it hides what it replaces, and that torch is not needed for it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from app.jobs.warp_sketch import OFTEN, WarpSketch, ground_of
from editor.document import Document
from editor.geometry import Rect
from editor.layers import ImageLayer
from editor.masks import rectangle
from editor.points import PointPair
from editor.tiles import TiledImage


def document(width: int = 120, height: int = 90) -> Document:
    """A ramp with a red square at (20, 20) to (40, 40), which is selected."""
    pixels = np.full((height, width, 4), 255, np.uint8)
    pixels[..., :3] = np.linspace(60, 180, width, dtype=np.uint8)[None, :, None]
    pixels[20:40, 20:40, :3] = (210, 20, 20)
    made = Document(width, height)
    made.insert(ImageLayer(name="Photo", pixels=TiledImage.from_array(pixels)), None, 0)
    made.select(rectangle(made.canvas, Rect(20, 20, 20, 20)))
    return made


def shown(sketch: WarpSketch, *pairs: PointPair) -> tuple[NDArray[np.uint8], tuple[int, int, int, int]]:
    """(h, w, 4) pixels and where they lie, canvas pixels."""
    made = sketch.picture(pairs)
    assert made is not None
    image, area = made
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = rows[:, : 4 * image.width()].reshape(image.height(), image.width(), 4)
    return pixels.copy(), area.getRect()


def test_the_thing_is_at_its_target_and_squares_where_it_was() -> None:
    pixels, area = shown(WarpSketch(ground_of(document().snapshot())), PointPair((30.0, 30.0), (80.0, 50.0)))
    assert area == (20, 20, 70, 40)
    assert (pixels[20:40, 50:70] == (210, 20, 20, 255)).all()
    assert set(map(tuple, pixels[:20, :20].reshape(-1, 4))) == {(92, 92, 98, 255), (158, 158, 164, 255)}
    assert (pixels[:20, 25:, 3] == 0).all()


def test_nothing_moves_nothing_is_shown() -> None:
    sketch = WarpSketch(ground_of(document().snapshot()))
    assert sketch.picture([]) is None
    assert sketch.picture([PointPair((30.0, 30.0), (30.2, 30.0))]) is None


def test_it_starts_from_what_lies_below_the_result_that_it_replaces() -> None:
    made = document()
    blue = np.full((30, 30, 4), 255, np.uint8)
    blue[..., :3] = (0, 0, 250)
    result = ImageLayer(name="Result", pixels=TiledImage.from_array(blue, (70, 10)))
    made.insert(result, None, 1)
    sketch = WarpSketch(ground_of(made.snapshot(), result.id))
    pixels, (x, y, _, _) = shown(sketch, PointPair((30.0, 30.0), (30.0, 60.0)))
    below = pixels[10 - y : 40 - y, 70 - x : 100 - x]
    assert (below[..., 3] == 255).all()  # the result is hidden
    assert (np.ptp(below[..., :3], axis=2) == 0).all()  # by the grey ramp


def test_large_pictures_are_made_smaller_and_cover_the_same_pixels() -> None:
    large = document(1203, 907)
    large.select(rectangle(large.canvas, Rect(20, 20, 20, 20)))
    ground = ground_of(large.snapshot())
    assert ground.step == 3
    assert ground.picture.shape == (303, 401, 3)
    pixels, (x, _, width, height) = shown(WarpSketch(ground), PointPair((30.0, 30.0), (330.0, 30.0)))
    assert (width, height) == (3 * pixels.shape[1], 3 * pixels.shape[0])
    assert abs(x - 20) <= 3
    assert abs(x + width - 340) <= 3


def test_coarser_while_the_pen_moves_where_it_is_too_slow_and_fine_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.jobs.warp_sketch.SLOW", 0.0)
    sketch, pair = WarpSketch(ground_of(document().snapshot())), PointPair((30.0, 30.0), (80.0, 50.0))
    sizes = []
    for moving in [True] * (OFTEN + 1) + [False]:
        made = sketch.picture([pair], moving=moving)
        assert made is not None
        sizes.append(made[0].width())
        assert made[1].width() == 70
    assert sizes == [70] * OFTEN + [35, 70]


def test_it_needs_no_torch() -> None:
    code = "import sys, app.parts.dragging, app.parts.learning; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
