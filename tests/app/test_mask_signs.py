"""The window says which mask is in hand and what the next edit is limited to."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtWidgets import QApplication

from app.main_window import MainWindow
from editor.commands import AddLayer, ReplaceMask
from editor.document import Document
from editor.geometry import Rect
from editor.layers import ImageLayer
from editor.masks import rectangle
from editor.tools import Settings as ToolSettings
from tests.app.conftest import act, photo


def notes(window: MainWindow) -> list[str]:
    """What the floating bar and the Method panel say, "" for nothing."""
    QApplication.processEvents()
    shown = (window.workspace.bar.selection, window.method_panel.selection)
    return [note.text.text() if note.isVisible() else "" for note in shown]


def test_a_selection_is_announced_and_let_go_of(window: MainWindow, document: Document) -> None:
    assert notes(window) == ["", ""]
    document.select(rectangle(Rect(0, 0, 12, 12), document.canvas))
    assert notes(window) == ["Inside the selection"] * 2
    assert window.workspace.view is not None
    window.workspace.view.zoom_to(40.0)
    assert notes(window) == ["Inside a selection out of view"] * 2
    window.method_panel.selection.clear.click()
    assert document.selection is None
    assert notes(window) == ["", ""]
    act(window, "undo")
    assert notes(window) == ["Inside a selection out of view"] * 2
    window.workspace.bar.selection.clear.click()
    assert document.selection is None


def test_each_picture_has_its_own_selection(window: MainWindow, document: Document) -> None:
    document.select(rectangle(Rect(0, 0, 12, 12), document.canvas))
    window.documents.add(photo(title="other"))
    assert notes(window) == ["", ""]
    window.documents.choose(document)
    assert notes(window) == ["Inside the selection"] * 2


def test_painting_on_a_mask_is_signed_until_another_layer_is_active(window: MainWindow, document: Document) -> None:
    badge = window.workspace.badge
    act(window, "mask_add")
    QApplication.processEvents()
    assert badge.isVisible()
    assert badge.text.text() == "On the mask of “Photo”"
    assert window.option_bar._name.text() == "Brush · layer mask"
    window.tools.choose("mask_brush")
    assert window.option_bar._name.text() == "Mask brush · layer mask"
    document.history.do(AddLayer(ImageLayer(name="Above")))
    QApplication.processEvents()
    assert not badge.isVisible()
    assert window.option_bar._name.text() == "Mask brush · selection"
    assert document.mask_in_hand is None


def test_the_badge_ends_it_and_a_deleted_mask_too(window: MainWindow, document: Document) -> None:
    badge, layer = window.workspace.badge, document.layers[0].id
    act(window, "mask_add")
    QApplication.processEvents()
    badge.end.click()
    QApplication.processEvents()
    assert not document.paint_on_mask
    assert not badge.isVisible()
    act(window, "mask_paint")
    document.history.do(ReplaceMask(layer, None))
    QApplication.processEvents()
    assert not badge.isVisible()
    assert not window.commands["mask_paint"].isChecked()


def test_a_long_name_does_not_cover_the_canvas(window: MainWindow, document: Document) -> None:
    document.replace(document.layers[0].id, name="a very long name of a layer " * 20)
    act(window, "mask_add")
    QApplication.processEvents()
    assert window.workspace.badge.width() < 420
    assert window.workspace.badge.text.toolTip().count("a very long name") == 20


def test_in_a_narrow_window_nothing_in_the_bar_overlaps(window: MainWindow, document: Document) -> None:
    window.resize(960, 600)
    document.select(rectangle(Rect(0, 0, 12, 12), document.canvas))
    for _ in range(4):  # layouts in layouts settle one after the other
        QApplication.processEvents()
    bar = window.workspace.bar
    every = (bar.words, bar.strength, bar.seed, bar.selection, bar.live, bar.run)
    parts = [part for part in every if part.isVisible()]
    assert {bar.words, bar.selection, bar.run} <= set(parts)
    for left, right in pairwise(parts):
        assert left.geometry().right() < right.geometry().left()
    assert bar.words.width() >= 220


def test_quick_mask_and_the_tint_reach_every_canvas(window: MainWindow, document: Document) -> None:
    act(window, "quick_mask")
    window.tools.options.change(overlay_colour=(0.0, 0.0, 1.0, 0.25))
    window.documents.add(photo(title="other"))
    for view in window.workspace:
        assert view._masks._tint_always
        assert view._masks.selection.tint_colour.getRgb() == view._masks.hidden.tint_colour.getRgb() == (0, 0, 255, 64)
    act(window, "quick_mask")
    assert not any(view._masks._tint_always for view in window.workspace)
    assert not window.commands["quick_mask"].isChecked()


@pytest.mark.parametrize("how", ["replace", "add", "subtract", "intersect"])
def test_the_way_to_combine_is_one_choice_in_menu_bar_and_memory(window: MainWindow, how: str) -> None:
    act(window, f"combine_{how}")
    assert window.tools.options.settings.combine == how
    assert [name for name in ("replace", "add", "subtract", "intersect")
            if window.commands[f"combine_{name}"].isChecked()] == [how]  # fmt: skip
    window.tools.remember()
    assert type(window.tools)(window.settings, window).options.settings.combine == how
    window.settings.remember_tool_values({"combine": "nonsense"})
    assert type(window.tools)(window.settings, window).options.settings.combine is ToolSettings().combine
