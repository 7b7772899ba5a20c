"""The drag points of the current picture: how many there are, what moves with them, and away with all."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.documents import Documents
from app.errors import Messages
from app.parts.doing import Doer
from app.parts.tools import ToolsPart
from editor.commands import SetPoints
from editor.document import Document
from editor.points import PointPair
from editor.tools.drag_points import DragPointsTool


class PointsPart(QObject):
    """Signals:
    changed: the pairs, or what the tool shows of them, are others; also in the middle of a gesture.
    placed: (Document, PointPair, screen pixels per canvas pixel): a new pair is in the document.
    counted: how many pairs the current picture has, and whether only what is selected will move.
    """

    changed = Signal()
    placed = Signal(object, object, float)
    counted = Signal(int, bool)

    def __init__(self, documents: Documents, tools: ToolsPart, messages: Messages, parent: QObject) -> None:
        super().__init__(parent)
        self._documents, self._doer = documents, Doer(documents, messages)
        tool = tools.tools[DragPointsTool.id]
        assert isinstance(tool, DragPointsTool)
        self.tool = tool
        tool.changed, tool.placed = self.changed.emit, self.placed.emit
        self.changed.connect(self.count)
        documents.changed.connect(lambda _: self.count())
        documents.current_changed.connect(lambda _: self.count())

    def pairs(self, document: Document) -> tuple[PointPair, ...]:
        """A picture's pairs as they are now, also in the middle of a gesture."""
        return self.tool.pairs(document)

    def has_handle(self, document: Document) -> bool:
        """Whether there is a handle, be it one whose target is still to be placed."""
        shown = self.tool.points(document)
        return bool(shown.pairs) or shown.waiting is not None

    def clear(self) -> None:
        """Take all drag points away, in one step."""
        self._doer.do(SetPoints((), self.tr("Clear drag points")))

    def count(self) -> None:
        """Tell `counted`."""
        document = self._documents.current
        pairs = len(self.pairs(document)) if document is not None else 0
        self.counted.emit(pairs, document is not None and document.selection is not None)
