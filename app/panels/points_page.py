"""What the row above the canvas says about drag points, while their tool is in hand."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QWidget

from app.panels.hint import HintLabel
from app.parts.points import PointsPart
from app.parts.tools import ToolsPart
from app.widgets import action_button, caption


class PointsPage(QWidget):
    """How many pairs there are, what moves, and what to do."""

    def __init__(self, actions: Mapping[str, QAction], tools: ToolsPart, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pairs = caption("")
        self.moves = caption("")
        self.clear = action_button(actions["points_clear"], size=18)
        self.select = action_button(actions["points_select"], size=18)
        self.finds = QCheckBox(self.tr("Select what is under the handle"))
        self.finds.setToolTip(
            self.tr(
                "Where nothing is selected, the thing at the first handle becomes the selection, so that it moves alone"
            )
        )
        self.finds.toggled.connect(lambda on: tools.options.change(select_under_handle=on))
        self.hint = HintLabel()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        for widget in (self.pairs, self.clear, self.select, self.finds, self.moves):
            row.addWidget(widget)
        row.addWidget(self.hint, 1)
        self.show_points(0, limited=False)

    def join(self, points: PointsPart) -> None:
        """Follow the current picture's points."""
        points.counted.connect(lambda pairs, limited: self.show_points(pairs, limited=limited))
        points.count()

    def show_points(self, pairs: int, *, limited: bool) -> None:
        """Show how many pairs there are, and whether only what is selected moves."""
        self.pairs.setText(self.tr("1 pair") if pairs == 1 else self.tr("{} pairs").format(pairs))
        self.pairs.setToolTip(self.tr("Each pair is a handle (disc) and the target (diamond) that it is dragged to"))
        self.moves.setText(self.tr("The selection moves") if limited else self.tr("Everything may move"))
        self.moves.setToolTip(
            self.tr("Only what is selected is dragged; the rest of the picture stays")
            if limited
            else self.tr("Nothing is selected, so the whole picture may give way. Select the thing to move it alone.")
        )
        for label in (self.pairs, self.moves):
            label.setAccessibleName(label.text())
        self.hint.show_hint(self._hint(pairs))

    def _hint(self, pairs: int) -> str:
        if not pairs:
            return self.tr("Press on what shall move and drag to where it shall go, or click both places.")
        return self.tr("Drag a mark to move it. Alt and click or Delete takes a pair away. Shift: straight.")
