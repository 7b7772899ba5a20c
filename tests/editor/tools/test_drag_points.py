"""Drag points by hand: placed, moved, deleted, one step each, and never off the canvas."""

from __future__ import annotations

from math import hypot

import pytest

from editor.commands import SetPoints
from editor.document import Document
from editor.errors import DocumentError
from editor.events import Modifier
from editor.points import End, PointPair
from editor.tools import PointsOverlay, ToolOptions
from editor.tools.drag_points import DragPointsTool
from tests.editor.builders import event, gesture, photo_document, same_state

ONE, TWO = PointPair((50.0, 60.0), (90.0, 65.0)), PointPair((200.0, 100.0), (210.0, 180.0))


@pytest.fixture
def tool() -> DragPointsTool:
    return DragPointsTool(ToolOptions())


@pytest.fixture
def document() -> Document:
    """300 x 280 pixels."""
    return photo_document()


@pytest.fixture
def two(document: Document) -> Document:
    """With two pairs."""
    document.history.do(SetPoints((ONE, TWO)))
    return document


def steps(document: Document) -> list[str]:
    return [step.title for step in document.history.steps]


def hover(tool: DragPointsTool, document: Document, x: float, y: float, **more: float) -> PointsOverlay:
    tool.move(document, event(x, y, **more))
    return tool.points(document)


def test_a_drag_places_a_pair_in_one_step(tool: DragPointsTool, document: Document) -> None:
    before = document.snapshot()
    gesture(tool, document, (50.5, 60.25), (70, 70), (80.75, 75.5))
    after = document.snapshot()
    assert document.points == (PointPair((50.5, 60.25), (80.75, 75.5)),)
    assert steps(document) == ["Place drag point"]
    document.history.undo()
    assert same_state(document.snapshot(), before)
    document.history.redo()
    assert same_state(document.snapshot(), after)


def test_the_pairs_follow_the_pen_before_the_release(tool: DragPointsTool, two: Document) -> None:
    told = []
    tool.changed = lambda: told.append(tool.pairs(two))
    tool.press(two, event(20, 200))
    tool.move(two, event(40, 210))
    tool.move(two, event(60, 220))
    assert two.points == (ONE, TWO)
    assert told[-2:] == [
        (ONE, TWO, PointPair((20.0, 200.0), (40.0, 210.0))),
        (ONE, TWO, PointPair((20.0, 200.0), (60.0, 220.0))),
    ]
    assert tool.pairs(photo_document()) == ()
    assert tool.points(two).held == (2, End.TARGET)
    tool.release(two, event(60, 220))
    assert two.points == told[-1] == tool.pairs(two)


def test_after_a_click_the_next_press_places_the_target(tool: DragPointsTool, document: Document) -> None:
    gesture(tool, document, (50, 60))
    assert tool.pending
    assert document.points == ()
    assert steps(document) == []
    shown = hover(tool, document, 90, 40)
    assert (shown.pairs, shown.waiting, shown.aim) == ((), (50.0, 60.0), (90.0, 40.0))
    gesture(tool, document, (51, 61))  # again on the handle: it is no target
    assert tool.pending
    tool.press(document, event(100, 110))
    assert tool.pairs(document) == (PointPair((50.0, 60.0), (100.0, 110.0)),)
    tool.move(document, event(105, 115))
    tool.release(document, event(105, 115))
    assert document.points == (PointPair((50.0, 60.0), (105.0, 115.0)),)
    assert not tool.pending
    assert steps(document) == ["Place drag point"]


@pytest.mark.parametrize("way", ["abandon", "cancel", "drop", "step_back", "finish"])
def test_a_handle_that_waits_can_be_forgotten(tool: DragPointsTool, document: Document, way: str) -> None:
    before = document.snapshot()
    gesture(tool, document, (50, 60))
    {
        "abandon": tool.abandon,
        "cancel": lambda: tool.cancel(document),
        "drop": lambda: tool.drop(document),
        "step_back": tool.step_back,
        "finish": lambda: tool.finish(document),
    }[way]()
    assert not tool.pending
    assert document.snapshot() is before
    assert tool.points(document) == PointsOverlay(())


def test_a_handle_waits_in_its_own_document_only(tool: DragPointsTool, document: Document) -> None:
    gesture(tool, document, (50, 60))
    other = photo_document()
    assert tool.points(other) == PointsOverlay(())
    gesture(tool, other, (10, 10), (30, 30))
    assert other.points == (PointPair((10.0, 10.0), (30.0, 30.0)),)
    assert document.points == ()


def test_marks_are_moved_without_a_jump(tool: DragPointsTool, two: Document) -> None:
    gesture(tool, two, (53, 58), (63, 88))
    assert two.points == (PointPair((60.0, 90.0), ONE.target), TWO)
    gesture(tool, two, (210, 180), (220, 190), (150, 160))
    assert two.points == (PointPair((60.0, 90.0), ONE.target), PointPair(TWO.handle, (150.0, 160.0)))
    assert steps(two)[1:] == ["Move drag point", "Move drag point"]
    two.history.go_to(1)
    assert two.points == (ONE, TWO)


def test_a_click_on_a_mark_chooses_its_pair_and_moves_nothing(tool: DragPointsTool, two: Document) -> None:
    before = two.snapshot()
    gesture(tool, two, (92, 66), (93, 66))  # a hand that trembles
    assert two.snapshot() is before
    assert tool.points(two).chosen == 0
    tool.leave()
    tool.delete(two)
    assert two.points == (TWO,)
    tool.delete(two)  # none is chosen any more
    assert two.points == (TWO,)
    two.history.undo()
    assert two.points == (ONE, TWO)


def test_alt_deletes_the_pair_of_a_mark_and_places_none(tool: DragPointsTool, two: Document) -> None:
    gesture(tool, two, (200, 100), modifiers=Modifier.ALT)
    assert two.points == (ONE,)
    gesture(tool, two, (10, 250), (80, 200), modifiers=Modifier.ALT)
    assert two.points == (ONE,)
    assert steps(two)[1:] == ["Delete drag point"]


def test_delete_takes_the_pair_under_the_pointer_first(tool: DragPointsTool, two: Document) -> None:
    gesture(tool, two, (50, 60))  # chosen
    assert hover(tool, two, 209, 179).held == (1, End.TARGET)
    tool.delete(two)
    assert two.points == (ONE,)


@pytest.mark.parametrize("scale", [0.05, 1.0, 16.0])
def test_marks_are_hit_within_ten_screen_pixels_at_any_zoom(tool: DragPointsTool, scale: float) -> None:
    document = Document(8000, 8000)
    pair = PointPair((4000.0, 4000.0), (7000.0, 7000.0))
    document.history.do(SetPoints((pair,)))
    assert hover(tool, document, 4000 + 9.9 / scale, 4000, scale=scale).held == (0, End.HANDLE)
    assert hover(tool, document, 4000, 4000 - 10.1 / scale, scale=scale).held is None
    assert hover(tool, document, 7000 - 6.9 / scale, 7000 + 6.9 / scale, scale=scale).held == (0, End.TARGET)


def test_the_nearest_of_two_marks_is_hit_and_at_one_place_the_uppermost(tool: DragPointsTool) -> None:
    document = photo_document()
    document.history.do(SetPoints((PointPair((50.0, 50.0), (58.0, 50.0)), PointPair((58.0, 50.0), (99.0, 99.0)))))
    assert hover(tool, document, 53, 50).held == (0, End.HANDLE)
    assert hover(tool, document, 57, 50).held == (1, End.HANDLE)


def test_points_stay_on_the_canvas(tool: DragPointsTool, document: Document) -> None:
    gesture(tool, document, (299.9, 5), (1000, -50))
    assert document.points == (PointPair((299.5, 5.0), (299.5, 0.5)),)
    gesture(tool, document, (-5, 100), (50, 100))  # beside the picture there is nothing to take hold of
    assert len(document.points) == 1
    gesture(tool, document, (20, 270))
    gesture(tool, document, (-30, 400))
    assert document.points[1] == PointPair((20.0, 270.0), (0.5, 279.5))


def test_shift_keeps_an_arrow_to_eight_directions(tool: DragPointsTool, document: Document) -> None:
    gesture(tool, document, (50, 60), (90, 66), modifiers=Modifier.SHIFT)
    assert document.points[0].target == pytest.approx((90, 60))
    gesture(tool, document, (100, 100), (140, 148), modifiers=Modifier.SHIFT)
    assert document.points[1].target == pytest.approx((144, 144))
    gesture(tool, document, (200, 100), (400, 290), modifiers=Modifier.SHIFT)  # as far as the canvas goes on that line
    assert document.points[2].target == pytest.approx((299.5, 199.5))


def test_the_31st_pair_is_refused_with_a_sentence(tool: DragPointsTool, document: Document) -> None:
    pairs = tuple(PointPair((5.0 + 9 * i, 20.0), (5.0 + 9 * i, 60.0)) for i in range(30))
    document.history.do(SetPoints(pairs))
    before = document.snapshot()
    with pytest.raises(DocumentError, match=r"up to 30 drag points\. Delete one before you place another\."):
        tool.press(document, event(150, 200))
    assert not tool.active
    assert not tool.pending
    assert document.snapshot() is before
    gesture(tool, document, (5, 60), (5, 90))  # moving one is no new one
    assert document.points[0].target == (5.0, 90.0)


def test_cancelling_leaves_all_as_it_was(tool: DragPointsTool, two: Document) -> None:
    before = two.snapshot()
    for start in ((20, 200), (50, 60), (90, 65)):  # a new pair, a handle, a target
        tool.press(two, event(*start))
        tool.move(two, event(150, 150))
        assert tool.pairs(two) != (ONE, TWO)
        tool.cancel(two)
        assert two.snapshot() is before
        assert tool.pairs(two) == (ONE, TWO)
        assert (tool.active, tool.pending) == (False, False)


def test_what_was_undone_is_neither_chosen_nor_held(tool: DragPointsTool, document: Document) -> None:
    gesture(tool, document, (50, 60), (90, 65))
    assert tool.points(document).chosen == 0
    assert tool.points(document).held == (0, End.TARGET)
    document.history.undo()
    assert tool.points(document) == PointsOverlay(())
    tool.delete(document)
    assert document.history.can_redo


def test_a_drawn_arrow_is_as_long_as_the_way_of_the_pen(tool: DragPointsTool, document: Document) -> None:
    gesture(tool, document, (10, 10), (13, 14))
    (pair,) = document.points
    assert hypot(pair.target[0] - pair.handle[0], pair.target[1] - pair.handle[1]) == pytest.approx(5.0)


def test_arrow_keys_in_a_row_are_one_step_and_end_at_the_edge(tool: DragPointsTool, two: Document) -> None:
    gesture(tool, two, TWO.target)
    for _ in range(3):
        tool.nudge(two, -10.0, 0.0)
    assert two.points == (ONE, PointPair(TWO.handle, (180.0, 180.0)))
    tool.nudge(two, -1000.0, 0.0)
    assert two.points[1].target == (0.5, 180.0)
    assert steps(two)[1:] == ["Nudge drag point"]
    two.history.undo()
    assert two.points == (ONE, TWO)


def test_a_new_pair_is_told_once_it_is_placed(tool: DragPointsTool, document: Document) -> None:
    told = []
    tool.placed = lambda *what: told.append(what)
    gesture(tool, document, (50, 60), (80, 75))
    pair = PointPair((50.0, 60.0), (80.0, 75.0))
    assert told == [(document, pair, 1.0)]
    gesture(tool, document, (80, 75), (90, 75))  # moved, not placed
    assert len(told) == 1


def test_nothing_is_nudged_where_no_pair_was_touched(tool: DragPointsTool, two: Document) -> None:
    tool.nudge(two, 1.0, 0.0)
    assert two.points == (ONE, TWO)
