"""Select by click, by simulated gestures, answered by a finder that knows one rectangle for each question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from editor.commands import SetSelection
from editor.document import Document
from editor.errors import DocumentError
from editor.events import Modifier, Phase, PointerEvent
from editor.geometry import Rect
from editor.masks import Combine, rectangle, softened
from editor.pointing import Found, Pointing, Sketch, Spot
from editor.tools import PointingOverlay, ToolOptions
from editor.tools.click import ClickTool
from tests.editor.builders import gesture, photo_document, selected

SHIFT, ALT = Modifier.SHIFT, Modifier.ALT


@dataclass
class Plain:
    """Finds a square of 20 pixels, larger by 10 for each further click that belongs, around the first place.

    Attributes:
        asked: questions of clicks that wait; `answer` gives them one by one.
        hovered: the newest question of the pointer.
    """

    hovers: bool = True
    asked: list[tuple[Pointing, int, float, Callable[[Found | None], None]]] = field(default_factory=list)
    hovered: tuple[Pointing, int, Callable[[Found], None]] | None = None

    def hover(self, document: Document, pointing: Pointing, choice: int, found: Callable[[Found], None]) -> None:
        self.hovered = (pointing, choice, found)

    def leave(self) -> None:
        self.hovered = None

    def find(
        self,
        document: Document,
        pointing: Pointing,
        choice: int,
        feather: float,
        found: Callable[[Found | None], None],
    ) -> None:
        self.asked.append((pointing, choice, feather, found))

    def answer(self) -> Found:
        pointing, choice, feather, found = self.asked.pop(0)
        hard = square(pointing, choice)
        shape = softened(hard.shape, feather, Rect(0, 0, 300, 280))
        found(made := replace(hard, shape=shape, feather=feather))
        return made

    def refuse(self) -> None:
        self.asked.pop(0)[-1](None)

    def answer_hover(self) -> Found:
        assert self.hovered is not None
        pointing, choice, found = self.hovered
        found(made := square(pointing, choice))
        return made


def square(pointing: Pointing, choice: int) -> Found:
    if pointing.box:
        area = pointing.box
    else:
        first = pointing.spots[0]
        more = 10 * (sum(spot.belongs for spot in pointing.spots) - 1 + choice)
        area = Rect(round(first.x) - 10, round(first.y) - 10, 20 + more, 20)
    sketch = Sketch(area, np.full((2, 2), 255, np.uint8), ())
    return Found(pointing, rectangle(area, Rect(0, 0, 300, 280)), sketch, choice, 3)


@pytest.fixture
def document() -> Document:
    return photo_document()


def tool(**settings: Any) -> tuple[ClickTool, Plain]:
    options = ToolOptions()
    options.change(**settings)
    one, finder = ClickTool(options), Plain()
    one.finder = finder
    return one, finder


def hover(one: ClickTool, document: Document, x: float, y: float, modifiers: Modifier = Modifier.NONE) -> None:
    one.move(document, PointerEvent(Phase.HOVER, x, y, modifiers=modifiers))


def click(one: ClickTool, document: Document, x: float, y: float, **more: Any) -> None:
    gesture(one, document, (x, y), **more)


def area(document: Document) -> int:
    return int((selected(document) == 255).sum())


def test_what_is_offered_is_taken_by_the_click_without_another_question(document: Document) -> None:
    one, finder = tool()
    hover(one, document, 100, 100)
    offered = finder.answer_hover()
    overlay = one.overlay()
    assert isinstance(overlay, PointingOverlay)
    assert overlay.offered is offered.sketch
    assert document.selection is None
    click(one, document, 100, 100)
    assert finder.asked == []
    assert area(document) == 400
    assert len(document.history.steps) == 1
    document.history.undo()
    assert document.selection is None


def test_a_click_elsewhere_than_what_was_offered_is_asked_for(document: Document) -> None:
    one, finder = tool()
    hover(one, document, 100, 100)
    finder.answer_hover()
    click(one, document, 150, 100)
    assert document.selection is None
    finder.answer()
    assert selected(document)[100, 150] == 255
    assert selected(document)[100, 100] == 0


def test_a_rough_offer_is_not_taken_but_asked_for_again(document: Document) -> None:
    one, finder = tool()
    hover(one, document, 100, 100)
    assert finder.hovered is not None
    pointing, choice, found = finder.hovered
    found(replace(square(pointing, choice), rough=True))
    click(one, document, 100, 100)
    assert document.selection is None
    finder.answer()
    assert area(document) == 400


def test_more_clicks_correct_the_same_object_until_it_is_finished(document: Document) -> None:
    one, finder = tool()
    click(one, document, 100, 100)
    finder.answer()
    click(one, document, 120, 100, modifiers=SHIFT)
    click(one, document, 90, 100, modifiers=ALT)
    assert [spot.belongs for spot in finder.asked[1][0].spots] == [True, True, False]
    finder.answer()
    finder.answer()
    assert area(document) == 30 * 20
    assert [step.title for step in document.history.steps] == ["Select by click"] * 3
    assert one.pending
    one.finish(document)
    assert not one.pending
    click(one, document, 200, 200)
    assert finder.asked[0][0] == Pointing((Spot(200, 200),))
    finder.answer()
    assert area(document) == 400


@pytest.mark.parametrize(
    ("how", "modifiers", "wanted"),
    [
        (Combine.REPLACE, Modifier.NONE, 400),
        (Combine.ADD, Modifier.NONE, 1600 + 200),
        (Combine.REPLACE, SHIFT, 1600 + 200),
        (Combine.REPLACE, ALT, 1600 - 200),
        (Combine.REPLACE, SHIFT | ALT, 200),
    ],
)
def test_the_first_click_says_how_the_object_joins_the_selection(
    document: Document, how: Combine, modifiers: Modifier, wanted: int
) -> None:
    one, finder = tool(combine=how)
    document.select(rectangle(Rect(60, 80, 40, 40), document.canvas))
    click(one, document, 100, 100, modifiers=modifiers)
    assert finder.asked[0][0].spots[0].belongs
    finder.answer()
    assert area(document) == wanted


def test_a_drag_is_a_box_and_begins_another_object(document: Document) -> None:
    one, finder = tool()
    click(one, document, 100, 100)
    finder.answer()
    gesture(one, document, (20.4, 30.6), (60, 70), (79.5, 90.2))
    assert finder.asked[0][0] == Pointing(box=Rect(20, 30, 60, 61))
    finder.answer()
    assert area(document) == 60 * 61


def test_a_drag_with_shift_or_alt_is_a_stroke(document: Document) -> None:
    one, finder = tool()
    gesture(one, document, (20, 30), (80, 90))
    finder.answer()
    gesture(one, document, (40, 40), (60, 40), modifiers=ALT)
    (streak,) = finder.asked[0][0].streaks
    assert not streak.belongs
    assert (streak.points[0], streak.points[-1]) == ((40, 40), (60, 40))
    assert finder.asked[0][0].box == Rect(20, 30, 60, 60)


def test_other_choices_of_a_click_are_one_step_with_it(document: Document) -> None:
    one, finder = tool()
    click(one, document, 100, 100)
    finder.answer()
    assert one.choices == (0, 3)
    one.choose(document, 1)
    finder.answer()
    assert (one.choices, area(document)) == ((1, 3), 600)
    one.choose(document, -1)
    finder.answer()
    assert (one.choices, area(document)) == ((0, 3), 400)
    assert len(document.history.steps) == 1
    document.history.undo()
    assert document.selection is None


def test_the_choice_that_is_offered_is_the_one_that_is_taken(document: Document) -> None:
    one, finder = tool()
    hover(one, document, 100, 100)
    finder.answer_hover()
    one.choose(document, 1)
    finder.answer_hover()
    assert one.choices == (1, 3)
    click(one, document, 100, 100)
    assert area(document) == 600


def test_undo_goes_back_in_the_series(document: Document) -> None:
    one, finder = tool()
    click(one, document, 100, 100)
    finder.answer()
    click(one, document, 120, 100)
    finder.answer()
    document.history.undo()
    click(one, document, 95, 100)
    assert [spot.x for spot in finder.asked[0][0].spots] == [100, 95]
    finder.answer()
    document.history.undo()
    document.history.undo()
    click(one, document, 50, 50)
    assert [spot.x for spot in finder.asked[0][0].spots] == [50]


def test_a_selection_changed_otherwise_ends_the_series(document: Document) -> None:
    one, finder = tool()
    click(one, document, 100, 100)
    finder.answer()
    click(one, document, 120, 100)
    document.history.do(SetSelection(rectangle(Rect(0, 0, 5, 5), document.canvas), "Other"))
    finder.answer()  # too late
    assert area(document) == 25
    click(one, document, 60, 60)
    assert [spot.x for spot in finder.asked[0][0].spots] == [60]


def test_dropping_brings_the_selection_back_in_one_step(document: Document) -> None:
    one, finder = tool()
    document.select(rectangle(Rect(0, 0, 30, 30), document.canvas))
    for x in (100, 120):
        click(one, document, x, 100)
        finder.answer()
    one.drop(document)
    assert area(document) == 900
    assert not one.pending
    document.history.undo()
    assert area(document) == 600


def test_the_last_click_can_be_taken_back(document: Document) -> None:
    one, finder = tool()
    for x in (100, 120):
        click(one, document, x, 100)
        finder.answer()
    one.step_back()
    assert area(document) == 400
    assert one.pending
    one.step_back()
    assert document.selection is None
    assert not one.pending


def test_a_refused_click_leaves_everything_as_it_was(document: Document) -> None:
    one, finder = tool()
    click(one, document, 100, 100)
    finder.refuse()
    assert not one.pending
    assert document.history.steps == []
    click(one, document, 50, 50)
    finder.answer()
    click(one, document, 120, 100)
    finder.refuse()
    click(one, document, 60, 50)
    assert [spot.x for spot in finder.asked[0][0].spots] == [50, 60]


def test_a_click_that_waits_is_answered_though_the_one_before_was_refused(document: Document) -> None:
    one, finder = tool()
    click(one, document, 100, 100)
    click(one, document, 120, 100)
    finder.refuse()
    assert one.pending
    assert [spot.x for spot in finder.answer().pointing.spots] == [100, 120]
    assert area(document) == 30 * 20
    click(one, document, 130, 100)
    click(one, document, 140, 100)
    finder.refuse()
    finder.refuse()
    click(one, document, 150, 100)
    assert [spot.x for spot in finder.asked[0][0].spots] == [100, 120, 150]


def test_all_clicks_refused_end_the_series(document: Document) -> None:
    one, finder = tool()
    click(one, document, 100, 100)
    click(one, document, 120, 100)
    finder.refuse()
    finder.refuse()
    assert not one.pending
    assert document.history.steps == []


def test_nothing_of_a_closed_document_is_held(document: Document) -> None:
    one, finder = tool()
    click(one, document, 100, 100)
    finder.answer()
    hover(one, document, 140, 100)
    finder.answer_hover()
    one.forget(document)
    assert not one.pending
    assert one.choices == (0, 0)


def test_nothing_is_offered_where_the_last_click_was(document: Document) -> None:
    one, finder = tool()
    click(one, document, 100, 100)
    finder.answer()
    hover(one, document, 102, 101)
    assert finder.hovered is None
    hover(one, document, 140, 100, ALT)
    assert finder.hovered is not None
    assert [spot.belongs for spot in finder.hovered[0].spots] == [True, False]
    one.leave()
    assert finder.hovered is None


def test_outside_of_the_picture_nothing_is_asked(document: Document) -> None:
    one, finder = tool()
    hover(one, document, -5, 10)
    click(one, document, -5, 10)
    gesture(one, document, (-50, -50), (-20, -20))
    assert (finder.hovered, finder.asked) == (None, [])
    assert not one.pending


def test_a_slow_finder_is_not_asked_while_the_pointer_moves(document: Document) -> None:
    one, finder = tool()
    finder.hovers = False
    hover(one, document, 100, 100)
    assert finder.hovered is None


def test_without_an_active_layer_a_layer_alone_is_refused(document: Document) -> None:
    one, _ = tool(sample_merged=False)
    document.activate(None)
    with pytest.raises(DocumentError, match="No layer is active"):
        click(one, document, 100, 100)


def test_new_shapes_are_feathered_as_the_option_says(document: Document) -> None:
    one, finder = tool(feather=4.0)
    click(one, document, 100, 100)
    finder.answer()
    values = selected(document)
    assert 100 < values[100, 90] < 160
    assert values[100, 100] > 240


def test_what_is_offered_with_a_hard_edge_is_asked_for_again_where_it_shall_be_soft(document: Document) -> None:
    one, finder = tool(feather=4.0)
    hover(one, document, 100, 100)
    finder.answer_hover()
    click(one, document, 100, 100)
    assert document.selection is None
    assert finder.answer().feather == 4.0
    assert 100 < selected(document)[100, 90] < 160
