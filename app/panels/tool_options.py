"""The row above the canvas: what can be set for the tool in hand."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QToolBar,
    QToolButton,
    QWidget,
)

from app.actions import ACTIONS, translated
from app.panels.box_page import BoxPage
from app.panels.colour import ColourPopup
from app.panels.points_page import PointsPage
from app.panels.select_page import SELECTORS, SelectPage
from app.panels.transform_page import TransformPage
from app.parts.tools import BRUSHES, SIZES, ToolsPart
from app.theme import set_icon
from app.widgets import NumberControl, caption, divider, hide_to_fit, icon_button
from editor.strokes import Brush


class MaskBrushExtras(QWidget):
    """Whether the mask brush adds or takes away, and how masks are tinted."""

    def __init__(self, tools: ToolsPart, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self.adds = icon_button("select_add", self.tr("Add to the mask"), checkable=True, size=18)
        self.takes = icon_button("select_subtract", self.tr("Take away from the mask (Alt)"), checkable=True, size=18)
        self.tint = icon_button("quick_mask", self.tr("Colour and opacity of the mask's tint"), size=18)
        self.popup = ColourPopup(self)
        self.popup.changed.connect(lambda colour: tools.options.change(overlay_colour=colour))
        self.adds.clicked.connect(lambda: tools.options.change(mask_brush_takes=False))
        self.takes.clicked.connect(lambda: tools.options.change(mask_brush_takes=True))
        self.tint.clicked.connect(self._open_popup)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        one_of_two = QButtonGroup(self)
        for button in (self.adds, self.takes, self.tint):
            row.addWidget(button)
            if button is not self.tint:
                one_of_two.addButton(button)
        tools.options_changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        takes = self._tools.options.settings.mask_brush_takes
        self.adds.setChecked(not takes)
        self.takes.setChecked(takes)

    def _open_popup(self) -> None:
        corner = self.tint.mapToGlobal(QPoint(0, self.tint.height() + 8))
        self.popup.open_at(corner, self._tools.options.settings.overlay_colour)


class BrushPage(QWidget):
    """Size, hardness and the rest of one of the three brushes."""

    def __init__(self, tools: ToolsPart, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self.size_control = NumberControl(self.tr("Size"), *SIZES, whole=True, unit="px", curve=3.0, inline=True)
        self.hardness = NumberControl(self.tr("Hardness"), 0.0, 1.0, factor=100, unit="%", inline=True)
        self.opacity = NumberControl(self.tr("Opacity"), 0.0, 1.0, factor=100, unit="%", inline=True)
        self.flow = NumberControl(self.tr("Flow"), 0.01, 1.0, factor=100, unit="%", inline=True)
        self.smoothing = NumberControl(self.tr("Smoothing"), 0.0, 1.0, factor=100, unit="%", inline=True)
        self.pressure_size = _pressure_button("size", self.tr("Pen pressure changes the size"))
        self.pressure_opacity = _pressure_button("opacity", self.tr("Pen pressure changes the opacity"))
        self._controls = {
            "size": self.size_control, "hardness": self.hardness, "opacity": self.opacity, "flow": self.flow,
            "smoothing": self.smoothing,
        }  # fmt: skip
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for name, control in self._controls.items():
            control.slider.setFixedWidth(72 if name in ("size", "hardness", "opacity") else 48)
            control.changed.connect(lambda value, name=name: tools.set_brush(**{name: float(value)}))
            row.addWidget(control)
            if name == "size":
                row.addWidget(self.pressure_size)
            elif name == "opacity":
                row.addWidget(self.pressure_opacity)
        row.addStretch(1)
        self.pressure_size.clicked.connect(lambda on: tools.set_brush(pressure_size=on))
        self.pressure_opacity.clicked.connect(lambda on: tools.set_brush(pressure_opacity=on))

        self.mask_extras = MaskBrushExtras(tools)
        row.insertWidget(0, self.mask_extras)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """In a narrow window what is changed least often is left out."""
        rare = (self._controls["smoothing"], self._controls["flow"], self.pressure_opacity, self.pressure_size)
        hide_to_fit(self, self.width(), rare)

    def show_tool(self, tool: str) -> None:
        """Show what only some of the brushes have."""
        self.mask_extras.setVisible(tool == "mask_brush")
        self._fit()

    def show_brush(self, brush: Brush) -> None:
        """Show the values of a brush."""
        for name, control in self._controls.items():
            control.set_value(getattr(brush, name))
        self.pressure_size.setChecked(brush.pressure_size)
        self.pressure_opacity.setChecked(brush.pressure_opacity)


class ToolOptionsBar(QToolBar):
    """Follows the tool in hand."""

    def __init__(self, actions: Mapping[str, QAction], tools: ToolsPart, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toolOptions")
        self.setWindowTitle(self.tr("Tool options"))
        self.setMovable(False)
        self.setFloatable(False)
        self._tools = tools
        self._icon = QLabel()
        self._name = caption("", "heading")
        self._owner = ""  # of the mask in hand; empty for the selection
        self._pages = QStackedWidget()
        self.brush_page = BrushPage(tools)
        self._pages.addWidget(self.brush_page)
        self._fill_page = self._make_fill_page()
        self.select_page = SelectPage(actions, tools)
        self.transform_page = TransformPage(actions)
        self.points_page = PointsPage(actions, tools)
        self.box_page = BoxPage(actions, tools)
        move = self.tr("Drag to move the active layer, or what is selected of it. Shift keeps to one direction.")
        self._move_page = _hint_page(move)
        self._pick_page = _hint_page(self.tr("Click to take the colour that is seen there."))
        own = (self._fill_page, self.select_page, self.points_page, self.transform_page, self.box_page)
        for page in (*own, self._move_page, self._pick_page):
            self._pages.addWidget(page)
        body = QWidget()
        body.setFixedHeight(40)
        row = QHBoxLayout(body)
        row.setContentsMargins(12, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(self._icon)
        row.addWidget(self._name)
        row.addSpacing(4)
        row.addWidget(divider(vertical=True))
        row.addSpacing(4)
        row.addWidget(self._pages, 1)
        self.addWidget(body)
        tools.tool_changed.connect(lambda _: self.refresh())
        tools.options_changed.connect(self.refresh)
        self.refresh()

    def _make_fill_page(self) -> QWidget:
        self.tolerance = NumberControl(self.tr("Tolerance"), 0.0, 1.0, factor=100, unit="%", inline=True)
        self.tolerance.changed.connect(lambda value: self._tools.options.change(fill_tolerance=float(value)))
        self.contiguous = QCheckBox(self.tr("Only what hangs together"))
        self.contiguous.toggled.connect(lambda on: self._tools.options.change(fill_contiguous=on))
        return _row(self.tolerance, self.contiguous)

    def refresh(self) -> None:
        """Show the tool in hand and its values."""
        tool, settings = self._tools.current, self._tools.options.settings
        spec = next(spec for spec in ACTIONS if spec.id == tool)
        set_icon(self._icon, spec.icon)
        self._name.setText(f"{translated(spec.text)}{self._painted_on(tool)}")
        if tool in BRUSHES and self._tools.brush is not None:
            self.brush_page.show_brush(self._tools.brush)
            self.brush_page.show_tool(tool)
        elif tool in SELECTORS:
            self.select_page.show_tool(tool)
        self.points_page.finds.setChecked(settings.select_under_handle)
        self.box_page.locked.setChecked(settings.box_locked)
        self.tolerance.set_value(settings.fill_tolerance)
        self.contiguous.setChecked(settings.fill_contiguous)
        pages = {
            "fill": self._fill_page, "points": self.points_page, "transform": self.transform_page,
            "box": self.box_page, "move": self._move_page, "eyedropper": self._pick_page,
        }  # fmt: skip
        page = self.brush_page if tool in BRUSHES else self.select_page if tool in SELECTORS else pages[tool]
        self._pages.setCurrentWidget(page)

    def show_mask_in_hand(self, owner: str | None) -> None:
        """Name the layer whose mask is painted on; None = the selection is in hand."""
        if (owner or "") != self._owner:
            self._owner = owner or ""
            self.refresh()

    def _painted_on(self, tool: str) -> str:
        """What a brush goes to, where it is a mask."""
        if tool not in BRUSHES or (tool != "mask_brush" and not self._owner):
            return ""
        return self.tr(" · layer mask") if self._owner else self.tr(" · selection")

    def sizeHint(self) -> QSize:
        return QSize(400, 41)

    def minimumSizeHint(self) -> QSize:
        return QSize(200, 41)


def _pressure_button(what: str, text: str) -> QToolButton:
    return icon_button(f"pressure_{what}", text, checkable=True, size=18)


def _row(*widgets: QWidget) -> QWidget:
    page = QWidget()
    row = QHBoxLayout(page)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(16)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return page


def _hint_page(text: str) -> QWidget:
    label = caption(text)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
    return _row(label)
