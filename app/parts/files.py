"""Open, save, export and close, all reading and writing in worker threads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app import dialogs
from app.background import Background
from app.dialogs import Unsaved
from app.documents import Documents
from app.errors import Messages
from app.parts.saving import Saver
from app.settings import Settings
from editor.document import Document
from editor.errors import DocumentError
from editor.layers import ImageLayer
from editor.tiles import TiledImage, full_value

if TYPE_CHECKING:
    from editor.files import OpenedDocument

NEW_SIZE = (1024, 768)


class FilesPart(QObject):
    """Signals:
    start_wanted: show the start page.
    recent_changed: another list of recent files.
    saved: a Document that was written as an .ora of the artist's.
    quit_wanted: every document was dealt with after the artist asked to quit.
    """

    start_wanted = Signal()
    recent_changed = Signal()
    saved = Signal(object)
    quit_wanted = Signal()

    def __init__(
        self, documents: Documents, background: Background, messages: Messages, settings: Settings, window: QWidget
    ) -> None:
        super().__init__(window)
        self._documents, self._background, self._messages = documents, background, messages
        self._settings, self._window = settings, window
        self._saver = Saver(background, self)
        self._saver.written.connect(self._written)
        self._saver.failed.connect(self._not_written)
        self._saver.all_written.connect(self._all_written)
        self._abandoned: dict[Document, int] = {}  # not to be saved when the program quits, as of this state
        self._quitting = False  # the program ends when everything is written

    # opening

    def new(self) -> None:
        """Ask for a size and open an empty canvas."""
        answer = dialogs.ask_new(self._window, NEW_SIZE)
        if answer is not None:
            try:
                self.add_empty(*answer)
            except DocumentError as error:
                self._messages.report(error)

    def add_empty(self, size: tuple[int, int], paper: str = "white", bits: int = 8) -> Document:
        """Open a new canvas with one layer; `paper` is "white" or "transparent"."""
        dtype = np.dtype(np.uint16 if bits == 16 else np.uint8)
        document = Document(*size, dtype, title=self.tr("Untitled"))
        pixels = TiledImage(dtype=dtype)
        if paper == "white":
            pixels = pixels.fill(document.canvas, full_value(dtype))
        layer = ImageLayer(name=self.tr("Background"), pixels=pixels)
        document.insert(layer, None, 0)
        document.activate(layer.id)
        self._documents.add(document)
        return document

    def open(self) -> None:
        """Ask for files and open them."""
        self.open_paths(dialogs.ask_open(self._window, self._settings.folder))

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open files, each as a document of its own; one that is open already is shown."""
        for path in map(_absolute, paths):
            known = next((document for document in self._documents if document.path == path), None)
            if known is not None:
                self._documents.choose(known)
            else:
                self._open(path)

    def open_sample(self, path: Path, title: str, then: Callable[[Document], None]) -> None:
        """Open a bundled document as a new, unsaved one."""

        def opened(document: Document) -> None:
            document.path, document.title = None, title
            self._documents.add(document)
            then(document)

        self._read(path, opened)

    def _open(self, path: Path) -> None:
        def opened(document: Document) -> None:
            self._settings.folder = path.parent
            self._settings.add_recent(path)
            self.recent_changed.emit()
            self._documents.add(document)

        self._read(path, opened)

    def _read(self, path: Path, done: Callable[[Document], None]) -> None:
        def read() -> OpenedDocument:
            from editor.files import open_with_note  # decoders are imported when the first file is opened

            return open_with_note(path)

        def opened(found: OpenedDocument) -> None:
            done(found.document)
            if found.note:
                self._messages.info(found.note)

        self._background.run(self.tr("Opening {}").format(path.name), read, opened, self._messages.report)

    # saving

    def save(self) -> None:
        """Save the current document, asking where the first time."""
        if self._documents.current is not None:
            self._save(self._documents.current)

    def save_as(self) -> None:
        """Save the current document to another file."""
        document = self._documents.current
        if document is not None and (path := self._ask_path(document)) is not None:
            self._saver.write(document, path)

    def _save(self, document: Document, then: Callable[[], None] | None = None) -> bool:
        """Start saving; False when the artist changed their mind."""
        path = self._saver.path_of(document) or document.path or self._ask_path(document)
        if path is None:
            return False
        self._saver.write(document, path, then)
        return True

    def _ask_path(self, document: Document) -> Path | None:
        suggestion = document.path or self._settings.folder / f"{document.title}.ora"
        return dialogs.ask_save(self._window, suggestion)

    def _written(self, document: Document, path: Path) -> None:
        self._settings.folder = path.parent
        self._settings.add_recent(path)
        self.recent_changed.emit()
        if document in self._documents:
            self._documents.tell_changed(document)
            self.saved.emit(document)

    def _not_written(self, _document: Document, error: Exception) -> None:
        self._call_off_quitting()
        self._messages.report(error)

    def _all_written(self) -> None:
        if self._quitting:
            self._quitting = False
            self.quit_wanted.emit()

    def export(self) -> None:
        """Ask where, and write what is seen as one flat picture."""
        document = self._documents.current
        if document is None:
            return
        path = dialogs.ask_export(self._window, self._settings.folder / f"{document.title}.png")
        if path is None:
            return
        snapshot = document.snapshot()

        def write() -> str:
            from editor.files import export_picture

            return export_picture(snapshot, path)

        def written(note: str) -> None:
            self._settings.folder = path.parent
            self._messages.info(note or self.tr("Exported to {}").format(path))

        self._background.run(self.tr("Exporting {}").format(path.name), write, written, self._messages.report)

    # closing

    def close(self) -> None:
        """Close the current document, asking about unsaved changes."""
        if self._documents.current is not None:
            self.close_document(self._documents.current)

    def close_document(self, document: Document) -> None:
        """Close a document, asking about unsaved changes."""
        if self._saver.saving(document):
            self._messages.info(self.tr("“{}” is still being saved.").format(document.title))
            return
        answer = self._ask_unsaved(document)
        if answer is Unsaved.DISCARD:
            self._documents.close(document)
        elif answer is Unsaved.SAVE:
            self._save(document, lambda: self._close_if_saved(document))

    def _close_if_saved(self, document: Document) -> None:
        if document in self._documents and not document.modified:
            self._documents.close(document)

    def _ask_unsaved(self, document: Document) -> Unsaved:
        if not document.modified:
            return Unsaved.DISCARD
        self._documents.choose(document)
        return dialogs.ask_unsaved(self._window, document.title)

    def ready_to_quit(self) -> bool:
        """Ask about every unsaved document.

        Returns:
            False when the program must not end now: the artist changed their mind, or files are being written and
            `quit_wanted` follows.
        """
        self._quitting = False  # nothing may end the program while a question is open
        for document in self._documents:
            if self._saver.saving(document) or not self._undecided(document):
                continue
            answer = self._ask_unsaved(document)
            if answer is Unsaved.DISCARD:
                self._abandoned[document] = document.history.state
            elif answer is Unsaved.CANCEL or not self._save(document):
                self._call_off_quitting()
                return False
        if any(self._undecided(document) for document in self._documents if not self._saver.saving(document)):
            self._call_off_quitting()  # a save failed while another question was open
            return False
        self._quitting = self._saver.busy
        return not self._quitting

    def _undecided(self, document: Document) -> bool:
        """Whether it has changes that the artist did not give up; what changed after the answer is asked for again."""
        return document.modified and self._abandoned.get(document) != document.history.state

    def _call_off_quitting(self) -> None:
        self._quitting = False
        self._abandoned.clear()

    # looking at

    def next_document(self) -> None:
        """Look at the next open document."""
        order = list(self._documents)
        if self._documents.current in order:
            self._documents.choose(order[(order.index(self._documents.current) + 1) % len(order)])
        elif order:
            self._documents.choose(order[0])

    def show_start(self) -> None:
        """Show the start page; open documents stay open."""
        self.start_wanted.emit()


def _absolute(path: Path) -> Path:
    """One spelling for a file, whatever folder the program was started in; links keep their name."""
    return path.resolve() if ".." in path.parts else path.absolute()
