"""What can be set for the tools that select, in the row above the canvas."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from app.jobs.segments import AtWork
from app.panels.click_extras import ClickExtras
from app.panels.hint import HintLabel
from app.parts.clicks import ClicksPart
from app.parts.tools import ToolsPart
from app.widgets import NumberControl, action_button
from editor.likeness import WIDEST

SELECTORS = ("rectangle", "ellipse", "lasso", "polygon", "wand", "colour_range", "click")
COMBINATIONS = ("combine_replace", "combine_add", "combine_subtract", "combine_intersect")


class SelectPage(QWidget):
    """How a new selection joins the one there is, its feather, and what the tool in hand has besides."""

    def __init__(self, actions: Mapping[str, QAction], tools: ToolsPart, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self.tolerance = NumberControl(self.tr("Tolerance"), 0.0, 1.0, factor=100, unit="%", inline=True)
        self.fuzziness = NumberControl(self.tr("Fuzziness"), 0, WIDEST, whole=True, curve=1.5, inline=True)
        self.fuzziness.setToolTip(self.tr("How far a colour may be from the picked one; the selection follows at once"))
        self.contiguous = QCheckBox(self.tr("Contiguous"))
        self.contiguous.setToolTip(self.tr("Only what hangs together with the pixel that is clicked"))
        self.merged = QCheckBox(self.tr("All layers"))
        self.merged.setToolTip(self.tr("Look at all layers together; else at the active one alone"))
        self.feather = NumberControl(self.tr("Feather"), 0, 200, whole=True, unit="px", curve=2.0, inline=True)
        self.hint = HintLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addLayout(self._combine_buttons(actions))
        for widget in (self.tolerance, self.fuzziness, self.contiguous, self.merged, self.feather):
            row.addWidget(widget)
        self.click = ClickExtras()
        row.addWidget(self.click)
        row.addWidget(self.hint, 1)
        options = tools.options
        self.tolerance.changed.connect(lambda value: options.change(wand_tolerance=float(value)))
        self.fuzziness.changed.connect(lambda value: options.change(range_fuzziness=float(value)))
        self.contiguous.toggled.connect(lambda on: options.change(wand_contiguous=on))
        self.merged.toggled.connect(lambda on: options.change(sample_merged=on))
        self.feather.changed.connect(lambda value: options.change(feather=float(value)))

    def _combine_buttons(self, actions: Mapping[str, QAction]) -> QHBoxLayout:
        keys = ("", self.tr("Shift"), self.tr("Alt"), self.tr("Shift and Alt"))
        row = QHBoxLayout()
        row.setSpacing(2)
        for name, key in zip(COMBINATIONS, keys, strict=True):
            button = action_button(actions[name], size=18)
            if key:
                button.setToolTip(self.tr("{} (or hold {})").format(actions[name].toolTip(), key))
            row.addWidget(button)
        return row

    def join(self, clicks: ClicksPart) -> None:
        """Follow and steer the tool that selects by clicks."""
        self.click.model_chosen.connect(clicks.choose)
        self.click.checkpoint_wanted.connect(clicks.choose_checkpoint)
        self.click.next_wanted.connect(clicks.next_choice)
        clicks.changed.connect(lambda: self.click.show_choice(*clicks.tool.choices))

        def show(at_work: AtWork | None) -> None:
            self.click.show_models(clicks.segmenters.chosen, clicks.segmenters.checkpoint, at_work)
            self.show_tool(self._tools.current)

        clicks.at_work_changed.connect(show)
        show(clicks.at_work)

    def show_tool(self, tool: str) -> None:
        """Show what this tool has, and its values."""
        settings = self._tools.options.settings
        self.tolerance.set_value(settings.wand_tolerance)
        self.fuzziness.set_value(settings.range_fuzziness)
        self.contiguous.setChecked(settings.wand_contiguous)
        self.merged.setChecked(settings.sample_merged)
        self.feather.set_value(settings.feather)
        self.tolerance.setVisible(tool == "wand")
        self.contiguous.setVisible(tool == "wand")
        self.fuzziness.setVisible(tool == "colour_range")
        self.merged.setVisible(tool in ("wand", "colour_range", "click"))
        self.click.setVisible(tool == "click")
        self.hint.show_hint(self._hint(tool))

    def _hint(self, tool: str) -> str:
        if tool == "polygon":
            return self.tr("Click corners. The first one or Enter closes, Backspace takes one back, Esc drops all.")
        if tool == "colour_range":
            return self.tr("Click a colour; Shift adds another.")
        if tool == "click":
            return self.click.hint
        if tool == "wand":
            return ""
        return self.tr("Shift adds, Alt takes away, both keep the overlap.")
