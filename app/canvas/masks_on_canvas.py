"""The masks over the picture: the selection, what a layer's mask in hand hides, and what a running job found."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect, QSize, Signal
from PySide6.QtGui import QColor, QPainter, QTransform

from app.canvas.selection import FoundOverlay, HiddenOverlay, SelectionOverlay
from editor.document import Document
from editor.geometry import Rect
from editor.tiles import TiledImage
from editor.tools.base import Tool


class MasksOnCanvas(QObject):
    """Knows which masks are outlined and which are tinted.

    Attributes:
        selection: the document's.
        hidden: what the mask of the active layer hides while it is in hand.
        found: what a running job found by itself.
        found_by: that job; None for none.

    Signals:
        outdated: QRect of device pixels that are to be painted again.
    """

    outdated = Signal(QRect)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._tint_always = False
        self.selection, self.hidden, self.found = SelectionOverlay(self), HiddenOverlay(self), FoundOverlay(self)
        self.found_by: int | None = None
        for ants in (self.selection, self.found):
            ants.walked.connect(lambda ants=ants: self.outdated.emit(ants.area))

    def set_tint(self, colour: QColor, *, always: bool) -> None:
        """See `CanvasView.set_mask_tint`."""
        self.selection.tint_colour = self.hidden.tint_colour = colour
        self._tint_always = always

    def show(self, document: Document | None) -> None:
        """Take on another document, or another size of its canvas."""
        self._document = document
        self.selection.show(document)
        self.hidden.show(document)

    def show_found(self, job: int, mask: TiledImage | None, *, visible: bool) -> None:
        """Draw ants along the mask that a job found; None for no longer."""
        self.outdated.emit(self.found.area)
        self.found.found, self.found_by = mask, None if mask is None else job
        self.found.show(self._document)
        self.found.settle(tinted=False)
        self.found.walk(visible)

    def update_selection(self, rect: Rect) -> Rect:
        """The selection changed in the canvas pixels `rect`.

        Returns:
            canvas pixels where it looks different; `settle` makes its bounds exact.
        """
        before = self.selection.bounds
        self.selection.update(rect)
        return rect if self.selection.bounds else rect.united(before)

    def settle(self, tool: Tool | None, *, visible: bool) -> None:
        """Make bounds exact and see what is tinted, once no gesture goes on.

        Args:
            tool: in hand: some are about softness.
            visible: whether ants may walk.
        """
        tinted = self._tint_always or (tool is not None and tool.tints)
        self.hidden.settle(tinted=tinted)
        self.selection.settle(tinted=tinted and (self._document is None or self._document.mask_in_hand is None))
        self.selection.walk(visible)

    def paint(
        self, painter: QPainter, transform: QTransform, device: QSize, ratio: float, *, untinted: bool = False
    ) -> None:
        """Draw on the widget; see `MaskOverlay.paint`. What was found has no tint."""
        self.hidden.paint(painter, transform, device, ratio, untinted=untinted)
        self.selection.paint(painter, transform, device, ratio, untinted=untinted)
        self.found.paint(painter, transform, device, ratio, untinted=True)
