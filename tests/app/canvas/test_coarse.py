from __future__ import annotations

import cv2
import numpy as np
import pytest

from app.canvas.coarse import COARSE_PIXELS, Thinner, coarse_factor
from editor.composite import composite
from editor.document import Document
from editor.geometry import Rect
from editor.layers import GroupLayer, ImageLayer
from editor.tiles import TiledImage
from tests.app.canvas.scenes import photo, stacked_document


@pytest.mark.parametrize(
    ("size", "factor"), [((1, 1), 1), ((600, 600), 1), ((1000, 800), 2), ((4096, 4096), 8), ((30000, 200), 4)]
)
def test_the_factor_is_the_smallest_power_of_two_that_is_small_enough(size: tuple[int, int], factor: int) -> None:
    assert coarse_factor(size) == factor
    assert size[0] * size[1] / factor**2 <= COARSE_PIXELS


def test_the_stand_in_looks_like_the_picture() -> None:
    document = stacked_document(2048)
    thinner = Thinner(4)
    small = composite(thinner.thinned(document.snapshot()))
    assert small.shape == (512, 512, 4)
    whole = composite(document.snapshot())
    reduced = cv2.resize(whole, (512, 512), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - reduced).mean() < 4.0
    once, again = (thinner.thinned(document.snapshot()).layers[0] for _ in range(2))
    assert isinstance(once, ImageLayer)
    assert isinstance(again, ImageLayer)
    assert once.pixels is again.pixels


def test_masks_offsets_and_groups_are_thinned_along() -> None:
    document = Document(1024, 768)
    pixels = np.dstack([photo(400, 300), np.full((300, 400), 255, np.uint8)])
    mask = TiledImage.from_array(np.full((300, 200), 255, np.uint8))  # hides the right half
    inside = ImageLayer(pixels=TiledImage.from_array(pixels), offset=(264, 136), mask=mask)
    document.insert(GroupLayer(children=(inside,), opacity=0.5), None, 0)
    small = composite(Thinner(8).thinned(document.snapshot()))
    covered = small[..., 3] > 0
    rows, columns = np.nonzero(covered)
    assert (columns.min() * 8, rows.min() * 8) == (264, 136)
    assert abs(int(columns.max() + 1) * 8 - 464) <= 8
    assert abs(int(rows.max() + 1) * 8 - 436) <= 8
    assert set(np.unique(small[..., 3])) <= {0, 127, 128}


def test_negative_coordinates_and_a_default_survive() -> None:
    image = TiledImage(channels=1, default=255).fill(Rect(-300, -20, 100, 30), 0)
    document = Document(600, 600)
    document.insert(
        ImageLayer(pixels=TiledImage.from_array(np.full((600, 600, 4), 255, np.uint8)), mask=image), None, 0
    )
    layer = document.layers[0]
    document.replace(layer.id, offset=(250, 100))
    small = composite(Thinner(4).thinned(document.snapshot()))
    # the hole lies where the mask's zeros were moved to: x -50..50 of the canvas
    assert small[100 // 4 - 3, 40 // 4, 3] == 0
    assert small[140 // 4, 300 // 4, 3] == 255
