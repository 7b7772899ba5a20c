"""What edits under way and variations show on the canvas of their document, which need not be the one looked at."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect
from PySide6.QtGui import QImage

from app.parts.dragging import DraggingPart
from app.parts.runs import RunsPart
from app.parts.variations import VariationsPart
from app.workspace import Workspace
from editor.document import Document
from editor.tiles import TiledImage
from engine.points import Spots


class OnCanvas(QObject):
    """Passes previews, variations, found masks and handles under way on to the right view."""

    def __init__(
        self,
        runs: RunsPart,
        dragging: DraggingPart,
        variations: VariationsPart,
        workspace: Workspace,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._workspace = workspace
        for part in (runs, dragging, variations):
            part.preview_shown.connect(self._show_preview)
            part.preview_ended.connect(self._end_preview)
        runs.located.connect(self._show_found)
        dragging.led.connect(self._show_marks)

    def _show_preview(self, document: Document, job: int, image: QImage, area: QRect, fraction: float) -> None:
        view = self._workspace.view_of(document)
        if view is not None:
            view.show_preview(job, image, area, fraction)

    def _end_preview(self, document: Document, job: int) -> None:
        view = self._workspace.view_of(document)
        if view is not None:
            view.clear_preview(job)

    def _show_found(self, document: Document, job: int, mask: TiledImage) -> None:
        view = self._workspace.view_of(document)
        if view is not None:
            view.show_found(job, mask)

    def _show_marks(self, document: Document, marks: Spots | None) -> None:
        view = self._workspace.view_of(document)
        if view is not None:
            view.set_marks(marks)
