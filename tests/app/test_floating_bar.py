"""The floating bar shows the same values as the Method panel and lies where it can be reached."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QApplication

from app.floating_bar import MARGIN, FloatingBar
from app.main_window import MainWindow
from editor.document import Document
from editor.geometry import Rect
from editor.masks import rectangle


@pytest.fixture
def bar(window: MainWindow, document: Document) -> FloatingBar:
    return window.workspace.bar


def test_words_strength_and_seed_go_both_ways(bar: FloatingBar, window: MainWindow) -> None:
    bar.words.setText("a cat")
    bar.words.textEdited.emit("a cat")
    assert window.method_panel.prompt.toPlainText() == "a cat"
    window.method_panel.prompt.setPlainText("a dog")
    assert bar.words.text() == "a dog"
    bar.strength.slider.setValue(bar.strength.slider.maximum() // 4)
    assert window.options["strength"] == pytest.approx(0.25)
    window.options.set("strength", 0.8)
    assert bar.strength.value == pytest.approx(0.8)
    bar.seed.dice.click()
    assert window.method_panel.seed.field.value() == window.options["seed"] == bar.seed.field.value()


def test_without_a_selection_it_lies_at_the_bottom_centre(bar: FloatingBar, window: MainWindow) -> None:
    bar.aim(None)
    area = window.workspace._canvases.rect()
    assert bar.isVisible()
    assert abs(bar.geometry().center().x() - area.center().x()) <= 1
    assert bar.geometry().bottom() == area.bottom() - MARGIN


def test_it_lies_under_the_selection(bar: FloatingBar, window: MainWindow) -> None:
    bar.aim(QRectF(300, 100, 200, 120))
    assert bar.geometry().top() == 220 + MARGIN
    assert abs(bar.geometry().center().x() - 400) <= 1


@pytest.mark.parametrize("target", [QRectF(0, 0, 20, 4000), QRectF(-50, 10, 60, 60), QRectF(900, 690, 60, 60)])
def test_it_never_leaves_the_canvas(bar: FloatingBar, window: MainWindow, target: QRectF) -> None:
    bar.aim(target)
    assert window.workspace._canvases.rect().contains(bar.geometry())


def test_it_follows_the_selection_of_the_document(bar: FloatingBar, window: MainWindow, document: Document) -> None:
    QApplication.processEvents()  # the window is laid out
    before = bar.geometry()
    document.select(rectangle(Rect(20, 4, 20, 10), document.canvas))
    assert bar.geometry() != before
    document.select(None)
    assert bar.geometry() == before


def test_it_offers_what_fits(bar: FloatingBar) -> None:
    def offered() -> list[str]:
        return [name for name in ("run", "stop", "keep", "discard") if getattr(bar, name).isVisible()]

    bar.show_state(running=False, result=False)
    assert offered() == ["run"]
    bar.show_state(running=True, result=False)
    assert offered() == ["stop"]
    bar.show_state(running=False, result=True)
    assert offered() == ["keep", "discard"]


def test_it_can_be_put_away(bar: FloatingBar, window: MainWindow) -> None:
    window.commands["floating_bar"].trigger()
    assert not bar.isVisible()
    window.commands["floating_bar"].trigger()
    assert bar.isVisible()
    window.documents.choose(None)
    assert not bar.isVisible()
