"""What the window says about masks: which one is in hand, what the next edit is limited to, how they are tinted."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from app.canvas.view import CanvasView
from app.documents import Documents
from app.edit_options import EditOptions
from app.jobs.method_info import TASK
from app.jobs.regions import MOVE
from app.mask_state import MaskState, Stale
from app.panels.colour import to_qcolor
from app.panels.method import MethodPanel
from app.panels.tool_options import ToolOptionsBar
from app.parts.recipes import RecipesPart
from app.parts.tools import ToolsPart
from app.parts.words import WordsPart
from app.workspace import Workspace


class MaskSigns(QObject):
    """Keeps badge, notes, tints and checked actions in step with the current document and the tool options."""

    def __init__(
        self,
        documents: Documents,
        options: EditOptions,
        recipes: RecipesPart,
        tools: ToolsPart,
        words: WordsPart,
        actions: Mapping[str, QAction],
        workspace: Workspace,
        method_panel: MethodPanel,
        option_bar: ToolOptionsBar,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._documents, self._options, self._recipes, self._tools = documents, options, recipes, tools
        self._actions, self._workspace, self._panel, self._bar = actions, workspace, method_panel, option_bar
        self._words = words
        words.state_changed.connect(self._show_mask)
        tools.options_changed.connect(self._show_options)
        options.method_changed.connect(lambda: self._show_mask(words.state))
        recipes.replacing_changed.connect(lambda _: self._show_mask(words.state))
        workspace.view_made.connect(self._adopt)
        workspace.view_changed.connect(lambda _: self.refresh())

    def _adopt(self, view: CanvasView) -> None:
        view.selection_rect_changed.connect(lambda _: self._show_limit())
        self._show_options()

    def refresh(self) -> None:
        """The current document changed, or is another one."""
        document = self._documents.current
        owner = document.mask_in_hand if document is not None else None
        name = document[owner].name if document is not None and owner is not None else None
        self._actions["mask_paint"].setChecked(document is not None and document.paint_on_mask)
        self._workspace.badge.show_layer(name)
        self._bar.show_mask_in_hand(name)
        self._show_limit()

    def _show_limit(self) -> None:
        """Say whether the next edit runs inside a selection, and whether the artist can see that one now."""
        document, view, method = self._documents.current, self._workspace.view, self._options.method
        there = document is not None and document.selection is not None
        used = method is not None and "mask" in method.inputs
        again = document is not None and self._recipes.replaced_in(document) is not None
        own = again and method is not None and "strokes" in method.inputs  # the mask that it had
        finds = method is not None and method.finds
        seen = view is not None and view.selection_seen
        moves = method is not None and "points" in method.inputs and self._options.parameters().get(TASK, MOVE) == MOVE
        limits, mask = there and used and not own, self._words.state if finds else None
        self._workspace.bar.show_selection(there=limits, seen=seen, mask=mask, moves=moves)
        said = (finds or moves) and seen  # by the panel's steps, or by what it says about dragging
        self._panel.selection.show_selection(there=limits and not said, seen=seen, mask=mask, moves=moves)
        self._panel.drag.show_moves(limited=there)

    def _show_options(self) -> None:
        """Tint masks, and check what is chosen, as the tool options say."""
        settings = self._tools.options.settings
        self._actions[f"combine_{settings.combine}"].setChecked(True)
        self._actions["quick_mask"].setChecked(settings.overlay_always)
        finds = self._options.method is not None and self._options.method.finds
        document, state = self._documents.current, self._words.state
        again = document is not None and self._recipes.replaced_in(document) is not None  # its result is to be seen
        found = finds and state.found and state.stale is Stale.NO and not again
        for view in self._workspace:
            shown = settings.overlay_always or (found and view is self._workspace.view)
            view.set_mask_tint(to_qcolor(settings.overlay_colour), always=shown)

    def _show_mask(self, state: MaskState) -> None:
        """A found mask is tinted until it was applied, so that it is seen what will change."""
        self._panel.show_mask(state)
        self._show_limit()
        self._show_options()
