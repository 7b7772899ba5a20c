"""The thing that is shown elsewhere is what is seen of the picture under the selection."""

from __future__ import annotations

import numpy as np
import pytest

from editor.geometry import Rect
from editor.layers import GroupLayer
from editor.lifting import MOST, brought, lifted
from editor.masks import ellipse
from editor.tiles import TiledImage
from tests.editor.builders import image_layer, noise, photo_document


def selection(rect: Rect, value: int = 255) -> TiledImage:
    return TiledImage(channels=1).fill(rect, value)


def test_it_is_cut_out_of_the_visible_picture() -> None:
    document = photo_document()
    photo = document.layers[0].pixels.read(document.canvas)  # type: ignore[union-attr]
    thing = lifted(document.snapshot(), selection(Rect(20, 30, 50, 40)))
    assert thing.area == Rect(20, 30, 50, 40)
    np.testing.assert_array_equal(thing.pixels, photo[30:70, 20:70])
    half = lifted(document.snapshot(), selection(Rect(20, 30, 50, 40), 128))
    assert (half.pixels[..., 3] == 128).all()
    np.testing.assert_allclose(half.pixels[..., :3], photo[30:70, 20:70, :3] * (128 / 255), atol=0.51)


def test_a_layer_that_shows_it_elsewhere_can_be_left_out() -> None:
    document = photo_document()
    over = image_layer(noise(280, 300, seed=9, opaque=True))
    document.insert(GroupLayer(children=(over,)), None, 1)
    area = selection(Rect(20, 30, 50, 40))
    with_it = lifted(document.snapshot(), area)
    without = lifted(document.snapshot(), area, {over.id})
    np.testing.assert_array_equal(with_it.pixels, over.pixels.read(Rect(20, 30, 50, 40)))
    np.testing.assert_array_equal(
        without.pixels,
        document.layers[0].pixels.read(Rect(20, 30, 50, 40)),  # type: ignore[union-attr]
    )


def test_its_edge_runs_around_the_selected_pixels() -> None:
    document = photo_document()
    (line,) = lifted(document.snapshot(), selection(Rect(20, 30, 50, 40))).lines
    assert line.min(axis=0).tolist() == [20.5, 30.5]  # the middles of the outermost pixels
    round_one = lifted(document.snapshot(), ellipse(20, 30, 70, 70, document.canvas))
    assert len(round_one.lines[0]) > 8


def test_a_large_one_is_shown_smaller() -> None:
    document = photo_document(1600, 1200)
    thing = lifted(document.snapshot(), selection(document.canvas))
    height, width = thing.pixels.shape[:2]
    assert width * height <= MOST * 1.01
    assert width / height == pytest.approx(4 / 3, rel=2e-3)
    assert (thing.pixels[..., 3] == 255).all()


def test_what_is_brought_stands_in_the_box_as_large_as_fits() -> None:
    picture = np.zeros((30, 60, 4), np.uint8)
    picture[5:25, 10:50] = (200, 100, 0, 128)  # 40 x 20
    thing = brought(picture, Rect(100, 50, 80, 100))
    assert thing.area == Rect(100, 110, 80, 40)
    assert thing.foreign
    assert thing.pixels.shape == (20, 40, 4)
    assert (thing.pixels == (100, 50, 0, 128)).all()
    assert brought(picture, Rect(0, 0, 400, 10)).area == Rect(190, 0, 20, 10)
