"""The tiers of dragging in the Method panel, and that Run and the words stay in sight in a low window."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.jobs.method_info import MethodInfo, describe
from app.main_window import MainWindow
from app.panels.drag_box import TIERS
from app.parts.recipes import Drag
from app.theme import apply_theme
from editor.commands import SetSelection
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle
from tests.app.tugs import Tugs


@pytest.fixture
def tiers(window: MainWindow) -> list[MethodInfo]:
    """The window knows all tiers, besides the methods that it has anyway."""
    tug, push = (describe(method) for method in Tugs().methods().values())
    made = [replace(tug if name == "drag_diffusion" else push, id=name, title=f"Drag: {name}") for name in TIERS]
    window.options.set_methods([info for info in window.options.methods if info.id not in TIERS] + made)
    return made


def test_the_tiers_are_one_entry_and_keep_what_was_said(window: MainWindow, tiers: list[MethodInfo]) -> None:
    panel = window.method_panel
    titles = [panel.methods.itemText(at) for at in range(panel.methods.count())]
    assert titles.count("Drag by points") == 1
    assert not [title for title in titles if title.startswith("Drag:")]
    assert panel.drag.isHidden()
    at = titles.index("Drag by points")
    panel.methods.setCurrentIndex(at)
    panel.methods.activated.emit(at)
    assert window.options.method is not None
    assert window.options.method.id in TIERS
    assert not panel.drag.isHidden()
    assert list(panel.drag.tiers) == list(TIERS)
    window.options.set("prompt", "a red square")
    window.options.set("seed", 12)
    panel.drag.tiers["drag_diffusion"].click()
    assert window.options.method.id == "drag_diffusion"
    assert (window.options["prompt"], window.options["seed"]) == ("a red square", 12)
    assert panel.methods.currentIndex() == at
    assert [name for name, button in panel.drag.tiers.items() if button.isChecked()] == ["drag_diffusion"]
    window.options.choose("sdedit")
    assert panel.drag.isHidden()
    assert panel.methods.currentText() != "Drag by points"


def test_the_panel_says_what_moves(window: MainWindow, document: Document, tiers: list[MethodInfo]) -> None:
    window.options.choose("warp_drag")
    QApplication.processEvents()
    moves = window.method_panel.drag.moves
    assert "everything may move" in moves.text()
    document.history.do(SetSelection(rectangle(document.canvas, Rect(8, 8, 20, 20))))
    QApplication.processEvents()
    assert moves.text() == "What is selected moves."
    assert window.workspace.bar.selection.text.text() == "The selection moves"
    assert window.method_panel.selection.isHidden()


def test_going_on_is_offered_for_a_drag_that_is_led(
    window: MainWindow, document: Document, tiers: list[MethodInfo]
) -> None:
    window.options.choose("drag_diffusion")
    box = window.method_panel.drag.lead_on
    QApplication.processEvents()
    assert box.isHidden()
    assert document.active is not None
    window.recipes._replace((document, document.active), Drag("drag_diffusion", short=False))
    QApplication.processEvents()
    assert not box.isHidden()
    assert box.isChecked()
    box.click()
    assert window.recipes.drag == Drag("drag_diffusion", short=False, lead_on=False)
    window.options.choose("warp_drag")
    QApplication.processEvents()
    assert box.isHidden()


def seen(widget: QWidget) -> bool:
    """Whether all of a widget can be seen."""
    return widget.isVisible() and widget.visibleRegion().boundingRect() == widget.rect()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_low_window_keeps_words_the_first_step_and_run_in_sight(
    qtbot: QtBot, qapp: QApplication, window: MainWindow, document: Document, tiers: list[MethodInfo], theme: str
) -> None:
    apply_theme(qapp, theme)
    panel = window.method_panel
    window.resize(1440, 900)
    window.options.choose("diffedit")
    qtbot.waitUntil(lambda: seen(panel.run) and seen(panel.steps.find) and seen(panel.prompt), timeout=5000)
    window.resize(960, 600)
    for widget in (panel.run, panel.prompt, panel.reference, panel.steps.find):
        qtbot.waitUntil(lambda widget=widget: seen(widget), timeout=5000)
    assert panel.steps.isAncestorOf(panel.steps.text)
    window.options.choose("drag_diffusion")
    for widget in (panel.run, panel.methods, panel.drag):
        qtbot.waitUntil(lambda widget=widget: seen(widget), timeout=5000)
    window.resize(1440, 900)
    window.options.choose("diffedit")
    qtbot.waitUntil(lambda: seen(panel.run) and seen(panel.steps), timeout=5000)
    layers = window.docks._docks["layers"]
    assert window.docks._docks["history"] not in window.tabifiedDockWidgets(layers)
