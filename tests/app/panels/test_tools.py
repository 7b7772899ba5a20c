"""Tools, their options and the colours."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.main_window import MainWindow
from app.panels.tools import ROOMY
from app.parts.tools import ToolsPart
from app.settings import Settings
from app.theme import apply_theme
from editor.document import Document
from editor.geometry import Rect
from editor.placement import Placement


def test_one_key_takes_a_tool(window: MainWindow, document: Document) -> None:
    assert window.workspace.view is not None
    window.activateWindow()
    QTest.keyClick(window.workspace.view, Qt.Key.Key_E)
    assert window.tools.current == "eraser"
    assert window.commands["eraser"].isChecked()
    assert not window.commands["brush"].isChecked()
    assert window.workspace.view.gesture.tool is window.tools.tools["eraser"]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_nothing_is_cut_in_the_smallest_window(
    qtbot: QtBot, qapp: QApplication, window: MainWindow, document: Document, theme: str
) -> None:
    apply_theme(qapp, theme)
    window.resize(960, 600)
    swatches, status, bar = window.tool_bar.swatches, window.status.text, window.option_bar
    qtbot.waitUntil(lambda: swatches.visibleRegion().boundingRect() == swatches.rect(), timeout=5000)
    for tool in ("rectangle", "lasso", "polygon", "wand", "colour_range", "click", "points"):
        window.tools.choose(tool)
        hint = bar.points_page.hint if tool == "points" else bar.select_page.hint
        qtbot.waitUntil(lambda hint=hint: (hint.text() or status.text()) == hint.accessibleName(), timeout=5000)
        for label in (hint, status):
            assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width(), (tool, label.text())
    window.tools.choose("transform")
    hint = window.option_bar.transform_page.hint
    for placement in (None, Placement(), Placement((3.0, 4.0))):
        window.option_bar.transform_page.show_placement(placement)
        qtbot.waitUntil(lambda: (hint.text() or status.text()) == hint.accessibleName(), timeout=5000)
        for label in (hint, status):
            assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width(), label.text()
    window.tools.choose("box")
    hint = window.option_bar.box_page.hint
    for box in (None, Rect(-10000, -10000, 20000, 20000)):
        window.option_bar.box_page.show_box(box)
        qtbot.waitUntil(lambda: (hint.text() or status.text()) == hint.accessibleName(), timeout=5000)
        for label in (hint, status):
            assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width(), label.text()
    hint = window.option_bar.select_page.hint
    window.tools.choose("brush")
    assert status.text() == ""
    window.resize(1600, 900)
    qtbot.waitUntil(lambda: window.tool_bar._column.spacing() == ROOMY[0], timeout=5000)
    window.tools.choose("lasso")
    qtbot.waitUntil(lambda: bar.select_page.hint.text() != "", timeout=5000)
    assert status.text() == ""


def test_the_row_shows_what_the_tool_has(window: MainWindow, document: Document) -> None:
    bar = window.option_bar
    assert bar.brush_page.isVisible()
    window.tools.choose("fill")
    assert bar.tolerance.isVisible()
    assert not bar.brush_page.isVisible()
    window.tools.choose("lasso")
    assert bar.select_page.feather.isVisible()


def test_selecting_tools_show_what_each_of_them_has(window: MainWindow, document: Document) -> None:
    page = window.option_bar.select_page
    for tool, shown in (
        ("rectangle", set()),
        ("polygon", set()),
        ("wand", {"tolerance", "contiguous", "merged"}),
        ("colour_range", {"fuzziness", "merged"}),
    ):
        window.tools.choose(tool)
        own = {name for name in ("tolerance", "contiguous", "merged", "fuzziness") if getattr(page, name).isVisible()}
        assert own == shown, tool
        assert page.feather.isVisible()
    settings = window.tools.options
    page.fuzziness.field.setValue(33)
    page.tolerance.field.setValue(20)
    page.contiguous.click()
    page.merged.click()
    page.feather.field.setValue(5)
    now = settings.settings
    assert (now.range_fuzziness, now.wand_tolerance, now.feather) == (33, pytest.approx(0.2), 5)
    assert (now.wand_contiguous, now.sample_merged) == (False, False)
    assert now.fill_tolerance == pytest.approx(0.1)


def test_the_mask_brush_says_what_it_does(window: MainWindow, document: Document) -> None:
    extras = window.option_bar.brush_page.mask_extras
    assert not extras.isVisible()
    window.tools.choose("mask_brush")
    assert extras.isVisible()
    extras.takes.click()
    assert window.tools.options.settings.mask_brush_takes
    assert (extras.adds.isChecked(), extras.takes.isChecked()) == (False, True)
    extras.adds.click()
    extras.adds.click()
    assert (extras.adds.isChecked(), extras.takes.isChecked()) == (True, False)
    extras.popup.changed.emit((0.0, 1.0, 0.0, 0.3))
    assert window.tools.options.settings.overlay_colour == (0.0, 1.0, 0.0, 0.3)


def test_in_a_narrow_window_brush_options_do_not_overlap(window: MainWindow, document: Document) -> None:
    page = window.option_bar.brush_page
    window.tools.choose("mask_brush")
    for width in (960, 1100, 1500):
        window.resize(width, 700)
        QApplication.processEvents()
        shown = [widget for widget in page.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
                 if widget.isVisible()]  # fmt: skip
        shown.sort(key=lambda widget: widget.x())
        for left, right in pairwise(shown):
            assert left.geometry().right() < right.geometry().left()
        assert all(widget.width() >= widget.sizeHint().width() for widget in shown)
    assert len(shown) == 8


def test_brush_and_eraser_keep_their_own_values(window: MainWindow) -> None:
    size = window.option_bar.brush_page.size_control
    size.field.setValue(77)
    assert window.tools.options.settings.brush.size == 77
    window.tools.choose("eraser")
    assert size.value == window.tools.options.settings.eraser.size != 77
    window.tools.choose("brush")
    assert size.value == 77


def test_keys_change_the_brush(window: MainWindow) -> None:
    window.tools.set_brush(size=40.0, hardness=0.5)
    window.tools.resize_brush("larger")
    assert window.tools.brush is not None
    assert window.tools.brush.size == 46
    window.tools.resize_brush("smaller")
    assert window.tools.brush.size == 40
    window.tools.harden_brush("harder")
    assert window.tools.brush.hardness == pytest.approx(0.6)
    window.tools.set_brush(size=1.0)
    window.tools.resize_brush("smaller")
    assert window.tools.brush.size == 1
    window.tools.resize_brush("larger")
    assert window.tools.brush.size == 2


def test_colours_are_swapped_and_reset(window: MainWindow) -> None:
    tools, swatches = window.tools, window.tool_bar.swatches
    tools.set_colour((1.0, 0.0, 0.0, 1.0))
    assert swatches.front.name() == "#ff0000"
    tools.swap_colours()
    assert tools.options.colour == (1.0, 1.0, 1.0, 1.0)
    assert swatches.behind.name() == "#ff0000"
    tools.reset_colours()
    assert (swatches.front.name(), swatches.behind.name()) == ("#000000", "#ffffff")


def test_the_popup_reports_colours_and_keeps_the_hue_of_greys(window: MainWindow) -> None:
    popup = window.tool_bar.popup
    popup.show_colour((0.2, 0.4, 0.8, 1.0))
    hue = popup.hue.across
    popup.code.setText("#808080")
    popup.code.editingFinished.emit()
    assert window.tools.options.colour[:3] == pytest.approx((0.502, 0.502, 0.502), abs=0.001)
    assert popup.hue.across == hue
    popup.square._go(1.0, 0.0)
    red, _, blue, _ = window.tools.options.colour
    assert blue == pytest.approx(1.0, abs=0.01)
    assert red == pytest.approx(0.0, abs=0.01)
    popup.code.setText("no colour")
    popup.code.editingFinished.emit()
    assert popup.code.text().startswith("#")
    QTest.keyClick(popup.square, Qt.Key.Key_Left)
    assert popup.square.across == pytest.approx(0.98)


def test_colours_used_stand_first(window: MainWindow) -> None:
    popup = window.tool_bar.popup
    popup.note_used((0.0, 0.0, 1.0, 1.0))
    popup.note_used((0.0, 1.0, 0.0, 1.0))
    popup.note_used((0.0, 0.0, 1.0, 1.0))
    assert list(popup._recent)[:2] == ["#0000ff", "#00ff00"]


def test_options_are_remembered(window: MainWindow, settings: Settings) -> None:
    window.tools.set_brush(size=123.0, pressure_size=False)
    window.tools.set_colour((0.25, 0.5, 0.75, 1.0))
    window.tools.remember()
    again = ToolsPart(settings, window)
    assert again.options.settings == window.tools.options.settings


@pytest.mark.parametrize(
    "broken", [{"brush": 3}, {"colour": [1, 2]}, {"colour": "red"}, {"unknown": 1}, {"feather": "x"}]
)
def test_broken_settings_give_the_defaults(window: MainWindow, settings: Settings, broken: dict[str, object]) -> None:
    settings.remember_tool_values(broken)
    assert ToolsPart(settings, window).options.settings == type(window.tools.options.settings)()
