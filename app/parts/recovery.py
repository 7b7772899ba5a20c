"""At the start: offer what a program that crashed had autosaved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.background import Background
from app.clipboard import to_image
from app.documents import Documents
from app.errors import Messages
from app.parts.autosaving import AutosavingPart
from app.recovery_offer import Offered, RecoveryOffer

if TYPE_CHECKING:
    from editor.files import OpenedDocument
    from editor.leavings import Leavings, Left


@dataclass(frozen=True, eq=False)
class _Found:
    leavings: Leavings
    offered: list[Offered]


class RecoveryPart(QObject):
    """Opens, deletes or leaves alone what was found, as the artist says; nothing is deleted unasked."""

    def __init__(
        self,
        documents: Documents,
        autosaving: AutosavingPart,
        background: Background,
        messages: Messages,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._documents, self._autosaving = documents, autosaving
        self._background, self._messages, self._window = background, messages, window
        self._leavings: Leavings | None = None
        self.offer: RecoveryOffer | None = None

    def begin(self, place: Path | None = None) -> None:
        """Look for what was left, in a worker thread, and offer it.

        Args:
            place: where all running programs have their folders; None = the user's data.
        """
        self._background.run("", lambda: _look(place), self._show)

    def end(self) -> None:
        """Leave what was neither opened nor discarded to the next start."""
        if self.offer is not None:
            self.offer.close()
        if self._leavings is not None:
            self._leavings.close()
            self._leavings = None

    def _show(self, found: _Found) -> None:
        self._leavings = found.leavings  # held until the program ends, so that no other one offers them meanwhile
        if not found.offered:
            self.end()
            return
        offer = self.offer = RecoveryOffer(found.offered, self._window)
        offer.open_wanted.connect(self._open)
        offer.discard_wanted.connect(self._discard)
        offer.finished.connect(lambda _: self._forget_offer())
        offer.open()

    def _forget_offer(self) -> None:
        if self.offer is not None:
            self.offer.deleteLater()
            self.offer = None

    def _open(self, left: Left) -> None:
        def read() -> OpenedDocument:
            from editor.files import open_with_note

            return open_with_note(left.file)

        def opened(found: OpenedDocument) -> None:
            document = found.document
            known = any(other.path == left.path for other in self._documents)
            document.path = None if left.saved_since or known else left.path
            document.title = left.title if document.path == left.path else self.tr("{} (recovered)").format(left.title)
            document.history.mark_unsaved()
            self._documents.add(document)
            self._autosaving.adopt(document, left)

        self._background.run(self.tr("Opening {}").format(left.title), read, opened, self._messages.report)

    def _discard(self, left: Left) -> None:
        try:
            left.discard()
        except OSError as error:
            self._messages.report(error)


def _look(place: Path | None) -> _Found:
    """In a worker thread."""
    from editor.leavings import Leavings

    leavings = Leavings(place)
    return _Found(leavings, [Offered(left, _thumbnail(left)) for left in leavings.documents])


def _thumbnail(left: Left) -> QImage | None:
    from editor.errors import DocumentError
    from editor.files import read_thumbnail

    try:
        return to_image(read_thumbnail(left.file))
    except DocumentError:
        return None  # it is offered all the same
