"""The Layers panel: what it shows, and that every change in it is one step that undo takes back."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QMimeData, QModelIndex, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.errors import Message
from app.main_window import MainWindow
from app.panels.layer_delegate import parts_of
from app.panels.layer_model import EYE, MIME
from app.panels.layers import LayersPanel
from editor.commands import AddLayer, AddResult
from editor.document import Document
from editor.layers import BlendMode, GroupLayer, ImageLayer, Layer, LayerId, Role
from editor.tiles import TiledImage
from tests.app.conftest import act


@pytest.fixture
def panel(window: MainWindow, document: Document) -> LayersPanel:
    window.layers.add()
    window.layers.add()
    return window.layers_panel


def rows(panel: LayersPanel, parent: QModelIndex | None = None) -> list[str]:
    parent = parent or QModelIndex()
    return [panel.model.index(row, 1, parent).data() for row in range(panel.model.rowCount(parent))]


def drop(panel: LayersPanel, layer: LayerId, row: int, parent: QModelIndex | None = None) -> None:
    mime = QMimeData()
    mime.setData(MIME, layer.encode())
    panel.model.dropMimeData(mime, Qt.DropAction.MoveAction, row, 0, parent or QModelIndex())


def click(panel: LayersPanel, layer: Layer, part: str, kind: QEvent.Type = QEvent.Type.MouseButtonRelease) -> None:
    """Click on a part of a row as the view would report it."""
    index = panel.model.index_of(layer.id, EYE if part == "eye" else 1)
    rect = panel.tree.visualRect(index)
    at = rect.center() if part == "eye" else getattr(parts_of(layer, rect), part).center()
    place = panel.tree.viewport().mapToGlobal(at)
    event = QMouseEvent(
        kind, QPointF(at), QPointF(place), Qt.MouseButton.LeftButton, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    option = panel.tree.viewOptionsFor(index) if hasattr(panel.tree, "viewOptionsFor") else None
    if option is None:
        from PySide6.QtWidgets import QStyleOptionViewItem

        option = QStyleOptionViewItem()
        option.rect = rect
    panel.delegate.editorEvent(event, panel.model, option, index)


def test_the_topmost_layer_is_the_first_row(panel: LayersPanel) -> None:
    assert rows(panel) == ["Layer 2", "Layer 1", "Photo"]


def test_the_active_layer_is_chosen_and_choosing_activates(panel: LayersPanel, document: Document) -> None:
    assert panel.tree.currentIndex().data() == "Layer 2"
    panel.tree.setCurrentIndex(panel.model.index(2, 1))
    assert document.active == document.layers[0].id
    document.activate(document.layers[1].id)
    assert panel.tree.currentIndex().data() == "Layer 1"


def test_dragging_reorders_as_one_step(panel: LayersPanel, window: MainWindow, document: Document) -> None:
    position = document.history.position
    drop(panel, document.layers[2].id, 3)  # below the photo
    assert rows(panel) == ["Layer 1", "Photo", "Layer 2"]
    drop(panel, document.layers[2].id, 2)  # Layer 1 to just above what is now the lowest
    assert rows(panel) == ["Photo", "Layer 1", "Layer 2"]
    assert document.history.position == position + 2
    act(window, "undo")
    act(window, "undo")
    assert rows(panel) == ["Layer 2", "Layer 1", "Photo"]


def test_dropping_where_it_was_is_no_step(panel: LayersPanel, document: Document) -> None:
    position = document.history.position
    drop(panel, document.layers[1].id, 1)
    drop(panel, document.layers[1].id, 2)
    assert document.history.position == position


def test_dragging_into_a_group_and_out(panel: LayersPanel, window: MainWindow, document: Document) -> None:
    window.layers.add_group()
    group = document.layers[-1]
    drop(panel, document.layers[0].id, -1, panel.model.index_of(group.id, EYE))
    assert rows(panel) == ["Group 1", "Layer 2", "Layer 1"]
    assert rows(panel, panel.model.index_of(group.id, EYE)) == ["Photo"]
    assert panel.tree.isExpanded(panel.model.index_of(group.id, EYE))
    photo = document.layers[-1].children[0]  # type: ignore[attr-defined]
    drop(panel, photo.id, 3)
    assert rows(panel) == ["Group 1", "Layer 2", "Layer 1", "Photo"]


def test_a_group_dropped_into_itself_is_told(
    panel: LayersPanel, window: MainWindow, document: Document, posted: list[Message]
) -> None:
    window.layers.add_group()
    outer = document.layers[-1].id
    window.layers.add_group()
    inner = document.layers[-1].children[0].id  # type: ignore[attr-defined]
    drop(panel, outer, -1, panel.model.index_of(inner, EYE))
    assert "cannot be moved into itself" in posted[-1].sentence


def test_renaming_in_place(qtbot: QtBot, panel: LayersPanel, window: MainWindow, document: Document) -> None:
    panel.tree.setFocus()
    QTest.keyClick(panel.tree, Qt.Key.Key_F2)
    editor = panel.tree.findChild(QLineEdit)
    assert editor is not None
    assert editor.accessibleName()
    QTest.keyClicks(editor, "Sky  and sea")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: rows(panel)[0] == "Sky and sea")
    assert document.history.steps[-1].title == "Rename layer"
    act(window, "undo")
    assert rows(panel)[0] == "Layer 2"


def test_an_empty_name_is_no_name(panel: LayersPanel, document: Document) -> None:
    position = document.history.position
    assert not panel.model.setData(panel.model.index(0, 1), "   ")
    assert document.history.position == position


def test_the_eye_hides_and_shows(panel: LayersPanel, window: MainWindow, document: Document) -> None:
    click(panel, document.layers[0], "eye", QEvent.Type.MouseButtonPress)
    assert not document.layers[0].visible
    act(window, "undo")
    assert document.layers[0].visible
    panel.tree.setFocus()
    QTest.keyClick(panel.tree, Qt.Key.Key_Space)
    assert not document.layers[2].visible


def test_one_drag_of_the_opacity_slider_is_one_step(panel: LayersPanel, window: MainWindow, document: Document) -> None:
    position = document.history.position
    for value in (900, 700, 400):
        panel.opacity.slider.setValue(value)
    panel.opacity.slider.sliderReleased.emit()
    assert document.layers[-1].opacity == pytest.approx(0.4)
    assert document.history.position == position + 1
    panel.opacity.slider.setValue(300)
    assert document.history.position == position + 2
    act(window, "undo")
    act(window, "undo")
    assert document.layers[-1].opacity == 1.0
    assert panel.opacity.value == 1.0


def test_blend_mode_and_locks(panel: LayersPanel, window: MainWindow, document: Document) -> None:
    panel.blend.setCurrentIndex(panel.blend.findData(BlendMode.MULTIPLY))
    panel.blend.activated.emit(panel.blend.currentIndex())
    panel.lock.click()
    panel.alpha_lock.click()
    layer = document.layers[-1]
    assert isinstance(layer, ImageLayer)
    assert (layer.blend, layer.locked, layer.alpha_locked) == (BlendMode.MULTIPLY, True, True)
    click(panel, layer, "lock")
    assert not document.layers[-1].locked
    for _ in range(4):
        act(window, "undo")
    layer = document.layers[-1]
    assert isinstance(layer, ImageLayer)
    assert (layer.blend, layer.locked, layer.alpha_locked) == (BlendMode.NORMAL, False, False)
    assert panel.blend.currentData() == BlendMode.NORMAL


def test_all_blend_modes_are_offered(panel: LayersPanel) -> None:
    assert {panel.blend.itemData(row) for row in range(panel.blend.count())} == set(BlendMode)


def test_clicking_the_mask_paints_on_it(panel: LayersPanel, window: MainWindow, document: Document) -> None:
    window.layers.add_mask()
    document.paint_on_mask = False
    click(panel, document.layers[-1], "mask")
    assert document.paint_on_mask
    click(panel, document.layers[-1], "pixels")
    assert not document.paint_on_mask


def test_a_result_shows_its_recipe_and_double_click_opens_it(
    qtbot: QtBot, panel: LayersPanel, document: Document
) -> None:
    result = ImageLayer(
        name="a ball", role=Role.RESULT, recipe=b"zip", recipe_title="Paint with strokes · a ball · seed 7"
    )
    document.history.do(AddResult(result))
    index = panel.model.index_of(result.id)
    assert index.data(Qt.ItemDataRole.ToolTipRole) == "Paint with strokes · a ball · seed 7"
    with qtbot.waitSignal(panel.recipe_wanted) as wanted:
        click(panel, result, "pixels", QEvent.Type.MouseButtonDblClick)
    assert wanted.args == [result.id]


def test_double_click_on_an_ordinary_layer_opens_no_recipe(
    qtbot: QtBot, panel: LayersPanel, document: Document
) -> None:
    with qtbot.assertNotEmitted(panel.recipe_wanted):
        click(panel, document.layers[0], "pixels", QEvent.Type.MouseButtonDblClick)


def test_the_tree_follows_undo_and_another_document(panel: LayersPanel, window: MainWindow, document: Document) -> None:
    act(window, "undo")
    assert rows(panel) == ["Layer 1", "Photo"]
    window.documents.choose(None)
    assert rows(panel) == []
    assert not panel.isEnabled()
    window.documents.choose(document)
    assert rows(panel) == ["Layer 1", "Photo"]


def test_groups_remember_that_they_are_closed(panel: LayersPanel, window: MainWindow, document: Document) -> None:
    window.layers.add_group()
    window.layers.add()
    group = document.layers[-1]
    position = document.history.position
    panel.tree.collapse(panel.model.index_of(group.id, EYE))
    closed = document.layers[-1]
    assert isinstance(closed, GroupLayer)
    assert not closed.expanded
    assert document.history.position == position  # folding is no step
    document.activate(document.layers[0].id)
    window.layers.duplicate()  # the tree has another shape now
    assert not panel.tree.isExpanded(panel.model.index_of(group.id, EYE))


def test_rows_speak(panel: LayersPanel) -> None:
    spoken = panel.model.index(2, 1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Photo, shown, 100%"


def test_painting_the_rows_draws_the_thumbnail(panel: LayersPanel, document: Document) -> None:
    blue = np.zeros((64, 96, 4), np.uint8)
    blue[...] = (0, 0, 255, 255)
    document.history.do(AddLayer(ImageLayer(name="Blue", pixels=TiledImage.from_array(blue))))
    layer = document.layers[-1]
    shot = panel.tree.viewport().grab().toImage()
    rect = panel.tree.visualRect(panel.model.index_of(layer.id))
    at: QPoint = parts_of(layer, rect).pixels.center() * panel.devicePixelRatioF()
    assert shot.pixelColor(at).blue() > 200
    assert shot.pixelColor(at).red() < 40
