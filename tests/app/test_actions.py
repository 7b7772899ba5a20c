"""One table for everything: no shortcut twice, nothing that cannot be reached, nothing that nobody does."""

from __future__ import annotations

from collections import Counter
from operator import attrgetter

from PySide6.QtGui import QKeySequence

from app.actions import ACTIONS, CANVAS_MENU, MENUS, SUBMENUS, TOOL_IDS, shortcuts_of
from app.facts import what_is_there
from app.main_window import MainWindow
from editor.document import Document
from editor.tools import TOOLS

ENTRIES = [entry for _, entries in (*MENUS, *SUBMENUS.values()) for entry in entries if entry]


def test_ids_are_unique() -> None:
    assert [name for name, count in Counter(spec.id for spec in ACTIONS).items() if count > 1] == []


def test_no_shortcut_is_given_twice() -> None:
    keys = [key.toString() for spec in ACTIONS for key in shortcuts_of(spec)]
    assert [key for key, count in Counter(keys).items() if count > 1] == []
    assert len(keys) > 50


def test_every_shortcut_is_one_that_qt_knows() -> None:
    for spec in ACTIONS:
        for key in shortcuts_of(spec):
            assert not key.isEmpty(), spec.id
            assert key.count() == 1, spec.id
            assert QKeySequence.fromString(key.toString()) == key


def test_every_tool_has_one_key() -> None:
    assert set(TOOL_IDS) == set(TOOLS)
    for spec in ACTIONS:
        if spec.id in TOOL_IDS:
            assert len(spec.shortcut) == 1, spec.id


def test_everything_stands_in_a_menu_once() -> None:
    listed = Counter(entry for entry in ENTRIES if not entry.startswith("@"))
    assert {spec.id for spec in ACTIONS} == set(listed)
    assert [name for name, count in listed.items() if count > 1] == []
    assert {entry for entry in ENTRIES if entry.startswith("@")} == {*SUBMENUS, "@methods"}
    assert {entry for entry in CANVAS_MENU if entry} <= set(listed)


def test_menus_have_one_access_key_each() -> None:
    keys = [title[title.index("&") + 1].lower() for title, _ in MENUS]
    assert len(set(keys)) == len(keys)


def test_every_slot_exists(window: MainWindow) -> None:
    for spec in ACTIONS:
        assert callable(attrgetter(spec.slot)(window)), spec.id


def test_actions_are_enabled_by_what_is_there(window: MainWindow, document: Document) -> None:
    window._refresh_state()
    enabled = {name for name, action in window.commands.items() if action.isEnabled()}
    assert {"save", "copy", "run", "layer_duplicate", "zoom_fit", "open", "paste"} <= enabled
    assert not enabled & {"undo", "redo", "select_none", "stop", "keep", "mask_paint", "layer_ungroup", "edit_again"}
    window.selection.all()
    window._refresh_state()
    assert window.commands["select_none"].isEnabled()
    assert window.commands["undo"].isEnabled()


def test_nothing_of_a_picture_is_offered_without_one(window: MainWindow) -> None:
    assert what_is_there(None) == frozenset()
    window._refresh_state()
    offered = {spec.id for spec in ACTIONS if spec.needs and window.commands[spec.id].isEnabled()}
    assert offered == set()
