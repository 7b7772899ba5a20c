"""Drag points in the window: counted, cleared in one step, and what they move is said."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.errors import Message
from app.main_window import MainWindow
from editor.commands import SetPoints
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle
from editor.points import PointPair
from tests.app.conftest import act, drag

PAIR = PointPair((20.0, 20.0), (50.0, 30.0))


def test_the_row_counts_the_pairs_and_says_what_moves(window: MainWindow, document: Document) -> None:
    window.tools.choose("points")
    page = window.option_bar.points_page
    assert page.isVisible()
    assert (page.pairs.text(), page.moves.text()) == ("0 pairs", "Everything may move")
    assert not page.clear.isEnabled()
    drag(window, (20, 20), (60, 40))
    document.select(rectangle(Rect(0, 0, 40, 40), document.canvas))
    QApplication.processEvents()
    assert (page.pairs.text(), page.moves.text()) == ("1 pair", "The selection moves")
    assert page.pairs.accessibleName() == "1 pair"
    assert page.clear.isEnabled()
    assert page.clear.accessibleName() == "Clear drag points"


def test_clear_takes_all_away_in_one_step(window: MainWindow, document: Document) -> None:
    document.history.do(SetPoints((PAIR, PAIR)))
    act(window, "points_clear")
    assert document.points == ()
    QApplication.processEvents()
    assert not window.commands["points_clear"].isEnabled()
    act(window, "undo")
    assert document.points == (PAIR, PAIR)


def test_a_pair_is_told_while_it_is_drawn(window: MainWindow, document: Document) -> None:
    window.tools.choose("points")
    told: list[tuple[PointPair, ...]] = []
    window.points.changed.connect(lambda: told.append(window.points.pairs(document)))
    drag(window, (20, 20), (60, 40))
    assert any(len(pairs) == 1 and pairs != document.points for pairs in told)
    assert told[-1] == document.points


def test_delete_never_reaches_the_layer_while_points_are_in_hand(window: MainWindow, document: Document) -> None:
    window.tools.choose("points")
    drag(window, (20, 20), (60, 40))
    before = document.layers
    assert window.workspace.view is not None
    for _ in range(3):
        QTest.keyClick(window.workspace.view, Qt.Key.Key_Delete)
    assert document.points == ()
    assert document.layers == before
    assert [step.title for step in document.history.steps] == ["Place drag point", "Delete drag point"]


def test_the_31st_pair_is_refused_in_the_message_bar(
    window: MainWindow, document: Document, posted: list[Message]
) -> None:
    document.history.do(SetPoints((PAIR,) * 30))
    window.tools.choose("points")
    drag(window, (80, 50), (90, 60))
    assert len(document.points) == 30
    assert [message.sentence for message in posted] == [
        "A picture can have up to 30 drag points. Delete one before you place another."
    ]


def test_points_are_shown_where_the_method_drags_by_them(window: MainWindow, document: Document) -> None:
    document.history.do(SetPoints((PAIR,)))
    view = window.workspace.view
    assert view is not None
    shown = view._overlays.points
    assert shown.overlay(view.gesture.tool, document) is None  # a brush is in hand, and strokes are chosen
    strokes = window.options.method
    assert strokes is not None
    by_points = replace(strokes, id="by_points", inputs=(*strokes.inputs, "points"))
    window.options.set_methods((strokes, by_points))
    window.options.choose("by_points")
    overlay = shown.overlay(view.gesture.tool, document)
    assert overlay is not None
    assert overlay.pairs == (PAIR,)
    window.options.choose(strokes.id)
    assert shown.overlay(view.gesture.tool, document) is None
