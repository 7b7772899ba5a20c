"""The start page: cards whose method is there can be chosen, the others say why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.start import CARDS, StartPage, method_for


@pytest.fixture
def page(qtbot: QtBot) -> StartPage:
    made = StartPage()
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    return made


def test_there_are_the_four_gestures() -> None:
    assert [card.id for card in CARDS] == ["strokes", "words", "points", "example"]
    assert method_for(CARDS[0], ["sdedit"]) == "sdedit"
    assert method_for(CARDS[2], ["drag_diffusion", "fast_drag"]) == "fast_drag"
    assert method_for(CARDS[3], ["sdedit"]) is None


def test_cards_without_a_method_are_greyed_and_say_why(qtbot: QtBot, page: StartPage) -> None:
    page.show_methods(["sdedit", "diffedit"])
    assert [name for name, card in page.cards.items() if card.isEnabled()] == ["strokes", "words"]
    for name in ("points", "example"):
        assert page.cards[name]._reason.isVisible()
        assert "later version" in page.cards[name].accessibleDescription()
    with qtbot.waitSignal(page.card_chosen) as chosen:
        page.cards["words"].click()
    assert chosen.args is not None
    assert chosen.args[0].id == "words"
    page.show_methods([method for card in CARDS for method in card.methods])
    assert all(card.isEnabled() for card in page.cards.values())


def test_four_in_a_row_where_there_is_room(page: StartPage) -> None:
    assert len({card.y() for card in page.cards.values()}) == 1
    page.resize(600, 700)
    page.cards["words"].parentWidget().layout().activate()  # type: ignore[union-attr]
    assert len({card.y() for card in page.cards.values()}) == 2


def test_recent_files_are_listed(qtbot: QtBot, page: StartPage, tmp_path: Path) -> None:
    page.show_recent([tmp_path / "a.ora", tmp_path / "b.png"])
    assert page._recent.count() == 2
    button = page._recent.itemAt(1).widget()
    with qtbot.waitSignal(page.recent_chosen) as chosen:
        button.click()  # type: ignore[union-attr]
    assert chosen.args == [tmp_path / "b.png"]
    page.show_recent([])
    assert page._recent.count() == 0


def test_the_strokes_card_opens_something_to_run(qtbot: QtBot, window: MainWindow) -> None:
    window.workspace.start.cards["strokes"].click()
    qtbot.waitUntil(lambda: window.documents.current is not None, timeout=10_000)
    document = window.documents.current
    assert document is not None
    assert not document.modified
    assert document.path is None  # saving never overwrites the sample
    assert window.options.method is not None
    assert window.options.method.id == "sdedit"
    assert window.commands["run"].isEnabled() or qtbot.waitUntil(window.commands["run"].isEnabled) is None


def test_the_points_card_opens_a_drag_to_run(qtbot: QtBot, window: MainWindow) -> None:
    window.workspace.start.cards["points"].click()
    qtbot.waitUntil(lambda: window.documents.current is not None, timeout=10_000)
    document = window.documents.current
    assert document is not None
    assert document.points
    assert document.selection is not None
    assert window.options.method is not None
    assert window.options.method.id == "warp_drag"
    assert window.tools.current == "points"
    assert not document.modified
