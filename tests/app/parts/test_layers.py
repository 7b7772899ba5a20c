"""The Layer and Mask menus: each is one step that undo takes back exactly."""

from __future__ import annotations

import numpy as np
import pytest

from app.errors import Message
from app.jobs.bridge import request_from
from app.main_window import MainWindow
from editor.composite import composite
from editor.document import Document
from editor.events import Phase, PointerEvent
from editor.geometry import Rect
from editor.layers import GroupLayer, ImageLayer, Role
from editor.masks import rectangle
from editor.tools import TOOLS, ToolOptions
from tests.app.conftest import act


def names(document: Document) -> list[str]:
    return [layer.name for layer in document.walk()]


@pytest.mark.parametrize(
    "action",
    ["layer_add", "layer_group_add", "layer_duplicate", "layer_delete", "layer_group", "layer_flatten", "layer_strokes",
     "mask_add"],
)  # fmt: skip
def test_every_action_is_one_step_and_undo_takes_it_back(window: MainWindow, document: Document, action: str) -> None:
    window.layers.add()
    before, seen, position = document.layers, composite(document.snapshot()), document.history.position
    act(window, action)
    assert document.history.position == position + 1
    assert document.layers != before
    act(window, "undo")
    assert [layer.id for layer in document.layers] == [layer.id for layer in before]
    np.testing.assert_array_equal(composite(document.snapshot()), seen)
    act(window, "redo")
    assert document.history.position == position + 1


def test_new_layers_go_above_the_active_one_and_into_an_open_group(window: MainWindow, document: Document) -> None:
    act(window, "layer_add")
    act(window, "layer_add")
    assert names(document) == ["Photo", "Layer 1", "Layer 2"]
    document.activate(document.layers[0].id)
    act(window, "layer_group_add")
    act(window, "layer_add")
    group = document.layers[1]
    assert isinstance(group, GroupLayer)
    assert [layer.name for layer in group.children] == ["Layer 3"]


def test_an_added_layer_is_painted_on_and_guides_the_edit(window: MainWindow, document: Document) -> None:
    act(window, "layer_add")
    brush = TOOLS["brush"](ToolOptions())
    for y in (20.0, 50.0):
        brush.press(document, PointerEvent(Phase.PRESS, 20, y))
        brush.release(document, PointerEvent(Phase.RELEASE, 20, y))
    assert names(document) == ["Photo", "Layer 1"]
    request = request_from(document, "sdedit", {}, "a ball")
    assert request.strokes is not None
    assert (request.strokes[[20, 50], 20, 3] == 255).all()


def test_moving_up_and_down_leaves_a_group_at_its_ends(window: MainWindow, document: Document) -> None:
    act(window, "layer_group_add")
    act(window, "layer_add")
    act(window, "layer_up")
    assert [layer.name for layer in document.layers] == ["Photo", "Group 1", "Layer 1"]
    act(window, "layer_down")
    assert [layer.name for layer in document.layers] == ["Photo", "Layer 1", "Group 1"]


def test_ungroup_and_merge(window: MainWindow, document: Document) -> None:
    act(window, "layer_duplicate")
    act(window, "layer_group")
    assert isinstance(document.layers[-1], GroupLayer)
    act(window, "layer_ungroup")
    assert names(document) == ["Photo", "Photo copy"]
    document.activate(document.layers[-1].id)
    act(window, "layer_merge")
    assert names(document) == ["Photo"]


def test_merging_the_lowest_layer_is_told(window: MainWindow, document: Document, posted: list[Message]) -> None:
    act(window, "layer_merge")
    assert "no layer below" in posted[-1].sentence


def test_strokes_can_be_switched(window: MainWindow, document: Document) -> None:
    act(window, "layer_strokes")
    layer = document.layers[0]
    assert isinstance(layer, ImageLayer)
    assert layer.role is Role.STROKES
    act(window, "layer_strokes")
    assert document.layers[0].role is Role.IMAGE  # type: ignore[attr-defined]


def test_a_mask_is_made_from_the_selection(window: MainWindow, document: Document) -> None:
    document.select(rectangle(Rect(10, 12, 20, 8), document.canvas))
    act(window, "mask_add")
    mask = document.layers[0].mask
    assert mask is not None
    assert mask.content() == Rect(10, 12, 20, 8)
    assert document.paint_on_mask
    act(window, "mask_paint")
    assert not document.paint_on_mask
    act(window, "mask_toggle")
    assert not document.layers[0].mask_enabled
    act(window, "select_none")
    act(window, "select_mask")


def test_a_mask_without_a_selection_shows_everything(window: MainWindow, document: Document) -> None:
    before = composite(document.snapshot())
    act(window, "mask_add")
    np.testing.assert_array_equal(composite(document.snapshot()), before)
    act(window, "mask_delete")
    assert document.layers[0].mask is None
