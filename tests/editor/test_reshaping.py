"""The mask in hand as a whole: only where it matters, in its own coordinates, never over a newer one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from editor import masks, reshaping
from editor.commands import ReplaceMask, SetSelection
from editor.document import Document
from editor.errors import DocumentError
from editor.geometry import Rect
from editor.tiles import TiledImage
from tests.editor.builders import noise, photo_document, same_state, selected

CHANGES: dict[str, tuple[Any, int]] = {
    "grow": (lambda mask: masks.grow(mask, 9), 9),
    "shrink": (lambda mask: masks.shrink(mask, 9), 0),
    "feather": (lambda mask: masks.feather(mask, 10), 20),
    "smooth": (lambda mask: masks.smooth(mask, 6), 6),
    "holes": (masks.fill_holes, 0),
    "specks": (lambda mask: masks.remove_specks(mask, 40), 0),
}


def blob(seed: int, x: int, y: int) -> TiledImage:
    """A patch of soft and hard values somewhere on a canvas of 300 x 280, or over its edge."""
    values = masks.feather(((noise(60, 70, channels=1, seed=seed)[..., 0] > 150) * 255).astype(np.uint8), 3)
    return TiledImage.from_array(values, (x, y)).cropped(Rect(0, 0, 300, 280))


def masked_document(mask: TiledImage, offset: tuple[int, int] = (0, 0), dtype: Any = np.uint8) -> Document:
    document = photo_document(dtype=dtype)
    document.replace(document.layers[0].id, mask=mask, offset=offset)
    return document


@pytest.mark.parametrize("name", CHANGES)
@given(seed=st.integers(0, 99), x=st.integers(-30, 280), y=st.integers(-30, 260))
@settings(max_examples=10, deadline=None)
def test_working_on_a_part_gives_what_working_on_the_whole_canvas_gives(name: str, seed: int, x: int, y: int) -> None:
    change, reach = CHANGES[name]
    document = photo_document()
    document.select(blob(seed, x, y))
    if document.selection is None:
        return
    result = reshaping.reshaped(document.snapshot(), None, change, reach)
    whole = np.zeros((280, 300), np.uint8) if result is None else result.read(document.canvas)[..., 0]
    assert np.array_equal(whole, change(selected(document)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("default", [0, 1])
def test_a_layers_mask_is_reshaped_in_its_own_coordinates(dtype: Any, default: int) -> None:
    full = int(np.iinfo(dtype).max)
    mask = TiledImage(1, np.dtype(dtype), default * full).fill(Rect(100, 90, 40, 30), full - default * full)
    document = masked_document(mask, (-20, 13), dtype)
    owner = document.layers[0].id
    grown = reshaping.reshaped(document.snapshot(), owner, lambda values: masks.grow(values, 5), 5)
    assert grown is not None
    assert (grown.default, grown.dtype) == (mask.default, mask.dtype)
    inner = Rect(100, 90, 40, 30).grown(-5 if default else 5)
    assert grown.content().intersected(inner) == inner == grown.content()
    values = mask.read(area := document.canvas.translated(20, -13))[..., 0]
    for name, (change, reach) in CHANGES.items():
        result = reshaping.reshaped(document.snapshot(), owner, change, reach)
        assert result is not None
        assert np.array_equal(result.read(area)[..., 0], change(values)), name
    turned = reshaping.inverted(document.snapshot(), owner)
    assert turned is not None
    area = Rect(-500, -500, 1400, 1400)
    assert np.array_equal(turned.read(area), full - mask.read(area))


def test_inverting_twice_is_nothing_and_undo_is_one_step() -> None:
    document = masked_document(blob(3, 40, 50))
    owner, before = document.layers[0].id, document.snapshot()
    for _ in range(2):
        mask = reshaping.inverted(document.snapshot(), owner)
        document.history.do(reshaping.replacement(owner, mask, "Invert mask"))
    assert same_state(document.snapshot(), before)
    document.history.undo()
    assert document.layers[0].mask is not None
    assert document.layers[0].mask.default == 255
    document.history.undo()
    assert same_state(document.snapshot(), before)


def test_nothing_selected_inverts_to_all_and_all_to_nothing() -> None:
    document = photo_document()
    everything = reshaping.inverted(document.snapshot(), None)
    assert everything is not None
    assert everything.content() == document.canvas
    document.history.do(reshaping.replacement(None, everything, "Invert selection"))
    assert (selected(document) == 255).all()
    assert reshaping.inverted(document.snapshot(), None) is None
    for change, reach in CHANGES.values():
        unchanged = reshaping.reshaped(document.snapshot(), None, change, reach)
        assert unchanged is not None
        assert unchanged.equals(everything)


def test_tiles_that_stay_equal_are_shared() -> None:
    document = photo_document()
    document.select(
        TiledImage(channels=1).fill(Rect(0, 0, 300, 280), 255).write(Rect(9, 9, 1, 1), noise(1, 1)[..., :1])
    )
    before = document.selection
    assert before is not None
    filled = reshaping.reshaped(document.snapshot(), None, masks.fill_holes, 0)
    assert filled is not None
    assert filled.changed_tiles(before) == [(0, 0)]


def test_without_a_mask_it_says_what_to_do() -> None:
    document = photo_document()
    for owner in (None, document.layers[0].id):
        with pytest.raises(DocumentError, match="Select something or add a mask"):
            reshaping.reshaped(document.snapshot(), owner, masks.fill_holes, 0)
        with pytest.raises(DocumentError, match="no mask to export"):
            reshaping.on_canvas(document.snapshot(), owner)
    with pytest.raises(DocumentError, match="Add one to the layer"):
        reshaping.inverted(document.snapshot(), document.layers[0].id)
    snapshot, owner = document.snapshot(), document.layers[0].id
    document.remove(owner)
    with pytest.raises(DocumentError, match="no longer in the document"):
        reshaping.mask_of(document.snapshot(), owner)
    assert not reshaping.still_is(document, snapshot, owner)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_values_of_the_canvas_become_a_mask_and_are_read_back(dtype: Any) -> None:
    document = masked_document(TiledImage(1, np.dtype(dtype)), (35, -20), dtype)
    owner, values = document.layers[0].id, noise(280, 300, dtype, channels=1)[..., 0]
    mask = reshaping.from_canvas(document.snapshot(), owner, values)
    assert mask is not None
    assert mask.content() == Rect(-35, 20, 300, 280)
    document.history.do(ReplaceMask(owner, mask))
    assert np.array_equal(reshaping.on_canvas(document.snapshot(), owner), values)
    selection = reshaping.from_canvas(document.snapshot(), None, values)
    assert selection is not None
    assert selection.dtype == np.uint8
    assert reshaping.from_canvas(document.snapshot(), None, np.zeros((280, 300), np.uint8)) is None


def test_a_result_for_an_older_mask_is_known_as_such() -> None:
    document = photo_document()
    owner = document.layers[0].id
    document.select(blob(1, 20, 20))
    snapshot = document.snapshot()
    document.replace(owner, name="Another name", opacity=0.5)
    assert reshaping.still_is(document, snapshot, None)
    document.history.do(SetSelection(blob(2, 20, 20)))
    assert not reshaping.still_is(document, snapshot, None)
    document.history.undo()
    assert reshaping.still_is(document, snapshot, None)
    assert reshaping.still_is(document, snapshot, owner)
    document.replace(owner, offset=(3, 0))
    assert not reshaping.still_is(document, snapshot, owner)
    document.resize(200, 280)
    assert not reshaping.still_is(document, snapshot, None)
