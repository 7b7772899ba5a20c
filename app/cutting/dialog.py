"""Edit example: crop it, mask it by brush, by picking or by having its background removed; undo inside."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.cutting.canvas import CutCanvas, CutTool
from app.cutting.cut import Cut
from app.cutting.finder import Finder
from app.cutting.session import Cutting
from app.jobs.queue import JobState
from app.theme import set_icon
from app.widgets import NumberControl, caption, divider, icon_button
from editor.masks import Mask

FIRST_SIZE = (760, 680)
BRUSH = 0.06  # of the longer side, at first
SMALLEST_BRUSH, LARGEST_BRUSH = 1, 600  # picture pixels
STEP = 1.25  # by which [ and ] change the brush


class CutDialog(QDialog):
    """Shows a Cut and lets the artist change it.

    Args:
        finder: whom it asks; it is let go of when the dialog ends.

    Signals:
        cut_chosen: the artist is content with a Cut that is not the one it began with.
    """

    cut_chosen = Signal(object)

    def __init__(self, cut: Cut, finder: Finder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Edit example"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._finder = finder
        self.cutting = Cutting(cut)
        self.canvas = CutCanvas(self.cutting)
        self.canvas.changed.connect(self._refresh)
        self.canvas.picked.connect(self._pick)
        self._build_tools()
        self._build_foot()
        self._lay_out()
        finder.looking.connect(self._show_looking)
        self.finished.connect(self._end)
        self._set_size(max(4, round(BRUSH * max(cut.canvas.width, cut.canvas.height))))
        self._choose(CutTool.CROP)
        self._refresh()
        self._fit_screen()

    # building

    def _build_tools(self) -> None:
        self.tools: dict[CutTool, QToolButton] = {}
        group = QButtonGroup(self)
        for tool, name, icon, keys, help_text in (
            (CutTool.CROP, self.tr("Crop"), "rectangle", "C", self.tr("Drag a rectangle, its edges or its corners")),
            (CutTool.KEEP, self.tr("Keep"), "brush", "B", self.tr("Paint over what belongs to the example")),
            (CutTool.ERASE, self.tr("Erase"), "eraser", "E", self.tr("Paint over what does not belong to it")),
            (CutTool.PICK, self.tr("Pick"), "click", "S",
             self.tr("Click on a part to keep it, with Alt to take it away")),
        ):  # fmt: skip
            button = QToolButton()
            button.setCheckable(True)
            button.setText(name)
            button.setToolTip(f"{help_text} ({keys})")
            button.setAccessibleName(name)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            set_icon(button, icon)
            button.clicked.connect(lambda _=False, tool=tool: self._choose(tool))
            QShortcut(QKeySequence(keys), self).activated.connect(button.click)
            group.addButton(button)
            self.tools[tool] = button
        self.brush = NumberControl(
            self.tr("Size"), SMALLEST_BRUSH, LARGEST_BRUSH, whole=True, unit="px", curve=2.0, inline=True
        )
        self.brush.changed.connect(self._set_size)
        for keys, factor in (("[", 1 / STEP), ("]", STEP)):
            QShortcut(QKeySequence(keys), self).activated.connect(
                lambda factor=factor: self._set_size(self.brush.value * factor)
            )
        self.undo = icon_button("undo", self.tr("Undo"), size=18)
        self.redo = icon_button("redo", self.tr("Redo"), size=18)
        self.undo.clicked.connect(lambda: self._step(back=True))
        self.redo.clicked.connect(lambda: self._step(back=False))
        for button, key in ((self.undo, "Ctrl+Z"), (self.redo, "Ctrl+Shift+Z"), (self.redo, "Ctrl+Y")):
            QShortcut(QKeySequence(key), self).activated.connect(button.click)

    def _build_foot(self) -> None:
        self.background = QPushButton(self.tr("Remove background"))
        self.background.setToolTip(
            self.tr(
                "Find the thing inside the crop and keep nothing else. A crop close around it helps, and so do strokes "
                "of Keep and Erase over what is found wrongly."
            )
        )
        self.background.clicked.connect(self._remove_background)
        self.invert = QPushButton(self.tr("Invert"))
        self.invert.setToolTip(self.tr("Keep what is taken away now, and the other way round"))
        self.invert.clicked.connect(lambda: self._change(self.cutting.invert))
        self.reset = QPushButton(self.tr("Reset"))
        self.reset.setToolTip(self.tr("Keep the whole picture, as it was taken"))
        self.reset.clicked.connect(lambda: self._change(self.cutting.reset))
        self._mask_buttons = (self.background, self.invert, self.reset)
        self.note = caption("")
        self.note.setWordWrap(True)
        self.note.setMinimumHeight(2 * self.note.fontMetrics().lineSpacing())
        self.progress = QProgressBar(textVisible=False)
        self.progress.setAccessibleName(self.tr("Progress"))
        self.progress.setFixedWidth(120)
        self.stop = QPushButton(self.tr("Stop"))
        self.stop.setToolTip(self.tr("No longer look at the picture (Esc)"))
        self.stop.clicked.connect(self._finder.cancel)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self.ok = buttons.button(QDialogButtonBox.StandardButton.Ok)
        cancel = buttons.button(QDialogButtonBox.StandardButton.Cancel)
        for button in (*self._mask_buttons, self.stop, cancel):
            button.setAutoDefault(False)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._buttons = buttons

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(4)
        for button in self.tools.values():
            top.addWidget(button)
        for widget in (divider(vertical=True), self.brush):
            top.addWidget(widget)
        top.addStretch(1)
        top.addWidget(self.undo)
        top.addWidget(self.redo)
        masks = QHBoxLayout()
        masks.setSpacing(8)
        for mask_button in self._mask_buttons:
            masks.addWidget(mask_button)
        masks.addStretch(1)
        masks.addWidget(self.progress)
        masks.addWidget(self.stop)
        foot = QHBoxLayout()
        foot.setSpacing(12)
        foot.addWidget(self.note, 1)
        foot.addWidget(self._buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self.canvas, 1)
        column.addLayout(masks)
        column.addLayout(foot)

    def _fit_screen(self) -> None:
        """As large as is useful, and never larger than the window that it belongs to."""
        parent = self.parentWidget()
        room = parent.window().size() if parent is not None else self.screen().availableGeometry().size()
        self.resize(QSize(*FIRST_SIZE).boundedTo(room - QSize(40, 40)))

    # what the artist does

    def _choose(self, tool: CutTool) -> None:
        self.tools[tool].setChecked(True)
        self.canvas.set_tool(tool)
        self.brush.setEnabled(tool is not CutTool.CROP)

    def _set_size(self, size: float) -> None:
        self.brush.set_value(round(size))
        self.canvas.size_of_brush = self.brush.value
        self.canvas.update()

    def _change(self, change: Callable[[], None]) -> None:
        self.canvas.let_go()
        change()
        self.cutting.finish()
        self._refresh()

    def _step(self, *, back: bool) -> None:
        self.canvas.let_go()  # else Undo in the middle of a stroke took back the one before it, too
        if back:
            self.cutting.undo()
        else:
            self.cutting.redo()
        self._refresh()

    def _remove_background(self) -> None:
        self._asking()
        self._finder.find_thing(
            self.cutting.whole, self.cutting.crop, self._found, self._say_failed, self.cutting.strokes
        )

    def _pick(self, x: float, y: float, keep: bool) -> None:
        if self._finder.busy:
            return
        self._asking()
        self._finder.find_part(
            self.cutting.whole,
            (x, y),
            self.brush.value / 2,
            lambda mask: self._found(mask, keep=keep),
            self._say_failed,
        )

    # what is found

    def _asking(self) -> None:
        self.canvas.let_go()  # disabled, it would not hear the button's release
        self.note.setText(self.tr("Looking at the picture…"))
        self.progress.setRange(0, 0)
        self._refresh(asking=True)

    def _found(self, mask: Mask, *, keep: bool | None = None) -> None:
        if keep is None:
            self.cutting.replace(mask)
        else:
            self.cutting.join(mask, keep=keep)
        self.cutting.finish()
        self._answered()

    def _say_failed(self, sentence: str) -> None:
        self._answered()
        if sentence:
            self.note.setText(sentence)

    def _answered(self) -> None:
        self._refresh()
        self.canvas.setFocus()  # it lost it to the button that stops

    def _show_looking(self, state: JobState | None) -> None:
        if state is not None:
            self.progress.setRange(0, state.total)
            self.progress.setValue(state.index)

    # showing

    def _refresh(self, *, asking: bool = False) -> None:
        """Enable what can be done now."""
        for widget in (*self.tools.values(), self.canvas, self.background, self.invert, self.reset):
            widget.setEnabled(not asking)
        self.brush.setEnabled(not asking and self.canvas.tool is not CutTool.CROP)
        self.undo.setEnabled(not asking and self.cutting.can_undo)
        self.redo.setEnabled(not asking and self.cutting.can_redo)
        self.progress.setVisible(asking)
        self.stop.setVisible(asking)
        self.canvas.show_cut()
        cut = self.cutting.cut
        self.reset.setEnabled(not asking and cut.changed)
        self.ok.setEnabled(not asking and not cut.empty)
        self.ok.setDefault(True)  # it is not any more once it was disabled
        if asking:
            return
        if cut.empty:
            self.note.setText(self.tr("Nothing of it is left. Paint with Keep, invert, or reset."))
        elif cut.opaque:
            self.note.setText(
                self.tr("{} × {} pixels. The background is part of the example.").format(
                    cut.crop.width, cut.crop.height
                )
            )
        else:
            self.note.setText(self.tr("{} × {} pixels").format(cut.crop.width, cut.crop.height))

    def reject(self) -> None:
        """Esc ends the look at the picture first."""
        if self._finder.busy:
            self._finder.cancel()
        else:
            super().reject()

    def _end(self, code: int) -> None:
        self._finder.looking.disconnect(self._show_looking)
        self._finder.release()
        if code == QDialog.DialogCode.Accepted and self.cutting.can_undo:
            self.cut_chosen.emit(self.cutting.cut)
