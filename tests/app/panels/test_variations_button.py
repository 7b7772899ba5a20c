"""The button beside Run."""

from __future__ import annotations

from app.main_window import MainWindow
from editor.document import Document


def test_it_says_and_sets_how_many(window: MainWindow) -> None:
    button = window.method_panel.variations
    counts = button.menu().actions()
    assert [action.data() for action in counts] == [2, 3, 4, 5, 6, 7, 8]
    assert button.text() == "4"
    assert [action.isChecked() for action in counts].index(True) == 2
    counts[4].trigger()
    assert window.variations.count == 6
    assert button.text() == "6"
    assert "6 variations" in button.accessibleName()
    assert "Ctrl+Shift+Return" in button.toolTip()


def test_it_can_be_pressed_only_with_a_picture(window: MainWindow) -> None:
    button = window.method_panel.variations
    assert not button.isEnabled()
    ran: list[bool] = []
    window.commands["variations"].triggered.connect(lambda: ran.append(True))
    window.documents.add(Document(8, 8))
    window._refresh_state()
    assert button.isEnabled()
    button.click()
    assert ran == [True]
