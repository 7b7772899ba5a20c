"""The window as a whole: names for everything, keyboard, arrangement, what is seen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QSlider,
    QTabBar,
    QWidget,
)

from app.errors import Messages
from app.main_window import MainWindow
from app.settings import Settings
from app.start import CardButton
from editor.document import Document
from tests.app.conftest import act, drag, photo

NAMED = (
    QAbstractButton, QLineEdit, QPlainTextEdit, QSlider, QComboBox, QAbstractSpinBox, QAbstractItemView, QProgressBar,
)  # fmt: skip


def name_of(widget: QWidget) -> str:
    """What a screen reader says."""
    text = getattr(widget, "text", None)
    return widget.accessibleName() or (text() if callable(text) and isinstance(widget, QAbstractButton) else "")


def is_inner(widget: QWidget) -> bool:
    """A part that Qt made for itself: the editor of a spin box, the list of a combo box, arrows of a tab bar."""
    parent = widget.parentWidget()
    while parent is not None:
        if isinstance(parent, QAbstractSpinBox | QComboBox) or (isinstance(parent, QTabBar) and not widget.toolTip()):
            return True
        parent = parent.parentWidget()
    return isinstance(widget, QHeaderView) or widget.objectName().startswith("qt_")


def test_every_control_has_an_accessible_name(window: MainWindow, document: Document) -> None:
    window.layers.add_mask()
    nameless = [
        (type(widget).__name__, widget.parentWidget() and type(widget.parentWidget()).__name__)
        for widget in QApplication.allWidgets()
        if isinstance(widget, NAMED) and not name_of(widget) and not is_inner(widget) and widget.window() is window
    ]
    assert nameless == []


def test_every_icon_button_says_what_it_does(window: MainWindow, document: Document) -> None:
    silent = [
        widget.accessibleName()
        for widget in window.findChildren(QAbstractButton)
        if not widget.text() and not widget.toolTip() and not is_inner(widget) and not isinstance(widget, CardButton)
    ]
    assert silent == []


def test_tab_goes_through_the_controls(window: MainWindow, document: Document) -> None:
    window.activateWindow()
    window.method_panel.prompt.setFocus()
    seen: list[QWidget] = []
    for _ in range(60):
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        focus = window.focusWidget()
        if focus in seen:
            break
        seen.append(focus)
    assert window.method_panel.seed.field in seen
    assert window.method_panel.run in seen
    assert window.layers_panel.blend in seen
    assert window.layers_panel.tree in seen


def test_typing_words_triggers_no_tool(window: MainWindow, document: Document) -> None:
    window.activateWindow()
    window.workspace.bar.words.setFocus()
    QTest.keyClicks(window.workspace.bar.words, "ebg [x]")
    assert window.options["prompt"] == "ebg [x]"
    assert window.tools.current == "brush"


def test_painting_through_the_window_is_one_step(window: MainWindow, document: Document) -> None:
    drag(window, (20, 20), (60, 30), (40, 50))
    assert document.history.steps[-1].title == "Brush stroke"
    assert document.history.position == 1
    assert window.workspace.tabs.tabText(0) == "photo •"
    QApplication.processEvents()
    assert window.isWindowModified()
    act(window, "undo")
    QApplication.processEvents()
    assert not window.isWindowModified()


def test_the_status_line_tells_size_depth_profile_and_zoom(window: MainWindow, document: Document) -> None:
    act(window, "zoom_100")
    assert window.status.facts.text() == "96 × 64   8 bit   sRGB"
    assert window.status.zoom.text() == "100 %"
    act(window, "zoom_in")
    assert window.status.zoom.text() == "141 %"
    act(window, "zoom_in")
    act(window, "rotate_right")
    assert window.status.zoom.text() == "200 %  15°"
    window.status.zoom_wanted.emit(0.5)
    assert window.status.zoom.text().startswith("50 %")
    window.documents.choose(None)
    assert not window.status.zoom.isVisible()


def test_the_arrangement_is_remembered(window: MainWindow, settings: Settings) -> None:
    window.docks.toggles()[0].trigger()
    assert not window.method_panel.isVisible()
    window.close()
    again = MainWindow(Settings(settings.path), Messages())
    again.show()
    assert not again.method_panel.isVisible()
    assert again.layers_panel.isVisibleTo(again)
    again.close()


def test_themes_are_switched_from_the_menu(window: MainWindow, settings: Settings) -> None:
    act(window, "theme_light")
    assert settings.theme == "light"
    assert window.palette().window().color().lightness() > 200
    act(window, "theme_dark")
    assert window.palette().window().color().lightness() < 60


def test_the_start_page_leaves_documents_open(window: MainWindow, document: Document) -> None:
    act(window, "start_page")
    assert window.workspace.view is None
    assert window.workspace.start.isVisible()
    assert not window.workspace.bar.isVisible()
    assert len(window.documents) == 1
    window.workspace.tabs.setCurrentIndex(0)
    window.workspace.tabs.tabBarClicked.emit(0)
    assert window.documents.current is document


def test_a_tool_that_cannot_work_says_so_in_the_bar(window: MainWindow, document: Document) -> None:
    window.layers_panel.lock.click()
    window.tools.choose("move")
    drag(window, (20, 20), (40, 40))
    assert window.workspace.messages.isVisible()
    assert "locked" in window.workspace.messages._text.text()


@pytest.mark.parametrize("size", [(1280, 720), (960, 600)])
def test_nothing_is_cut_off_in_a_small_window(window: MainWindow, size: tuple[int, int]) -> None:
    window.documents.add(photo(400, 300))
    window.resize(*size)
    QApplication.processEvents()
    assert (window.width(), window.height()) == size
    for widget in (window.method_panel.run, window.workspace.bar, window.status, window.layers_panel.tree):
        assert widget.isVisible()
        assert not widget.visibleRegion().isEmpty()
    assert window.workspace._canvases.rect().contains(window.workspace.bar.geometry())


def test_the_row_before_the_edits_can_be_compared(window: MainWindow, document: Document) -> None:
    act(window, "before")
    assert window.workspace.view is not None
    assert window.workspace.view.show_before
    act(window, "before")
    assert not window.workspace.view.show_before
