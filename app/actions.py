"""Everything the artist can do, in one table: id, text, shortcut, icon, and who does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from operator import attrgetter

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence

from app.theme import set_icon

CONTEXT = "Actions"


@dataclass(frozen=True)
class ActionSpec:
    """One thing to do.

    Attributes:
        text: in menus; "&" marks the access key.
        shortcut: portable text such as "Ctrl+S"; several are separated by "; "; empty = none.
        slot: "part.method" of the main window.
        argument: handed to the slot, if any.
        needs: what must be there for it to be enabled: "" or words out of
            "document", "layer", "image", "group", "mask", "result", "selection", "points", "box", "undo", "redo",
            "job", "live", "finds" (a method that finds its mask is chosen), "placed" (what is selected shall go
            elsewhere), "stopped" (a drag that can go on),
            "in_hand" (a mask to reshape: the one that the active layer is painted on, or else the selection).
        group: checkable actions of which one is on.
    """

    id: str
    text: str
    shortcut: str
    icon: str
    slot: str
    argument: str = ""
    needs: str = ""
    checkable: bool = False
    group: str = ""


def _(text: str) -> str:
    """Marks a text of the table for `lupdate -tr-function-alias tr+=_`; `translated` looks it up."""
    return text


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("new", _("&New…"), "Ctrl+N", "new", "files.new"),
    ActionSpec("open", _("&Open…"), "Ctrl+O", "open", "files.open"),
    ActionSpec("save", _("&Save"), "Ctrl+S", "save", "files.save", needs="document"),
    ActionSpec("save_as", _("Save &as…"), "Ctrl+Shift+S", "", "files.save_as", needs="document"),
    ActionSpec("export", _("&Export picture…"), "Ctrl+Alt+E", "export", "files.export", needs="document"),
    ActionSpec("autosave", _("&Autosave…"), "", "", "autosaving.ask_minutes"),
    ActionSpec("close", _("&Close"), "Ctrl+W", "", "files.close", needs="document"),
    ActionSpec("quit", _("&Quit"), "Ctrl+Q", "", "close"),
    ActionSpec("undo", _("&Undo"), "Ctrl+Z", "undo", "edit.undo", needs="undo"),
    ActionSpec("redo", _("&Redo"), "Ctrl+Shift+Z; Ctrl+Y", "redo", "edit.redo", needs="redo"),
    ActionSpec("cut", _("Cu&t"), "Ctrl+X", "cut", "edit.cut", needs="image"),
    ActionSpec("copy", _("&Copy"), "Ctrl+C", "copy", "edit.copy", needs="image"),
    ActionSpec("copy_merged", _("Copy &merged"), "Ctrl+Shift+C", "", "edit.copy_merged", needs="document"),
    ActionSpec("paste", _("&Paste"), "Ctrl+V", "paste", "exemplars.paste"),
    ActionSpec("paste_new", _("Paste as &new picture"), "Ctrl+Shift+V", "", "edit.paste_new"),
    ActionSpec("clear", _("C&lear"), "Delete", "", "edit.clear", needs="image"),
    ActionSpec("points_clear", _("Clear &drag points"), "", "delete", "points.clear", needs="points"),
    ActionSpec("points_select", _("Select what is under the &points"), "", "click", "handles.select", needs="points"),
    ActionSpec("box_remove", _("Remove &box"), "", "delete", "box.remove", needs="box"),
    ActionSpec("fill_selected", _("&Fill selection with words…"), "Shift+F5", "", "filling.fill", needs="selection"),
    ActionSpec("remove_selected", _("Remo&ve what is selected"), "Ctrl+Delete", "", "filling.remove",
               needs="selection"),
    ActionSpec("transform_reset", _("Reset &transform"), "", "reset", "regions.reset", needs="placed"),
    ActionSpec("canvas_size", _("Canvas &size…"), "Ctrl+Alt+C", "", "edit.canvas_size", needs="document"),
    ActionSpec("crop", _("C&rop to selection"), "", "", "edit.crop", needs="selection"),
    ActionSpec("layer_add", _("&New layer"), "Ctrl+Shift+N", "add", "layers.add", needs="document"),
    ActionSpec("layer_group_add", _("New &group"), "", "group", "layers.add_group", needs="document"),
    ActionSpec("layer_duplicate", _("&Duplicate"), "Ctrl+J", "duplicate", "layers.duplicate", needs="layer"),
    ActionSpec("layer_delete", _("D&elete layer"), "Shift+Delete", "delete", "layers.delete", needs="layer"),
    ActionSpec("layer_group", _("Put &in a group"), "Ctrl+G", "", "layers.group", needs="layer"),
    ActionSpec("layer_ungroup", _("&Ungroup"), "Ctrl+Shift+G", "", "layers.ungroup", needs="group"),
    ActionSpec("layer_merge", _("&Merge down"), "Ctrl+E", "merge_down", "layers.merge_down", needs="image"),
    ActionSpec("layer_flatten", _("&Flatten"), "Ctrl+Shift+E", "", "layers.flatten", needs="document"),
    ActionSpec("layer_up", _("Move &up"), "Ctrl+]", "", "layers.raise_layer", needs="layer"),
    ActionSpec("layer_down", _("Move do&wn"), "Ctrl+[", "", "layers.lower_layer", needs="layer"),
    ActionSpec("layer_strokes", _("Use as &strokes"), "", "strokes_layer", "layers.toggle_strokes", needs="image"),
    ActionSpec("example_layer", _("Use la&yer as example"), "", "", "exemplars.use_layer", needs="image"),
    ActionSpec("example_selected", _("Use selection as e&xample"), "", "", "exemplars.use_selection",
               needs="selection"),
    ActionSpec("mask_add", _("&Add mask"), "", "mask", "layers.add_mask", needs="layer"),
    ActionSpec("mask_delete", _("&Delete mask"), "", "", "layers.delete_mask", needs="mask"),
    ActionSpec("mask_toggle", _("&Use mask"), "", "", "layers.toggle_mask", needs="mask"),
    ActionSpec("mask_paint", _("&Paint on mask"), "Ctrl+M", "mask_paint", "layers.paint_on_mask", needs="mask",
               checkable=True),
    ActionSpec("select_all", _("Select &all"), "Ctrl+A", "", "selection.all", needs="document"),
    ActionSpec("select_none", _("Select &nothing"), "Ctrl+D", "", "selection.none", needs="selection"),
    ActionSpec("select_invert", _("&Invert"), "Ctrl+Shift+I", "", "selection.invert", needs="document"),
    ActionSpec("select_grow", _("&Grow…"), "Ctrl+Alt+G", "", "selection.grow", needs="in_hand"),
    ActionSpec("select_shrink", _("&Shrink…"), "Ctrl+Alt+S", "", "selection.shrink", needs="in_hand"),
    ActionSpec("select_feather", _("&Feather…"), "Shift+F6", "", "selection.feather", needs="in_hand"),
    ActionSpec("select_smooth", _("S&mooth border…"), "", "", "selection.smooth", needs="in_hand"),
    ActionSpec("select_holes", _("Fill &holes"), "Ctrl+Alt+H", "", "selection.fill_holes", needs="in_hand"),
    ActionSpec("select_specks", _("&Remove specks…"), "", "", "selection.remove_specks", needs="in_hand"),
    ActionSpec("select_refine", _("Refi&ne"), "Ctrl+Alt+R", "", "clicks.refine", needs="in_hand"),
    ActionSpec("mask_import", _("Im&port mask…"), "", "", "selection.import_mask", needs="document"),
    ActionSpec("mask_export", _("E&xport mask…"), "", "", "selection.export_mask", needs="in_hand"),
    ActionSpec("quick_mask", _("&Quick mask"), "Shift+Q", "quick_mask", "tools.set_quick_mask", needs="document",
               checkable=True),
    ActionSpec("combine_replace", _("&New selection"), "", "select_new", "tools.set_combine", "replace",
               checkable=True, group="combine"),
    ActionSpec("combine_add", _("&Add to the selection"), "", "select_add", "tools.set_combine", "add",
               checkable=True, group="combine"),
    ActionSpec("combine_subtract", _("&Take away from the selection"), "", "select_subtract", "tools.set_combine",
               "subtract", checkable=True, group="combine"),
    ActionSpec("combine_intersect", _("Keep the &overlap with the selection"), "", "select_intersect",
               "tools.set_combine", "intersect", checkable=True, group="combine"),
    ActionSpec("select_alpha", _("From layer's &transparency"), "", "", "selection.from_alpha", needs="image"),
    ActionSpec("select_mask", _("From la&yer mask"), "", "", "selection.from_mask", needs="mask"),
    ActionSpec("mask_from_selection", _("Layer mask from s&election"), "", "", "selection.to_mask",
               needs="layer selection"),
    ActionSpec("run", _("&Run"), "Ctrl+Return; Ctrl+Enter", "run", "runs.run", needs="document"),
    ActionSpec("variations", _("Run &variations"), "Ctrl+Shift+Return; Ctrl+Shift+Enter", "variations",
               "variations.run", needs="document"),
    ActionSpec("find", _("Find the &place"), "Ctrl+F", "", "runs.find", needs="document finds"),
    ActionSpec("stop", _("S&top here"), "Ctrl+.", "stop", "runs.stop", needs="job"),
    ActionSpec("go_on", _("Continue the &drag"), "Ctrl+Alt+Return", "run", "dragging.go_on", needs="stopped"),
    ActionSpec("cancel", _("&Cancel"), "Esc", "close", "cancel"),
    ActionSpec("cancel_all", _("Cancel a&ll jobs"), "Shift+Esc", "", "runs.cancel_all", needs="job"),
    ActionSpec("live", _("&Live"), "Ctrl+L", "live", "runs.set_live", needs="document", checkable=True),
    ActionSpec("keep", _("&Keep result"), "Ctrl+K", "keep", "runs.keep", needs="live"),
    ActionSpec("discard", _("&Discard result"), "Ctrl+Shift+K", "close", "runs.discard", needs="live"),
    ActionSpec("edit_again", _("Edit a&gain…"), "", "again", "recipes.edit_again", needs="result"),
    ActionSpec("new_seed", _("Roll another &seed"), "Ctrl+R", "dice", "runs.new_seed"),
    ActionSpec("zoom_in", _("Zoom &in"), "Ctrl++; Ctrl+=", "zoom_in", "view.zoom_in", needs="document"),
    ActionSpec("zoom_out", _("Zoom &out"), "Ctrl+-", "zoom_out", "view.zoom_out", needs="document"),
    ActionSpec("zoom_fit", _("&Fit"), "Ctrl+0", "fit", "view.fit", needs="document"),
    ActionSpec("zoom_100", _("&100 %"), "Ctrl+1", "actual", "view.actual_size", needs="document"),
    ActionSpec("rotate_left", _("Rotate view &left"), "4", "", "view.rotate_left", needs="document"),
    ActionSpec("rotate_right", _("Rotate view &right"), "6", "", "view.rotate_right", needs="document"),
    ActionSpec("rotate_reset", _("Upright &view"), "5", "rotate", "view.reset_rotation", needs="document"),
    ActionSpec("before", _("&Before the edits"), "\\", "", "view.show_before", needs="document", checkable=True),
    ActionSpec("full_screen", _("F&ull screen"), "F11", "", "view.full_screen", checkable=True),
    ActionSpec("floating_bar", _("Floating &bar"), "", "", "view.show_floating_bar", checkable=True),
    ActionSpec("theme_dark", _("&Dark"), "", "", "view.set_theme", "dark", checkable=True, group="theme"),
    ActionSpec("theme_light", _("&Light"), "", "", "view.set_theme", "light", checkable=True, group="theme"),
    ActionSpec("theme_system", _("As the &system"), "", "", "view.set_theme", "system", checkable=True, group="theme"),
    ActionSpec("next_document", _("Ne&xt picture"), "Ctrl+Tab", "", "files.next_document", needs="document"),
    ActionSpec("start_page", _("&Start page"), "", "", "files.show_start"),
    ActionSpec("shortcuts", _("&Keyboard shortcuts"), "F1", "", "help.shortcuts"),
    ActionSpec("log", _("Show &log file"), "", "", "help.show_log"),
    ActionSpec("about", _("&About Pentimento"), "", "", "help.about"),
    ActionSpec("brush", _("Brush"), "B", "brush", "tools.choose", "brush", checkable=True, group="tool"),
    ActionSpec("eraser", _("Eraser"), "E", "eraser", "tools.choose", "eraser", checkable=True, group="tool"),
    ActionSpec("fill", _("Fill"), "G", "fill", "tools.choose", "fill", checkable=True, group="tool"),
    ActionSpec("eyedropper", _("Eyedropper"), "I", "eyedropper", "tools.choose", "eyedropper", checkable=True,
               group="tool"),
    ActionSpec("mask_brush", _("Mask brush"), "Q", "mask_brush", "tools.choose", "mask_brush", checkable=True,
               group="tool"),
    ActionSpec("rectangle", _("Rectangle selection"), "M", "rectangle", "tools.choose", "rectangle", checkable=True,
               group="tool"),
    ActionSpec("ellipse", _("Ellipse selection"), "O", "ellipse", "tools.choose", "ellipse", checkable=True,
               group="tool"),
    ActionSpec("lasso", _("Lasso selection"), "L", "lasso", "tools.choose", "lasso", checkable=True, group="tool"),
    ActionSpec("polygon", _("Polygon selection"), "P", "polygon", "tools.choose", "polygon", checkable=True,
               group="tool"),
    ActionSpec("wand", _("Magic wand"), "W", "wand", "tools.choose", "wand", checkable=True, group="tool"),
    ActionSpec("colour_range", _("Colour range"), "R", "colour_range", "tools.choose", "colour_range", checkable=True,
               group="tool"),
    ActionSpec("click", _("Select by click"), "S", "click", "tools.choose", "click", checkable=True, group="tool"),
    ActionSpec("transform", _("Transform region"), "T", "transform", "tools.choose", "transform", checkable=True,
               group="tool"),
    ActionSpec("box", _("Box"), "U", "box", "tools.choose", "box", checkable=True, group="tool"),
    ActionSpec("points", _("Drag points"), "A", "points", "tools.choose", "points", checkable=True, group="tool"),
    ActionSpec("move", _("Move layer"), "V", "move", "tools.choose", "move", checkable=True, group="tool"),
    ActionSpec("brush_smaller", _("Smaller brush"), "[", "", "tools.resize_brush", "smaller"),
    ActionSpec("brush_larger", _("Larger brush"), "]", "", "tools.resize_brush", "larger"),
    ActionSpec("brush_softer", _("Softer brush"), ",", "", "tools.harden_brush", "softer"),
    ActionSpec("brush_harder", _("Harder brush"), ".", "", "tools.harden_brush", "harder"),
    ActionSpec("swap_colours", _("Swap colours"), "X", "swap", "tools.swap_colours"),
    ActionSpec("reset_colours", _("Black and white"), "D", "", "tools.reset_colours"),
)  # fmt: skip

TOOL_IDS = tuple(spec.id for spec in ACTIONS if spec.group == "tool")

MENUS: tuple[tuple[str, tuple[str, ...]], ...] = (  # "" = a line; "@name" = a menu that the window fills
    (_("&File"), ("new", "open", "@recent", "", "save", "save_as", "export", "autosave", "", "close", "quit")),
    (_("&Edit"), ("undo", "redo", "", "cut", "copy", "copy_merged", "paste", "paste_new", "clear",
                  "points_clear", "box_remove", "",
                  "fill_selected", "remove_selected", "example_selected", "transform_reset", "", "canvas_size",
                  "crop", "", "@tools")),
    (_("&Layer"), ("layer_add", "layer_group_add", "layer_duplicate", "layer_delete", "", "layer_group",
                   "layer_ungroup", "layer_up", "layer_down", "", "layer_merge", "layer_flatten", "",
                   "layer_strokes", "example_layer", "edit_again")),
    (_("&Mask"), ("select_all", "select_none", "@combine", "select_alpha", "select_mask", "points_select", "",
                  "select_invert", "select_grow", "select_shrink", "select_feather", "select_smooth", "select_holes",
                  "select_specks", "select_refine", "", "mask_import", "mask_export", "quick_mask", "", "mask_add",
                  "mask_from_selection", "mask_delete", "mask_toggle", "mask_paint")),
    (_("Edit &with"), ("@methods", "", "run", "variations", "find", "stop", "go_on", "cancel", "cancel_all", "",
                       "live", "keep", "discard", "", "new_seed")),
    (_("&View"), ("zoom_in", "zoom_out", "zoom_fit", "zoom_100", "", "rotate_left", "rotate_right", "rotate_reset",
                  "before", "", "full_screen", "next_document", "", "floating_bar", "@panels", "@theme")),
    (_("&Help"), ("start_page", "shortcuts", "log", "about")),
)  # fmt: skip

CANVAS_MENU = ("run", "go_on", "", "cut", "copy", "paste", "", "select_all", "select_none", "select_invert",
               "select_feather", "", "layer_add", "mask_from_selection", "fill_selected", "remove_selected",
               "example_selected", "", "zoom_fit", "zoom_100", "before")  # fmt: skip

SUBMENUS: dict[str, tuple[str, tuple[str, ...]]] = {
    "@recent": (_("Open &recent"), ()),
    "@tools": (_("&Tools"), (*TOOL_IDS, "", "brush_smaller", "brush_larger", "brush_softer", "brush_harder", "",
                             "swap_colours", "reset_colours")),
    "@combine": (_("Ne&w selections"), ("combine_replace", "combine_add", "combine_subtract", "combine_intersect")),
    "@panels": (_("&Panels"), ()),
    "@theme": (_("&Theme"), ("theme_dark", "theme_light", "theme_system")),
}  # fmt: skip


def translated(text: str) -> str:
    """A text of this table in the artist's language."""
    return QCoreApplication.translate(CONTEXT, text)


def shortcuts_of(spec: ActionSpec) -> list[QKeySequence]:
    """The key sequences of an action, the one to show first."""
    portable = QKeySequence.SequenceFormat.PortableText
    return [QKeySequence.fromString(keys, portable) for keys in spec.shortcut.split("; ") if keys]


def tooltip_of(spec: ActionSpec) -> str:
    """What a button says when the pointer rests on it: the text and the shortcut."""
    text = translated(spec.text).replace("&", "").removesuffix("…")
    keys = shortcuts_of(spec)
    return f"{text} ({keys[0].toString(QKeySequence.SequenceFormat.NativeText)})" if keys else text


def build_actions(owner: QObject) -> dict[str, QAction]:
    """An action for every row of the table, connected to `owner`'s parts."""
    groups: dict[str, QActionGroup] = {}
    actions: dict[str, QAction] = {}
    for spec in ACTIONS:
        action = QAction(translated(spec.text), owner)
        action.setObjectName(spec.id)
        action.setShortcuts(shortcuts_of(spec))
        action.setToolTip(tooltip_of(spec))
        if spec.icon:
            set_icon(action, spec.icon)
        action.setCheckable(spec.checkable)
        if spec.group:
            group = groups.setdefault(spec.group, QActionGroup(owner))
            group.addAction(action)
        action.triggered.connect(_call(spec, owner))
        actions[spec.id] = action
    return actions


def _call(spec: ActionSpec, owner: QObject) -> Callable[[bool], None]:
    """What the action's `triggered` is connected to; looked up when it happens, so that parts may be made later."""

    def call(checked: bool) -> None:
        slot = attrgetter(spec.slot)(owner)
        if spec.argument:
            slot = partial(slot, spec.argument)
        elif spec.checkable:
            slot = partial(slot, checked)
        slot()

    return call


def enable(actions: Mapping[str, QAction], there: frozenset[str]) -> None:
    """Switch on exactly the actions whose needs are `there`."""
    for spec in ACTIONS:
        actions[spec.id].setEnabled(all(need in there for need in spec.needs.split()))
