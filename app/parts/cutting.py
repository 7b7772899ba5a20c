"""What is done with the example that there is: its background removed, cut out by hand, put back as it was taken."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.background import Background
from app.cutting.cut import Cut
from app.cutting.dialog import CutDialog
from app.documents import Documents
from app.errors import Messages
from app.exemplar import Exemplar
from app.exemplars import Exemplars
from app.parts.cutouts import Cutouts
from editor.document import Document
from editor.masks import Mask


class CuttingPart(QObject):
    """Signals:
    busy_changed: whether its background is being removed.
    """

    busy_changed = Signal(bool)

    def __init__(
        self,
        documents: Documents,
        exemplars: Exemplars,
        cutouts: Cutouts,
        background: Background,
        messages: Messages,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._documents, self._exemplars, self._cutouts = documents, exemplars, cutouts
        self._background, self._messages, self._window = background, messages, window
        self.dialog: CutDialog | None = None
        documents.current_changed.connect(lambda _: self.cancel())
        exemplars.changed.connect(lambda _: self.cancel())

    @property
    def busy(self) -> bool:
        """Whether the segmenter looks at an example."""
        return self._cutouts.busy

    def edit(self) -> None:
        """Show the example, large, to crop and mask it."""
        document, exemplar = self._documents.current, self._current
        if document is None or exemplar is None or self.dialog is not None:
            return
        self.cancel()
        self.dialog = CutDialog(exemplar.to_cut(), self._cutouts, self._window)
        self.dialog.cut_chosen.connect(lambda cut: self._put(document, exemplar, cut))
        self.dialog.finished.connect(self._forget_dialog)
        self.dialog.open()

    def remove_background(self) -> None:
        """Keep of the example the thing that it shows."""
        document, exemplar = self._documents.current, self._current
        if document is None or exemplar is None or self._cutouts.busy:
            return
        cut = exemplar.to_cut()

        def done(mask: Mask) -> None:
            self._end()
            self._put(document, exemplar, Cut(cut.whole, mask, cut.crop))

        def failed(sentence: str) -> None:
            self._end()
            if sentence:
                self._messages.info(sentence)

        self.busy_changed.emit(True)
        self._cutouts.find_thing(cut.whole, cut.crop, done, failed)

    def cancel(self) -> None:
        """No longer look for the background, unless that is the dialog's business."""
        if self.dialog is None:
            self._cutouts.cancel()

    def reset(self) -> None:
        """Have the example again as it was taken."""
        document, exemplar = self._documents.current, self._current
        if document is not None and exemplar is not None and exemplar.cut is not None and exemplar.cut.changed:
            self._put(document, exemplar, Cut.all_of(exemplar.cut.whole))

    @property
    def _current(self) -> Exemplar | None:
        return self._exemplars.of(self._documents.current)

    def _put(self, document: Document, before: Exemplar, cut: Cut) -> None:
        """Put another cut of an example into its place, if it is still there."""

        def put(exemplar: Exemplar) -> None:
            if document in self._documents and self._exemplars.of(document) is before:
                self._exemplars.put(document, exemplar)

        self._background.run("", lambda: Exemplar.cut_out(cut, before.name), put)

    def _end(self) -> None:
        self._cutouts.release()
        self.busy_changed.emit(False)

    def _forget_dialog(self, _: int) -> None:
        self.dialog = None
