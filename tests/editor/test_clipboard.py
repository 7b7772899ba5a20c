from __future__ import annotations

import numpy as np
import pytest

from editor.clipboard import copy_pixels, paste_layer
from editor.commands import GroupLayers, SetSelection
from editor.composite import composite
from editor.document import Document
from editor.errors import DocumentError
from editor.geometry import Rect
from editor.layers import ImageLayer, Role
from editor.tiles import TiledImage
from tests.editor.builders import image_layer, noise, photo_document


def test_copy_takes_the_selected_part_of_the_active_layer() -> None:
    document = photo_document()
    document.insert(image_layer(noise(280, 300, seed=9, opaque=True)), None, 1)
    photo = document.layers[0]
    assert isinstance(photo, ImageLayer)
    document.select(TiledImage(channels=1).fill(Rect(20, 30, 50, 40), 255))
    pixels, origin = copy_pixels(document)
    assert origin == (20, 30)
    assert np.array_equal(pixels, photo.pixels.read(Rect(20, 30, 50, 40)))


def test_a_soft_selection_scales_the_alpha() -> None:
    document = photo_document()
    document.select(TiledImage.from_array(np.full((10, 10, 1), 102, np.uint8), (5, 6)))
    pixels, origin = copy_pixels(document)
    assert (origin, pixels.shape) == ((5, 6), (10, 10, 4))
    assert (pixels[..., 3] == 102).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_the_mask_hides_is_not_copied(dtype: type) -> None:
    document = photo_document(dtype=dtype)
    full = np.iinfo(dtype).max
    mask = TiledImage(channels=1, dtype=np.dtype(dtype)).fill(Rect(10, 20, 30, 40), full // 3)
    document.replace(document.layers[0].id, mask=mask)
    pixels, origin = copy_pixels(document)
    assert (origin, pixels.shape) == ((10, 20), (40, 30, 4))
    assert (pixels[..., 3] == full // 3).all()
    document.replace(document.layers[0].id, mask_enabled=False)
    assert copy_pixels(document)[0].shape == (280, 300, 4)


def test_a_group_is_copied_as_it_looks() -> None:
    document = photo_document()
    above = image_layer(noise(50, 60, seed=4), (20, 20), opacity=0.5)
    document.insert(above, None, 1)
    document.history.do(GroupLayers((above.id,)))
    pixels, origin = copy_pixels(document)
    group = document.layers[1].id
    height, width = pixels.shape[:2]
    assert np.array_equal(pixels, composite(document.snapshot(), Rect(*origin, width, height), only={group}))
    assert width <= 60


def test_there_must_be_something_to_copy() -> None:
    document = Document(50, 50)
    with pytest.raises(DocumentError, match="nothing to copy"):
        copy_pixels(document)
    document = photo_document()
    document.insert(image_layer(noise(9, 9, opaque=True)), None, 1)
    document.activate(document.layers[1].id)
    document.select(TiledImage(channels=1).fill(Rect(100, 100, 9, 9), 255))
    with pytest.raises(DocumentError, match="nothing to copy"):
        copy_pixels(document)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pasting_adds_a_strokes_layer_in_one_step(dtype: type) -> None:
    document = photo_document(dtype=dtype)
    before = composite(document.snapshot())
    patch = noise(40, 30, np.uint8, opaque=True)
    layer = document[paste_layer(document, patch[..., :3], (-5, 260))]
    assert isinstance(layer, ImageLayer)
    assert (layer.role, layer.offset, document.active) == (Role.STROKES, (-5, 260), layer.id)
    assert len(document.history.steps) == 1
    scale = 1 if dtype is np.uint8 else 257
    assert np.array_equal(composite(document.snapshot())[260:, :25], patch[:20, 5:].astype(dtype) * scale)
    document.history.undo()
    assert np.array_equal(composite(document.snapshot()), before)


def test_without_a_place_it_lands_in_the_middle_and_grey_becomes_colour() -> None:
    document = photo_document()
    layer = document[paste_layer(document, np.full((20, 30), 99, np.uint8))]
    assert layer.offset == (135, 130)
    assert (composite(document.snapshot())[140, 150] == [99, 99, 99, 255]).all()


def test_copy_and_paste_give_the_same_picture() -> None:
    document = photo_document()
    document.history.do(SetSelection(TiledImage(channels=1).fill(Rect(20, 30, 50, 40), 255)))
    before = composite(document.snapshot())
    paste_layer(document, *copy_pixels(document))
    assert np.array_equal(composite(document.snapshot()), before)
