"""What each command does; that each is undone exactly is shown by the random sequences as well."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from editor import commands as c
from editor.clipboard import paste_layer
from editor.composite import composite
from editor.document import Document
from editor.errors import DocumentError, LayerLocked
from editor.geometry import Rect
from editor.layers import BlendMode, GroupLayer, ImageLayer, Role
from editor.placement import Placed, Placement
from editor.points import PointPair
from editor.tiles import TiledImage
from tests.editor.builders import image_layer, noise, photo_document, same_state, selected


def three_layers() -> tuple[Document, ImageLayer, ImageLayer, ImageLayer]:
    """photo, below (multiply), above (screen, offset, mask)."""
    document = photo_document()
    below = image_layer(noise(200, 200, seed=2), offset=(-10, 20), blend=BlendMode.MULTIPLY, opacity=0.7, name="below")
    mask = TiledImage.from_array(noise(90, 90, channels=1, seed=3), (10, 10))
    above = image_layer(noise(100, 270, seed=4), offset=(60, -5), blend=BlendMode.SCREEN, mask=mask, name="above")
    document.insert(below, None, 1)
    document.insert(above, None, 2)
    document.activate(above.id)
    photo = document.layers[0]
    assert isinstance(photo, ImageLayer)
    return document, photo, below, above


def names(document: Document) -> list[str]:
    return [layer.name for layer in document.layers]


Make = Callable[[ImageLayer, ImageLayer, ImageLayer], c.Command]
EVERY: dict[str, Make] = {
    "opacity": lambda p, b, a: c.SetOpacity(a.id, 0.3),
    "visible": lambda p, b, a: c.SetVisible(b.id, False),
    "blend": lambda p, b, a: c.SetBlend(b.id, BlendMode.HUE),
    "locked": lambda p, b, a: c.SetLocked(b.id, True),
    "alpha locked": lambda p, b, a: c.SetAlphaLocked(b.id, True),
    "mask off": lambda p, b, a: c.SetMaskEnabled(a.id, False),
    "rename": lambda p, b, a: c.Rename(b.id, "Sky"),
    "recipe": lambda p, b, a: c.SetRecipe(b.id, (b"x", "again")),
    "move": lambda p, b, a: c.MoveLayer(b.id, (-300, 7)),
    "pixels": lambda p, b, a: c.ReplacePixels(p.id, a.pixels),
    "mask": lambda p, b, a: c.ReplaceMask(b.id, a.mask),
    "another mask": lambda p, b, a: c.ReplaceMask(a.id, TiledImage.from_array(noise(9, 9, channels=1))),
    "no mask": lambda p, b, a: c.ReplaceMask(a.id, None),
    "add": lambda p, b, a: c.AddLayer(image_layer(noise(9, 9)), None, 1),
    "remove": lambda p, b, a: c.RemoveLayer(b.id),
    "reorder": lambda p, b, a: c.ReorderLayer(a.id, None, 0),
    "duplicate": lambda p, b, a: c.DuplicateLayer(a.id),
    "group": lambda p, b, a: c.GroupLayers((b.id, a.id)),
    "result": lambda p, b, a: c.AddResult(image_layer(noise(9, 9), role=Role.RESULT), b.id, hide=(b.id, a.id)),
    "run again": lambda p, b, a: c.ReplaceResult(a.id, b.pixels, None, b"2", "two"),
    "select": lambda p, b, a: c.SetSelection(a.mask),
    "place": lambda p, b, a: c.SetPlacement(Placed(p.pixels.identity, Placement((5.0, -7.5), 1.2, 30.0))),
    "points": lambda p, b, a: c.SetPoints((PointPair((5.5, 7.25), (80.0, 90.0)),)),
    "box": lambda p, b, a: c.SetBox(Rect(-5, 200, 60, 400)),
    "merge": lambda p, b, a: c.MergeDown(a.id),
    "flatten": lambda p, b, a: c.Flatten(),
    "crop": lambda p, b, a: c.Crop(Rect(20, -5, 200, 100)),
    "resize": lambda p, b, a: c.ResizeCanvas(500, 400, (30, 40)),
}


@pytest.mark.parametrize("name", EVERY)
def test_every_command_changes_the_document_and_undoes_to_the_last_bit(name: str) -> None:
    document, *layers = three_layers()
    document.select(TiledImage.from_array(noise(60, 60, channels=1), (-10, 20)))
    document.place_points((PointPair((30.5, 40.5), (120.5, 10.5)), PointPair((250.5, 200.5), (50.5, 60.5))))
    document.place_box(Rect(10, 10, 30, 50))
    before, seen = document.snapshot(), composite(document.snapshot())
    document.history.do(EVERY[name](*layers))
    after, then = document.snapshot(), composite(document.snapshot())
    assert not same_state(after, before)
    assert document.history.steps[0].title
    for _ in range(2):
        document.history.undo()
        assert same_state(document.snapshot(), before)
        assert np.array_equal(composite(document.snapshot()), seen)
        assert document.active == before.active
        document.history.redo()
        assert same_state(document.snapshot(), after)
        assert np.array_equal(composite(document.snapshot()), then)
        assert document.active == after.active


@pytest.mark.parametrize("name", ["move", "pixels", "no mask", "remove", "run again", "merge", "flatten"])
@pytest.mark.parametrize("around", [False, True])
def test_locked_layers_and_those_in_locked_groups_are_refused(name: str, around: bool) -> None:
    document, photo, below, above = three_layers()
    if around:
        document.history.do(c.GroupLayers((photo.id, below.id, above.id)))
        document.history.do(c.SetLocked(document.layers[0].id, True))
    else:
        for layer in (photo, below, above):
            document.history.do(c.SetLocked(layer.id, True))
    before, steps = document.snapshot(), document.history.steps
    with pytest.raises(LayerLocked, match=r"locked\. Unlock it"):
        document.history.do(EVERY[name](photo, below, above))
    assert document.snapshot() is before
    assert document.history.steps == steps


def test_nothing_is_added_to_a_locked_group() -> None:
    document, _, below, above = three_layers()
    document.history.do(c.GroupLayers((below.id,)))
    group = document.layers[1].id
    document.history.do(c.SetLocked(group, True))
    with pytest.raises(LayerLocked, match="Group"):
        document.history.do(c.AddLayer(image_layer(noise(9, 9)), group))
    document.activate(below.id)
    with pytest.raises(LayerLocked, match="Group"):
        paste_layer(document, noise(9, 9))
    assert len(list(document.walk())) == 4
    assert document[above.id] is above


def test_merging_down_keeps_what_is_seen_over_an_opaque_layer() -> None:
    document, photo, below, above = three_layers()
    document.history.do(c.SetBlend(below.id, BlendMode.NORMAL))
    document.history.do(c.MergeDown(below.id))
    seen = composite(document.snapshot())
    document.history.do(c.MergeDown(above.id))
    assert names(document) == ["Photo"]
    assert np.abs(composite(document.snapshot()).astype(int) - seen).max() <= 1
    assert document.active == photo.id


def test_flattening_keeps_what_is_seen_exactly() -> None:
    document, *_ = three_layers()
    seen = composite(document.snapshot())
    document.history.do(c.Flatten())
    assert names(document) == ["Flattened"]
    assert np.array_equal(composite(document.snapshot()), seen)


def test_grouping_keeps_order_and_the_picture_of_normal_layers() -> None:
    document, photo, below, above = three_layers()
    document.history.do(c.SetBlend(below.id, BlendMode.NORMAL))
    document.history.do(c.SetBlend(above.id, BlendMode.NORMAL))
    seen = composite(document.snapshot())
    document.history.do(c.GroupLayers((above.id, photo.id)))
    group = document.layers[1]
    assert isinstance(group, GroupLayer)
    assert [layer.id for layer in group.children] == [photo.id, above.id]
    document.history.undo()
    document.history.do(c.GroupLayers((above.id, below.id, photo.id)))
    assert np.abs(composite(document.snapshot()).astype(int) - seen).max() <= 1
    document.history.do(c.Ungroup(document.layers[0].id))
    assert [layer.id for layer in document.layers] == [photo.id, below.id, above.id]
    assert np.array_equal(composite(document.snapshot()), seen)


def test_moving_a_group_moves_what_it_holds_and_its_mask() -> None:
    document, _, below, above = three_layers()
    document.history.do(c.GroupLayers((below.id, above.id)))
    group = document.layers[1]
    document.history.do(c.ReplaceMask(group.id, TiledImage.from_array(noise(280, 300, channels=1))))
    seen = composite(document.snapshot(), only={group.id})
    document.history.do(c.MoveLayer(group.id, (7, -3)))
    moved = composite(document.snapshot(), Rect(7, -3, 300, 280), only={group.id})
    assert np.array_equal(moved, seen)


def test_a_moved_layer_merges_into_one_step_with_the_next_move() -> None:
    document, _, below, _ = three_layers()
    for x in range(5):
        document.history.do(c.MoveLayer(below.id, (x, x)), merge=True)
    assert len(document.history.steps) == 1
    document.history.undo()
    assert document[below.id].offset == (-10, 20)


def test_copies_have_ids_of_their_own_down_to_the_last_child() -> None:
    document, _, below, above = three_layers()
    document.history.do(c.GroupLayers((below.id, above.id)))
    document.history.do(c.DuplicateLayer(document.layers[1].id))
    assert names(document) == ["Photo", "Group", "Group copy"]
    ids = [layer.id for layer in document.walk()]
    assert len(ids) == len(set(ids)) == 7
    assert document.active == document.layers[2].id


def test_a_result_lands_above_its_layer_hides_the_strokes_and_is_one_step() -> None:
    document, photo, below, above = three_layers()
    result = image_layer(noise(9, 9), role=Role.RESULT, recipe=b"r", recipe_title="Paint with strokes · a ball")
    document.history.do(c.AddResult(result, below.id, (below.id, above.id)))
    assert [layer.id for layer in document.layers] == [photo.id, below.id, result.id, above.id]
    assert [layer.visible for layer in document.layers] == [True, False, True, False]
    assert document.active == result.id
    assert [step.title for step in document.history.steps] == ["Paint with strokes · a ball"]
    document.history.undo()
    document.history.do(c.AddResult(result, c_gone := image_layer(noise(1, 1)).id))
    assert c_gone not in document
    assert document.layers[-1].id == result.id


def test_a_crop_shows_that_part_and_keeps_the_rest_and_the_selection() -> None:
    document, *_ = three_layers()
    document.select(TiledImage.from_array(noise(280, 300, channels=1)))
    seen, chosen = composite(document.snapshot()), selected(document)
    area = Rect(40, 30, 100, 90)
    document.history.do(c.Crop(area))
    assert document.size == (100, 90)
    assert np.array_equal(composite(document.snapshot()), seen[area.slices()])
    assert np.array_equal(selected(document), chosen[area.slices()])
    document.history.do(c.ResizeCanvas(300, 280, (40, 30)))
    assert np.array_equal(composite(document.snapshot()), seen)
    with pytest.raises(DocumentError, match="Choose a size between"):
        document.history.do(c.ResizeCanvas(0, 10))


def test_points_follow_the_canvas() -> None:
    document = photo_document()  # 300 x 280
    inside, out, beside = (
        PointPair((60.25, 50.5), (70.0, 80.0)),
        PointPair((60.0, 50.0), (260.0, 50.0)),
        PointPair((10.0, 10.0), (60.0, 60.0)),
    )
    document.history.do(c.SetPoints((inside, out, beside)))
    document.history.do(c.Crop(Rect(20, 30, 100, 90)))
    assert document.points == (PointPair((40.25, 20.5), (50.0, 50.0)), PointPair((40.0, 20.0), (99.5, 20.0)))
    document.history.do(c.ResizeCanvas(200, 200, (5, 6)))
    assert document.points[0] == PointPair((45.25, 26.5), (55.0, 56.0))
    document.history.go_to(1)
    assert document.points == (inside, out, beside)


def test_the_box_follows_the_canvas_as_long_as_some_of_it_is_there() -> None:
    document, box = photo_document(), Rect(60, 50, 100, 40)  # 300 x 280
    document.history.do(c.SetBox(box))
    document.history.do(c.Crop(Rect(100, 30, 100, 90)))
    assert document.box == Rect(-40, 20, 100, 40)
    document.history.do(c.ResizeCanvas(300, 280, (100, 30)))
    assert document.box == box, "what reached over the edge was not lost"
    document.history.do(c.Crop(Rect(160, 30, 100, 90)))
    assert document.box is None
    document.history.undo()
    assert document.box == box
    document.history.go_to(0)
    assert document.box is None


@pytest.mark.parametrize(
    "box",
    [Rect(300, 5, 9, 9), Rect(-9, 5, 9, 9), Rect(5, 280, 9, 9), Rect(5, 5, 0, 9), Rect(5, 5, 9, -1)],
)
def test_a_box_beside_the_picture_is_refused(box: Rect) -> None:
    refused(box, r"does not lie on the picture\. Draw it")


@pytest.mark.parametrize("box", [Rect(5, 5, 2_000_001, 9), Rect(-(10**400), 5, 10**400 + 9, 9)])
def test_an_endless_box_is_refused(box: Rect) -> None:
    refused(box, r"reaches too far out of the picture\. Draw it smaller")


def refused(box: Rect, sentence: str) -> None:
    document = photo_document()
    document.history.do(c.SetBox(Rect(299, -8, 9, 9)))
    with pytest.raises(DocumentError, match=sentence):
        document.history.do(c.SetBox(box))
    assert document.box == Rect(299, -8, 9, 9)  # the one that was there stays
    assert document.box == Rect(299, -8, 9, 9)
    assert len(document.history.steps) == 1


def test_a_box_typed_in_a_row_is_one_step() -> None:
    document = photo_document()
    for x in (5, 6, 7):
        document.history.do(c.SetBox(Rect(x, 5, 9, 9), "Set box"), merge=True)
    document.history.do(c.SetBox(Rect(50, 5, 9, 9), "Draw box"), merge=True)
    assert [step.title for step in document.history.steps] == ["Set box", "Draw box"]
    document.history.undo()
    assert document.box == Rect(7, 5, 9, 9)
    document.history.undo()
    assert document.box is None


def test_too_many_points_or_points_beside_the_picture_are_refused() -> None:
    document, pair = photo_document(), PointPair((1.0, 1.0), (9.0, 9.0))
    document.history.do(c.SetPoints((pair,) * 30))
    with pytest.raises(DocumentError, match=r"up to 30 drag points\. Delete one"):
        document.history.do(c.SetPoints((pair,) * 31))
    for outside in ((300.0, 5.0), (5.0, -0.1), (float("nan"), 5.0)):
        with pytest.raises(DocumentError, match="point 2 does not lie on the picture"):
            document.history.do(c.SetPoints((pair, PointPair((5.0, 5.0), outside))))
    assert document.points == (pair,) * 30


def test_impossible_requests_say_what_to_do() -> None:
    document, photo, below, above = three_layers()
    document.history.do(c.GroupLayers((below.id, above.id)))
    group = document.layers[1].id
    for command in (
        c.MergeDown(photo.id),
        c.ReorderLayer(group, group, 0),
        c.ReorderLayer(photo.id, below.id, 0),
        c.GroupLayers((photo.id, below.id)),
        c.Ungroup(photo.id),
        c.SetAlphaLocked(group, True),
        c.ReplacePixels(group, photo.pixels),
        c.Rename(image_layer(noise(1, 1)).id, "gone"),
    ):
        before = document.snapshot()
        with pytest.raises(DocumentError, match=r"\. .+\.$"):
            document.history.do(command)
        assert document.snapshot() is before
    with pytest.raises(ValueError, match="opacity"):
        c.SetOpacity(photo.id, 1.5)
    with pytest.raises(ValueError, match="opacity"):
        c.SetOpacity(photo.id, float("nan"))


def test_undo_steps_hold_only_the_tiles_that_changed() -> None:
    document = photo_document(2000, 2000)
    layer = document.layers[0]
    assert isinstance(layer, ImageLayer)
    document.history.do(c.ReplacePixels(layer.id, layer.pixels.write(Rect(5, 5, 9, 9), noise(9, 9))))
    assert document.history.memory == 256 * 256 * 4
    document.history.do(c.SetOpacity(layer.id, 0.5))
    assert document.history.memory == 256 * 256 * 4


@pytest.mark.parametrize("hidden", [1, 2])
def test_a_hidden_layer_is_not_merged_away_and_not_merged_into(hidden: int) -> None:
    document, _, _, above = three_layers()
    document.history.do(c.SetVisible(document.layers[hidden].id, False))
    before = document.snapshot()
    with pytest.raises(DocumentError, match=r"is hidden and cannot be merged\. Show it first"):
        document.history.do(c.MergeDown(above.id))
    assert document.snapshot() is before


def test_layers_far_apart_merge_without_the_space_between() -> None:
    document = photo_document()
    spot = TiledImage().fill(Rect(0, 0, 2, 2), 200)
    group = GroupLayer(children=(ImageLayer(pixels=spot, offset=(90_000, 90_003)),))
    document.insert(ImageLayer(pixels=spot, offset=(-7, 5)), None, 1)
    document.insert(group, None, 2)
    document.history.do(c.MergeDown(group.id))
    merged = document.layers[1]
    assert isinstance(merged, ImageLayer)
    assert len(merged.pixels.tiles) == 2
    assert merged.pixels.content() == Rect(0, 0, 90_009, 90_000)
    assert composite(document.snapshot(), Rect(90_000, 90_003, 2, 2)).tolist() == [[[200] * 4] * 2] * 2


def test_locks_hold_for_every_change_of_the_tree() -> None:
    document, photo, below, above = three_layers()
    document.history.do(c.GroupLayers((below.id,)))
    group = document.layers[1].id
    document.history.do(c.SetLocked(group, True))
    commands: list[c.Command] = [
        c.ReorderLayer(above.id, group, 0),
        c.ReorderLayer(below.id, None, 0),
        c.DuplicateLayer(below.id),
        c.GroupLayers((below.id,)),
        c.GroupLayers((group, above.id)),
        c.AddLayer(ImageLayer(), group),
    ]
    document.history.do(c.SetLocked(above.id, True))
    for command in (*commands, c.ReorderLayer(above.id, None, 0), c.GroupLayers((photo.id, above.id))):
        before = document.snapshot()
        with pytest.raises(LayerLocked):
            document.history.do(command)
        assert document.snapshot() is before


def test_a_result_for_a_layer_in_a_locked_group_lands_above_that_group() -> None:
    document, _, below, above = three_layers()
    document.history.do(c.GroupLayers((below.id,)))
    inner = document.layers[1].id
    document.history.do(c.GroupLayers((inner,)))
    document.history.do(c.SetLocked(document.layers[1].id, True))
    document.history.do(c.AddResult(ImageLayer(name="result", role=Role.RESULT), below.id))
    assert names(document) == ["Photo", "Group", "result", "above"]
    assert document[above.id] is above
