"""The tools by id; each is made with the options that all share: `TOOLS["brush"](options)`."""

from collections.abc import Callable

from editor.tools.base import Tool
from editor.tools.box import BoxTool
from editor.tools.brush import BrushTool, EraserTool
from editor.tools.click import ClickTool
from editor.tools.colour_range import ColourRangeTool
from editor.tools.drag_points import DragPointsTool
from editor.tools.eyedropper import EyedropperTool
from editor.tools.fill import FillTool
from editor.tools.mask_brush import MaskBrushTool
from editor.tools.move import MoveTool
from editor.tools.options import Settings, ToolOptions
from editor.tools.overlay import (
    BoxOverlay,
    CircleOverlay,
    OutlineOverlay,
    Overlay,
    PlacementOverlay,
    PointingOverlay,
    PointsOverlay,
)
from editor.tools.polygon import PolygonTool
from editor.tools.select import EllipseTool, LassoTool, RectangleTool
from editor.tools.transform import TransformTool
from editor.tools.wand import WandTool

TOOLS: dict[str, Callable[[ToolOptions], Tool]] = {
    BrushTool.id: BrushTool,
    EraserTool.id: EraserTool,
    EyedropperTool.id: EyedropperTool,
    FillTool.id: FillTool,
    MaskBrushTool.id: MaskBrushTool,
    MoveTool.id: MoveTool,
    RectangleTool.id: RectangleTool,
    EllipseTool.id: EllipseTool,
    LassoTool.id: LassoTool,
    PolygonTool.id: PolygonTool,
    WandTool.id: WandTool,
    ColourRangeTool.id: ColourRangeTool,
    ClickTool.id: ClickTool,
    TransformTool.id: TransformTool,
    BoxTool.id: BoxTool,
    DragPointsTool.id: DragPointsTool,
}

__all__ = [
    "TOOLS",
    "BoxOverlay",
    "CircleOverlay",
    "OutlineOverlay",
    "Overlay",
    "PlacementOverlay",
    "PointingOverlay",
    "PointsOverlay",
    "Settings",
    "Tool",
    "ToolOptions",
]
