"""The History panel shows the steps and goes to the one that is clicked."""

from __future__ import annotations

import numpy as np

from app.main_window import MainWindow
from editor.composite import composite
from editor.document import Document
from tests.app.conftest import act


def shown(window: MainWindow) -> list[str]:
    model = window.history_panel.model
    return [model.index(row).data() for row in range(model.rowCount())]


def test_clicking_a_step_goes_there(window: MainWindow, document: Document) -> None:
    start = composite(document.snapshot())
    act(window, "layer_duplicate")
    act(window, "layer_add")
    act(window, "select_all")
    assert shown(window) == ["Start", "Duplicate layer", "Add layer", "Select all"]
    panel = window.history_panel
    assert panel.list.currentIndex().row() == 3
    panel.list.clicked.emit(panel.model.index(1))
    assert document.history.position == 1
    assert len(document.layers) == 2
    assert panel.list.currentIndex().row() == 1
    assert shown(window) == ["Start", "Duplicate layer", "Add layer", "Select all"]
    panel.list.clicked.emit(panel.model.index(3))
    assert document.history.position == 3
    panel.list.clicked.emit(panel.model.index(0))
    np.testing.assert_array_equal(composite(document.snapshot()), start)


def test_a_new_step_drops_what_was_undone(window: MainWindow, document: Document) -> None:
    act(window, "layer_duplicate")
    act(window, "undo")
    act(window, "select_all")
    assert shown(window) == ["Start", "Select all"]


def test_another_document_has_its_own_steps(window: MainWindow, document: Document) -> None:
    act(window, "layer_add")
    window.documents.choose(None)
    assert shown(window) == []
    window.documents.choose(document)
    assert shown(window) == ["Start", "Add layer"]
