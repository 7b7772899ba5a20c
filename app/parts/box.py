"""The box of the current picture: drawn, typed or taken away; and whether the next edit still needs a place."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.documents import Documents
from app.edit_options import EditOptions
from app.errors import Messages
from app.parts.doing import Doer
from app.parts.tools import ToolsPart
from editor.commands import SetBox
from editor.document import Change, Document, What
from editor.geometry import Rect
from editor.tools.box import BoxTool
from engine.request import Input


class BoxPart(QObject):
    """Signals:
    changed: what the tool shows over the picture; also in the middle of a gesture.
    placed: another Rect, also in the middle of a gesture; None while there is no box.
    place_wanted: whether the chosen method needs a place, and there is neither a box nor a selection.
    """

    changed = Signal()
    placed = Signal(object)
    place_wanted = Signal(bool)

    def __init__(
        self, documents: Documents, options: EditOptions, tools: ToolsPart, messages: Messages, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._documents, self._options, self._doer = documents, options, Doer(documents, messages)
        self._unsubscribe: Callable[[], None] = lambda: None
        self._told: Rect | None = None
        tool = tools.tools[BoxTool.id]
        assert isinstance(tool, BoxTool)
        self.tool = tool
        tool.changed, tool.proportion = self._tell, self._proportion
        documents.current_changed.connect(self._follow)
        options.method_changed.connect(self.tell_place)

    # what the artist does

    def set(self, box: Rect) -> None:
        """Have the thing stand in this box; several changes in a row are one step, until `finish`."""
        document = self._documents.current
        if document is None or box == document.box:
            return
        if not self._doer.do(SetBox(box, self.tr("Set box")), merge=True):
            self.placed.emit(document.box)  # the fields show what there is

    def finish(self) -> None:
        """What was set is a step: the next change begins another."""
        document = self._documents.current
        if document is not None:
            document.history.seal()

    def remove(self) -> None:
        """Have no box any more."""
        self._doer.do(SetBox(None, self.tr("Remove box")))

    def proportion(self) -> float:
        """Width / height that the box of the current picture keeps where it is to keep any."""
        document = self._documents.current
        return self.tool.kept_proportion(document) if document is not None else 1.0

    # what is told

    def tell_place(self) -> None:
        """Tell `place_wanted`."""
        document, method = self._documents.current, self._options.method
        takes = document is not None and method is not None and method.takes(Input.BOX)
        self.place_wanted.emit(takes and document is not None and document.box is None and document.selection is None)

    def _tell(self) -> None:
        document = self._documents.current
        box = self.tool.box(document) if document is not None else None
        if box != self._told:  # the tool also tells where the pointer is, and something may be being typed
            self._told = box
            self.placed.emit(box)
        self.changed.emit()

    def _proportion(self, document: Document) -> float | None:
        """Of what is seen of a document's example."""
        example = self._options.exemplars.of(document)
        return example.proportion if example is not None else None

    def _follow(self, document: Document | None) -> None:
        self._unsubscribe()
        self._unsubscribe = document.subscribe(self._document_changed) if document is not None else lambda: None
        self._tell()
        self.tell_place()

    def _document_changed(self, change: Change) -> None:
        if change.what is What.BOX:
            self._tell()
        if change.what in (What.BOX, What.SELECTION):
            self.tell_place()
