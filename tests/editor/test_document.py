from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from editor.document import Change, Document, What
from editor.geometry import EMPTY, Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer, layer_bounds
from editor.points import PointPair
from editor.tiles import UINT16, TiledImage
from tests.editor.builders import image_layer, noise, photo_document, same_state


def heard(document: Document) -> list[Change]:
    changes: list[Change] = []
    document.subscribe(changes.append)
    return changes


def nested() -> tuple[Document, list[ImageLayer], GroupLayer, GroupLayer]:
    """Roots: a, outer(b, inner(c), d)."""
    document = Document(300, 280)
    a, b, c, d = (image_layer(noise(20, 20, seed=seed), name=name) for seed, name in enumerate("abcd"))
    inner = GroupLayer(name="inner", children=(c,))
    outer = GroupLayer(name="outer", children=(b, inner, d))
    document.insert(a, None, 0)
    document.insert(outer, None, 1)
    return document, [a, b, c, d], inner, outer


def test_layers_are_found_walked_and_placed() -> None:
    document, (a, b, c, d), inner, outer = nested()
    assert [layer.name for layer in document.walk()] == ["a", "b", "c", "inner", "d", "outer"]
    assert document.place_of(a.id) == (None, 0)
    assert document.place_of(d.id) == (outer.id, 2)
    assert document.place_of(c.id) == (inner.id, 0)
    assert [layer.name for layer in document.path_to(c.id)] == ["outer", "inner", "c"]
    assert b.id in document
    document.remove(inner.id)
    assert c.id not in document
    for missing in (document.__getitem__, document.place_of, document.children_of, document.activate):
        with pytest.raises(KeyError):
            missing(c.id)


def test_a_change_deep_down_shares_every_other_layer() -> None:
    document, (a, b, c, d), inner, outer = nested()
    before = document.snapshot()
    document.replace(c.id, name="new")
    assert document[c.id].name == "new"
    assert document[a.id] is a
    assert document[b.id] is b
    assert document[d.id] is d
    assert before.layers == (a, outer)
    assert inner.children == (c,)


def test_dirty_rectangles_say_what_is_seen_to_change() -> None:
    document = photo_document(1000, 1000)
    layer = image_layer(noise(20, 20), offset=(300, 10))
    document.insert(layer, None, 1)
    changes = heard(document)
    document.replace(layer.id, opacity=0.5)
    assert changes[-1] == Change(What.LAYERS, Rect(300, 10, 256, 256), layer.id)
    document.replace(layer.id, name="x", locked=True)
    assert changes[-1].rect == EMPTY
    document.replace(layer.id, pixels=layer.pixels.write(Rect(0, 300, 5, 5), noise(5, 5)))
    assert changes[-1] == Change(What.PIXELS, Rect(300, 266, 256, 256), layer.id)
    document.replace(layer.id, dirty=Rect(310, 310, 5, 5), pixels=layer.pixels)
    assert changes[-1].rect == Rect(310, 310, 5, 5)
    document.replace(layer.id, offset=(900, 10))
    assert changes[-1].rect == Rect(300, 10, 700, 256)
    document.replace(layer.id, visible=False)
    assert changes[-1].rect == Rect(900, 10, 100, 256)
    document.replace(layer.id, opacity=1.0)
    assert changes[-1].rect == EMPTY
    document.replace(layer.id, mask=TiledImage(channels=1))
    assert changes[-1].rect == EMPTY


def test_bounds_follow_masks_and_groups() -> None:
    pixels = TiledImage.from_array(noise(600, 600))
    hides = TiledImage.from_array(noise(10, 10, channels=1), (300, 300))
    shows = TiledImage.from_array(noise(10, 10, channels=1), (300, 300), default=255)
    assert layer_bounds(ImageLayer(pixels=pixels, mask=hides)) == Rect(256, 256, 256, 256)
    assert layer_bounds(ImageLayer(pixels=pixels, mask=hides, mask_enabled=False)) == Rect(0, 0, 768, 768)
    assert layer_bounds(ImageLayer(pixels=pixels, mask=shows)) == Rect(0, 0, 768, 768)
    group = GroupLayer(children=(ImageLayer(pixels=pixels, offset=(-5, 5)), ImageLayer()), offset=(10, 10), mask=hides)
    assert layer_bounds(group) == Rect(266, 266, 256, 256)
    assert layer_bounds(GroupLayer()) == EMPTY


def test_the_active_layer_is_always_one_that_is_there() -> None:
    document, (a, b, c, d), inner, outer = nested()
    seen: list[bool] = []
    document.subscribe(lambda _: seen.append(document.active is None or document.active in document))
    document.activate(c.id)
    document.paint_on_mask = True
    document.remove(inner.id)
    assert document.active == b.id
    assert not document.paint_on_mask
    document.remove(b.id)
    assert document.active == d.id
    document.remove(d.id)
    assert document.active == outer.id
    document.remove(outer.id)
    document.remove(a.id)
    assert document.active is None
    assert all(seen)
    assert len(seen) > 8


def test_snapshots_do_not_change_and_can_be_restored() -> None:
    document = photo_document()
    document.select(TiledImage(channels=1).fill(Rect(5, 5, 9, 9), 255))
    before = document.snapshot()
    document.replace(document.layers[0].id, blend=BlendMode.HUE)
    document.resize(10, 10)
    document.select(None)
    changes = heard(document)
    document.restore(before)
    assert document.snapshot() is before
    assert {change.what for change in changes} >= {What.CANVAS, What.LAYERS, What.SELECTION, What.POINTS, What.BOX}
    copy = Document.from_snapshot(before)
    assert same_state(copy.snapshot(), before)
    assert not copy.modified


def test_an_empty_selection_is_none_and_listeners_can_leave() -> None:
    document = Document(50, 50)
    changes: list[Change] = []
    stop = document.subscribe(changes.append)
    document.select(TiledImage(channels=1))
    assert document.selection is None
    assert changes == []
    document.select(TiledImage(channels=1).fill(Rect(0, 0, 5, 5), 255))
    assert changes == [Change(What.SELECTION, Rect(0, 0, 50, 50))]
    stop()
    stop()
    document.select(None)
    assert len(changes) == 1


@pytest.mark.parametrize("size", [(0, 5), (5, -1)])
def test_impossible_documents_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="size"):
        Document(*size)
    with pytest.raises(ValueError, match="bits"):
        Document(5, 5, np.float32)


def test_a_selection_that_comes_in_is_cut_to_the_canvas_or_refused() -> None:
    start = photo_document().snapshot()

    def given(selection: TiledImage) -> TiledImage | None:
        return Document.from_snapshot(replace(start, selection=selection)).selection

    found = given(TiledImage(channels=1).fill(Rect(-40, 200, 100, 4000), 255))
    assert found is not None
    assert found.content() == Rect(0, 200, 60, 80)
    assert given(TiledImage(channels=1)) is None
    assert given(TiledImage(channels=1).fill(Rect(900, 0, 9, 9), 255)) is None
    for wrong in (TiledImage(channels=1, dtype=UINT16), TiledImage(channels=1, default=255), TiledImage()):
        with pytest.raises(ValueError, match="selection"):
            given(wrong)


def test_points_are_told_once_and_cut_to_the_canvas_when_they_come_in() -> None:
    document, pairs = photo_document(), (PointPair((5.0, 5.0), (20.0, 20.0)), PointPair((50.0, 60.0), (50.0, 900.0)))
    changes = heard(document)
    document.place_points(pairs)
    document.place_points(tuple(pairs))
    assert changes == [Change(What.POINTS)]
    assert document.snapshot().points == pairs
    assert Document.from_snapshot(document.snapshot()).points == (pairs[0], PointPair((50.0, 60.0), (50.0, 279.5)))


def test_a_box_is_told_once_and_is_none_where_it_lies_beside_the_canvas_that_comes_in() -> None:
    document, box = photo_document(), Rect(290, -10, 50, 20)
    changes = heard(document)
    document.place_box(box)
    document.place_box(Rect(290, -10, 50, 20))
    assert changes == [Change(What.BOX)]
    start = document.snapshot()
    assert start.box == box
    assert Document.from_snapshot(start).box == box
    assert Document.from_snapshot(replace(start, box=Rect(300, 0, 9, 9))).box is None
    assert Document.from_snapshot(replace(start, box=Rect(0, 0, 0, 9))).box is None
