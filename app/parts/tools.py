"""The tools, which one is in hand, and what is set for them."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.settings import Settings
from editor.masks import Combine
from editor.strokes import Brush
from editor.tools import TOOLS, Tool, ToolOptions
from editor.tools import Settings as ToolSettings
from editor.tools.base import Later
from editor.tools.options import Colour

BRUSHES = {"brush": "brush", "eraser": "eraser", "mask_brush": "mask_brush"}  # tool -> name of its brush
SIZES = (1.0, 1000.0)  # pixels
SIZE_STEP = 1.15
HARDNESS_STEP = 0.1
BLACK: Colour = (0.0, 0.0, 0.0, 1.0)
WHITE: Colour = (1.0, 1.0, 1.0, 1.0)


class ToolsPart(QObject):
    """Signals:
    tool_changed: the id of the tool in hand.
    options_changed: something was set, here or by a tool (the eyedropper).
    """

    tool_changed = Signal(str)
    options_changed = Signal()

    def __init__(self, settings: Settings, parent: QObject) -> None:
        super().__init__(parent)
        self._store = settings
        self.options = ToolOptions(_remembered(settings.tool_values()))
        self.other_colour: Colour = WHITE
        self.tools: dict[str, Tool] = {name: make(self.options) for name, make in TOOLS.items()}
        self.current = "brush"
        self.options.subscribe(lambda _: self.options_changed.emit())

    @property
    def tool(self) -> Tool:
        """The tool in hand."""
        return self.tools[self.current]

    @property
    def brush(self) -> Brush | None:
        """The brush of the tool in hand; None for a tool without."""
        name = BRUSHES.get(self.current)
        return getattr(self.options.settings, name) if name else None

    def choose(self, tool: str) -> None:
        """Take another tool; KeyError for an unknown one."""
        if tool != self.current:
            self.tools[tool]
            self.current = tool
            self.tool_changed.emit(tool)

    def set_brush(self, **values: Any) -> None:
        """Change the brush of the tool in hand, e.g. size=40.0."""
        name = BRUSHES.get(self.current)
        if name:
            self.options.change_brush(name, **values)

    def resize_brush(self, direction: str) -> None:
        """ "larger" or "smaller", by a step that grows with the size."""
        if self.brush is not None:
            factor = SIZE_STEP if direction == "larger" else 1 / SIZE_STEP
            wanted = self.brush.size * factor
            wanted = max(wanted, self.brush.size + 1) if factor > 1 else min(wanted, self.brush.size - 1)
            self.set_brush(size=round(min(SIZES[1], max(SIZES[0], wanted))))

    def harden_brush(self, direction: str) -> None:
        """ "harder" or "softer" by a tenth."""
        if self.brush is not None:
            step = HARDNESS_STEP if direction == "harder" else -HARDNESS_STEP
            self.set_brush(hardness=round(min(1.0, max(0.0, self.brush.hardness + step)), 2))

    def set_colour(self, colour: Colour) -> None:
        """Paint with another colour, (r, g, b, a) 0..1."""
        self.options.change(colour=colour)

    def set_combine(self, how: str) -> None:
        """ "replace", "add", "subtract" or "intersect": how new selections join the one there is."""
        self.options.change(combine=Combine(how))

    def set_quick_mask(self, on: bool) -> None:
        """Show masks as a tint whatever tool is in hand."""
        self.options.change(overlay_always=on)

    def run_with(self, later: Later) -> None:
        """Let the tools do what takes long with this."""
        for tool in self.tools.values():
            tool.later = later

    def swap_colours(self) -> None:
        """Exchange the colour with the one kept behind it."""
        colour, self.other_colour = self.other_colour, self.options.colour
        self.options.change(colour=colour)
        self.options_changed.emit()

    def reset_colours(self) -> None:
        """Paint black, white behind it."""
        self.other_colour = WHITE
        self.options.change(colour=BLACK)
        self.options_changed.emit()

    def remember(self) -> None:
        """Write the options into the settings file."""
        self._store.remember_tool_values(asdict(self.options.settings))


def _remembered(values: dict[str, Any]) -> ToolSettings:
    """Options from the settings file; what does not fit keeps its default."""
    options = ToolSettings()
    fitting = {name: _like(getattr(options, name), value) for name, value in values.items() if hasattr(options, name)}
    return replace(options, **fitting)


def _like(default: Any, value: Any) -> Any:
    """`value` where it is of the default's kind, else the default."""
    if isinstance(default, Brush) and isinstance(value, dict):
        known = {name: _like(getattr(default, name), part) for name, part in value.items() if hasattr(default, name)}
        return replace(default, **known)
    if isinstance(default, Combine):
        return Combine(value) if value in list(Combine) else default
    if isinstance(default, tuple) and isinstance(value, list) and len(value) == len(default):
        return tuple(_like(part, known) for part, known in zip(default, value, strict=True))
    return value if type(value) is type(default) else default
