"""What a drag takes hold of: the thing under a handle becomes the selection, so that it moves and the rest stays."""

from __future__ import annotations

from math import floor
from weakref import WeakKeyDictionary, WeakSet

import numpy as np
from PySide6.QtCore import QObject

from app.documents import Documents
from app.errors import Messages
from app.landing import Landing
from app.parts.clicks import ClicksPart
from app.parts.points import PointsPart
from app.parts.tools import ToolsPart
from editor.commands import SetSelection
from editor.document import Document
from editor.geometry import Point, Rect
from editor.identity import Identity
from editor.masks import Combine, combined
from editor.pointing import Found
from editor.points import PointPair
from editor.tiles import TiledImage
from editor.tools.click import STREAK

LARGEST = 0.6  # of the canvas: what covers more is no thing but the ground around it
LEAST = 16  # pixels: what is smaller is a speck
NEAR = 2  # canvas pixels by which an edge may miss the handle


class HandlesPart(QObject):
    """The first handle, where nothing is selected, selects its thing; further ones add theirs to a selection made so.

    A selection that the artist made is never touched without being asked to.
    """

    def __init__(
        self,
        documents: Documents,
        tools: ToolsPart,
        clicks: ClicksPart,
        points: PointsPart,
        landing: Landing,
        messages: Messages,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._documents, self._tools, self._clicks = documents, tools, clicks
        self._landing, self._messages = landing, messages
        self._made: WeakSet[Identity] = WeakSet()  # selections that were made here
        self._asked: WeakKeyDictionary[Document, int] = WeakKeyDictionary()  # how many answers are on their way
        points.placed.connect(self._look_under)

    # by itself

    def _look_under(self, document: Document, pair: PointPair, scale: float) -> None:
        """A pair was placed."""
        if not self._tools.options.settings.select_under_handle or not self._clicks.queue.ready:
            return
        if not self._may_join(document, first=len(document.points) == 1):
            return
        if document.selection is not None and _holds(document.selection, pair.handle):
            return
        self._asked[document] = self._asked.get(document, 0) + 1
        self._clicks.find_at(
            document, pair.handle, STREAK / scale, lambda found: self._land(document, pair.handle, found)
        )

    def _may_join(self, document: Document, *, first: bool) -> bool:
        """Whether what is selected is nothing of the artist's own, who may also want nothing to be selected."""
        if document.selection is not None:
            return document.selection.identity in self._made
        return first or self._asked.get(document, 0) > 0

    def _land(self, document: Document, handle: Point, found: Found | None) -> None:
        """An answer came; it may be in the middle of the next gesture."""
        self._asked[document] -= 1
        self._landing(
            document, "", lambda: _thing(found, document.canvas, handle), lambda it: self._join(document, handle, it)
        )

    def _join(self, document: Document, handle: Point, thing: TiledImage | None) -> None:
        if all(pair.handle != handle for pair in document.points) or not self._may_join(document, first=True):
            return  # the handle was taken away meanwhile, or the artist selected something
        if document.selection is not None and _holds(document.selection, handle):
            return  # another handle has found the same thing
        if thing is None:
            self._messages.info(self._nothing_under(document))
        else:
            self._select(document, combined(document.selection, thing, Combine.ADD))

    def _nothing_under(self, document: Document) -> str:
        if document.selection is None:
            return self.tr(
                "No single thing was found under the handle, so everything may move. Select the thing to move it alone."
            )
        return self.tr("No single thing was found under the handle. Add what shall move with it to the selection.")

    # when asked to

    def select(self) -> None:
        """Select what is under the handles of the current picture, in one step, whatever was selected."""
        document = self._documents.current
        if document is not None and document.points and self._clicks.ready():
            self._gather(document, [pair.handle for pair in document.points], None)

    def _gather(self, document: Document, handles: list[Point], found: TiledImage | None) -> None:
        """Ask for one thing after the other; what holds several handles is asked for once."""
        left = [handle for handle in handles if found is None or not _holds(found, handle)]
        if not left:
            self._finish(document, found)
            return

        def note(answer: Found | None) -> None:
            thing = _thing(answer, document.canvas, left[0])
            both = found if thing is None else combined(found, thing, Combine.ADD)
            self._gather(document, left[1:], both)

        self._clicks.find_at(document, left[0], STREAK, note)

    def _finish(self, document: Document, found: TiledImage | None) -> None:
        if found is None:
            self._messages.info(
                self.tr("No single thing was found under the points. Select it by hand, or draw a box.")
            )
            return
        self._landing(document, "", lambda: found, lambda shape: self._select(document, shape))

    def _select(self, document: Document, shape: TiledImage | None) -> None:
        document.history.do(SetSelection(shape, self.tr("Select what is under the handle")))
        if document.selection is not None:
            self._made.add(document.selection.identity)


def _thing(found: Found | None, canvas: Rect, handle: Point) -> TiledImage | None:
    """What was found, where it is likely to be one thing at the handle: neither a speck nor almost everything."""
    if found is None or not _holds(found.shape, handle):
        return None
    inside = np.count_nonzero(found.shape.read(found.shape.content()) > 127)
    return found.shape if LEAST <= inside <= LARGEST * canvas.width * canvas.height else None


def _holds(shape: TiledImage, at: Point) -> bool:
    """Whether a place lies in a shape, or right beside it."""
    around = Rect(floor(at[0]) - NEAR, floor(at[1]) - NEAR, 2 * NEAR + 1, 2 * NEAR + 1)
    return bool(shape.read(around).any())
