"""Keeps the examples that the artist uses in the tray, and brings them back from there."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.background import Background
from app.cutting.cut import Bytes
from app.documents import Documents
from app.exemplar import Exemplar, exemplar_of
from app.exemplars import Exemplars
from app.tray import TrayFiles
from editor.document import Document


class TrayPart(QObject):
    """Files are read and written in worker threads.

    Signals:
        changed: what is in the tray, a tuple of `Kept`, newest first.
    """

    changed = Signal(object)

    def __init__(
        self, documents: Documents, exemplars: Exemplars, background: Background, files: TrayFiles, window: QObject
    ) -> None:
        super().__init__(window)
        self._documents, self._exemplars = documents, exemplars
        self._background, self._files = background, files
        self._loaded = False
        self._edited: tuple[Bytes, str] | None = None  # the picture that was cut last, and the key of what came of it
        exemplars.changed.connect(self._keep)

    def load(self) -> None:
        """See what is in the folder, once."""
        if not self._loaded:
            self._loaded = True
            self._background.run("", self._files.load, self._tell)

    def use(self, key: str) -> None:
        """Take one as the current picture's example."""
        document, name = self._documents.current, self._name_of(key)
        if document is None:
            return

        def done(pixels: Bytes | None) -> None:
            self._tell()
            if pixels is not None and document in self._documents:
                self._exemplars.put(document, exemplar_of(pixels, None, name))

        self._background.run("", lambda: self._files.read(key), done)

    def remove(self, key: str) -> None:
        """Drop one."""
        self._background.run("", lambda: self._files.remove(key), self._tell)

    def clear(self) -> None:
        """Drop all."""
        self._background.run("", self._files.clear, self._tell)

    def _keep(self, document: Document) -> None:
        """Put a document's example in front; of the cuts of one picture only the last is kept beside it."""
        exemplar = self._exemplars.of(document)
        if exemplar is None or exemplar.restored is not None:
            return
        before = self._edited
        instead_of = before[1] if before is not None and self._is_cut_of(exemplar, before[0]) else ""
        pixels = exemplar.bytes()

        def done(key: str) -> None:
            cut = exemplar.cut
            self._edited = (cut.whole, key) if cut is not None and cut.changed else None
            self._tell()

        self._background.run("", lambda: self._files.add(pixels, exemplar.name, instead_of), done)

    @staticmethod
    def _is_cut_of(exemplar: Exemplar, whole: Bytes) -> bool:
        return exemplar.cut is not None and exemplar.cut.whole is whole

    def _name_of(self, key: str) -> str:
        return next((one.name for one in self._files.kept if one.key == key), "")

    def _tell(self, _: object = None) -> None:
        self.changed.emit(self._files.kept)
