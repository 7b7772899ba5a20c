"""The tool in hand and the marks that belong to it, on every canvas that is open."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.canvas.view import CanvasView
from app.edit_options import EditOptions
from app.parts.box import BoxPart
from app.parts.clicks import ClicksPart
from app.parts.points import PointsPart
from app.parts.regions import RegionsPart
from app.parts.tools import ToolsPart
from app.workspace import Workspace


class ToolOnCanvas(QObject):
    """Gives each canvas the tool in hand, and repaints what a tool shows when its part says that it is another."""

    def __init__(
        self,
        tools: ToolsPart,
        options: EditOptions,
        clicks: ClicksPart,
        points: PointsPart,
        regions: RegionsPart,
        box: BoxPart,
        workspace: Workspace,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._tools, self._options, self._workspace = tools, options, workspace
        tools.tool_changed.connect(lambda _: self._give_tool())
        options.method_changed.connect(self._show_marks)
        for part in (clicks, points, regions, box):
            part.changed.connect(self._show_overlay)
        workspace.view_made.connect(self._adopt)

    def _adopt(self, _: CanvasView) -> None:
        self._give_tool()
        self._show_marks()

    def _give_tool(self) -> None:
        for view in self._workspace:
            view.set_tool(self._tools.tool, self._tools.options)

    def _show_marks(self) -> None:
        """Drag points and the box are seen whatever tool is in hand where the method chosen makes use of them."""
        inputs = self._options.method.inputs if self._options.method is not None else ()
        for view in self._workspace:
            view.set_points_shown("points" in inputs)
            view.set_box_shown("box" in inputs)

    def _show_overlay(self) -> None:
        """The tool shows something else over the picture, though the pointer rests."""
        if self._workspace.view is not None:
            self._workspace.view.show_overlay()
