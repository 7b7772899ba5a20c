"""A sign on the canvas while painting goes to a layer's mask and not to its pixels."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from app.theme import set_icon
from app.widgets import icon_button

MARGIN = 12  # px from the corner of the canvas


class MaskBadge(QFrame):
    """Lies in the upper left corner of the canvas, its parent.

    Args:
        paint_on_mask: the window's checkable action.
    """

    def __init__(self, paint_on_mask: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("maskBadge")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setCursor(Qt.CursorShape.ArrowCursor)
        icon = QLabel()
        icon.setFixedSize(QSize(18, 18))
        set_icon(icon, "mask_paint")
        self.text = QLabel()
        self.end = icon_button("close", self.tr("Paint on the layer again"), size=12)
        self.end.clicked.connect(paint_on_mask.trigger)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 4, 4)
        row.setSpacing(6)
        for part in (icon, self.text, self.end):
            row.addWidget(part)
        self.show_layer(None)

    def show_layer(self, name: str | None) -> None:
        """Name the layer whose mask is painted on; None for none."""
        self.setVisible(name is not None)
        if name is not None:
            text = self.tr("On the mask of “{}”").format(name)
            self.text.setText(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, 320))
            self.text.setToolTip(text)
            self.setAccessibleName(text)
            self.adjustSize()
            self.move(MARGIN, MARGIN)
            self.raise_()
